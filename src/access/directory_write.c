/* directory_write: flows that write a file for each row.
 *
 * The three fields say which file; the other columns are what is in it. Every file is replaced
 * atomically, but not all of them together: when a row fails, those before it are written, as in
 * the reference, and the error says so. Who wants none of them then rehearses first (scope.h). */
#include "access/file_set.h"
#include "access/formats.h"
#include "access/record.h"
#include "base/map.h"
#include "config/environment.h"

struct writing {
    const struct hob_scope *scope;
    const struct hob_value *flow;
    const struct hob_frame *frame;
    const struct hob_record_kind *kind; /* NULL: by the ending of each file's name */
    const char *suffix;                 /* of every file's name: ".yml" for meta files */
    struct hob_store_fields fields;
    size_t columns[HOB_STORE_COUNT]; /* where those fields are */
    bool has_columns;                /* they were found */
};

static int find_columns(struct writing *writing, struct hob_error *error)
{
    for (int i = 0; i < HOB_STORE_COUNT; i++) {
        const struct hob_value *name = writing->fields.names[i];
        writing->columns[i] = hob_frame_find(writing->frame, name);
        if (writing->columns[i] != SIZE_MAX)
            continue;
        hob_error_set(error, HOB_E_KEY,
                      "cannot tell which file a row goes to: there is no column '%.*s'",
                      HOB_TEXT_ARG(name->text));
        hob_error_hint(error, "each row needs sourceRoot, sourceDirectory and sourceFilename, or "
                              "the columns that `store_fields` names");
        return HOB_E_KEY;
    }
    writing->has_columns = true;
    return 0;
}

static bool is_empty_row(const struct hob_frame *frame, size_t row)
{
    for (size_t i = 0; i < hob_frame_columns(frame); i++)
        if (!hob_column_is_missing(hob_frame_column(frame, i), row))
            return false;
    return true;
}

/* One of the fields of a row, as a C string. */
static int text_of(const struct writing *writing, struct hob_arena *arena, size_t row, int field,
                   const char **text, struct hob_error *error)
{
    const struct hob_column *column = hob_frame_column(writing->frame, writing->columns[field]);
    *text = hob_value_string(hob_column_value(column, row, arena));
    if (*text != NULL)
        return 0;
    return hob_error_set(error, HOB_E_VALUE, "row %zu cannot be written: its %.*s is no text",
                         row + 1, HOB_TEXT_ARG(writing->fields.names[field]->text));
}

/* Variables are expanded in root and directory, never in the file's name. */
static int path_of(const struct writing *writing, struct hob_arena *arena, size_t row,
                   const char **path, struct hob_error *error)
{
    const struct hob_value *base = hob_value_get(writing->flow, "base_directory");
    const char *parts[HOB_STORE_COUNT];
    for (int i = 0; i < HOB_STORE_COUNT; i++) {
        int result = text_of(writing, arena, row, i, &parts[i], error);
        if (result < 0)
            return result;
        if (i != HOB_STORE_FILENAME)
            parts[i] = hob_environment_expand_in(arena, hob_text_from(parts[i])).data;
    }
    if (!hob_value_is_null(base) && hob_value_string(base) == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "`base_directory` must be a text, not a %s",
                             hob_value_kind_name(base));
    *path = hob_value_is_null(base)
                ? ""
                : hob_environment_expand_in(arena, hob_text_from(hob_value_string(base))).data;
    for (int i = 0; i < HOB_STORE_COUNT; i++)
        *path = **path == '\0' ? parts[i] : hob_path_join(arena, *path, parts[i]);
    *path = hob_arena_printf(arena, "%s%s", *path, writing->suffix);
    return 0;
}

static int put_file(const struct writing *writing, const char *path,
                    const struct hob_buffer *content, struct hob_error *error)
{
    HOB_AUTO(file_writer) struct hob_file_writer writer = HOB_FILE_WRITER_INIT;
    if (hob_buffer_failed(content))
        return hob_error_set(error, HOB_E_MEMORY, "cannot write '%s': not enough memory", path);
    int result = hob_scope_write(writing->scope, path, true, &writer, error);
    if (result == 0)
        result = hob_file_writer_put(&writer, hob_buffer_text(content), error);
    return result < 0 ? result : hob_file_writer_commit(&writer, error);
}

static int write_row(const struct writing *writing, size_t row, const char *path,
                     struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    const struct hob_record_kind *kind =
        writing->kind != NULL ? writing->kind : hob_record_kind_of(path);
    if (kind->write == NULL)
        return hob_error_set(error, HOB_E_VALUE,
                             "cannot write '%s': rows are written as .yml, .json or .md files",
                             path);
    struct hob_value *all = hob_frame_row(writing->frame, row, arena);
    struct hob_value *fields = hob_value_new(arena, HOB_MAP);
    for (uint32_t i = 0; i < all->map.count; i++) {
        const struct hob_pair *pair = &all->map.pairs[i];
        bool is_place = false;
        for (int k = 0; k < HOB_STORE_COUNT; k++)
            is_place |= hob_value_equal(pair->key, writing->fields.names[k]);
        if (!is_place && !hob_value_put(arena, fields, pair->key, pair->value))
            return hob_error_set(error, HOB_E_MEMORY, "cannot write '%s': not enough memory", path);
    }
    int result = kind->write(&out, arena, fields, error);
    return result < 0 ? hob_error_context(error, "writing '%s'", path)
                      : put_file(writing, path, &out, error);
}

/* The files before the one that failed are new, the others old. */
static int half_written(const struct writing *writing, int code, size_t count, const char *last,
                        struct hob_error *error)
{
    if (writing->scope->rehearses || count == 0)
        return code;
    hob_error_hint(error,
                   "%zu file%s written already, the last of them '%s'; the others are as "
                   "they were",
                   count, count == 1 ? " is" : "s are", last);
    return code;
}

static int write_rows(struct writing *writing, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(map) struct hob_map *written = hob_map_new();
    const char *last = NULL;
    for (size_t row = 0; row < hob_frame_rows(writing->frame); row++) {
        const char *path = NULL;
        if (is_empty_row(writing->frame, row))
            continue;
        int result = writing->has_columns ? 0 : find_columns(writing, error);
        if (result == 0)
            result = path_of(writing, arena, row, &path, error);
        if (result < 0)
            return half_written(writing, result, hob_map_count(written), last, error);
        if (hob_map_find(written, hob_text_from(path)) != SIZE_MAX) {
            hob_error_set(error, HOB_E_VALUE,
                          "The specified file name \"%s\" has already been used for a "
                          "different row of the data (row %zu is the second).",
                          path, row + 1);
            return half_written(writing, HOB_E_VALUE, hob_map_count(written), last, error);
        }
        if (!hob_map_put(written, hob_text_from(path), NULL))
            return hob_error_set(error, HOB_E_MEMORY, "cannot write rows: not enough memory");
        result = write_row(writing, row, path, error);
        if (result < 0)
            return half_written(writing, result, hob_map_count(written) - 1, last, error);
        last = path;
    }
    return 0;
}

static int write_directory(const struct hob_scope *scope, const struct hob_value *flow,
                           const struct hob_frame *frame, const char *type, const char *suffix,
                           struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct writing writing = {.scope = scope, .flow = flow, .frame = frame, .suffix = suffix};
    writing.kind = type != NULL ? hob_record_kind_find(type) : NULL;
    int result = hob_store_fields_read(&writing.fields, arena, flow, "sourceFilename", error);
    return result < 0 ? result : write_rows(&writing, error);
}

int hob_directory_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                             const struct hob_frame *frame, struct hob_error *error)
{
    return write_directory(scope, flow, frame, NULL, "", error);
}

int hob_json_directory_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                                  const struct hob_frame *frame, struct hob_error *error)
{
    return write_directory(scope, flow, frame, "json", "", error);
}

int hob_markdown_directory_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                                      const struct hob_frame *frame, struct hob_error *error)
{
    return write_directory(scope, flow, frame, "markdown", "", error);
}

int hob_meta_directory_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                                  const struct hob_frame *frame, struct hob_error *error)
{
    return write_directory(scope, flow, frame, "meta", ".yml", error);
}

int hob_yaml_directory_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                                  const struct hob_frame *frame, struct hob_error *error)
{
    return write_directory(scope, flow, frame, "yaml", "", error);
}
