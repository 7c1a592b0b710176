/* convert: see convert.h.
 *
 * Nothing is converted in place: a kind is found first by looking at all columns that give cells,
 * then cells are appended one by one. */
#include "frame/convert.h"

#include <assert.h>

static bool is_number(enum hob_column_type type)
{
    return type == HOB_COLUMN_INT64 || type == HOB_COLUMN_UINT64 || type == HOB_COLUMN_FLOAT64 ||
           type == HOB_COLUMN_BOOL;
}

/* A float column in which nothing is there is how pandas keeps "no cells at all". */
static bool is_nothing(const struct hob_column *column)
{
    if (column->type != HOB_COLUMN_FLOAT64 || column->nullable)
        return false;
    for (size_t row = 0; row < column->count; row++)
        if (!hob_column_is_missing(column, row))
            return false;
    return true;
}

static enum hob_column_type common_type(const struct hob_column *a, const struct hob_column *b)
{
    if (a->type == b->type) {
        bool same_zone = a->has_zone == b->has_zone && a->offset_seconds == b->offset_seconds;
        return same_zone ? a->type : HOB_COLUMN_VALUE;
    }
    if (!is_number(a->type) || !is_number(b->type))
        return HOB_COLUMN_VALUE;
    if (a->type == HOB_COLUMN_BOOL)
        return b->type;
    return b->type == HOB_COLUMN_BOOL ? a->type : HOB_COLUMN_FLOAT64;
}

static void take_form(struct hob_column_kind *kind, const struct hob_column *column)
{
    kind->merged = (struct hob_column){
        .type = column->type,
        .nullable = column->nullable,
        .has_zone = column->has_zone,
        .offset_seconds = column->offset_seconds,
    };
}

void hob_column_kind_add(struct hob_column_kind *kind, const struct hob_column *column)
{
    if (!kind->seen)
        take_form(kind, column);
    kind->seen = true;
    if (column->count == 0)
        return;
    if (is_nothing(column)) {
        kind->holes = true;
        return;
    }
    kind->open_booleans |= column->type == HOB_COLUMN_BOOL && hob_column_has_missing(column);
    if (!kind->known) {
        take_form(kind, column);
        kind->known = true;
        return;
    }
    kind->merged.type = common_type(&kind->merged, column);
    kind->merged.nullable |= column->nullable;
}

void hob_column_kind_add_hole(struct hob_column_kind *kind)
{
    kind->holes = true;
}

void hob_column_init_kind(struct hob_column *column, const struct hob_column_kind *kind)
{
    *column = kind->merged;
    if (kind->holes && !kind->known)
        column->type = HOB_COLUMN_FLOAT64;
    bool is_integer = column->type == HOB_COLUMN_INT64 || column->type == HOB_COLUMN_UINT64;
    if (kind->open_booleans && column->type != HOB_COLUMN_BOOL)
        column->type = HOB_COLUMN_VALUE;
    else if (kind->holes && is_integer && !column->nullable)
        column->type = HOB_COLUMN_FLOAT64;
    if (!is_number(column->type))
        column->nullable = false;
}

static double number_of(const struct hob_column *column, size_t row)
{
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return (double)column->integers[row];
    case HOB_COLUMN_UINT64:
        return (double)column->unsigneds[row];
    case HOB_COLUMN_BOOL:
        return column->booleans[row];
    default:
        assert(column->type == HOB_COLUMN_FLOAT64);
        return column->numbers[row];
    }
}

bool hob_column_append_cell(struct hob_column *column, const struct hob_column *other, size_t row,
                            struct hob_arena *arena)
{
    if (row == HOB_NO_ROW)
        return hob_column_append_missing(column);
    if (column->type == other->type || column->type == HOB_COLUMN_VALUE)
        return hob_column_append_from(column, other, row, arena);
    if (hob_column_is_missing(other, row))
        return hob_column_append_missing(column);
    if (column->type == HOB_COLUMN_FLOAT64)
        return hob_column_append_double(column, number_of(other, row));
    assert(other->type == HOB_COLUMN_BOOL);
    if (column->type == HOB_COLUMN_UINT64)
        return hob_column_append_unsigned(column, other->booleans[row]);
    return hob_column_append_int(column, other->booleans[row]);
}

static bool has_hole(const size_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i] == HOB_NO_ROW)
            return true;
    return false;
}

bool hob_column_pick(struct hob_column *picked, const struct hob_column *column, const size_t *rows,
                     size_t count, struct hob_arena *arena)
{
    struct hob_column_kind kind = HOB_COLUMN_KIND_INIT;
    take_form(&kind, column);
    kind.known = true;
    kind.holes = has_hole(rows, count);
    hob_column_init_kind(picked, &kind);
    bool made = hob_column_reserve(picked, count, 0);
    for (size_t i = 0; made && i < count; i++)
        made = hob_column_append_cell(picked, column, rows[i], arena);
    if (!made)
        hob_column_deinit(picked);
    return made;
}

bool hob_column_count_up(struct hob_column *column, size_t count)
{
    hob_column_init(column, HOB_COLUMN_INT64);
    if (!hob_column_reserve(column, count, 0)) {
        hob_column_deinit(column);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        hob_column_append_int(column, (int64_t)i);
    return true;
}
