/* markdown: flows of type markdown: one record of the front matter's fields and the content. */
#include "access/formats.h"
#include "access/front_matter.h"
#include "frame/build.h"
#include "value/yaml.h"

static const char content_key[] = "content";

/* The record of a markdown text: its fields in order, then the content. */
static const struct hob_value *record_of(struct hob_arena *arena,
                                         const struct hob_front_matter *read)
{
    if (read->content.data == NULL)
        return &hob_value_empty_map;
    struct hob_value *record =
        read->fields != NULL ? hob_value_copy(arena, read->fields) : hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, record, content_key, hob_value_new_string(arena, read->content));
    return record;
}

int hob_markdown_read(struct hob_frame **frame, const struct hob_flow_file *file,
                      struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new(); /* the frame takes it over */
    struct hob_front_matter read;
    int result = hob_front_matter_read(arena, file->text, file->path, &read, error);
    if (result < 0)
        return hob_error_context(error, "reading the front matter of '%s'", file->path);
    struct hob_value *rows = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, rows, record_of(arena, &read));
    return hob_frame_from_value(frame, rows, 0, HOB_STEAL(arena), error);
}

int hob_markdown_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                           const struct hob_value *flow, struct hob_error *error)
{
    return hob_flow_read(frame, scope, flow, NULL, hob_markdown_read, error);
}

int hob_markdown_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                            const struct hob_frame *frame, struct hob_error *error)
{
    if (hob_frame_rows(frame) != 1) {
        hob_error_set(error, HOB_E_VALUE, "a markdown file holds one record, not %zu",
                      hob_frame_rows(frame));
        hob_error_hint(error, "write one row, or use `type: markdown_directory`");
        return HOB_E_VALUE;
    }
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_value *fields = hob_frame_row(frame, 0, arena);
    const struct hob_value *body = hob_value_get(fields, content_key);
    if (!hob_value_is_null(body) && body->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_VALUE,
                             "the `content` of a markdown file must be a text, "
                             "not a %s",
                             hob_value_kind_name(body));
    struct hob_text content = hob_value_text(body);
    hob_value_remove(fields, content_key);
    hob_buffer_put_string(&out, "---\n");
    int result = hob_yaml_write(&out, fields, error);
    if (result < 0)
        return result;
    hob_buffer_put_string(&out, "---");
    content = hob_text_strip(content);
    if (content.size > 0) {
        hob_buffer_put_string(&out, "\n\n");
        hob_buffer_put_text(&out, content);
    }
    return hob_flow_write_file(scope, flow, &out, error);
}
