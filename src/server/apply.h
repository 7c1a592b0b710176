/* apply: new settings for a server that runs. */
#ifndef HOB_SERVER_APPLY_H
#define HOB_SERVER_APPLY_H

#include "config/roots.h"
#include "server/server.h"

/* Applies what can change while requests are being answered: the roots, the limits on bodies, files
 * and sessions, the size of the cache, which is emptied, and how long stopping may take. Other
 * options are not looked at. When it fails (a root is not there), nothing has changed. Only the
 * thread that started the server calls; all of these options must be given. */
int hob_server_apply(struct hob_server *server, const struct hob_server_options *options,
                     struct hob_error *error);

/* Opens these pools, each in the place of the one of its name, which does what it has been given
 * and then goes. When it fails (options that make no sense) none is opened. The same thread calls.
 */
int hob_server_open_pools(struct hob_server *server, const struct hob_server_pool *pools,
                          size_t count, struct hob_error *error);
/* The pool of that name takes no more calls, and goes when it has answered those that it has. */
void hob_server_close_pool(struct hob_server *server, const char *name);

/* Adds the working directory and the roots of the options. */
int hob_server_add_roots(struct hob_roots *roots, const struct hob_server_options *options,
                         struct hob_error *error);

#endif
