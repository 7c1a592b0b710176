/* enter: where the program hob begins, before the C library does.
 *
 * `hob run`, and hob under the name of a shim, are over sooner than the C library has found out
 * what processor it is on: it asks some sixty times, and a virtual machine answers in software,
 * 12 us each on some. So they become hob-run at once, which is linked with a smaller library.
 * Nothing is set up here yet, not even the addresses in tables: only code, and calls of the system.
 * Whatever goes wrong, hob begins as any program does, and can do all that hob-run does. */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/fcntl.h>
#include <sys/syscall.h>

void hob_enter(const long *stack);

/* hob_begin keeps what the system passes on to the C library: the stack, and one register, which
 * holds what a dynamic linker wants called at the end. The stack is aligned to 16 bytes. */
#if defined(__x86_64__)
__asm__(".globl hob_begin\n"
        ".type hob_begin, @function\n"
        "hob_begin:\n"
        "    mov %rsp, %rdi\n"
        "    push %rdx\n"
        "    sub $8, %rsp\n"
        "    call hob_enter\n"
        "    add $8, %rsp\n"
        "    pop %rdx\n"
        "    jmp _start\n"
        ".size hob_begin, . - hob_begin\n");

static long call(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
/* The hint is `bti c`: where to branch to is allowed, on processors that look. A called function
 * leaves x19 as it is, and the C library does not ask for what is in it, or in x29 and x30. */
__asm__(".globl hob_begin\n"
        ".type hob_begin, %function\n"
        ".p2align 2\n"
        "hob_begin:\n"
        "    hint #34\n"
        "    mov x19, x0\n"
        "    mov x0, sp\n"
        "    bl hob_enter\n"
        "    mov x0, x19\n"
        "    b _start\n"
        ".size hob_begin, . - hob_begin\n");

static long call(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
#endif

static bool is(const char *word, const char *other)
{
    for (; *word == *other && *word != '\0'; word++)
        other++;
    return *word == *other;
}

/* The names that are commands of hob need not ask hob-run; it would find out by itself. */
static bool may_be_warm(char *const *argv)
{
    const char *name = argv[0];
    for (const char *at = argv[0]; *at != '\0'; at++)
        if (*at == '/')
            name = at + 1;
    if (is(name, "hob"))
        return argv[1] != NULL && is(argv[1], "run") && argv[2] != NULL;
    return !is(name, "mdfield") && !is(name, "mdlist");
}

/* Replaces what is behind the last slash of the path; false when it is too long. */
static bool put_name(char path[PATH_MAX], size_t folder_size, const char *name)
{
    for (; folder_size < PATH_MAX; folder_size++, name++) {
        path[folder_size] = *name;
        if (*name == '\0')
            return true;
    }
    return false;
}

static void execute(const char *path, char *const *argv, char *const *environment)
{
    call(SYS_execve, (long)path, (long)argv, (long)environment, 0);
}

__attribute__((used)) void hob_enter(const long *stack)
{
    char path[PATH_MAX];
    char *const *argv = (char *const *)(stack + 1);
    char *const *environment = argv + stack[0] + 1;
    if (stack[0] < 1 || !may_be_warm(argv))
        return;
    long size = call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)path, sizeof path);
    while (size > 0 && path[size - 1] != '/')
        size--;
    if (size <= 0)
        return;
    /* As hob_places_libexec looks: beside this program, below its prefix, where it belongs. */
    if (put_name(path, (size_t)size, "hob-run"))
        execute(path, argv, environment);
    if (put_name(path, (size_t)size, "../" HOB_LIBEXEC_BELOW_PREFIX "/hob-run"))
        execute(path, argv, environment);
    execute(HOB_LIBEXEC "/hob-run", argv, environment);
}
