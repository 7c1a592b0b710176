/* log: one line per event, `time level message key=value ...`, to stderr or a file.
 *
 * The log is one of the few things that a process has once; it may be written to from any thread.
 * Values with spaces, quotes or control characters are quoted, so that a line stays one line. */
#ifndef HOB_BASE_LOG_H
#define HOB_BASE_LOG_H

#include "base/error.h"

enum hob_log_level {
    HOB_LOG_NONE = -1,
    HOB_LOG_ERROR,
    HOB_LOG_WARNING,
    HOB_LOG_INFO,
    HOB_LOG_DEBUG
};

void hob_log_set_level(enum hob_log_level level);
_Bool hob_log_enabled(enum hob_log_level level);
/* Where the log may go: a file (appended to, created with mode 0600), or stderr for NULL. A
 * descriptor for hob_log_take or hob_log_drop, or a negative code. */
int hob_log_prepare(const char *path, struct hob_error *error);
/* Sends the log there from now on. The descriptor is taken over. One thread calls, while any may
 * write. */
void hob_log_take(int descriptor);
void hob_log_drop(int descriptor);

/* hob_log(HOB_LOG_INFO, "listening", "host", host, "port", port, NULL): pairs of C strings, ended
 * by NULL. A NULL value prints as "-". */
void hob_log(enum hob_log_level level, const char *message, ...) __attribute__((sentinel));

#endif
