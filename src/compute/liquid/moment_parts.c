/* moment_parts: see moment_parts.h. A month by name fixes the month, a number above 31 is the year,
 * above 12 the day; otherwise the month stands first and the year last. */
#include "compute/liquid/moment_parts.h"

bool moment_add_part(struct moment_parts *parts, int value, bool long_form)
{
    if (parts->count == 3)
        return false;
    if (long_form || value > 100) {
        if (parts->year_at != MOMENT_UNSET)
            return false;
        parts->century = true;
        parts->year_at = parts->count;
    }
    parts->values[parts->count++] = value;
    return true;
}

/* Which number is the year, the month and the day; positions into the values. */
void moment_resolve(const struct moment_parts *parts, int *year, int *month, int *day)
{
    const int *value = parts->values;
    int named = parts->month_at;
    *year = *month = *day = MOMENT_UNSET;
    if (parts->count == 0)
        return;
    if (parts->count == 1 || (parts->count == 2 && named != MOMENT_UNSET)) {
        int other = named == MOMENT_UNSET ? 0 : parts->count == 2 ? 1 - named : MOMENT_UNSET;
        *month = named;
        if (other != MOMENT_UNSET)
            *(value[other] > 31 || parts->year_at == other ? year : day) = other;
        return;
    }
    if (parts->count == 2) {
        bool first = value[0] > 31, second = value[1] > 31;
        *month = first ? 1 : 0;
        *(first ? year : second ? year : day) = first ? 0 : 1;
        return;
    }
    if (named != MOMENT_UNSET && parts->year_at != MOMENT_UNSET) {
        *month = named;
        *year = parts->year_at;
        *day = 3 - named - *year;
    } else if (named == 0) {
        *month = 0;
        *year = value[1] > 31 ? 1 : 2;
        *day = 3 - *year;
    } else if (named != MOMENT_UNSET) {
        *month = named;
        int first = 0, second = 3 - named;
        bool year_first = named == 1 ? value[0] > 31 : value[1] <= 31;
        *year = year_first ? first : second;
        *day = year_first ? second : first;
    } else if (value[0] > 31 || parts->year_at == 0) {
        *year = 0;
        *month = 1;
        *day = 2;
    } else {
        *year = 2;
        *day = value[0] > 12 ? 0 : 1;
        *month = 1 - *day;
    }
}

int moment_full_year(const struct moment_parts *parts, int year, int this_year)
{
    if (year >= 100 || parts->century)
        return year;
    year += this_year / 100 * 100;
    if (year >= this_year + 50)
        return year - 100;
    return year < this_year - 50 ? year + 100 : year;
}
