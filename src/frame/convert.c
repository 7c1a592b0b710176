/* convert: see convert.h.
 *
 * Nothing is converted in place: a kind is found first by looking at all columns that give cells,
 * then cells are appended one by one. */
#include "frame/convert.h"

#include <assert.h>

/* Types as numpy has them, for what it makes of several. */
enum {
    BOOLEAN = 1 << 0,
    INTEGER = 1 << 1,
    UNSIGNED = 1 << 2,
    FLOAT = 1 << 3,
    OBJECT = 1 << 4,
    OTHER = 1 << 5, /* dates, and what `dtypes` asked for as Int32, Float64, boolean */
};

static unsigned numpy_type(const struct hob_column *column)
{
    if (column->nullable)
        return OTHER;
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return INTEGER;
    case HOB_COLUMN_UINT64:
        return UNSIGNED;
    case HOB_COLUMN_FLOAT64:
        return FLOAT;
    case HOB_COLUMN_BOOL:
        return hob_column_has_missing(column) ? OBJECT : BOOLEAN;
    case HOB_COLUMN_DATETIME:
        return OTHER;
    default:
        return OBJECT;
    }
}

static bool is_number(enum hob_column_type type)
{
    return type == HOB_COLUMN_INT64 || type == HOB_COLUMN_UINT64 || type == HOB_COLUMN_FLOAT64 ||
           type == HOB_COLUMN_BOOL;
}

/* Whether nothing is in it, and its type could say so: pandas then passes it over. */
static bool is_nothing(const struct hob_column *column, unsigned type)
{
    if (type == BOOLEAN || type == INTEGER || type == UNSIGNED || column->nullable)
        return false;
    for (size_t row = 0; row < column->count; row++)
        if (!hob_column_is_missing(column, row))
            return false;
    return true;
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

/* Of the columns that have a say: the type that they have in common, VALUE where they have none. */
static void merge_form(struct hob_column_kind *kind, const struct hob_column *column)
{
    struct hob_column *merged = &kind->merged;
    if (kind->telling == 0) {
        take_form(kind, column);
        return;
    }
    bool same_zone =
        merged->has_zone == column->has_zone && merged->offset_seconds == column->offset_seconds;
    bool numbers = is_number(merged->type) && is_number(column->type);
    merged->nullable |= column->nullable;
    if (merged->type == column->type)
        merged->type = same_zone ? merged->type : HOB_COLUMN_VALUE;
    else if (!numbers)
        merged->type = HOB_COLUMN_VALUE;
    else if (merged->type == HOB_COLUMN_BOOL)
        merged->type = column->type;
    else if (column->type != HOB_COLUMN_BOOL)
        merged->type = HOB_COLUMN_FLOAT64;
}

void hob_column_kind_add(struct hob_column_kind *kind, const struct hob_column *column)
{
    unsigned type = numpy_type(column);
    bool nothing = is_nothing(column, type);
    if (kind->all == 0) {
        take_form(kind, column);
        kind->first = type;
    }
    /* Numbers and booleans that numpy can put below each other just so: floats only below floats.
     */
    bool plain = type == BOOLEAN || type == INTEGER || type == UNSIGNED ||
                 (type == FLOAT && kind->first == FLOAT);
    kind->mixed |= nothing || !plain;
    kind->all |= nothing && type == OTHER ? OBJECT : type;
    kind->has_cells |= column->count > 0;
    if (!nothing) {
        merge_form(kind, column);
        kind->telling |= type;
    }
}

void hob_column_kind_add_hole(struct hob_column_kind *kind)
{
    kind->holes = kind->mixed = true;
}

/* What numpy makes of arrays of these types, one below the other. */
static enum hob_column_type numpy_common(unsigned types)
{
    if (types & OBJECT)
        return HOB_COLUMN_VALUE;
    if ((types & FLOAT) || (types & (INTEGER | UNSIGNED)) == (INTEGER | UNSIGNED))
        return HOB_COLUMN_FLOAT64;
    return types & INTEGER    ? HOB_COLUMN_INT64
           : types & UNSIGNED ? HOB_COLUMN_UINT64
                              : HOB_COLUMN_BOOL;
}

/* Booleans beside numbers are objects, for pandas. */
static enum hob_column_type pandas_common(unsigned types)
{
    bool booleans_and_numbers = (types & BOOLEAN) && (types & (INTEGER | UNSIGNED | FLOAT));
    return booleans_and_numbers ? HOB_COLUMN_VALUE : numpy_common(types);
}

/* Of columns without cells, booleans or objects leave an object. */
static enum hob_column_type type_of_nothing(unsigned types)
{
    bool numbers = (types & ~(unsigned)(INTEGER | UNSIGNED | FLOAT)) == 0;
    bool integers = (types & ~(unsigned)(BOOLEAN | INTEGER | UNSIGNED)) == 0;
    return numbers || integers ? numpy_common(types) : HOB_COLUMN_VALUE;
}

/* As pandas 1.5.3 has it (core/internals/concat.py): the columns in which something is decide; when
 * they are integers or booleans, what numpy makes of all columns counts. */
static enum hob_column_type plain_type(const struct hob_column_kind *kind)
{
    if (!kind->mixed)
        return numpy_common(kind->all);
    enum hob_column_type type = pandas_common(kind->telling != 0 ? kind->telling : kind->all);
    bool integers = type == HOB_COLUMN_INT64 || type == HOB_COLUMN_UINT64;
    if (kind->holes && integers)
        return HOB_COLUMN_FLOAT64;
    if (kind->holes && type == HOB_COLUMN_BOOL)
        return HOB_COLUMN_VALUE;
    if (!integers && type != HOB_COLUMN_BOOL)
        return type;
    return kind->has_cells ? numpy_common(kind->all) : type_of_nothing(kind->all);
}

void hob_column_init_kind(struct hob_column *column, const struct hob_column_kind *kind)
{
    unsigned types = kind->telling != 0 ? kind->telling : kind->all;
    *column = kind->merged;
    if (kind->all == 0)
        *column = (struct hob_column){.type = HOB_COLUMN_FLOAT64};
    if (kind->all != 0 && !(types & OTHER)) {
        enum hob_column_type type = plain_type(kind);
        /* Texts alone, and booleans with holes of their own, are objects that have a form. */
        bool keeps_form = type == HOB_COLUMN_VALUE && types == OBJECT;
        column->type = keeps_form ? column->type : type;
    }
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
    *picked = kind.merged;
    bool is_integer = column->type == HOB_COLUMN_INT64 || column->type == HOB_COLUMN_UINT64;
    if (is_integer && !column->nullable && has_hole(rows, count))
        picked->type = HOB_COLUMN_FLOAT64;
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
