/* session: a table that is opened once and then walked, read and edited; in this process, or in a
 * running hobd. docs/http-api.md lists the operations.
 *
 * Thread-safe; operations on one session happen one after another. */
#ifndef HOB_SESSION_H
#define HOB_SESSION_H

#include <hob/context.h>
#include <hob/server.h>

LIBHOB_BEGIN

struct libhob_session;

/* Opens a session in this process. `parameters` is a JSON object: {"interface_file": "people.yml"},
 * and if wanted "directory", "interface_field", "timeout". The context outlives the session. */
LIBHOB_API int libhob_session_open(struct libhob_session **session, struct libhob_context *context,
                                   const char *parameters, struct libhob_error *error);
/* The same at a server, which the session uses, and which outlives it. */
LIBHOB_API int libhob_session_open_at(struct libhob_session **session, struct libhob_server *server,
                                      const char *parameters, struct libhob_error *error);
/* One that is there already, of the context or of the server (the other is NULL), by its id.
 * LIBHOB_E_NO_KEY when there is none. */
LIBHOB_API int libhob_session_attach(struct libhob_session **session,
                                     struct libhob_context *context, struct libhob_server *server,
                                     const char *id, struct libhob_error *error);

/* As long as the session object. */
LIBHOB_API const char *libhob_session_id(const struct libhob_session *session);

/* Does an operation: "get_value", "set_value_at"... with parameters as a JSON object, or NULL. The
 * answer is a JSON object: {"status":"success","value":1}. An edit is safe on disk, where sessions
 * are kept there, when this returns. LIBHOB_E_ROUTE for an operation that is none. */
LIBHOB_API int libhob_session_do(struct libhob_session *session, const char *operation,
                                 const char *parameters, struct libhob_bytes *answer,
                                 struct libhob_error *error);

/* Ends the session itself, wherever it is; the object is then still to be closed. */
LIBHOB_API int libhob_session_delete(struct libhob_session *session, struct libhob_error *error);
/* Frees the object; the session goes on where it is. */
LIBHOB_API struct libhob_session *libhob_session_close(struct libhob_session *session);

LIBHOB_END

#endif
