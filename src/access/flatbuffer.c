/* flatbuffer: see flatbuffer.h.
 *
 * A table is preceded by its vtable, the list of where each field lies. Vtables are not shared
 * between tables, which costs a few bytes for each column and spares looking for equal ones. */
#include "access/flatbuffer.h"

#include <assert.h>

void hob_flatbuffer_deinit(struct hob_flatbuffer *flat)
{
    hob_buffer_deinit(&flat->bytes);
}

static void align(struct hob_flatbuffer *flat, size_t alignment)
{
    size_t over = flat->bytes.size % alignment;
    if (over > 0)
        hob_buffer_put_repeated(&flat->bytes, '\0', alignment - over);
}

static void put_number(struct hob_flatbuffer *flat, size_t size, int64_t value)
{
    size_t position = flat->bytes.size;
    hob_buffer_put_repeated(&flat->bytes, '\0', size);
    hob_flatbuffer_set(flat, position, size, value);
}

void hob_flatbuffer_set(struct hob_flatbuffer *flat, size_t position, size_t size, int64_t value)
{
    if (hob_buffer_failed(&flat->bytes))
        return; /* what the position meant may not be there */
    assert(position + size <= flat->bytes.size);
    for (size_t i = 0; i < size; i++)
        flat->bytes.data[position + i] = (char)(uint8_t)((uint64_t)value >> 8 * i);
}

void hob_flatbuffer_refer(struct hob_flatbuffer *flat, size_t position, size_t target)
{
    assert(hob_buffer_failed(&flat->bytes) || target > position);
    hob_flatbuffer_set(flat, position, 4, (int64_t)(target - position));
}

void hob_flatbuffer_start(struct hob_flatbuffer *flat)
{
    hob_buffer_clear(&flat->bytes);
    put_number(flat, 4, 0);
}

/* Where the fields lie in a table, which itself lies at a multiple of 8; returns the table's size.
 * The first four bytes lead to the vtable. */
static size_t lay_out(size_t *places, const struct hob_flatbuffer_field *fields, size_t count)
{
    size_t size = 4;
    for (size_t i = 0; i < count; i++) {
        places[i] = 0;
        if (fields[i].size == 0)
            continue;
        size = (size + fields[i].size - 1) / fields[i].size * fields[i].size;
        places[i] = size;
        size += fields[i].size;
    }
    return size;
}

/* More than any table of Arrow has. */
enum { MAX_FIELDS = 8 };

size_t hob_flatbuffer_put_table(struct hob_flatbuffer *flat,
                                const struct hob_flatbuffer_field *fields, size_t count)
{
    size_t places[MAX_FIELDS];
    assert(count <= MAX_FIELDS);
    size_t size = lay_out(places, fields, count);
    bool is_root = flat->bytes.size == 4;
    align(flat, 2);
    size_t vtable = flat->bytes.size;
    put_number(flat, 2, (int64_t)(4 + 2 * count));
    put_number(flat, 2, (int64_t)size);
    for (size_t i = 0; i < count; i++)
        put_number(flat, 2, (int64_t)places[i]);
    align(flat, 8);
    size_t table = flat->bytes.size;
    hob_buffer_put_repeated(&flat->bytes, '\0', size);
    hob_flatbuffer_set(flat, table, 4, (int64_t)(table - vtable));
    for (size_t i = 0; i < count; i++)
        hob_flatbuffer_set(flat, table + places[i], fields[i].size, fields[i].value);
    if (is_root)
        hob_flatbuffer_refer(flat, 0, table);
    return table;
}

static int64_t number_at(const struct hob_flatbuffer *flat, size_t position, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(uint8_t)flat->bytes.data[position + i] << 8 * i;
    return (int64_t)value;
}

void hob_flatbuffer_refer_field(struct hob_flatbuffer *flat, size_t table, size_t id, size_t target)
{
    if (hob_buffer_failed(&flat->bytes))
        return;
    size_t vtable = table - (size_t)number_at(flat, table, 4);
    size_t place = (size_t)number_at(flat, vtable + 4 + 2 * id, 2);
    assert(place > 0);
    hob_flatbuffer_refer(flat, table + place, target);
}

size_t hob_flatbuffer_put_string(struct hob_flatbuffer *flat, struct hob_text text)
{
    align(flat, 4);
    size_t position = flat->bytes.size;
    put_number(flat, 4, (int64_t)text.size);
    hob_buffer_put_text(&flat->bytes, text);
    hob_buffer_put_char(&flat->bytes, '\0');
    return position;
}

size_t hob_flatbuffer_put_vector(struct hob_flatbuffer *flat, size_t count, size_t item_size,
                                 size_t alignment)
{
    align(flat, 4);
    if ((flat->bytes.size + 4) % alignment != 0)
        put_number(flat, 4, 0);
    size_t position = flat->bytes.size;
    put_number(flat, 4, (int64_t)count);
    hob_buffer_put_repeated(&flat->bytes, '\0', count * item_size);
    return position;
}

void hob_flatbuffer_finish(struct hob_flatbuffer *flat)
{
    align(flat, 8);
}
