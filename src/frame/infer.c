/* infer: the type of a column that is made from values, as pandas finds it for Python objects.
 *
 * One look at all values says which kinds there are; the narrowest column type that holds them is
 * taken. Whatever is mixed stays as values (pandas: object). */
#include "frame/column.h"

#include <math.h>
#include <stdlib.h>

#include "base/number.h"

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
    SEEN_ROUNDED = 1 << 9, /* beyond int64, and behind a null */
    SEEN_OTHER = 1 << 10,
    SEEN_HOLES = SEEN_NULL | SEEN_ABSENT,
    SEEN_NUMBERS = SEEN_INT | SEEN_UNSIGNED | SEEN_DOUBLE | SEEN_NEGATIVE | SEEN_ROUNDED,
};

struct survey {
    unsigned seen;
    const struct hob_value *first_moment; /* whose zone all moments must share */
};

static double double_of(const struct hob_value *value)
{
    double number = value->number;
    if (value->kind == HOB_INT)
        return (double)value->integer;
    if (value->kind == HOB_BIG_INT)
        hob_number_parse_double(value->text, &number);
    return number;
}

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

/* pandas looks at the size of integers until it has seen a null: from there on they will be floats
 * anyway. */
static unsigned integer_seen(const struct survey *survey, const struct hob_value *value)
{
    bool behind_null = (survey->seen & SEEN_NULL) != 0;
    if (value->kind == HOB_INT)
        return SEEN_INT | (value->integer < 0 && !behind_null ? (unsigned)SEEN_NEGATIVE : 0u);
    if (behind_null && isfinite(double_of(value)))
        return SEEN_ROUNDED;
    return fits_unsigned(value) ? SEEN_UNSIGNED : SEEN_OTHER;
}

static unsigned kind_seen(struct survey *survey, const struct hob_value *value)
{
    switch ((enum hob_kind)value->kind) {
    case HOB_NULL:
        return SEEN_NULL;
    case HOB_BOOL:
        return SEEN_BOOL;
    case HOB_INT:
    case HOB_BIG_INT:
        return integer_seen(survey, value);
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

static enum hob_column_type number_type(unsigned seen)
{
    if ((seen & SEEN_UNSIGNED) != 0 && (seen & SEEN_NEGATIVE) != 0)
        return HOB_COLUMN_VALUE; /* no type has both */
    if ((seen & (SEEN_HOLES | SEEN_DOUBLE)) != 0)
        return HOB_COLUMN_FLOAT64;
    return (seen & SEEN_UNSIGNED) != 0 ? HOB_COLUMN_UINT64 : HOB_COLUMN_INT64;
}

static enum hob_column_type type_for(unsigned seen)
{
    unsigned values = seen & ~(unsigned)SEEN_HOLES;
    if (values != 0 && (values & ~(unsigned)SEEN_NUMBERS) == 0)
        return number_type(seen);
    switch (values) {
    case 0: /* nothing but holes; an empty list counts as numbers */
        return seen == SEEN_NULL ? HOB_COLUMN_VALUE : HOB_COLUMN_FLOAT64;
    case SEEN_BOOL:
        return HOB_COLUMN_BOOL;
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
        return hob_column_append_double(column, double_of(value));
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
