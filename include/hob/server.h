/* server: a running hobd: requests to it, and calls of its pools.
 *
 * Thread-safe, but there is one connection, and requests on it happen one after another: threads
 * that want to ask at the same time open a server each. A connection that the daemon has closed is
 * opened again. A request that the daemon may have begun is never sent twice, save GET. */
#ifndef HOB_SERVER_H
#define HOB_SERVER_H

#include <hob/base.h>

LIBHOB_BEGIN

struct libhob_server;

/* Connects. `address` is unix:/path, /path or http://host:port (numbers, or localhost); NULL:
 * $HOB_SERVER, else the user's own daemon. LIBHOB_E_NO_SERVER when nobody listens. */
LIBHOB_API int libhob_server_open(struct libhob_server **server, const char *address,
                                  struct libhob_error *error);
LIBHOB_API struct libhob_server *libhob_server_close(struct libhob_server *server);

/* One request of the HTTP API (docs/http-api.md); the answer is its body. `body` is JSON, or NULL.
 * `timeout` 0: 5 minutes. Relative paths in it start from this process's working directory when the
 * server is on a unix socket. An answer with an error status is that error. */
LIBHOB_API int libhob_server_request(struct libhob_server *server, const char *method,
                                     const char *path, const char *body, unsigned timeout,
                                     struct libhob_bytes *answer, struct libhob_error *error);

/* What a call returns when the worker got it and answered with an error: *answer then holds that
 * error object, and *error (code LIBHOB_E_VALUE) its message. */
enum { LIBHOB_ANSWERED_ERROR = 1 };

/* Calls a method of a pool. `params` is a JSON array or object, or NULL. 0: *answer is the result,
 * as JSON; or LIBHOB_ANSWERED_ERROR; or a negative code. */
LIBHOB_API int libhob_server_call(struct libhob_server *server, const char *pool,
                                  const char *method, const char *params, unsigned timeout,
                                  struct libhob_bytes *answer, struct libhob_error *error);
/* Answers a JSON-RPC 2.0 document, a request or a batch, as it would be on POST /api/rpc/POOL. */
LIBHOB_API int libhob_server_batch(struct libhob_server *server, const char *pool,
                                   const char *document, unsigned timeout,
                                   struct libhob_bytes *answer, struct libhob_error *error);

LIBHOB_END

#endif
