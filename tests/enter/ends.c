/* ends: a library whose end the dynamic linker calls. */
#include <unistd.h>

void hob_test_ends(void);

__attribute__((visibility("default"))) void hob_test_ends(void)
{
}

__attribute__((destructor)) static void end(void)
{
    static const char text[] = "ended\n";
    ssize_t written = write(2, text, sizeof text - 1);
    (void)written; /* the test misses it */
}
