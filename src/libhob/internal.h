/* internal: what the adapters of this folder share (`api_`), none of it exported.
 *
 * The public headers say libhob_, the layers below hob_, so that both can be seen in one file;
 * these files turn one into the other and do nothing else. */
#ifndef HOB_LIBHOB_INTERNAL_H
#define HOB_LIBHOB_INTERNAL_H

#include <hob/libhob.h>
#include <pthread.h>
#include <signal.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/sink.h"
#include "compute/compute.h"
#include "config/scope.h"
#include "session/store.h"

/* ---- errors and bytes ---- */

/* Copies an error out; returns its code, which is also `code`. */
int api_fail(struct libhob_error *out, const struct hob_error *error);
void api_copy_error(struct libhob_error *out, const struct hob_error *error);
/* Hands the buffer's text to the caller; HOB_E_MEMORY when the buffer failed. */
int api_give(struct libhob_bytes *out, struct hob_buffer *buffer, struct hob_error *error);
/* HOB_E_PARAMETER unless all of them are 0. */
int api_check_reserved(const uint64_t *reserved, size_t count, const char *what,
                       struct hob_error *error);
/* Reads parameters: a JSON object; NULL is an empty one. */
int api_read_parameters(const struct hob_value **value, struct hob_arena *arena, const char *json,
                        struct hob_error *error);
/* That params, if there are any, are a JSON array or object. */
int api_check_params(const char *params, struct hob_error *error);
/* {"jsonrpc":"2.0","id":1,"method":METHOD,"params":PARAMS} */
void api_put_request(struct hob_buffer *out, const char *method, const char *params);
/* What a worker's error object says, as an error. */
void api_worker_error(struct hob_error *error, const char *method, struct hob_text object);

/* ---- quiet ---- */

/* Nothing is logged from now on, and SIGPIPE is blocked for a while in this thread; one that came
 * meanwhile is forgotten. For whatever may write to a pipe, or log. */
struct api_quiet {
    sigset_t before;
    bool pending; /* one had come already: it is not ours */
};

void api_quiet_begin(struct api_quiet *quiet);
void api_quiet_end(struct api_quiet *quiet);
static inline void hob_auto_quiet(struct api_quiet *quiet)
{
    api_quiet_end(quiet);
}
/* Declares it, and begins: until the end of the block. */
#define API_QUIET                                                                                  \
    HOB_AUTO(quiet) struct api_quiet quiet;                                                        \
    api_quiet_begin(&quiet)

/* ---- context ---- */

struct libhob_context {
    struct hob_roots *roots; /* NULL: no confinement */
    struct hob_compute *compute;
    struct hob_store *store;
    size_t max_file_size;
};

/* For one request; borrows the context. */
struct hob_scope api_scope(const struct libhob_context *context);

/* ---- server ---- */

/* One request; the reply's body is appended to *answer. */
int api_server_ask(struct libhob_server *server, const char *method, const char *path,
                   struct hob_text body, unsigned timeout, struct hob_buffer *answer,
                   struct hob_error *error);

#endif
