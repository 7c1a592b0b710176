/* keys: see keys.h.
 *
 * A cell is first brought into one form, in which equal cells look alike whatever the types of
 * their columns are: booleans, and floats without a fraction, are integers. The table is open
 * addressing with linear probing, at most half full, one slot a key: rows with equal keys hang in a
 * chain behind the first, so that a key that repeats a million times costs no more than others. */
#include "frame/keys.h"

#include <math.h>

enum form { INTEGER, UNSIGNED, FRACTION, TEXT, MOMENT, OTHER, MISSING };

struct cell {
    enum form form;
    union {
        int64_t integer; /* INTEGER, MOMENT */
        uint64_t number; /* UNSIGNED: beyond int64 */
        double fraction;
        struct hob_text text;
        const struct hob_value *value;
    };
};

static struct cell cell_of_double(double number)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    if (isnan(number))
        return (struct cell){.form = MISSING};
    if (number >= -limit && number < limit && trunc(number) == number)
        return (struct cell){.form = INTEGER, .integer = (int64_t)number};
    return (struct cell){.form = FRACTION, .fraction = number};
}

/* One moment is one key, whatever zone it is written in. */
static int64_t moment(int64_t wall_microseconds, int32_t offset_seconds)
{
    return wall_microseconds - (int64_t)offset_seconds * 1000000;
}

static struct cell cell_of_value(const struct hob_value *value)
{
    switch ((enum hob_kind)value->kind) {
    case HOB_NULL:
        return (struct cell){.form = MISSING};
    case HOB_BOOL:
        return (struct cell){.form = INTEGER, .integer = value->boolean};
    case HOB_INT:
        return (struct cell){.form = INTEGER, .integer = value->integer};
    case HOB_DOUBLE:
        return cell_of_double(value->number);
    case HOB_STRING:
        return (struct cell){.form = TEXT, .text = value->text};
    case HOB_DATETIME:
        return (struct cell){.form = MOMENT,
                             .integer = moment(value->microseconds, value->offset_seconds)};
    default:
        return (struct cell){.form = OTHER, .value = value};
    }
}

static struct cell cell_at(const struct hob_column *column, size_t row)
{
    if (hob_column_is_missing(column, row))
        return (struct cell){.form = MISSING};
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return (struct cell){.form = INTEGER, .integer = column->integers[row]};
    case HOB_COLUMN_UINT64:
        if (column->unsigneds[row] <= INT64_MAX)
            return (struct cell){.form = INTEGER, .integer = (int64_t)column->unsigneds[row]};
        return (struct cell){.form = UNSIGNED, .number = column->unsigneds[row]};
    case HOB_COLUMN_FLOAT64:
        return cell_of_double(column->numbers[row]);
    case HOB_COLUMN_BOOL:
        return (struct cell){.form = INTEGER, .integer = column->booleans[row]};
    case HOB_COLUMN_STRING:
        return (struct cell){.form = TEXT, .text = hob_column_string(column, row)};
    case HOB_COLUMN_DATETIME:
        return (struct cell){.form = MOMENT,
                             .integer = moment(column->integers[row], column->offset_seconds)};
    default:
        return cell_of_value(column->values[row]);
    }
}

static uint64_t hash_of(const struct cell *cell)
{
    switch (cell->form) {
    case TEXT:
        return hob_text_hash(cell->text);
    case OTHER:
        return hob_value_hash(cell->value);
    case MISSING:
        return 0x9e3779b97f4a7c15u;
    default:
        return hob_text_hash((struct hob_text){(const char *)&cell->integer, sizeof(int64_t)});
    }
}

static bool equal_cells(const struct cell *a, const struct cell *b)
{
    if (a->form != b->form)
        return false;
    switch (a->form) {
    case TEXT:
        return hob_text_equal(a->text, b->text);
    case FRACTION:
        return a->fraction == b->fraction;
    case OTHER:
        return hob_value_equal(a->value, b->value);
    case MISSING:
        return true;
    default:
        return a->integer == b->integer;
    }
}

/* Integers keep all their digits in a long double where that has 64 bits; elsewhere neighbours
 * beyond 2^53 may count as equal, and then keep their order. */
static long double magnitude(const struct cell *cell)
{
    if (cell->form == FRACTION)
        return cell->fraction;
    return cell->form == UNSIGNED ? (long double)cell->number : (long double)cell->integer;
}

static int compare_cells(const struct cell *a, const struct cell *b)
{
    enum form form_a = a->form < TEXT ? INTEGER : a->form;
    enum form form_b = b->form < TEXT ? INTEGER : b->form;
    if (form_a != form_b)
        return form_a < form_b ? -1 : 1;
    if (form_a == INTEGER) {
        long double x = magnitude(a), y = magnitude(b);
        return (x > y) - (x < y);
    }
    if (form_a == TEXT)
        return hob_text_compare(a->text, b->text);
    if (form_a == MOMENT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (form_a == OTHER && a->value->kind == HOB_DATE && b->value->kind == HOB_DATE)
        return (a->value->days > b->value->days) - (a->value->days < b->value->days);
    return 0;
}

static bool can_be_key(const struct cell *cell)
{
    return cell->form != OTHER || (cell->value->kind != HOB_LIST && cell->value->kind != HOB_MAP &&
                                   cell->value->kind != HOB_SET);
}

int hob_keys_init(struct hob_keys *keys, const struct hob_column *const *columns, size_t width,
                  struct hob_error *error)
{
    *keys = (struct hob_keys){columns, width, width > 0 ? columns[0]->count : 0, NULL};
    keys->hashes = hob_try_alloc(keys->rows + 1, sizeof *keys->hashes);
    if (keys->hashes == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "cannot look up rows: not enough memory");
    for (size_t row = 0; row < keys->rows; row++) {
        uint64_t hash = 0;
        for (size_t i = 0; i < width; i++) {
            struct cell cell = cell_at(columns[i], row);
            if (!can_be_key(&cell)) {
                hob_keys_deinit(keys);
                return hob_error_set(error, HOB_E_TYPE,
                                     "row %zu has a %s where a key is expected: rows are matched "
                                     "by texts, numbers and dates only",
                                     row + 1, hob_value_kind_name(cell.value));
            }
            hash = (hash ^ hash_of(&cell)) * 0x9e3779b97f4a7c15u;
            hash ^= hash >> 32;
        }
        keys->hashes[row] = hash;
    }
    return 0;
}

void hob_keys_deinit(struct hob_keys *keys)
{
    free(keys->hashes);
    *keys = (struct hob_keys)HOB_KEYS_INIT;
}

bool hob_keys_equal(const struct hob_keys *a, size_t row_a, const struct hob_keys *b, size_t row_b)
{
    if (a->hashes[row_a] != b->hashes[row_b])
        return false;
    for (size_t i = 0; i < a->width; i++) {
        struct cell left = cell_at(a->columns[i], row_a), right = cell_at(b->columns[i], row_b);
        if (!equal_cells(&left, &right))
            return false;
    }
    return true;
}

int hob_keys_compare(const struct hob_keys *a, size_t row_a, const struct hob_keys *b, size_t row_b)
{
    for (size_t i = 0; i < a->width; i++) {
        struct cell left = cell_at(a->columns[i], row_a), right = cell_at(b->columns[i], row_b);
        int order = compare_cells(&left, &right);
        if (order != 0)
            return order;
    }
    return 0;
}

/* The slot of a key: that of its first row, or a free one. */
static size_t find_slot(const struct hob_key_table *table, const struct hob_keys *keys, size_t row)
{
    size_t at = (size_t)keys->hashes[row] & table->mask;
    while (table->slots[at] != 0 && !hob_keys_equal(table->keys, table->slots[at] - 1, keys, row))
        at = (at + 1) & table->mask;
    return at;
}

int hob_key_table_init(struct hob_key_table *table, const struct hob_keys *keys,
                       struct hob_error *error)
{
    size_t slots = 16;
    while (slots / 2 < keys->rows)
        slots *= 2;
    *table = (struct hob_key_table){keys, calloc(slots, sizeof *table->slots), slots - 1,
                                    hob_try_alloc(keys->rows + 1, sizeof *table->next)};
    if (table->slots == NULL || table->next == NULL) {
        hob_key_table_deinit(table);
        return hob_error_set(error, HOB_E_MEMORY, "cannot look up rows: not enough memory");
    }
    /* From the last row to the first, so that each chain starts with the first. */
    for (size_t row = keys->rows; row-- > 0;) {
        size_t at = find_slot(table, keys, row);
        table->next[row] = table->slots[at] != 0 ? table->slots[at] - 1 : SIZE_MAX;
        table->slots[at] = row + 1;
    }
    return 0;
}

void hob_key_table_deinit(struct hob_key_table *table)
{
    free(table->slots);
    free(table->next);
    *table = (struct hob_key_table)HOB_KEY_TABLE_INIT;
}

size_t hob_key_table_find(const struct hob_key_table *table, const struct hob_keys *keys,
                          size_t row)
{
    size_t found = table->slots[find_slot(table, keys, row)];
    return found != 0 ? found - 1 : SIZE_MAX;
}
