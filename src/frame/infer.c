/* infer: the type of a column that is made from values, as pandas finds it for Python objects.
 *
 * One look at all values says which kinds there are; the narrowest column type that holds them is
 * taken. Whatever is mixed stays as values (pandas: object). */
#include "frame/column.h"

#include <math.h>
#include <stdlib.h>

/* What was seen in a column, as bits. */
enum seen {
    SEEN_NULL = 1 << 0,
    SEEN_ABSENT = 1 << 1, /* the key was not there at all */
    SEEN_BOOL = 1 << 2,
    SEEN_INT = 1 << 3,
    SEEN_UNSIGNED = 1 << 4, /* beyond int64, within uint64 */
    SEEN_DOUBLE = 1 << 5,
    SEEN_STRING = 1 << 6,
    SEEN_MOMENT = 1 << 7,
    SEEN_NEGATIVE = 1 << 8,
    SEEN_OTHER = 1 << 9,
};

struct survey {
    unsigned seen;
    const struct hob_value *first_moment; /* whose zone all moments must share */
};

static uint64_t unsigned_of(const struct hob_value *value)
{
    return strtoull(value->text.data, NULL, 10);
}

static bool fits_unsigned(const struct hob_value *value)
{
    struct hob_text largest = HOB_TEXT("18446744073709551615");
    if (value->text.size == 0 || value->text.data[0] == '-' || value->text.size > largest.size)
        return false;
    return value->text.size < largest.size || hob_text_compare(value->text, largest) <= 0;
}

static unsigned kind_seen(struct survey *survey, const struct hob_value *value)
{
    switch ((enum hob_kind)value->kind) {
    case HOB_NULL:
        return SEEN_NULL;
    case HOB_BOOL:
        return SEEN_BOOL;
    case HOB_INT:
        return SEEN_INT | (value->integer < 0 ? (unsigned)SEEN_NEGATIVE : 0u);
    case HOB_BIG_INT:
        return fits_unsigned(value) ? SEEN_UNSIGNED : SEEN_OTHER;
    case HOB_DOUBLE:
        return SEEN_DOUBLE;
    case HOB_STRING:
        return SEEN_STRING;
    case HOB_DATETIME:
        if (survey->first_moment == NULL)
            survey->first_moment = value;
        return survey->first_moment->boolean == value->boolean &&
                       survey->first_moment->offset_seconds == value->offset_seconds
                   ? SEEN_MOMENT
                   : SEEN_OTHER;
    default:
        return SEEN_OTHER;
    }
}

static struct survey look_at(const struct hob_value *const *values, const bool *absent,
                             size_t count)
{
    struct survey survey = {0, NULL};
    for (size_t i = 0; i < count; i++)
        survey.seen |=
            absent != NULL && absent[i] ? (unsigned)SEEN_ABSENT : kind_seen(&survey, values[i]);
    return survey;
}

static enum hob_column_type type_for(unsigned seen)
{
    unsigned holes = seen & (SEEN_NULL | SEEN_ABSENT);
    switch (seen & ~(unsigned)(SEEN_NULL | SEEN_ABSENT)) {
    case 0: /* nothing but holes; an empty list counts as numbers */
        return seen == SEEN_NULL ? HOB_COLUMN_VALUE : HOB_COLUMN_FLOAT64;
    case SEEN_BOOL:
        return HOB_COLUMN_BOOL;
    case SEEN_INT:
    case SEEN_INT | SEEN_NEGATIVE:
        return holes != 0 ? HOB_COLUMN_FLOAT64 : HOB_COLUMN_INT64;
    case SEEN_UNSIGNED:
    case SEEN_UNSIGNED | SEEN_INT:
        return holes != 0 ? HOB_COLUMN_VALUE : HOB_COLUMN_UINT64;
    case SEEN_DOUBLE:
    case SEEN_DOUBLE | SEEN_INT:
    case SEEN_DOUBLE | SEEN_INT | SEEN_NEGATIVE:
        return HOB_COLUMN_FLOAT64;
    case SEEN_STRING:
        return HOB_COLUMN_STRING;
    case SEEN_MOMENT:
        return HOB_COLUMN_DATETIME;
    default:
        return HOB_COLUMN_VALUE;
    }
}

static bool append(struct hob_column *column, const struct hob_value *value)
{
    if (column->type != HOB_COLUMN_VALUE && value->kind == HOB_NULL)
        return hob_column_append_missing(column);
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return hob_column_append_int(column, value->integer);
    case HOB_COLUMN_UINT64:
        return hob_column_append_unsigned(column, value->kind == HOB_INT ? (uint64_t)value->integer
                                                                         : unsigned_of(value));
    case HOB_COLUMN_FLOAT64:
        return hob_column_append_double(column, value->kind == HOB_INT ? (double)value->integer
                                                                       : value->number);
    case HOB_COLUMN_BOOL:
        return hob_column_append_bool(column, value->boolean);
    case HOB_COLUMN_STRING:
        return hob_column_append_string(column, value->text);
    case HOB_COLUMN_DATETIME:
        return hob_column_append_int(column, value->microseconds);
    case HOB_COLUMN_VALUE:
        return hob_column_append_value(column, value);
    }
    return false;
}

bool hob_column_from_values(struct hob_column *column, const struct hob_value *const *values,
                            const bool *absent, size_t count)
{
    struct survey survey = look_at(values, absent, count);
    hob_column_init(column, type_for(survey.seen));
    if (column->type == HOB_COLUMN_DATETIME) {
        column->has_zone = survey.first_moment->boolean;
        column->offset_seconds = survey.first_moment->offset_seconds;
    }
    if (!hob_column_reserve(column, count, 0))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool hole = absent != NULL && absent[i];
        if (!(hole ? hob_column_append_missing(column) : append(column, values[i]))) {
            hob_column_deinit(column);
            return false;
        }
    }
    return true;
}
