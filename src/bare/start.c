/* start: where the program begins, and the environment. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bare/system.h"

int main(int argc, char **argv);
_Noreturn void hob_bare_begin(long *stack);

char **environ;
static int last_error;

int *__errno_location(void)
{
    return &last_error;
}

long hob_bare_result(long result)
{
    if (result >= 0 || result < -4095)
        return result;
    last_error = (int)-result;
    return -1;
}

/* The system leaves the number of arguments, the arguments, NULL, the environment and NULL on the
 * stack, which is aligned as a function's caller has to align it. */
#if defined(__x86_64__)
__asm__(".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    call hob_bare_begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x30, #0\n"
        "    mov x0, sp\n"
        "    bl hob_bare_begin\n");
#endif

__attribute__((used)) _Noreturn void hob_bare_begin(long *stack)
{
    char **argv = (char **)(stack + 1);
    environ = argv + stack[0] + 1;
    _exit(main((int)stack[0], argv));
}

_Noreturn void _exit(int status)
{
    for (;;)
        hob_bare_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

_Noreturn void abort(void)
{
    _exit(134);
}

char *getenv(const char *name)
{
    size_t size = strlen(name);
    for (char **at = environ; *at != NULL; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            return *at + size + 1;
    return NULL;
}
