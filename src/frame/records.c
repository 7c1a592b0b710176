/* records: see records.h.
 *
 * A table has few names and many rows, so all that repeats is prepared once: for each column the
 * text that stands before its cell, separator and escaped name and colon in one piece. A row is
 * then a sequence of copies and cells, read straight from the typed columns; no tree is built.
 *
 * Plain cells are bounded by the size of the frame. Nested ones are not: YAML aliases make a small
 * file name the same list a million times. What nested cells may come to is therefore limited for
 * the whole table. */
#include "frame/records.h"

#include "base/map.h"
#include "base/number.h"
#include "value/date.h"
#include "value/json.h"
#include "value/yaml.h"

static const size_t max_nested_size = (size_t)512 << 20;

/* Bytes that may be read, and written, beyond a text that is copied in chunks. */
enum { CHUNK = 16 };

/* One member of every record. */
struct member {
    const struct hob_column *column;
    size_t start, size; /* of what stands before the cell, in table.before */
};

struct table {
    struct member *members;
    size_t count, rows;
    struct hob_buffer before;
    size_t before_total; /* bytes of `before` that one row takes */
    size_t nested_size;  /* so far */
    unsigned style;
};

static void table_deinit(struct table *table)
{
    free(table->members);
    hob_buffer_deinit(&table->before);
}

static inline void hob_auto_table(struct table *table)
{
    table_deinit(table);
}

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot write the table as JSON: not enough memory");
}

static void put_before(struct table *table, struct member *member, struct hob_text key, bool first)
{
    struct hob_buffer *out = &table->before;
    bool indent = (table->style & HOB_JSON_INDENT) != 0;
    bool spaced = (table->style & HOB_JSON_SPACED) != 0;
    member->start = out->size;
    hob_buffer_put_char(out, first ? '{' : ',');
    if (indent)
        hob_buffer_put_string(out, "\n    ");
    else if (spaced && !first)
        hob_buffer_put_char(out, ' ');
    hob_buffer_put_text(out, key);
    hob_buffer_put_string(out, indent || spaced ? ": " : ":");
    member->size = out->size - member->start;
    table->before_total += member->size;
}

/* Finds the members of a record: of columns whose names print alike, the place of the first and
 * the cells of the last, as in a Python dictionary. */
static bool collect_members(struct table *table, const struct hob_frame *frame,
                            struct hob_buffer *keys, size_t *key_ends)
{
    HOB_AUTO(map) struct hob_map *seen = hob_map_new();
    size_t columns = hob_frame_columns(frame);
    for (size_t i = 0; i < columns; i++) {
        hob_json_put_key(keys, hob_frame_name(frame, i), table->style);
        key_ends[i] = keys->size;
    }
    if (seen == NULL || hob_buffer_failed(keys))
        return false;
    for (size_t i = 0; i < columns; i++) {
        size_t start = i == 0 ? 0 : key_ends[i - 1];
        struct hob_text key = {keys->data + start, key_ends[i] - start};
        struct member *member = hob_map_get(seen, key);
        if (member == NULL) {
            member = &table->members[table->count];
            put_before(table, member, key, table->count == 0);
            table->count++;
            if (!hob_map_put(seen, key, member))
                return false;
        }
        member->column = hob_frame_column(frame, i);
    }
    hob_buffer_put_repeated(&table->before, '\0', CHUNK);
    return !hob_buffer_failed(&table->before);
}

static bool table_init(struct table *table, const struct hob_frame *frame, unsigned style)
{
    size_t columns = hob_frame_columns(frame);
    *table = (struct table){.style = style, .rows = hob_frame_rows(frame)};
    if (columns == 0) {
        table->rows = 0;
        return true;
    }
    HOB_AUTO(buffer) struct hob_buffer keys = HOB_BUFFER_INIT;
    HOB_AUTO(free) size_t *key_ends = hob_try_alloc(columns, sizeof *key_ends);
    table->members = hob_try_alloc(columns, sizeof *table->members);
    if (key_ends == NULL || table->members == NULL)
        return false;
    return collect_members(table, frame, &keys, key_ends);
}

/* A nested value; with one member a line its own lines are moved in by the record's depth. */
static int put_value(struct hob_buffer *out, struct table *table, const struct hob_value *value,
                     struct hob_error *error)
{
    size_t left = max_nested_size - table->nested_size;
    if (value->kind == HOB_STRING && value->text.size <= left) {
        hob_json_put_string(out, value->text, table->style);
        table->nested_size += value->text.size;
        return 0;
    }
    HOB_AUTO(buffer) struct hob_buffer lines = HOB_BUFFER_INIT;
    bool indent = (table->style & HOB_JSON_INDENT) != 0;
    struct hob_buffer *target = indent ? &lines : out;
    size_t start = target->size;
    int code = hob_json_write(target, value, table->style, left, error);
    if (code != 0)
        return code;
    if (hob_buffer_failed(target))
        return no_memory(error);
    table->nested_size += target->size - start;
    for (size_t i = 0; i < lines.size; i++) {
        hob_buffer_put_char(out, lines.data[i]);
        if (lines.data[i] == '\n')
            hob_buffer_put_string(out, "    ");
    }
    return 0;
}

static void put_datetime(struct hob_buffer *out, const struct hob_column *column, size_t row)
{
    struct hob_value moment = {.kind = HOB_DATETIME,
                               .boolean = column->has_zone,
                               .offset_seconds = column->offset_seconds,
                               .microseconds = column->integers[row]};
    hob_buffer_put_char(out, '"');
    hob_datetime_print(out, &moment, 'T');
    hob_buffer_put_char(out, '"');
}

static int put_cell(struct hob_buffer *out, struct table *table, const struct hob_column *column,
                    size_t row, struct hob_error *error)
{
    if (column->missing != NULL && hob_column_is_missing(column, row)) {
        hob_buffer_put(out, "null", 4);
        return 0;
    }
    switch (column->type) {
    case HOB_COLUMN_INT64:
        if (hob_buffer_reserve(out, HOB_NUMBER_SIZE))
            out->size += hob_number_print_int(out->data + out->size, column->integers[row]);
        return 0;
    case HOB_COLUMN_UINT64:
        if (hob_buffer_reserve(out, HOB_NUMBER_SIZE))
            out->size += hob_number_print_unsigned(out->data + out->size, column->unsigneds[row]);
        return 0;
    case HOB_COLUMN_FLOAT64:
        hob_json_put_double(out, column->numbers[row]);
        return 0;
    case HOB_COLUMN_BOOL:
        hob_buffer_put_string(out, column->booleans[row] ? "true" : "false");
        return 0;
    case HOB_COLUMN_STRING:
        hob_json_put_string(out, hob_column_string(column, row), table->style);
        return 0;
    case HOB_COLUMN_DATETIME:
        put_datetime(out, column, row);
        return 0;
    case HOB_COLUMN_VALUE:
        return put_value(out, table, column->values[row], error);
    }
    return hob_error_set(error, HOB_E_INTERNAL, "cannot write a column of type %d as JSON",
                         (int)column->type);
}

/* Copies whole chunks, which is faster for short texts than a call that looks at the size; what
 * lies beyond the text is overwritten by what comes next. */
static inline void copy_before(struct hob_buffer *out, const char *text, size_t size)
{
    if (!hob_buffer_reserve(out, size + CHUNK))
        return;
    char *to = out->data + out->size;
    for (size_t i = 0; i < size; i += CHUNK)
        memcpy(to + i, text + i, CHUNK);
    out->size += size;
}

static int put_row(struct hob_buffer *out, struct table *table, size_t row, struct hob_error *error)
{
    /* One check for memory a row covers nearly all of its small pieces. */
    hob_buffer_reserve(out, table->before_total + table->count * (HOB_NUMBER_SIZE + CHUNK));
    for (size_t i = 0; i < table->count; i++) {
        const struct member *member = &table->members[i];
        copy_before(out, table->before.data + member->start, member->size);
        int code = put_cell(out, table, member->column, row, error);
        if (code != 0)
            return code;
    }
    hob_buffer_put_string(out, (table->style & HOB_JSON_INDENT) != 0 ? "\n  }" : "}");
    return hob_buffer_failed(out) ? no_memory(error) : 0;
}

/* ---- what an answer says beside the records ---- */

static int put_columns(struct hob_buffer *out, const struct hob_frame *frame,
                       struct hob_error *error)
{
    hob_buffer_put_char(out, '[');
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        if (i > 0)
            hob_buffer_put_char(out, ',');
        int code =
            hob_json_write(out, hob_frame_name(frame, i), HOB_JSON_COMPACT, max_nested_size, error);
        if (code != 0)
            return code;
    }
    hob_buffer_put_char(out, ']');
    return 0;
}

static void put_shape(struct hob_buffer *out, const struct hob_frame *frame)
{
    char number[HOB_NUMBER_SIZE];
    hob_buffer_put_char(out, '[');
    hob_buffer_put(out, number, hob_number_print_unsigned(number, hob_frame_rows(frame)));
    hob_buffer_put_char(out, ',');
    hob_buffer_put(out, number, hob_number_print_unsigned(number, hob_frame_columns(frame)));
    hob_buffer_put_char(out, ']');
}

/* The same members as in a record, so repeated names are settled in the same way. */
static int put_dtypes(struct hob_buffer *out, const struct hob_frame *frame,
                      struct hob_error *error)
{
    HOB_AUTO(table) struct table table;
    if (!table_init(&table, frame, HOB_JSON_COMPACT))
        return no_memory(error);
    if (table.count == 0)
        hob_buffer_put_char(out, '{');
    for (size_t i = 0; i < table.count; i++) {
        const struct member *member = &table.members[i];
        hob_buffer_put(out, table.before.data + member->start, member->size);
        hob_buffer_put_char(out, '"');
        hob_column_put_dtype(out, member->column);
        hob_buffer_put_char(out, '"');
    }
    hob_buffer_put_char(out, '}');
    return 0;
}

/* What stands behind the records of an answer. */
static int put_answer_end(struct hob_buffer *out, const struct hob_frame *frame,
                          struct hob_error *error)
{
    hob_buffer_put_string(out, ",\"columns\":");
    int code = put_columns(out, frame, error);
    if (code != 0)
        return code;
    hob_buffer_put_string(out, ",\"shape\":");
    put_shape(out, frame);
    hob_buffer_put_string(out, ",\"dtypes\":");
    code = put_dtypes(out, frame, error);
    if (code != 0)
        return code;
    hob_buffer_put_char(out, '}');
    return hob_buffer_failed(out) ? no_memory(error) : 0;
}

/* ---- the writer ---- */

struct hob_records_writer {
    const struct hob_frame *frame;
    enum hob_records_form form;
    struct table table;
    size_t row; /* the next one */
    bool started;
};

static bool writer_init(struct hob_records_writer *writer, const struct hob_frame *frame,
                        enum hob_records_form form, unsigned style)
{
    *writer = (struct hob_records_writer){.frame = frame, .form = form};
    return table_init(&writer->table, frame, style);
}

static void put_start(struct hob_buffer *out, const struct hob_records_writer *writer)
{
    if (writer->form == HOB_RECORDS_ANSWER)
        hob_buffer_put_string(out, "{\"records\":");
    if (writer->form != HOB_RECORDS_LINES)
        hob_buffer_put_char(out, '[');
    if ((writer->table.style & HOB_JSON_INDENT) != 0 && writer->table.rows > 0)
        hob_buffer_put_string(out, "\n  ");
}

static int put_end(struct hob_buffer *out, const struct hob_records_writer *writer,
                   struct hob_error *error)
{
    bool indent = (writer->table.style & HOB_JSON_INDENT) != 0;
    if (writer->form != HOB_RECORDS_LINES)
        hob_buffer_put_string(out, indent && writer->table.rows > 0 ? "\n]" : "]");
    if (writer->form == HOB_RECORDS_ANSWER)
        return put_answer_end(out, writer->frame, error);
    return hob_buffer_failed(out) ? no_memory(error) : 0;
}

static const char *between_rows(const struct hob_records_writer *writer)
{
    if ((writer->table.style & HOB_JSON_INDENT) != 0)
        return ",\n  ";
    return (writer->table.style & HOB_JSON_SPACED) != 0 ? ", " : ",";
}

static int put_rows(struct hob_records_writer *writer, struct hob_buffer *out, size_t enough,
                    struct hob_error *error)
{
    bool lines = writer->form == HOB_RECORDS_LINES;
    struct hob_text between = hob_text_from(lines ? "" : between_rows(writer));
    int code = 0;
    for (; code == 0 && writer->row < writer->table.rows && out->size < enough; writer->row++) {
        if (writer->row > 0)
            hob_buffer_put_text(out, between);
        code = put_row(out, &writer->table, writer->row, error);
        if (lines)
            hob_buffer_put_char(out, '\n');
    }
    return code;
}

int hob_records_writer_step(struct hob_records_writer *writer, struct hob_buffer *out,
                            size_t enough, struct hob_error *error)
{
    if (!writer->started)
        put_start(out, writer);
    writer->started = true;
    int code = put_rows(writer, out, enough, error);
    if (code != 0)
        return code;
    return writer->row < writer->table.rows ? HOB_WRITER_MORE : put_end(out, writer, error);
}

struct hob_records_writer *hob_records_writer_new(const struct hob_frame *frame,
                                                  enum hob_records_form form, unsigned style)
{
    struct hob_records_writer *writer = hob_try_alloc(1, sizeof *writer);
    if (writer != NULL && !writer_init(writer, frame, form, style))
        writer = hob_records_writer_free(writer);
    return writer;
}

struct hob_records_writer *hob_records_writer_free(struct hob_records_writer *writer)
{
    if (writer != NULL)
        table_deinit(&writer->table);
    free(writer);
    return NULL;
}

/* All of it into the buffer, or with a sink through the buffer, whose rest the caller drains. */
static int put_all(struct hob_buffer *out, const struct hob_sink *sink,
                   struct hob_records_writer *writer, struct hob_error *error)
{
    int code;
    do {
        code =
            hob_records_writer_step(writer, out, sink != NULL ? HOB_SINK_PIECE : SIZE_MAX, error);
        if (code == HOB_WRITER_MORE) {
            int drained = hob_sink_drain(sink, out, error);
            code = drained != 0 ? drained : code;
        }
    } while (code == HOB_WRITER_MORE);
    return code;
}

static int put_frame(struct hob_buffer *out, const struct hob_sink *sink,
                     const struct hob_frame *frame, enum hob_records_form form, unsigned style,
                     struct hob_error *error)
{
    struct hob_records_writer writer;
    int code = writer_init(&writer, frame, form, style) ? put_all(out, sink, &writer, error)
                                                        : no_memory(error);
    table_deinit(&writer.table);
    return code;
}

int hob_frame_put_records(struct hob_buffer *out, const struct hob_frame *frame, unsigned style,
                          struct hob_error *error)
{
    return put_frame(out, NULL, frame, HOB_RECORDS_LIST, style, error);
}

int hob_frame_put_lines(struct hob_buffer *out, const struct hob_frame *frame,
                        struct hob_error *error)
{
    return put_frame(out, NULL, frame, HOB_RECORDS_LINES, HOB_JSON_COMPACT, error);
}

int hob_frame_put_answer(struct hob_buffer *out, const struct hob_frame *frame,
                         struct hob_error *error)
{
    return put_frame(out, NULL, frame, HOB_RECORDS_ANSWER, HOB_JSON_COMPACT, error);
}

int hob_frame_write_records(const struct hob_sink *sink, const struct hob_frame *frame,
                            unsigned style, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = put_frame(&out, sink, frame, HOB_RECORDS_LIST, style, error);
    return code != 0 ? code : hob_sink_drain(sink, &out, error);
}

int hob_frame_write_lines(const struct hob_sink *sink, const struct hob_frame *frame,
                          struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = put_frame(&out, sink, frame, HOB_RECORDS_LINES, HOB_JSON_COMPACT, error);
    return code != 0 ? code : hob_sink_drain(sink, &out, error);
}

int hob_frame_write_yaml(struct hob_buffer *out, const struct hob_frame *frame,
                         struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *rows = hob_value_new(arena, HOB_LIST);
    size_t count = hob_frame_columns(frame) > 0 ? hob_frame_rows(frame) : 0;
    for (size_t row = 0; row < count; row++)
        if (!hob_value_append(arena, rows, hob_frame_row(frame, row, arena)))
            return hob_error_set(error, HOB_E_MEMORY,
                                 "cannot write the table as YAML: not enough memory");
    return hob_yaml_write(out, rows, error);
}
