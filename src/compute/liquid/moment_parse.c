/* moment_parse: reads dates as people write them, with the rules of Python's dateutil.
 *
 * The words are looked at one after another. A number is a part of the time when a colon or a unit
 * follows, else a part of the date; which part is decided at the end, when all of them are known:
 * a month by name fixes the month, a number above 31 is the year, above 12 the day, and otherwise
 * the month stands first. Whatever is neither number, name, zone nor filler makes the text no
 * date. */
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "compute/liquid/moment.h"
#include "compute/liquid/moment_parts.h"
#include "compute/liquid/moment_words.h"
#include "value/date.h"

struct reader {
    struct moment_words words;
    int at;
    struct moment_parts parts;
    int hour, minute, second, microsecond; /* MOMENT_UNSET when not given */
    int weekday, half;
    bool zoned, has_name;
    bool posix; /* the sign of the offset is turned round */
    int offset;
    char zone[8];
};

static struct hob_text word_at(const struct reader *reader, int at)
{
    return at >= 0 && at < reader->words.count ? reader->words.words[at] : HOB_TEXT("");
}

static bool all_digits(struct hob_text word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < '0' || word.data[i] > '9')
            return false;
    return word.size > 0;
}

/* The integer of at most nine digits. */
static bool read_digits(struct hob_text word, int *number)
{
    if (!all_digits(word) || word.size > 9)
        return false;
    *number = 0;
    for (size_t i = 0; i < word.size; i++)
        *number = *number * 10 + (word.data[i] - '0');
    return true;
}

static int digits_of(struct hob_text word, size_t start, size_t size)
{
    int number = 0;
    read_digits((struct hob_text){word.data + start, size}, &number);
    return number;
}

static bool add_number(struct reader *reader, struct hob_text word)
{
    int value;
    size_t digits = 0;
    while (digits < word.size && word.data[digits] != '.')
        digits++;
    struct hob_text whole = {word.data, digits};
    return read_digits(whole, &value) &&
           moment_add_part(&reader->parts, value, digits == word.size && word.size > 2);
}

static bool add_month(struct reader *reader, int month)
{
    struct moment_parts *parts = &reader->parts;
    if (parts->month_at != MOMENT_UNSET || parts->count == 3)
        return false;
    parts->month_at = parts->count;
    parts->values[parts->count++] = month;
    return true;
}

static bool set_seconds(struct reader *reader, struct hob_text word)
{
    const char *point = word.size > 0 ? memchr(word.data, '.', word.size) : NULL;
    size_t whole = point == NULL ? word.size : (size_t)(point - word.data);
    reader->microsecond = 0;
    for (size_t i = whole + 1, scale = 100000; i < word.size && scale > 0; i++, scale /= 10)
        reader->microsecond += (word.data[i] - '0') * (int)scale;
    return read_digits((struct hob_text){word.data, whole}, &reader->second);
}

static bool set_minutes(struct reader *reader, struct hob_text word)
{
    double value;
    if (!hob_number_parse_double(word, &value) || value >= 1e6)
        return false;
    reader->minute = (int)value;
    reader->second = value > floor(value) ? (int)(60 * (value - floor(value))) : MOMENT_UNSET;
    return true;
}

static bool set_unit(struct reader *reader, struct hob_text word, int unit)
{
    double value;
    if (unit == 2)
        return set_seconds(reader, word);
    if (unit == 1)
        return set_minutes(reader, word);
    if (!hob_number_parse_double(word, &value) || value >= 1e6)
        return false;
    reader->hour = (int)value;
    if (value > floor(value))
        reader->minute = (int)(60 * (value - floor(value)));
    return true;
}

/* The position of the unit that goes with the number here: behind it, or two before it (the unit
 * of "10 h 30" makes 30 minutes). MOMENT_UNSET when there is none. */
static int find_unit(const struct reader *reader)
{
    int at = reader->at, last = reader->words.count - 1;
    if (at + 1 <= last && moment_unit(word_at(reader, at + 1)) >= 0)
        return at + 1;
    if (at + 2 <= last && hob_text_is(word_at(reader, at + 1), " ") &&
        moment_unit(word_at(reader, at + 2)) >= 0)
        return at + 2;
    if (at > 0 && moment_unit(word_at(reader, at - 1)) >= 0)
        return at - 1;
    if (at > 1 && at == last && hob_text_is(word_at(reader, at - 1), " ") &&
        moment_unit(word_at(reader, at - 2)) >= 0)
        return at - 2;
    return MOMENT_UNSET;
}

static bool read_with_unit(struct reader *reader, int unit_at)
{
    struct hob_text word = word_at(reader, reader->at);
    int unit = moment_unit(word_at(reader, unit_at));
    if (unit_at < reader->at)
        unit++;
    else
        reader->at = unit_at;
    return unit > 2 || set_unit(reader, word, unit);
}

/* 10:30[:15[.25]] */
static bool read_clock(struct reader *reader)
{
    struct hob_text hour = word_at(reader, reader->at);
    if (!set_unit(reader, hour, 0) || !set_minutes(reader, word_at(reader, reader->at + 2)))
        return false;
    if (hob_text_is(word_at(reader, reader->at + 3), ":") && reader->at + 4 < reader->words.count) {
        if (!moment_is_number(word_at(reader, reader->at + 4)) ||
            !set_seconds(reader, word_at(reader, reader->at + 4)))
            return false;
        reader->at += 2;
    }
    reader->at += 2;
    return true;
}

static bool add_number_or_month(struct reader *reader, struct hob_text word)
{
    int month = moment_month(word);
    if (month >= 0)
        return add_month(reader, month);
    return all_digits(word) && add_number(reader, word);
}

/* 2016-03-14, 14/Mar/2016, 3.14 */
static bool read_separated(struct reader *reader)
{
    struct hob_text separator = word_at(reader, reader->at + 1);
    if (!add_number(reader, word_at(reader, reader->at)))
        return false;
    if (reader->at + 2 < reader->words.count &&
        !moment_is_filler(word_at(reader, reader->at + 2))) {
        if (!add_number_or_month(reader, word_at(reader, reader->at + 2)))
            return false;
        if (reader->at + 3 < reader->words.count &&
            hob_text_equal(word_at(reader, reader->at + 3), separator)) {
            if (!add_number_or_month(reader, word_at(reader, reader->at + 4)))
                return false;
            reader->at += 2;
        }
        reader->at++;
    }
    reader->at++;
    return true;
}

/* 14, 101530 or 20160314T1015 written without separators. True when the word was such. */
static bool read_compact(struct reader *reader, bool *good)
{
    struct hob_text word = word_at(reader, reader->at), next = word_at(reader, reader->at + 1);
    bool last = reader->at + 1 >= reader->words.count;
    const char *point = memchr(word.data, '.', word.size);
    *good = true;
    if (reader->parts.count == 3 && (word.size == 2 || word.size == 4) &&
        reader->hour == MOMENT_UNSET &&
        (last || (!hob_text_is(next, ":") && moment_unit(next) < 0))) {
        reader->hour = digits_of(word, 0, 2);
        if (word.size == 4)
            reader->minute = digits_of(word, 2, 2);
        return true;
    }
    if (word.size == 6 || (word.size > 6 && point == word.data + 6)) {
        if (reader->parts.count == 0 && point == NULL) {
            for (size_t i = 0; i < 6; i += 2)
                moment_add_part(&reader->parts, digits_of(word, i, 2), false);
            return true;
        }
        reader->hour = digits_of(word, 0, 2);
        reader->minute = digits_of(word, 2, 2);
        *good = set_seconds(reader, (struct hob_text){word.data + 4, word.size - 4});
        return true;
    }
    if (point != NULL || (word.size != 8 && word.size != 12 && word.size != 14))
        return false;
    *good = moment_add_part(&reader->parts, digits_of(word, 0, 4), true) &&
            moment_add_part(&reader->parts, digits_of(word, 4, 2), false) &&
            moment_add_part(&reader->parts, digits_of(word, 6, 2), false);
    if (word.size > 8) {
        reader->hour = digits_of(word, 8, 2);
        reader->minute = digits_of(word, 10, 2);
    }
    if (word.size > 12)
        reader->second = digits_of(word, 12, 2);
    return true;
}

static bool set_half(struct reader *reader, int half)
{
    if (reader->hour == MOMENT_UNSET || reader->hour > 12)
        return false;
    reader->half = half;
    if (half == 1 && reader->hour < 12)
        reader->hour += 12;
    else if (half == 0 && reader->hour == 12)
        reader->hour = 0;
    return true;
}

static bool read_plain(struct reader *reader)
{
    struct hob_text word = word_at(reader, reader->at), next = word_at(reader, reader->at + 1);
    int value = 0;
    bool whole = read_digits(word, &value);
    if (reader->at + 1 >= reader->words.count || moment_is_filler(next)) {
        int half = moment_half(word_at(reader, reader->at + 2));
        if (half >= 0) {
            reader->hour = value;
            reader->at += 2;
            return whole && set_half(reader, half);
        }
        reader->at++;
        return add_number(reader, word);
    }
    if (moment_half(next) >= 0 && whole && value < 24) {
        reader->hour = value;
        reader->at++;
        return set_half(reader, moment_half(next));
    }
    return whole && value >= 1 && value <= 31 && add_number(reader, word);
}

static bool read_number(struct reader *reader)
{
    struct hob_text next = word_at(reader, reader->at + 1);
    bool good;
    if (read_compact(reader, &good))
        return good;
    int unit_at = find_unit(reader);
    if (unit_at != MOMENT_UNSET)
        return read_with_unit(reader, unit_at);
    if (reader->at + 2 < reader->words.count && hob_text_is(next, ":"))
        return moment_is_number(word_at(reader, reader->at + 2)) && read_clock(reader);
    if (next.size == 1 && strchr("-/.", next.data[0]) != NULL)
        return read_separated(reader);
    return read_plain(reader);
}

/* "Sep-2013", "Sep of 2013" and the like behind the name of a month. */
static bool read_month(struct reader *reader, int month)
{
    if (!add_month(reader, month))
        return false;
    struct hob_text next = word_at(reader, reader->at + 1);
    int value;
    if (hob_text_is(next, "-") || hob_text_is(next, "/")) {
        if (!all_digits(word_at(reader, reader->at + 2)) ||
            !add_number(reader, word_at(reader, reader->at + 2)))
            return false;
        if (hob_text_equal(word_at(reader, reader->at + 3), next)) {
            if (!add_number(reader, word_at(reader, reader->at + 4)))
                return false;
            reader->at += 2;
        }
        reader->at += 2;
    } else if (hob_text_is(next, " ") && hob_text_is(word_at(reader, reader->at + 2), "of") &&
               hob_text_is(word_at(reader, reader->at + 3), " ") &&
               read_digits(word_at(reader, reader->at + 4), &value)) {
        /* "Jan of 01": the number is a year, whatever it is. */
        if (value < 100)
            value += value < 70 ? 2000 : 1900;
        if (!moment_add_part(&reader->parts, value, true))
            return false;
        reader->at += 4;
    }
    return true;
}

static bool could_be_zone(const struct reader *reader, struct hob_text word)
{
    if (reader->hour == MOMENT_UNSET || reader->has_name || reader->zoned || word.size > 5)
        return false;
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < 'A' || word.data[i] > 'Z')
            return moment_is_utc(word);
    return word.size > 0;
}

/* UTC, GMT, Z; other names of zones are passed over. GMT+3 is 3 hours behind, as in POSIX. */
static bool read_zone(struct reader *reader, struct hob_text word)
{
    reader->has_name = true;
    if (moment_is_utc(word)) {
        reader->zoned = true;
        strcpy(reader->zone, "UTC");
    }
    struct hob_text next = word_at(reader, reader->at + 1);
    if (hob_text_is(next, "+") || hob_text_is(next, "-")) {
        reader->zoned = false;
        reader->posix = true;
    }
    return true;
}

/* The name of a zone in parentheses behind its offset says nothing new. */
static void skip_zone_name(struct reader *reader)
{
    struct hob_text name = word_at(reader, reader->at + 3);
    if (hob_text_is(word_at(reader, reader->at + 1), " ") &&
        hob_text_is(word_at(reader, reader->at + 2), "(") && name.size >= 3 && name.size <= 5 &&
        hob_text_is(word_at(reader, reader->at + 4), ")"))
        reader->at += 4;
}

/* +02:00, -0300, +5 */
static bool read_offset(struct reader *reader)
{
    bool plus = hob_text_is(word_at(reader, reader->at), "+");
    int sign = plus != reader->posix ? 1 : -1;
    struct hob_text digits = word_at(reader, reader->at + 1);
    int hours, minutes = 0, value;
    if (!read_digits(digits, &value))
        return false;
    if (digits.size == 4) {
        hours = value / 100;
        minutes = value % 100;
    } else if (hob_text_is(word_at(reader, reader->at + 2), ":")) {
        hours = value;
        if (!read_digits(word_at(reader, reader->at + 3), &minutes))
            return false;
        reader->at += 2;
    } else {
        if (digits.size > 2)
            return false;
        hours = value;
    }
    if (hours > 23 || minutes > 59)
        return false;
    reader->zoned = true;
    reader->offset = sign * (hours * 3600 + minutes * 60);
    strcpy(reader->zone, reader->offset == 0 ? "UTC" : "");
    reader->at++;
    skip_zone_name(reader);
    return true;
}

static bool read_word(struct reader *reader)
{
    struct hob_text word = word_at(reader, reader->at);
    int month = moment_month(word), half = moment_half(word), weekday = moment_weekday(word);
    if (moment_is_number(word))
        return read_number(reader);
    if (weekday >= 0) {
        reader->weekday = weekday;
        return true;
    }
    if (month >= 0)
        return read_month(reader, month);
    if (half >= 0 && reader->half == MOMENT_UNSET)
        return set_half(reader, half);
    if (could_be_zone(reader, word))
        return read_zone(reader, word);
    if (reader->hour != MOMENT_UNSET && (hob_text_is(word, "+") || hob_text_is(word, "-")))
        return read_offset(reader);
    return moment_is_filler(word);
}

static int part_or(const struct moment_parts *parts, int at, int otherwise)
{
    return at == MOMENT_UNSET ? otherwise : parts->values[at];
}

/* The first such weekday from the date on. */
static void move_to_weekday(struct liquid_moment *moment, int weekday)
{
    struct hob_date date = {moment->year, moment->month, moment->day};
    int64_t days = hob_date_to_days(date);
    int today = (int)(((days + 3) % 7 + 7) % 7);
    date = hob_date_from_days(days + (weekday - today + 7) % 7);
    moment->year = date.year;
    moment->month = date.month;
    moment->day = date.day;
}

static bool assemble(const struct reader *reader, const struct liquid_moment *today,
                     struct liquid_moment *moment)
{
    const struct moment_parts *parts = &reader->parts;
    int year, month, day;
    moment_resolve(parts, &year, &month, &day);
    *moment = (struct liquid_moment){
        .year = today->year,
        .month = part_or(parts, month, today->month),
        .day = part_or(parts, day, today->day),
        .hour = reader->hour != MOMENT_UNSET ? reader->hour : 0,
        .minute = reader->minute != MOMENT_UNSET ? reader->minute : 0,
        .second = reader->second != MOMENT_UNSET ? reader->second : 0,
        .microsecond = reader->microsecond != MOMENT_UNSET ? reader->microsecond : 0,
        .zoned = reader->zoned,
        .offset_seconds = reader->offset,
    };
    if (year != MOMENT_UNSET)
        moment->year = moment_full_year(parts, parts->values[year], today->year);
    memcpy(moment->zone, reader->zone, sizeof reader->zone);
    /* A day that comes from today may not be in the month. */
    while (day == MOMENT_UNSET && moment->day > 28 &&
           !hob_date_valid(moment->year, moment->month, moment->day))
        moment->day--;
    if (!hob_date_valid(moment->year, moment->month, moment->day) || moment->hour > 23 ||
        moment->minute > 59 || moment->second > 59)
        return false;
    if (reader->weekday != MOMENT_UNSET && day == MOMENT_UNSET)
        move_to_weekday(moment, reader->weekday);
    return true;
}

bool liquid_read_moment(struct hob_text text, const struct liquid_moment *today,
                        struct liquid_moment *moment)
{
    struct reader reader = {
        .parts = {.month_at = MOMENT_UNSET, .year_at = MOMENT_UNSET},
        .hour = MOMENT_UNSET,
        .minute = MOMENT_UNSET,
        .second = MOMENT_UNSET,
        .microsecond = MOMENT_UNSET,
        .weekday = MOMENT_UNSET,
        .half = MOMENT_UNSET,
    };
    if (!moment_split(&reader.words, text))
        return false;
    for (; reader.at < reader.words.count; reader.at++)
        if (!read_word(&reader))
            return false;
    bool found = reader.parts.count > 0 || reader.hour != MOMENT_UNSET ||
                 reader.minute != MOMENT_UNSET || reader.second != MOMENT_UNSET ||
                 reader.weekday != MOMENT_UNSET || reader.zoned;
    return found && assemble(&reader, today, moment);
}
