/* date: see date.h.
 *
 * Days are counted by the usual trick of letting the year begin in March, so that the leap day is
 * the last of its year and the length of months becomes a straight line. */
#include "value/date.h"

enum {
    DAYS_PER_ERA = 146097, /* 400 years */
    DAYS_TO_1970 = 719468, /* from 0000-03-01 */
};

static const int64_t microseconds_per_day = INT64_C(86400000000);

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool hob_date_valid(int year, int month, int day)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= lengths[month - 1] + (month == 2 && is_leap(year));
}

int64_t hob_date_to_days(struct hob_date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

struct hob_date hob_date_from_days(int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = (shifted >= 0 ? shifted : shifted - DAYS_PER_ERA + 1) / DAYS_PER_ERA;
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    return (struct hob_date){(int)year, (int)month, (int)day};
}

void hob_date_print(struct hob_buffer *out, int64_t days)
{
    struct hob_date date = hob_date_from_days(days);
    hob_buffer_printf(out, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void print_offset(struct hob_buffer *out, int32_t offset)
{
    int32_t seconds = offset < 0 ? -offset : offset;
    hob_buffer_printf(out, "%c%02d:%02d", offset < 0 ? '-' : '+', seconds / 3600,
                      seconds / 60 % 60);
    if (seconds % 60 != 0)
        hob_buffer_printf(out, ":%02d", seconds % 60);
}

void hob_datetime_print(struct hob_buffer *out, const struct hob_value *value, char separator)
{
    if (value->kind == HOB_DATE) {
        hob_date_print(out, value->days);
        return;
    }
    int64_t days = value->microseconds / microseconds_per_day;
    int64_t rest = value->microseconds % microseconds_per_day;
    if (rest < 0) {
        rest += microseconds_per_day;
        days--;
    }
    int64_t seconds = rest / 1000000;
    hob_date_print(out, days);
    hob_buffer_printf(out, "%c%02d:%02d:%02d", separator, (int)(seconds / 3600),
                      (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (rest % 1000000 != 0)
        hob_buffer_printf(out, ".%06d", (int)(rest % 1000000));
    if (value->boolean)
        print_offset(out, value->offset_seconds);
}
