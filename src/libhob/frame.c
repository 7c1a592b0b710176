/* frame: reading frames and looking at them; see include/hob/frame.h. */
#define _GNU_SOURCE
#include "libhob/frame.h"

#include "access/access.h"
#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"
#include "value/python.h"

/* ---- reading ---- */

/* Takes the frame over. The texts are made once, so that any number of threads may have them. */
static struct libhob_frame *wrap(struct hob_frame *frame)
{
    struct libhob_frame *made = hob_alloc_zero(1, sizeof *made);
    size_t columns = hob_frame_columns(frame);
    made->frame = frame;
    made->arena = hob_arena_new();
    made->names = hob_arena_alloc(made->arena, (columns + 1) * sizeof *made->names);
    made->dtypes = hob_arena_alloc(made->arena, (columns + 1) * sizeof *made->dtypes);
    for (size_t i = 0; i < columns; i++) {
        HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT, dtype = HOB_BUFFER_INIT;
        hob_python_str(&name, hob_frame_name(frame, i));
        hob_column_put_dtype(&dtype, hob_frame_column(frame, i));
        made->names[i] = hob_arena_copy(made->arena, hob_buffer_whole_text(&name)).data;
        made->dtypes[i] = hob_arena_copy(made->arena, hob_buffer_whole_text(&dtype)).data;
    }
    return made;
}

struct libhob_frame *libhob_frame_free(struct libhob_frame *frame)
{
    if (frame == NULL)
        return NULL;
    hob_frame_free(frame->frame);
    hob_arena_free(frame->arena);
    free(frame);
    return NULL;
}

/* Ends every way of reading. */
static int hand_out(struct libhob_frame **out, struct hob_frame *frame, int code,
                    const struct hob_error *reason, struct libhob_error *error)
{
    if (code != 0)
        return api_fail(error, reason);
    *out = wrap(frame);
    return 0;
}

static const struct hob_value *text_value(struct hob_arena *arena, const char *text)
{
    return hob_value_new_string(arena, hob_text_from(text));
}

static int flow_of(const struct hob_value **flow, struct hob_arena *arena, const char *path,
                   const struct libhob_read_options *options, struct hob_error *error)
{
    const struct hob_format *format = hob_format_of_file(path);
    const char *type = options->type;
    if (type == NULL && format != NULL && format->read != NULL)
        type = format->type;
    if (type == NULL)
        return hob_format_unreadable(path, "say it in the options: .type = \"csv\"", error);
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, map, "type", text_value(arena, type));
    hob_value_put_string(arena, map, "filename", text_value(arena, path));
    if (options->delimiter != NULL)
        hob_value_put_string(arena, map, "delimiter", text_value(arena, options->delimiter));
    *flow = map;
    return 0;
}

int libhob_frame_read(struct libhob_frame **frame, struct libhob_context *context, const char *path,
                      const struct libhob_read_options *options, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct libhob_read_options none = {0};
    struct hob_scope scope = api_scope(context);
    const struct hob_value *flow = NULL;
    struct hob_frame *read = NULL;
    if (options == NULL)
        options = &none;
    int code = api_check_reserved(options->reserved,
                                  sizeof options->reserved / sizeof options->reserved[0],
                                  "libhob_read_options", &reason);
    if (code == 0)
        code = flow_of(&flow, arena, path, options, &reason);
    if (code == 0)
        code = hob_access_read(&read, &scope, flow, &reason);
    return hand_out(frame, read, code, &reason, error);
}

int libhob_frame_read_interface(struct libhob_frame **frame, struct libhob_context *context,
                                const char *path, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_scope scope = api_scope(context);
    struct hob_interface interface;
    struct hob_frame *read = NULL;
    int code = hob_interface_load_file(arena, &scope, path, &interface, &reason);
    if (code == 0)
        code = hob_access_read_interface(&read, &scope, &interface, &reason);
    return hand_out(frame, read, code, &reason, error);
}

int libhob_frame_read_flow(struct libhob_frame **frame, struct libhob_context *context,
                           const char *flow, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_scope scope = api_scope(context);
    const struct hob_value *value;
    struct hob_frame *read = NULL;
    int code = api_read_parameters(&value, arena, flow, &reason);
    if (code == 0)
        code = hob_access_read(&read, &scope, value, &reason);
    return hand_out(frame, read, code, &reason, error);
}

int libhob_frame_from_json(struct libhob_frame **frame, const char *json, size_t size,
                           struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    struct hob_text text = {json, size};
    struct hob_frame *read = NULL;
    const struct hob_value *value = NULL;
    int code = hob_frame_read_records(&read, text, &reason);
    if (code == 0 && read == NULL) { /* what only a value can be made of */
        struct hob_arena *arena = hob_arena_new();
        code = hob_json_read(arena, text, &value, &reason);
        if (code == 0)
            code = hob_frame_from_value(&read, value, 0, arena, &reason);
        else
            hob_arena_free(arena);
    }
    return hand_out(frame, read, code, &reason, error);
}

/* ---- looking ---- */

size_t libhob_frame_rows(const struct libhob_frame *frame)
{
    return hob_frame_rows(frame->frame);
}

size_t libhob_frame_columns(const struct libhob_frame *frame)
{
    return hob_frame_columns(frame->frame);
}

const char *libhob_frame_name(const struct libhob_frame *frame, size_t column)
{
    return column < libhob_frame_columns(frame) ? frame->names[column] : NULL;
}

const char *libhob_frame_dtype(const struct libhob_frame *frame, size_t column)
{
    return column < libhob_frame_columns(frame) ? frame->dtypes[column] : NULL;
}

size_t libhob_frame_find(const struct libhob_frame *frame, const char *name)
{
    size_t columns = libhob_frame_columns(frame);
    for (size_t i = 0; i < columns; i++)
        if (strcmp(frame->names[i], name) == 0)
            return i;
    return SIZE_MAX;
}

/* The column at a position, or NULL with an error. */
static const struct hob_column *column_at(const struct libhob_frame *frame, size_t column,
                                          struct hob_error *error)
{
    size_t columns = libhob_frame_columns(frame);
    if (column < columns)
        return hob_frame_column(frame->frame, column);
    if (column == SIZE_MAX) /* what libhob_frame_find says */
        hob_error_set(error, HOB_E_NO_KEY, "there is no such column");
    else
        hob_error_set(error, HOB_E_NO_KEY, "there is no column %zu: the table has %zu, from 0",
                      column, columns);
    return NULL;
}

static void point_to(struct libhob_column *out, const struct hob_column *column)
{
    switch (column->type) {
    case HOB_COLUMN_INT64:
        out->type = LIBHOB_INT64;
        out->integers = column->integers;
        break;
    case HOB_COLUMN_UINT64:
        out->type = LIBHOB_UINT64;
        out->unsigneds = column->unsigneds;
        break;
    case HOB_COLUMN_FLOAT64:
        out->type = LIBHOB_DOUBLE;
        out->doubles = column->numbers;
        break;
    case HOB_COLUMN_BOOL:
        out->type = LIBHOB_BOOL;
        out->booleans = column->booleans;
        break;
    case HOB_COLUMN_STRING:
        out->type = LIBHOB_STRING;
        out->ends = column->ends;
        out->bytes = column->bytes != NULL ? column->bytes : "";
        break;
    case HOB_COLUMN_DATETIME:
        out->type = LIBHOB_DATETIME;
        out->integers = column->integers;
        out->has_zone = column->has_zone;
        out->offset_seconds = column->offset_seconds;
        break;
    case HOB_COLUMN_VALUE:
        out->type = LIBHOB_VALUE;
        break;
    }
}

int libhob_frame_column(const struct libhob_frame *frame, size_t column, struct libhob_column *out,
                        struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    const struct hob_column *found = column_at(frame, column, &reason);
    if (found == NULL)
        return api_fail(error, &reason);
    *out = (struct libhob_column){.rows = found->count};
    point_to(out, found);
    if (out->type != LIBHOB_DOUBLE && out->type != LIBHOB_VALUE)
        out->missing = found->missing;
    return 0;
}

bool libhob_frame_is_missing(const struct libhob_frame *frame, size_t row, size_t column)
{
    const struct hob_column *found = column_at(frame, column, NULL);
    return found == NULL || row >= found->count || hob_column_is_missing(found, row);
}

int libhob_frame_cell(const struct libhob_frame *frame, size_t row, size_t column,
                      struct libhob_bytes *json, struct libhob_error *error)
{
    struct hob_error reason = HOB_ERROR_INIT;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_column *found = column_at(frame, column, &reason);
    int code = reason.code;
    if (found != NULL && row >= found->count)
        code = hob_error_set(&reason, HOB_E_NO_KEY,
                             "there is no row %zu: the table has %zu, from 0", row, found->count);
    if (code == 0)
        code = hob_json_write(&out, hob_column_value(found, row, arena), HOB_JSON_COMPACT,
                              HOB_PYTHON_MAX_SIZE, &reason);
    if (code == 0)
        code = api_give(json, &out, &reason);
    return code == 0 ? 0 : api_fail(error, &reason);
}
