/* arrow_message: the schema, and what says where things lie in a batch.
 *
 * Numbers below are those of Arrow's Message.fbs and Schema.fbs: ids of fields are their places in
 * the lists, members of unions count from 1. */
#include <stdio.h>

#include "access/arrow_internal.h"

#include "value/json.h"

enum { METADATA_V5 = 4 };
enum { HEADER_SCHEMA = 1, HEADER_RECORD_BATCH = 3 };
enum { TYPE_INT = 2, TYPE_FLOATING_POINT = 3, TYPE_UTF8 = 5, TYPE_BOOL = 6 };
enum { TYPE_TIMESTAMP = 10, TYPE_LARGE_UTF8 = 20 };
enum { PRECISION_DOUBLE = 2, UNIT_MICROSECOND = 2 };
enum { FIELD_NAME, FIELD_NULLABLE, FIELD_TYPE_KIND, FIELD_TYPE, FIELD_DICTIONARY, FIELD_CHILDREN };
enum { FIELD_METADATA = 6, FIELD_MEMBERS };

/* The table Message, with a header of that kind that is to follow at once. */
static size_t put_message(struct hob_flatbuffer *flat, int header, size_t body_size)
{
    const struct hob_flatbuffer_field fields[] = {
        {2, METADATA_V5}, {1, header}, HOB_FLATBUFFER_REFERENCE, {8, (int64_t)body_size}};
    hob_flatbuffer_start(flat);
    return hob_flatbuffer_put_table(flat, fields, sizeof fields / sizeof fields[0]);
}

static void refer_header(struct hob_flatbuffer *flat, size_t message, size_t header)
{
    hob_flatbuffer_refer_field(flat, message, 2, header);
}

static int type_kind(enum hob_arrow_type type)
{
    switch (type) {
    case HOB_ARROW_DOUBLE:
        return TYPE_FLOATING_POINT;
    case HOB_ARROW_BOOL:
        return TYPE_BOOL;
    case HOB_ARROW_UTF8:
        return TYPE_UTF8;
    case HOB_ARROW_LARGE_UTF8:
        return TYPE_LARGE_UTF8;
    case HOB_ARROW_TIMESTAMP:
        return TYPE_TIMESTAMP;
    default:
        return TYPE_INT;
    }
}

static size_t put_integer_type(struct hob_flatbuffer *flat, int bits, bool is_signed)
{
    const struct hob_flatbuffer_field fields[] = {{4, bits}, {1, is_signed}};
    return hob_flatbuffer_put_table(flat, fields, 2);
}

/* Offsets that are no whole minutes have no spelling: the moment is told in UTC. */
static void put_zone(struct hob_flatbuffer *flat, size_t type, int32_t offset_seconds)
{
    char zone[16] = "UTC";
    int minutes = abs(offset_seconds) / 60;
    if (offset_seconds != 0 && offset_seconds % 60 == 0)
        snprintf(zone, sizeof zone, "%c%02d:%02d", offset_seconds < 0 ? '-' : '+', minutes / 60,
                 minutes % 60);
    hob_flatbuffer_refer_field(flat, type, 1, hob_flatbuffer_put_string(flat, hob_text_from(zone)));
}

static size_t put_timestamp_type(struct hob_flatbuffer *flat, const struct hob_column *column)
{
    const struct hob_flatbuffer_field fields[] = {{2, UNIT_MICROSECOND}, HOB_FLATBUFFER_REFERENCE};
    size_t type = hob_flatbuffer_put_table(flat, fields, column->has_zone ? 2 : 1);
    if (column->has_zone)
        put_zone(flat, type, column->offset_seconds);
    return type;
}

static size_t put_type(struct hob_flatbuffer *flat, const struct hob_arrow_field *field)
{
    const struct hob_flatbuffer_field precision = {2, PRECISION_DOUBLE};
    switch (field->type) {
    case HOB_ARROW_INT32:
        return put_integer_type(flat, 32, true);
    case HOB_ARROW_INT64:
        return put_integer_type(flat, 64, true);
    case HOB_ARROW_UINT64:
        return put_integer_type(flat, 64, false);
    case HOB_ARROW_DOUBLE:
        return hob_flatbuffer_put_table(flat, &precision, 1);
    case HOB_ARROW_TIMESTAMP:
        return put_timestamp_type(flat, field->column);
    default:
        return hob_flatbuffer_put_table(flat, NULL, 0);
    }
}

/* A pair of texts of a field's metadata. */
struct note {
    struct hob_text key, value;
};

enum { MOST_NOTES = 3, MOST_LABEL = 4096 };

static size_t put_note(struct hob_flatbuffer *flat, const struct note *note)
{
    const struct hob_flatbuffer_field fields[] = {HOB_FLATBUFFER_REFERENCE,
                                                  HOB_FLATBUFFER_REFERENCE};
    size_t pair = hob_flatbuffer_put_table(flat, fields, 2);
    hob_flatbuffer_refer_field(flat, pair, 0, hob_flatbuffer_put_string(flat, note->key));
    hob_flatbuffer_refer_field(flat, pair, 1, hob_flatbuffer_put_string(flat, note->value));
    return pair;
}

/* What Arrow's types and names do not tell. */
static size_t put_metadata(struct hob_flatbuffer *flat, const struct hob_arrow_field *field)
{
    HOB_AUTO(buffer) struct hob_buffer dtype = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer label = HOB_BUFFER_INIT;
    struct note notes[MOST_NOTES];
    size_t count = 0;
    hob_column_put_dtype(&dtype, field->column);
    notes[count++] = (struct note){HOB_TEXT("hob:dtype"), hob_buffer_text(&dtype)};
    if (field->json)
        notes[count++] = (struct note){HOB_TEXT("hob:json"), HOB_TEXT("true")};
    if (field->label->kind != HOB_STRING &&
        hob_json_write(&label, field->label, HOB_JSON_COMPACT, MOST_LABEL, NULL) == 0)
        notes[count++] = (struct note){HOB_TEXT("hob:label"), hob_buffer_text(&label)};
    flat->bytes.failed |= dtype.failed || label.failed;
    size_t vector = hob_flatbuffer_put_vector(flat, count, 4, 4);
    for (size_t i = 0; i < count; i++)
        hob_flatbuffer_refer(flat, hob_flatbuffer_item(vector, i, 4), put_note(flat, &notes[i]));
    return vector;
}

static size_t put_field(struct hob_flatbuffer *flat, const struct hob_arrow_field *field)
{
    const struct hob_flatbuffer_field members[FIELD_MEMBERS] = {
        [FIELD_NAME] = HOB_FLATBUFFER_REFERENCE,
        [FIELD_NULLABLE] = {1, 1},
        [FIELD_TYPE_KIND] = {1, type_kind(field->type)},
        [FIELD_TYPE] = HOB_FLATBUFFER_REFERENCE,
        [FIELD_CHILDREN] = HOB_FLATBUFFER_REFERENCE,
        [FIELD_METADATA] = HOB_FLATBUFFER_REFERENCE,
    };
    size_t table = hob_flatbuffer_put_table(flat, members, FIELD_MEMBERS);
    hob_flatbuffer_refer_field(flat, table, FIELD_NAME,
                               hob_flatbuffer_put_string(flat, field->name));
    hob_flatbuffer_refer_field(flat, table, FIELD_TYPE, put_type(flat, field));
    /* Some readers want the list of children even where there are none. */
    hob_flatbuffer_refer_field(flat, table, FIELD_CHILDREN,
                               hob_flatbuffer_put_vector(flat, 0, 4, 4));
    hob_flatbuffer_refer_field(flat, table, FIELD_METADATA, put_metadata(flat, field));
    return table;
}

void hob_arrow_put_schema(struct hob_flatbuffer *flat, const struct hob_arrow_field *fields,
                          size_t count)
{
    /* Cells are written as this machine has them, which the schema tells. */
    const int endianness = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 1 : 0;
    const struct hob_flatbuffer_field members[] = {{2, endianness}, HOB_FLATBUFFER_REFERENCE};
    size_t message = put_message(flat, HEADER_SCHEMA, 0);
    size_t schema = hob_flatbuffer_put_table(flat, members, 2);
    refer_header(flat, message, schema);
    size_t vector = hob_flatbuffer_put_vector(flat, count, 4, 4);
    hob_flatbuffer_refer_field(flat, schema, 1, vector);
    for (size_t i = 0; i < count && !hob_buffer_failed(&flat->bytes); i++)
        hob_flatbuffer_refer(flat, hob_flatbuffer_item(vector, i, 4), put_field(flat, &fields[i]));
    hob_flatbuffer_finish(flat);
}

/* A struct of two 64-bit numbers, which both FieldNode and Buffer are. */
enum { PAIR_SIZE = 16 };

static void set_pair(struct hob_flatbuffer *flat, size_t vector, size_t i, size_t a, size_t b)
{
    size_t item = hob_flatbuffer_item(vector, i, PAIR_SIZE);
    hob_flatbuffer_set(flat, item, 8, (int64_t)a);
    hob_flatbuffer_set(flat, item + 8, 8, (int64_t)b);
}

void hob_arrow_put_batch(struct hob_flatbuffer *flat, const struct hob_arrow_batch *batch,
                         size_t count)
{
    const struct hob_flatbuffer_field members[] = {
        {8, (int64_t)batch->rows}, HOB_FLATBUFFER_REFERENCE, HOB_FLATBUFFER_REFERENCE};
    size_t message = put_message(flat, HEADER_RECORD_BATCH, batch->body.size);
    size_t header = hob_flatbuffer_put_table(flat, members, 3);
    refer_header(flat, message, header);
    size_t nodes = hob_flatbuffer_put_vector(flat, count, PAIR_SIZE, 8);
    hob_flatbuffer_refer_field(flat, header, 1, nodes);
    for (size_t i = 0; i < count; i++)
        set_pair(flat, nodes, i, batch->rows, batch->nulls[i]);
    size_t buffers = hob_flatbuffer_put_vector(flat, batch->extent_count, PAIR_SIZE, 8);
    hob_flatbuffer_refer_field(flat, header, 2, buffers);
    for (size_t i = 0; i < batch->extent_count; i++)
        set_pair(flat, buffers, i, batch->extents[i].offset, batch->extents[i].size);
    hob_flatbuffer_finish(flat);
}
