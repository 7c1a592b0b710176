/* context: see include/hob/context.h. */
#define _GNU_SOURCE
#include "libhob/internal.h"

struct libhob_context *libhob_context_close(struct libhob_context *context)
{
    if (context == NULL)
        return NULL;
    hob_store_free(context->store);
    hob_compute_free(context->compute);
    hob_roots_free(context->roots);
    free(context);
    return NULL;
}

static int add_roots(struct libhob_context *context, const char *const *roots,
                     struct hob_error *error)
{
    int code = 0;
    if (roots == NULL)
        return 0;
    context->roots = hob_roots_new();
    for (; *roots != NULL && code == 0; roots++)
        code = hob_roots_add(context->roots, *roots, error);
    return code;
}

int libhob_context_open(struct libhob_context **context,
                        const struct libhob_context_options *options, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    const struct libhob_context_options none = {0};
    API_QUIET;
    if (options == NULL)
        options = &none;
    int code = api_check_reserved(options->reserved,
                                  sizeof options->reserved / sizeof options->reserved[0],
                                  "libhob_context_options", &reason);
    if (code != 0)
        return api_fail(error, &reason);
    struct libhob_context *made = hob_alloc_zero(1, sizeof *made);
    struct hob_store_options store = {.state = options->state != NULL ? options->state : "none",
                                      .max_sessions = options->max_sessions,
                                      .max_memory = options->max_session_memory};
    made->max_file_size = options->max_file_size;
    made->compute = hob_compute_new();
    made->store = hob_store_new(&store);
    if (add_roots(made, options->roots, &reason) != 0) {
        libhob_context_close(made);
        return api_fail(error, &reason);
    }
    *context = made;
    return 0;
}

struct hob_scope api_scope(const struct libhob_context *context)
{
    return (struct hob_scope){.roots = context->roots,
                              .max_file_size = context->max_file_size,
                              .finish = hob_compute_finish,
                              .finish_data = context->compute};
}
