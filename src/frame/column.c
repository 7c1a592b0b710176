/* column: see column.h.
 *
 * The value arrays are members of one union, so growing goes through the item size of the type.
 * Whenever there is a bitmap it has a bit for every row that there is room for: appending a value
 * that is there never has to look at it, because fresh bits are zero. */
#include "frame/column.h"

#include <assert.h>
#include <math.h>

#include "base/number.h"

static size_t item_size(const struct hob_column *column)
{
    switch (column->type) {
    case HOB_COLUMN_BOOL:
        return sizeof(bool);
    case HOB_COLUMN_STRING:
        return sizeof(size_t);
    case HOB_COLUMN_VALUE:
        return sizeof(const struct hob_value *);
    default:
        return sizeof(int64_t);
    }
}

void hob_column_init(struct hob_column *column, enum hob_column_type type)
{
    *column = (struct hob_column){.type = type};
}

void hob_column_deinit(struct hob_column *column)
{
    free(column->integers);
    free(column->bytes);
    free(column->missing);
    *column = (struct hob_column){.type = column->type};
}

static bool grow_missing(struct hob_column *column)
{
    size_t before = column->missing_capacity;
    size_t needed = column->capacity / 8 + 1;
    if (!HOB_TRY_GROW(column->missing, column->missing_capacity, needed))
        return false;
    memset(column->missing + before, 0, column->missing_capacity - before);
    return true;
}

static bool grow_rows(struct hob_column *column, size_t needed)
{
    void *items = column->integers;
    size_t capacity = column->capacity;
    if (!hob_try_grow(&items, &capacity, needed, item_size(column)))
        return false;
    column->integers = items;
    size_t before = column->capacity;
    column->capacity = capacity;
    if (column->missing == NULL || grow_missing(column))
        return true;
    column->capacity = before; /* the bitmap is not as long as the rows */
    return false;
}

bool hob_column_reserve(struct hob_column *column, size_t count, size_t bytes)
{
    size_t rows, size;
    if (__builtin_add_overflow(column->count, count, &rows) || !grow_rows(column, rows))
        return false;
    if (column->type != HOB_COLUMN_STRING || bytes == 0)
        return true;
    size_t used = column->count == 0 ? 0 : column->ends[column->count - 1];
    return !__builtin_add_overflow(used, bytes, &size) &&
           HOB_TRY_GROW(column->bytes, column->bytes_capacity, size);
}

static inline bool has_room(struct hob_column *column)
{
    return column->count < column->capacity || grow_rows(column, column->count + 1);
}

bool hob_column_append_int(struct hob_column *column, int64_t integer)
{
    assert(column->type == HOB_COLUMN_INT64 || column->type == HOB_COLUMN_DATETIME);
    if (!has_room(column))
        return false;
    column->integers[column->count++] = integer;
    return true;
}

bool hob_column_append_unsigned(struct hob_column *column, uint64_t number)
{
    assert(column->type == HOB_COLUMN_UINT64);
    if (!has_room(column))
        return false;
    column->unsigneds[column->count++] = number;
    return true;
}

bool hob_column_append_double(struct hob_column *column, double number)
{
    assert(column->type == HOB_COLUMN_FLOAT64);
    if (!has_room(column))
        return false;
    column->numbers[column->count++] = number;
    return true;
}

bool hob_column_append_bool(struct hob_column *column, bool boolean)
{
    assert(column->type == HOB_COLUMN_BOOL);
    if (!has_room(column))
        return false;
    column->booleans[column->count++] = boolean;
    return true;
}

bool hob_column_append_string(struct hob_column *column, struct hob_text text)
{
    assert(column->type == HOB_COLUMN_STRING);
    size_t start = column->count == 0 ? 0 : column->ends[column->count - 1];
    size_t end;
    if (__builtin_add_overflow(start, text.size, &end) || !has_room(column) ||
        !HOB_TRY_GROW(column->bytes, column->bytes_capacity, end))
        return false;
    if (text.size > 0)
        memcpy(column->bytes + start, text.data, text.size);
    column->ends[column->count++] = end;
    return true;
}

bool hob_column_append_value(struct hob_column *column, const struct hob_value *value)
{
    assert(column->type == HOB_COLUMN_VALUE && value != NULL);
    if (!has_room(column))
        return false;
    column->values[column->count++] = value;
    return true;
}

/* Marks the next row as missing, before something is appended in its place. */
static bool mark_next(struct hob_column *column)
{
    if (!has_room(column) || (column->missing == NULL && !grow_missing(column)))
        return false;
    column->missing[column->count / 8] |= (uint8_t)(1u << column->count % 8);
    return true;
}

bool hob_column_append_missing(struct hob_column *column)
{
    switch (column->type) {
    case HOB_COLUMN_FLOAT64:
        return hob_column_append_double(column, NAN);
    case HOB_COLUMN_VALUE:
        return hob_column_append_value(column, &hob_value_null);
    case HOB_COLUMN_BOOL:
        return mark_next(column) && hob_column_append_bool(column, false);
    case HOB_COLUMN_STRING:
        return mark_next(column) && hob_column_append_string(column, (struct hob_text){"", 0});
    case HOB_COLUMN_UINT64:
        return mark_next(column) && hob_column_append_unsigned(column, 0);
    default:
        return mark_next(column) && hob_column_append_int(column, 0);
    }
}

bool hob_column_is_missing(const struct hob_column *column, size_t row)
{
    assert(row < column->count);
    if (column->type == HOB_COLUMN_FLOAT64)
        return isnan(column->numbers[row]);
    if (column->type == HOB_COLUMN_VALUE) {
        const struct hob_value *value = column->values[row];
        return value->kind == HOB_NULL || (value->kind == HOB_DOUBLE && isnan(value->number));
    }
    return column->missing != NULL && (column->missing[row / 8] >> row % 8 & 1) != 0;
}

bool hob_column_has_missing(const struct hob_column *column)
{
    bool looks_at_values = column->type == HOB_COLUMN_FLOAT64 || column->type == HOB_COLUMN_VALUE;
    if (!looks_at_values) {
        for (size_t i = 0; column->missing != NULL && i < (column->count + 7) / 8; i++)
            if (column->missing[i] != 0)
                return true;
        return false;
    }
    for (size_t row = 0; row < column->count; row++)
        if (hob_column_is_missing(column, row))
            return true;
    return false;
}

static const struct hob_value *unsigned_value(uint64_t number, struct hob_arena *arena)
{
    if (number <= INT64_MAX)
        return hob_value_new_int(arena, (int64_t)number);
    char digits[HOB_NUMBER_SIZE];
    size_t size = hob_number_print_unsigned(digits, number);
    struct hob_value *value = hob_value_new(arena, HOB_BIG_INT);
    value->text = hob_arena_copy(arena, (struct hob_text){digits, size});
    return value;
}

const struct hob_value *hob_column_value(const struct hob_column *column, size_t row,
                                         struct hob_arena *arena)
{
    if (hob_column_is_missing(column, row))
        return &hob_value_null;
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return hob_value_new_int(arena, column->integers[row]);
    case HOB_COLUMN_UINT64:
        return unsigned_value(column->unsigneds[row], arena);
    case HOB_COLUMN_FLOAT64:
        return hob_value_new_double(arena, column->numbers[row]);
    case HOB_COLUMN_BOOL:
        return hob_value_new_bool(column->booleans[row]);
    case HOB_COLUMN_STRING:
        return hob_value_new_string(arena, hob_column_string(column, row));
    case HOB_COLUMN_DATETIME: {
        struct hob_value *value = hob_value_new(arena, HOB_DATETIME);
        value->microseconds = column->integers[row];
        value->boolean = column->has_zone;
        value->offset_seconds = column->offset_seconds;
        return value;
    }
    default:
        return column->values[row];
    }
}

bool hob_column_append_from(struct hob_column *column, const struct hob_column *other, size_t row,
                            struct hob_arena *arena)
{
    if (column->type == HOB_COLUMN_VALUE)
        return hob_column_append_value(column, hob_column_value(other, row, arena));
    assert(column->type == other->type);
    if (hob_column_is_missing(other, row))
        return hob_column_append_missing(column);
    switch (column->type) {
    case HOB_COLUMN_FLOAT64:
        return hob_column_append_double(column, other->numbers[row]);
    case HOB_COLUMN_BOOL:
        return hob_column_append_bool(column, other->booleans[row]);
    case HOB_COLUMN_STRING:
        return hob_column_append_string(column, hob_column_string(other, row));
    case HOB_COLUMN_UINT64:
        return hob_column_append_unsigned(column, other->unsigneds[row]);
    default:
        return hob_column_append_int(column, other->integers[row]);
    }
}

static void put_datetime_dtype(struct hob_buffer *out, const struct hob_column *column)
{
    hob_buffer_put_string(out, "datetime64[ns");
    if (column->has_zone) {
        int minutes = abs(column->offset_seconds) / 60;
        hob_buffer_put_string(out, ", UTC");
        if (column->offset_seconds != 0)
            hob_buffer_printf(out, "%c%02d:%02d", column->offset_seconds < 0 ? '-' : '+',
                              minutes / 60, minutes % 60);
    }
    hob_buffer_put_char(out, ']');
}

void hob_column_put_dtype(struct hob_buffer *out, const struct hob_column *column)
{
    switch (column->type) {
    case HOB_COLUMN_INT64:
        hob_buffer_put_string(out, column->nullable ? "Int32" : "int64");
        break;
    case HOB_COLUMN_UINT64:
        hob_buffer_put_string(out, "uint64");
        break;
    case HOB_COLUMN_FLOAT64:
        hob_buffer_put_string(out, column->nullable ? "Float64" : "float64");
        break;
    case HOB_COLUMN_BOOL:
        hob_buffer_put_string(out, column->nullable                 ? "boolean"
                                   : hob_column_has_missing(column) ? "object"
                                                                    : "bool");
        break;
    case HOB_COLUMN_DATETIME:
        put_datetime_dtype(out, column);
        break;
    default:
        hob_buffer_put_string(out, "object");
    }
}

size_t hob_column_longest_string(const struct hob_column *column)
{
    size_t longest = 0;
    for (size_t row = 0; row < column->count; row++) {
        size_t size = hob_column_string(column, row).size;
        longest = size > longest ? size : longest;
    }
    return longest;
}
