/* csv: flows of type csv. */
#include "access/csv.h"

#include "access/formats.h"

/* What stands between cells when the flow does not say. */
static char delimiter_of(const char *path)
{
    return hob_text_ends_with(hob_text_from(path), ".tsv") ? '\t' : ',';
}

static int read_csv(struct hob_frame **frame, const struct hob_csv_file *file,
                    const struct hob_value *flow, struct hob_error *error)
{
    struct hob_csv_options options = {0};
    int result = hob_csv_options_from_flow(&options, flow, error);
    if (result < 0)
        return result;
    const char by_name[] = {delimiter_of(file->path), '\0'};
    if (options.delimiter == NULL && !options.sniff)
        options.delimiter = by_name;
    return hob_csv_read_file(frame, file, &options, error);
}

/* Not by hob_flow_read, which would have all of the file in memory. */
int hob_csv_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                      const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *path;
    int result = hob_access_path(&path, arena, flow, error);
    if (result < 0)
        return result;
    HOB_AUTO(descriptor) int descriptor = hob_scope_open(scope, path, error);
    if (descriptor < 0)
        return descriptor;
    struct hob_csv_file file = {descriptor, path, hob_scope_max_file_size(scope)};
    result = read_csv(frame, &file, flow, error);
    if (result < 0)
        hob_error_context(error, "reading '%s' as csv", path);
    return result;
}

/* One ASCII character of the flow; `fallback` when it is not there. */
static int character_of(char *character, const struct hob_value *flow, const char *key,
                        char fallback, struct hob_error *error)
{
    const struct hob_value *value = hob_value_get(flow, key);
    *character = fallback;
    if (hob_value_is_null(value))
        return 0;
    struct hob_text text = hob_value_text(value);
    if (text.size != 1 || (unsigned char)text.data[0] >= 0x80 || text.data[0] == '\n' ||
        text.data[0] == '\r')
        return hob_error_set(error, HOB_E_TYPE, "`%s` must be one ASCII character to write csv",
                             key);
    *character = text.data[0];
    return 0;
}

int hob_csv_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                       const struct hob_frame *frame, struct hob_error *error)
{
    char delimiter, quote;
    const char *path;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int result = hob_access_path(&path, arena, flow, error);
    if (result == 0)
        result = character_of(&delimiter, flow, "delimiter", delimiter_of(path), error);
    if (result == 0)
        result = character_of(&quote, flow, "quotechar", '"', error);
    if (result == 0)
        result = hob_csv_write(&out, frame, delimiter, quote, error);
    return result < 0 ? result : hob_flow_write_file(scope, flow, &out, error);
}
