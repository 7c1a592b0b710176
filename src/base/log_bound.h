/* log_bound: a log on standard error that does not grow without bounds. */
#ifndef HOB_BASE_LOG_BOUND_H
#define HOB_BASE_LOG_BOUND_H

#include <stdint.h>

/* Standard error is the file at this absolute path: once it has so many bytes, it becomes PATH.1,
 * of which there is only one, and a new one is begun. When standard error is another file nothing
 * is done. Several processes may do so with one file, as a server and its successor do. Called
 * once, before there are threads. */
void hob_log_bound(const char *path, uint64_t bytes);

/* After something was written to standard error; any thread may call. No line is lost, nor cut. */
void hob_log_keep_bounded(void);

#endif
