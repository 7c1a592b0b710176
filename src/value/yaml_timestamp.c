/* yaml_timestamp: dates and moments as YAML 1.1 spells them; see yaml_resolve.h. */
#include "value/date.h"
#include "value/yaml_cursor.h"
#include "value/yaml_resolve.h"

struct moment {
    int year, month, day, hour, minute, second, microsecond;
    int offset_seconds;
    bool has_time, has_zone, short_date; /* a month or day of a single digit */
};

/* Between `least` and `most` digits. */
static bool accept_number(struct hob_cursor *cursor, int least, int most, int *number)
{
    int count = 0;
    *number = 0;
    for (; count < most && hob_is_digit(hob_cursor_peek(cursor)); count++)
        *number = *number * 10 + (*cursor->at++ - '0');
    return count >= least;
}

static size_t skip_blanks(struct hob_cursor *cursor)
{
    const char *start = cursor->at;
    while (hob_cursor_peek(cursor) == ' ' || hob_cursor_peek(cursor) == '\t')
        cursor->at++;
    return (size_t)(cursor->at - start);
}

/* Digits beyond the sixth are cut off. */
static void accept_fraction(struct hob_cursor *cursor, int *microsecond)
{
    int unit = 100000;
    for (; hob_is_digit(hob_cursor_peek(cursor)); cursor->at++, unit /= 10)
        *microsecond += unit * (*cursor->at - '0');
}

static bool accept_zone(struct hob_cursor *cursor, struct moment *moment)
{
    moment->has_zone = true;
    if (hob_cursor_accept(cursor, 'Z'))
        return true;
    char sign = hob_cursor_peek(cursor);
    if (sign != '-' && sign != '+')
        return false;
    cursor->at++;
    int hours, minutes = 0;
    if (!accept_number(cursor, 1, 2, &hours))
        return false;
    if (hob_cursor_accept(cursor, ':') && !accept_number(cursor, 2, 2, &minutes))
        return false;
    moment->offset_seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
    return true;
}

static bool accept_time(struct hob_cursor *cursor, struct moment *moment)
{
    moment->has_time = true;
    if (!hob_cursor_accept(cursor, 'T') && !hob_cursor_accept(cursor, 't') &&
        skip_blanks(cursor) == 0)
        return false;
    if (!accept_number(cursor, 1, 2, &moment->hour) || !hob_cursor_accept(cursor, ':') ||
        !accept_number(cursor, 2, 2, &moment->minute) || !hob_cursor_accept(cursor, ':') ||
        !accept_number(cursor, 2, 2, &moment->second))
        return false;
    if (hob_cursor_accept(cursor, '.'))
        accept_fraction(cursor, &moment->microsecond);
    if (cursor->at == cursor->end)
        return true;
    skip_blanks(cursor);
    return accept_zone(cursor, moment);
}

static bool scan_moment(struct hob_text text, struct moment *moment)
{
    struct hob_cursor cursor = {text.data, text.data + text.size};
    *moment = (struct moment){0};
    if (!accept_number(&cursor, 4, 4, &moment->year) || !hob_cursor_accept(&cursor, '-') ||
        !accept_number(&cursor, 1, 2, &moment->month) || !hob_cursor_accept(&cursor, '-') ||
        !accept_number(&cursor, 1, 2, &moment->day))
        return false;
    moment->short_date = cursor.at - text.data < 10;
    if (cursor.at < cursor.end && !accept_time(&cursor, moment))
        return false;
    return cursor.at == cursor.end;
}

bool hob_yaml_is_timestamp(struct hob_text text)
{
    struct moment moment;
    return text.size >= 8 && text.data[4] == '-' && scan_moment(text, &moment) &&
           (moment.has_time || !moment.short_date);
}

const struct hob_value *hob_yaml_timestamp_value(struct hob_arena *arena, struct hob_text text,
                                                 const char **problem)
{
    struct moment moment;
    *problem = "this is no date";
    if (!scan_moment(text, &moment))
        return NULL;
    *problem = "this date does not exist";
    if (!hob_date_valid(moment.year, moment.month, moment.day))
        return NULL;
    struct hob_date date = {moment.year, moment.month, moment.day};
    int64_t days = hob_date_to_days(date);
    if (!moment.has_time) {
        struct hob_value *value = hob_value_new(arena, HOB_DATE);
        value->days = days;
        return value;
    }
    *problem = "this time of day does not exist";
    if (moment.hour > 23 || moment.minute > 59 || moment.second > 59)
        return NULL;
    *problem = "this time zone does not exist";
    if (moment.offset_seconds <= -86400 || moment.offset_seconds >= 86400)
        return NULL;
    struct hob_value *value = hob_value_new(arena, HOB_DATETIME);
    int64_t seconds = days * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second;
    value->microseconds = seconds * 1000000 + moment.microsecond;
    value->boolean = moment.has_zone;
    value->offset_seconds = moment.offset_seconds;
    return value;
}
