/* schema_tell: where a mistake is, and what the file has in that place. */
#include "base/utf8.h"
#include "config/schema_nodes.h"

/* The key as it is told: "pools.tools.workers.max". */
static void put_trail(struct hob_buffer *out, const struct schema_trail *trail)
{
    if (trail == NULL)
        return;
    put_trail(out, trail->above);
    if (out->size > 0 && trail->name[0] != '[')
        hob_buffer_put_char(out, '.');
    for (const char *at = trail->name; *at != '\0'; at++)
        hob_buffer_put_char(out, (unsigned char)*at < ' ' || *at == 0x7F ? '?' : *at);
}

void schema_add(struct schema_reading *reading, const struct hob_yaml_node *node,
                const struct schema_trail *trail, const char *what)
{
    HOB_AUTO(buffer) struct hob_buffer key = HOB_BUFFER_INIT;
    put_trail(&key, trail);
    hob_mistakes_add(reading->mistakes, schema_line(node), hob_buffer_string(&key), "%s", what);
}

/* What the file has in that place, for "expected ..., not ...". */
void schema_put_found(struct hob_buffer *out, const struct hob_yaml_node *node)
{
    if (node->kind != HOB_YAML_SCALAR) {
        hob_buffer_put_string(out, node->kind == HOB_YAML_SEQUENCE ? "a list" : "a mapping");
        return;
    }
    if (node->tag == HOB_YAML_NULL || node->text.size == 0) {
        hob_buffer_put_string(out, "nothing");
        return;
    }
    struct hob_text start = {node->text.data, node->text.size < 60 ? node->text.size : 60};
    start.size = hob_utf8_valid_prefix(start);
    hob_buffer_put_char(out, '\'');
    for (size_t i = 0; i < start.size; i++)
        hob_buffer_put_char(
            out, (unsigned char)start.data[i] < ' ' || start.data[i] == 0x7F ? '?' : start.data[i]);
    hob_buffer_put_string(out, start.size < node->text.size ? "...'" : "'");
}

void schema_add_unexpected(struct schema_reading *reading, const struct hob_setting *row,
                           const struct hob_yaml_node *node, const struct schema_trail *trail)
{
    HOB_AUTO(buffer) struct hob_buffer what = HOB_BUFFER_INIT;
    hob_buffer_put_string(&what, "expected ");
    hob_schema_put_expected(&what, row);
    hob_buffer_put_string(&what, ", not ");
    schema_put_found(&what, node);
    schema_add(reading, node, trail, hob_buffer_string(&what));
}

/* One more node; false, and told once, when there are too many. */
bool schema_count_node(struct schema_reading *reading, const struct hob_yaml_node *node,
                       const struct schema_trail *trail)
{
    if (reading->left == 0)
        return false;
    if (--reading->left == 0)
        schema_add(reading, node, trail, "there is more in this file than any settings need");
    return reading->left > 0;
}
