/* report: a program that begins as hob does, and says what it was given.
 *
 * After its arguments it prints one variable and one fact of the auxiliary vector. What ends.c does
 * at the end is seen only if the dynamic linker's own end was passed on to the C library. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

void hob_test_ends(void);

int main(int argc, char **argv)
{
    hob_test_ends();
    for (int i = 0; i < argc; i++)
        printf("%s\n", argv[i]);
    const char *variable = getenv("HOB_TEST_VARIABLE");
    printf("variable=%s\n", variable != NULL ? variable : "none");
    printf("page=%d\n", getauxval(AT_PAGESZ) == (unsigned long)sysconf(_SC_PAGESIZE));
    return 7;
}
