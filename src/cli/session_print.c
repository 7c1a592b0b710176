/* session_print: answers of the server as people read them; see session.h.
 *
 * Which operation an answer is of does not matter: what to print is told by the members that it
 * has. So an operation that is new on the server prints well here, too. */
#include <stdio.h>

#include "cli/display.h"
#include "cli/session.h"
#include "cli/table.h"
#include "frame/build.h"
#include "value/json.h"
#include "value/python.h"

static const size_t max_size = (size_t)1 << 30;

/* ---- texts and values ---- */

void hob_remote_print_text(struct hob_remote_call *call, struct hob_text text)
{
    struct hob_buffer *out = &call->output.buffer;
    if (!call->to_terminal) {
        hob_buffer_put_text(out, text);
        hob_buffer_put_char(out, '\n');
        return;
    }
    for (;;) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end != NULL ? (size_t)(end - text.data) : text.size;
        hob_display_put(out, (struct hob_text){text.data, size});
        hob_buffer_put_char(out, '\n');
        if (end == NULL)
            return;
        text = (struct hob_text){end + 1, text.size - size - 1};
    }
}

void hob_remote_print_value(struct hob_remote_call *call, const struct hob_value *value)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    if (!hob_value_is_null(value))
        hob_python_str(&text, value);
    hob_remote_print_text(call, hob_buffer_text(&text));
}

static void print_list(struct hob_remote_call *call, const struct hob_value *list)
{
    for (uint32_t i = 0; i < list->list.count; i++)
        hob_remote_print_value(call, list->list.items[i]);
}

/* ---- tables ---- */

int hob_remote_print_table(struct hob_remote_call *call, const struct hob_value *records)
{
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    int code = hob_frame_from_value(&frame, records, 0, NULL, &call->error);
    if (code != 0)
        return code;
    struct hob_table_options options = hob_table_options_look();
    return hob_table_put(&call->output.buffer, frame, &options, &call->error);
}

/* What the column of labels is called: nothing that a column is. */
static const char *label_name(const struct hob_value *records)
{
    const struct hob_value *first = records->list.count > 0 ? records->list.items[0] : NULL;
    return hob_value_get(first, "index") == NULL ? "index" : "(index)";
}

/* Records with the labels of their rows in front; in the arena. */
static const struct hob_value *with_labels(struct hob_remote_call *call,
                                           const struct hob_value *labels,
                                           const struct hob_value *records)
{
    const char *name = label_name(records);
    struct hob_value *rows = hob_value_new(call->arena, HOB_LIST);
    for (uint32_t i = 0; i < records->list.count && i < labels->list.count; i++) {
        const struct hob_value *record = records->list.items[i];
        struct hob_value *row = hob_value_new(call->arena, HOB_MAP);
        hob_value_put_string(call->arena, row, name, labels->list.items[i]);
        for (uint32_t j = 0; hob_value_is(record, HOB_MAP) && j < record->map.count; j++)
            hob_value_put(call->arena, row, record->map.pairs[j].key, record->map.pairs[j].value);
        hob_value_append(call->arena, rows, row);
    }
    return rows;
}

static int print_column(struct hob_remote_call *call, const struct hob_value *labels,
                        const struct hob_value *values)
{
    struct hob_value *records = hob_value_new(call->arena, HOB_LIST);
    const struct hob_value *name = hob_value_get(call->answer, "column");
    for (uint32_t i = 0; i < values->list.count; i++) {
        struct hob_value *record = hob_value_new(call->arena, HOB_MAP);
        hob_value_put(call->arena, record, name, values->list.items[i]);
        hob_value_append(call->arena, records, record);
    }
    return hob_remote_print_table(call, with_labels(call, labels, records));
}

/* ---- names and values ---- */

/* "4 rows, 7 columns". */
static const struct hob_value *shape_text(struct hob_remote_call *call,
                                          const struct hob_value *shape)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    static const char *const units[] = {" row", ", ", " column"};
    for (uint32_t i = 0; hob_value_is(shape, HOB_LIST) && i < shape->list.count && i < 2; i++) {
        const struct hob_value *count = shape->list.items[i];
        hob_buffer_put_string(&text, i > 0 ? units[1] : "");
        hob_python_str(&text, count);
        hob_buffer_put_string(&text, units[i * 2]);
        bool one = hob_value_is(count, HOB_INT) && count->integer == 1;
        hob_buffer_put_string(&text, one ? "" : "s");
    }
    return hob_value_new_string(call->arena, hob_buffer_text(&text));
}

static void put_joined(struct hob_buffer *out, const struct hob_value *value)
{
    if (!hob_value_is(value, HOB_LIST)) {
        if (!hob_value_is_null(value))
            hob_python_str(out, value);
        return;
    }
    for (uint32_t i = 0; i < value->list.count; i++) {
        hob_buffer_put_string(out, i > 0 ? ", " : "");
        hob_python_str(out, value->list.items[i]);
    }
}

static void print_pairs(struct hob_remote_call *call, const struct hob_value *map)
{
    struct hob_buffer *out = &call->output.buffer;
    size_t widest = 0, width;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < map->map.count; i++) {
            HOB_AUTO(buffer) struct hob_buffer raw = HOB_BUFFER_INIT;
            HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
            hob_python_str(&raw, map->map.pairs[i].key);
            width = hob_display_put(&name, hob_buffer_text(&raw));
            widest = width > widest ? width : widest;
            if (pass == 0)
                continue;
            hob_buffer_put_text(out, hob_buffer_text(&name));
            hob_buffer_put_repeated(out, ' ', widest - width + 2);
            hob_buffer_clear(&raw);
            put_joined(&raw, map->map.pairs[i].value);
            hob_display_put(out, hob_buffer_text(&raw));
            hob_buffer_put_char(out, '\n');
        }
    }
}

int hob_remote_print_map(struct hob_remote_call *call, const struct hob_value *map)
{
    if (!hob_arguments_has(call->arguments, "json")) {
        print_pairs(call, map);
        return 0;
    }
    int code = hob_json_write(&call->output.buffer, map, HOB_JSON_COMPACT, max_size, &call->error);
    hob_buffer_put_char(&call->output.buffer, '\n');
    return code;
}

/* ---- answers ---- */

/* One file, or how many of the flow and the first of them. */
static void put_file_names(struct hob_buffer *out, const struct hob_value *written)
{
    const struct hob_value *files = hob_value_get(written, "files");
    if (!hob_value_is(files, HOB_LIST)) {
        hob_display_put(out, hob_value_text(hob_value_get(written, "path")));
        return;
    }
    hob_buffer_printf(out, "%u file%s", files->list.count, files->list.count == 1 ? "" : "s");
    if (files->list.count == 0)
        return;
    hob_buffer_put_string(out, files->list.count == 1 ? ", " : ", the first ");
    hob_display_put(out, hob_value_text(files->list.items[0]));
}

static void print_written(struct hob_remote_call *call, const struct hob_value *written)
{
    struct hob_buffer *out = &call->output.buffer;
    if (written->list.count == 0)
        hob_buffer_put_string(out, "nothing had changed\n");
    for (uint32_t i = 0; i < written->list.count; i++) {
        const struct hob_value *file = written->list.items[i];
        hob_buffer_put_string(out, "wrote ");
        put_file_names(out, file);
        hob_buffer_put_string(out, ": ");
        struct hob_value *shape = hob_value_new(call->arena, HOB_LIST);
        hob_value_append(call->arena, shape, hob_value_get(file, "rows"));
        hob_value_append(call->arena, shape, hob_value_get(file, "columns"));
        hob_buffer_put_text(out, hob_value_text(shape_text(call, shape)));
        hob_buffer_put_char(out, '\n');
    }
}

/* Everything but the status. */
static void print_members(struct hob_remote_call *call)
{
    struct hob_value *members = hob_value_copy(call->arena, call->answer);
    hob_value_remove(members, "status");
    const struct hob_value *shape = hob_value_get(members, "shape");
    if (shape != NULL)
        hob_value_put_string(call->arena, members, "shape", shape_text(call, shape));
    if (members->map.count != 1) {
        print_pairs(call, members);
        return;
    }
    const struct hob_value *only = members->map.pairs[0].value;
    if (hob_value_is(only, HOB_MAP))
        print_pairs(call, only);
    else if (hob_value_is(only, HOB_LIST) && hob_value_get(members, "value") == NULL)
        print_list(call, only);
    else
        hob_remote_print_value(call, only);
}

int hob_remote_print(struct hob_remote_call *call)
{
    const struct hob_value *answer = call->answer;
    const struct hob_value *labels = hob_value_get(answer, "indices");
    const struct hob_value *records = hob_value_get(answer, "records");
    const struct hob_value *values = hob_value_get(answer, "values");
    const struct hob_value *subseries = hob_value_get(answer, "subseries");
    const struct hob_value *written = hob_value_get(answer, "written");
    const struct hob_value *row = hob_value_get(answer, "row");
    if (hob_arguments_has(call->arguments, "json")) {
        hob_buffer_put_text(&call->output.buffer, hob_buffer_text(&call->reply.body));
        hob_buffer_put_char(&call->output.buffer, '\n');
        return 0;
    }
    if (!hob_value_is(answer, HOB_MAP))
        return hob_error_set(&call->error, HOB_E_PROTOCOL, "the server's answer is no mapping");
    if (hob_value_is(labels, HOB_LIST) && hob_value_is(records, HOB_LIST))
        return hob_remote_print_table(call, with_labels(call, labels, records));
    if (hob_value_is(labels, HOB_LIST) && hob_value_is(values, HOB_LIST))
        return print_column(call, labels, values);
    if (hob_value_is(hob_value_get(subseries, "records"), HOB_LIST))
        return hob_remote_print_table(call, hob_value_get(subseries, "records"));
    if (hob_value_is(written, HOB_LIST))
        print_written(call, written);
    else if (hob_value_is(row, HOB_MAP))
        print_pairs(call, row);
    else if (hob_value_is(labels, HOB_LIST))
        print_list(call, labels);
    else
        print_members(call);
    return 0;
}
