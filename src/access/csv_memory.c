/* csv_memory: large arrays in large pages.
 *
 * Reading a large file fills fresh memory as fast as the system hands it out, and handing it out in
 * pages of 4 KiB takes longer than filling them. */
#include "access/csv_internal.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

enum { LARGE_PAGE = 2 << 20, LARGE_FROM = 4 << 20 };

void *hob_csv_try_alloc(size_t count, size_t size)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    size_t total;
    if (!__builtin_mul_overflow(count, size, &total) && total >= LARGE_FROM &&
        total <= PTRDIFF_MAX - LARGE_PAGE) {
        void *memory = NULL;
        if (posix_memalign(&memory, LARGE_PAGE, total) != 0)
            return NULL;
        madvise(memory, total, MADV_HUGEPAGE); /* a hint; no trouble when it isn't taken */
        return memory;
    }
#endif
    return hob_try_alloc(count, size);
}
