/* start: the daemon that each user has, started by whoever needs it first.
 *
 * However many clients start it at once, one of them does; the others wait until it answers. A lock
 * in the runtime directory decides who, and goes with its process; whether there is a daemon is
 * seen by connecting alone. The daemon listens at the unix socket only, works in "/" and allows no
 * directory but that of the client that asks (X-Hob-Directory); it ends when nobody has needed it
 * for some hours. */
#ifndef HOB_CLIENT_START_H
#define HOB_CLIENT_START_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/launch.h"
#include "client/endpoint.h"

enum { HOB_START_MS = 10000, HOB_START_IDLE_SECONDS = 3 * 3600 };

/* False when $HOB_AUTOSTART is 0, off, no or false. */
bool hob_start_is_allowed(void);

/* Sees to it that somebody listens at the endpoint, a unix socket, within so many milliseconds (0:
 * HOB_START_MS). HOB_E_NO_SERVER with the reason and the last lines of the log when the daemon does
 * not start, HOB_E_TIMEOUT. */
int hob_start(const struct hob_endpoint *endpoint, unsigned deadline_ms, struct hob_error *error);

/* The same with a server of these words, as below; NULL: the usual one. launched->pid is 0 when
 * somebody else has started one. */
int hob_start_once(const struct hob_endpoint *endpoint, const char *const *words,
                   unsigned deadline_ms, struct hob_launched *launched, struct hob_error *error);

/* Starts hobd with these words (without its name; NULL ends them) in the background, in the working
 * directory, and waits until it listens. As hob_start, without its lock. */
int hob_start_words(const char *const *words, unsigned deadline_ms, struct hob_launched *launched,
                    struct hob_error *error);

/* The executable, beside this one or in $PATH: malloc'd; NULL and HOB_E_NO_SERVER. */
char *hob_start_program(struct hob_error *error);

#endif
