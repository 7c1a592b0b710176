/* bare: the few functions of the C library that hob-run needs, under their usual names.
 *
 * hob-run stands between a shell and a warm process, and lives for half a millisecond. The C
 * library asks the processor what it is before it begins: some sixty times CPUID, which a virtual
 * machine answers in software, 10 us each on some. So hob-run is linked without it; the headers,
 * and with them the layouts of structures, are the C library's own. Linux, 64 bits; see
 * src/meson.build.
 *
 * What is here does what the standard says as far as src/warm and src/base ask for it: one thread,
 * no locale, no stdio but formatting. */
#ifndef HOB_BARE_SYSTEM_H
#define HOB_BARE_SYSTEM_H

#include <stddef.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long hob_bare_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline long hob_bare_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "hob-run is not made for this processor"
#endif

/* The usual way to tell of an error: -1, and errno. */
long hob_bare_result(long result);

#define CALL0(name) hob_bare_result(hob_bare_call(SYS_##name, 0, 0, 0, 0, 0, 0))
#define CALL1(name, a) hob_bare_result(hob_bare_call(SYS_##name, (long)(a), 0, 0, 0, 0, 0))
#define CALL2(name, a, b)                                                                          \
    hob_bare_result(hob_bare_call(SYS_##name, (long)(a), (long)(b), 0, 0, 0, 0))
#define CALL3(name, a, b, c)                                                                       \
    hob_bare_result(hob_bare_call(SYS_##name, (long)(a), (long)(b), (long)(c), 0, 0, 0))
#define CALL4(name, a, b, c, d)                                                                    \
    hob_bare_result(hob_bare_call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0))
#define CALL5(name, a, b, c, d, e)                                                                 \
    hob_bare_result(                                                                               \
        hob_bare_call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0))
#define CALL6(name, a, b, c, d, e, f)                                                              \
    hob_bare_result(hob_bare_call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d),          \
                                  (long)(e), (long)(f)))

#endif
