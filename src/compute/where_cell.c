/* where_cell: cells and the values of a condition brought into one form, in which any two can be
 * compared; see where_tree.h. */
#include "base/number.h"
#include "compute/where_tree.h"
#include "value/date.h"

/* -- Dates. */

/* Exactly `count` digits. */
static bool take_digits(struct hob_text *text, size_t count, int *number)
{
    if (text->size < count)
        return false;
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        *number = *number * 10 + (text->data[i] - '0');
    }
    *text = (struct hob_text){text->data + count, text->size - count};
    return true;
}

static bool take(struct hob_text *text, char byte)
{
    if (text->size == 0 || text->data[0] != byte)
        return false;
    *text = (struct hob_text){text->data + 1, text->size - 1};
    return true;
}

/* Digits beyond the sixth are cut off. */
static int take_fraction(struct hob_text *text)
{
    int microseconds = 0, digit;
    for (int unit = 100000; take_digits(text, 1, &digit); unit /= 10)
        microseconds += unit * digit;
    return microseconds;
}

static bool take_zone(struct hob_text *text, struct where_cell *moment)
{
    int hours, minutes;
    bool minus = text->size > 0 && text->data[0] == '-';
    moment->zoned = true;
    if (take(text, 'Z'))
        return true;
    if (!take(text, minus ? '-' : '+') || !take_digits(text, 2, &hours))
        return false;
    take(text, ':');
    if (!take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    int64_t offset = ((int64_t)hours * 60 + minutes) * 60 * 1000000;
    moment->integer -= minus ? -offset : offset;
    return true;
}

static bool take_time(struct hob_text *text, struct where_cell *moment)
{
    int hour, minute, second = 0, microsecond = 0;
    if (!take_digits(text, 2, &hour) || !take(text, ':') || !take_digits(text, 2, &minute))
        return false;
    if (take(text, ':')) {
        if (!take_digits(text, 2, &second))
            return false;
        microsecond = take(text, '.') ? take_fraction(text) : 0;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    moment->integer += (((int64_t)hour * 60 + minute) * 60 + second) * 1000000 + microsecond;
    return text->size == 0 || take_zone(text, moment);
}

bool where_read_moment(struct hob_text text, struct where_cell *moment)
{
    int year, month = 1, day = 1;
    if (!take_digits(&text, 4, &year))
        return false;
    bool has_month = take(&text, '-');
    if (has_month && !take_digits(&text, 2, &month))
        return false;
    bool has_day = has_month && take(&text, '-');
    if (has_day && !take_digits(&text, 2, &day))
        return false;
    if (!hob_date_valid(year, month, day))
        return false;
    int64_t days = hob_date_to_days((struct hob_date){year, month, day});
    *moment = (struct where_cell){.form = WHERE_MOMENT, .integer = days * 86400 * 1000000};
    if (text.size == 0)
        return true;
    return has_day && (take(&text, 'T') || take(&text, ' ')) && take_time(&text, moment) &&
           text.size == 0;
}

/* -- Cells. */

static struct where_cell integer_cell(int64_t integer)
{
    return (struct where_cell){.form = WHERE_INTEGER, .integer = integer};
}

static struct where_cell number_cell(long double number)
{
    return (struct where_cell){.form = WHERE_NUMBER, .number = number};
}

struct where_cell where_big_integer(struct hob_text digits)
{
    uint64_t whole = 0;
    double number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        bool fits = digits.data[i] >= '0' && digits.data[i] <= '9' &&
                    !__builtin_mul_overflow(whole, (uint64_t)10, &whole) &&
                    !__builtin_add_overflow(whole, (uint64_t)(digits.data[i] - '0'), &whole);
        if (fits)
            continue;
        hob_number_parse_double(digits, &number);
        return number_cell(number);
    }
    return number_cell((long double)whole);
}

static struct where_cell moment_cell(int64_t wall_microseconds, bool zoned, int32_t offset_seconds)
{
    int64_t offset = zoned ? (int64_t)offset_seconds * 1000000 : 0;
    return (struct where_cell){.form = WHERE_MOMENT,
                               .zoned = zoned,
                               .offset_seconds = offset_seconds,
                               .integer = wall_microseconds - offset};
}

struct where_cell where_cell_of_value(const struct hob_value *value)
{
    switch ((enum hob_kind)value->kind) {
    case HOB_NULL:
        return (struct where_cell){.form = WHERE_NOTHING};
    case HOB_BOOL:
        return integer_cell(value->boolean);
    case HOB_INT:
        return integer_cell(value->integer);
    case HOB_BIG_INT:
        return where_big_integer(value->text);
    case HOB_DOUBLE:
        return number_cell(value->number);
    case HOB_STRING:
        return (struct where_cell){.form = WHERE_TEXT, .text = value->text};
    case HOB_DATE:
        return moment_cell(value->days * 86400 * 1000000, false, 0);
    case HOB_DATETIME:
        return moment_cell(value->microseconds, value->boolean, value->offset_seconds);
    default:
        return (struct where_cell){.form = WHERE_OTHER, .value = value};
    }
}

struct where_cell where_cell_at(const struct hob_column *column, size_t row)
{
    if (hob_column_is_missing(column, row))
        return (struct where_cell){.form = WHERE_NOTHING};
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return integer_cell(column->integers[row]);
    case HOB_COLUMN_UINT64:
        return column->unsigneds[row] <= INT64_MAX
                   ? integer_cell((int64_t)column->unsigneds[row])
                   : number_cell((long double)column->unsigneds[row]);
    case HOB_COLUMN_FLOAT64:
        return number_cell(column->numbers[row]);
    case HOB_COLUMN_BOOL:
        return integer_cell(column->booleans[row]);
    case HOB_COLUMN_STRING:
        return (struct where_cell){.form = WHERE_TEXT, .text = hob_column_string(column, row)};
    case HOB_COLUMN_DATETIME:
        return moment_cell(column->integers[row], column->has_zone, column->offset_seconds);
    default:
        return where_cell_of_value(column->values[row]);
    }
}

static unsigned order_of(int order)
{
    return order < 0 ? WHERE_LESS : order > 0 ? WHERE_GREATER : WHERE_EQUAL;
}

static unsigned order_of_numbers(long double a, long double b)
{
    return a < b ? WHERE_LESS : a > b ? WHERE_GREATER : a == b ? WHERE_EQUAL : 0;
}

static long double number_of(const struct where_cell *cell)
{
    return cell->form == WHERE_INTEGER ? (long double)cell->integer : cell->number;
}

/* A moment and a text that looks like one are compared as moments. */
static unsigned compare_with_text(const struct where_cell *moment, const struct where_cell *text)
{
    struct where_cell read;
    return where_read_moment(text->text, &read) ? where_compare(moment, &read) : 0;
}

static unsigned turned(unsigned order)
{
    return order == WHERE_LESS ? WHERE_GREATER : order == WHERE_GREATER ? WHERE_LESS : order;
}

unsigned where_compare(const struct where_cell *a, const struct where_cell *b)
{
    bool a_is_number = a->form == WHERE_INTEGER || a->form == WHERE_NUMBER;
    bool b_is_number = b->form == WHERE_INTEGER || b->form == WHERE_NUMBER;
    if (a->form == WHERE_NOTHING || b->form == WHERE_NOTHING)
        return 0;
    if ((a->form == WHERE_INTEGER || a->form == WHERE_MOMENT) && a->form == b->form)
        return order_of((a->integer > b->integer) - (a->integer < b->integer));
    if (a_is_number && b_is_number)
        return order_of_numbers(number_of(a), number_of(b));
    if (a->form == WHERE_TEXT && b->form == WHERE_TEXT)
        return order_of(hob_text_compare(a->text, b->text));
    if (a->form == WHERE_MOMENT && b->form == WHERE_TEXT)
        return compare_with_text(a, b);
    if (a->form == WHERE_TEXT && b->form == WHERE_MOMENT)
        return turned(compare_with_text(b, a));
    if (a->form == WHERE_OTHER && b->form == WHERE_OTHER)
        return hob_value_equal(a->value, b->value) ? WHERE_EQUAL : 0;
    return 0;
}
