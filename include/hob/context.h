/* context: which files may be touched, and what is kept between calls: templates of compute
 * sections, in-process sessions.
 *
 * Thread-safe. What was made with a context outlives it, save sessions. */
#ifndef HOB_CONTEXT_H
#define HOB_CONTEXT_H

#include <hob/base.h>

LIBHOB_BEGIN

struct libhob_context;

struct libhob_context_options {
    /* Directories, ended by NULL: only what lies in or below one of them is read or written, links
     * followed. They must exist. NULL: whatever this process may touch. */
    const char *const *roots;
    uint64_t max_file_size; /* of a file that is read; 0: 4 GiB */
    /* Where sessions are kept, so that they survive this process; one process at a time. NULL: in
     * memory only. */
    const char *state;
    uint64_t max_sessions;       /* 0: 100,000 */
    uint64_t max_session_memory; /* of all sessions, the least recently used leave; 0: 1 GiB */
    uint64_t reserved[8];
};

/* `options` may be NULL. LIBHOB_E_NOT_FOUND, LIBHOB_E_NOT_DIRECTORY... for a root that is none. */
LIBHOB_API int libhob_context_open(struct libhob_context **context,
                                   const struct libhob_context_options *options,
                                   struct libhob_error *error);
/* Its sessions are closed before; nobody uses it any more. */
LIBHOB_API struct libhob_context *libhob_context_close(struct libhob_context *context);

LIBHOB_END

#endif
