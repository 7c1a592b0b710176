/* libhob: hob as a library.
 *
 *     cc program.c $(pkg-config --cflags --libs hob)
 *
 * Tables and interface files are read into frames of typed columns (frame.h), fields of talks and
 * interfaces looked up (field.h), sessions opened and edited (session.h), and methods of warm
 * worker processes called: of pools that this program runs itself (pool.h), or of those of a
 * running hobd (server.h). docs/embed-libhob.md shows each of them at work.
 *
 * Names. What this library exports begins with libhob_ or LIBHOB_, and nothing else does.
 *
 * Ownership. Whoever gets an object through an out parameter ends it: `..._free`, `..._close`.
 * These take NULL and return NULL. Texts and arrays that are arguments are borrowed for the call,
 * unless it is said that they are kept. struct libhob_bytes is for the caller to free.
 *
 * Errors. What can fail returns 0 or a negative code (base.h), and fills *error, which may be NULL.
 * Out parameters are set on success only, *error on failure only. Nothing prints, nothing ends the
 * process, save when there is no memory for what this library needs for itself (a few kilobytes an
 * object); memory that a file or an answer needs is LIBHOB_E_MEMORY.
 *
 * Threads. Any function may be called from any thread. Each object says whether it may be used by
 * several at a time; different objects always may. Threads that this library starts have all
 * signals blocked, so that handlers of the program never run in them. After fork() the child must
 * not use objects of its parent, save frames.
 *
 * Signals and processes. No handler is installed, and none is needed: writing to a pipe or socket
 * that nobody reads is an error and never SIGPIPE. Worker processes are waited for one by one; if
 * SIGCHLD is ignored, or somebody else waits for all children, only their exit status is unknown.
 *
 * Texts are UTF-8 and end with a NUL. Times are milliseconds, sizes bytes. Options structs: all
 * zero is the default, also what is reserved; a member that is not zero and is not known is
 * LIBHOB_E_PARAMETER. */
#ifndef HOB_LIBHOB_H
#define HOB_LIBHOB_H

#include <hob/base.h>
#include <hob/context.h>
#include <hob/field.h>
#include <hob/frame.h>
#include <hob/pool.h>
#include <hob/server.h>
#include <hob/session.h>

#endif
