/* platform: what differs between systems, behind one face. Linux's own calls first, a portable
 * path beside each. */
#ifndef HOB_BASE_PLATFORM_H
#define HOB_BASE_PLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens `path` (relative, no symbolic links on the way when `no_links`) below the directory
 * `root`; the result can't be outside it, whatever is renamed meanwhile. -1 and errno: EXDEV or
 * ELOOP for a path that leads out, ENOSYS where the system has no such call. Close-on-exec. */
int hob_platform_open_beneath(int root, const char *path, int flags, mode_t mode, _Bool no_links);

/* Opens a new file without a name for writing, in a directory: nobody sees it, and it is gone with
 * the process unless it is given a name. -1 and errno where the system or file system has none.
 * Close-on-exec. */
int hob_platform_open_nameless(int directory, mode_t mode);
/* Gives it a name that is not taken: 0, or -1 and errno. */
int hob_platform_name_file(int descriptor, int directory, const char *name);

/* Memory of this process in bytes: resident, and the part of it shared with nobody. */
int hob_platform_memory(size_t *resident, size_t *private_bytes);

/* A hint to put large pages behind this memory, before it is touched. */
void hob_platform_prefer_large_pages(void *memory, size_t size);

/* From now on pieces of memory of a few megabytes go back to the system when they are freed, even
 * when one of that size was freed before; for processes that live long. */
void hob_platform_return_large_memory(void);

/* Gives back what was freed in small pieces. Looks at all of them: for when much was freed. */
void hob_platform_return_memory(void);

/* Cores that this process may run on. */
unsigned hob_platform_cores(void);

/* Raises the soft limit on open descriptors to the hard one; returns the limit in force. */
size_t hob_platform_raise_descriptor_limit(void);

/* Makes every descriptor from `first` on close on exec, or closes it. Safe between fork and exec.
 */
void hob_platform_close_from(int first);

/* Gives the calling thread a working directory of its own, so that changing it concerns nobody
 * else: 0, or -1 and errno (ENOSYS where the system cannot). */
int hob_platform_own_directory(void);

/* A descriptor that becomes readable when the process ends, or -1 and errno (ENOSYS where the
 * system has none). Close-on-exec. */
int hob_platform_watch_process(pid_t pid);

#endif
