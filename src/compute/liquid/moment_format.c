/* moment_format: strftime for texts of any length.
 *
 * Each directive goes to the C library on its own, so that the size of its result is bounded and
 * what the library does not know is seen. hob never sets a locale: names are English. */
#include <stdio.h>
#include <time.h>

#include "compute/liquid/moment.h"
#include "value/date.h"

bool liquid_local_moment(const struct timespec *time, struct liquid_moment *moment)
{
    struct tm local;
    if (localtime_r(&time->tv_sec, &local) == NULL || local.tm_year > 8099 || local.tm_year < -1899)
        return false;
    *moment = (struct liquid_moment){
        .year = local.tm_year + 1900,
        .month = local.tm_mon + 1,
        .day = local.tm_mday,
        .hour = local.tm_hour,
        .minute = local.tm_min,
        .second = local.tm_sec,
        .microsecond = (int)(time->tv_nsec / 1000),
    };
    return true;
}

static struct tm make_tm(const struct liquid_moment *moment)
{
    struct hob_date date = {moment->year, moment->month, moment->day};
    struct hob_date first = {moment->year, 1, 1};
    int64_t days = hob_date_to_days(date);
    struct tm result = {
        .tm_year = moment->year - 1900,
        .tm_mon = moment->month - 1,
        .tm_mday = moment->day,
        .tm_hour = moment->hour,
        .tm_min = moment->minute,
        .tm_sec = moment->second,
        .tm_wday = (int)(((days + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
        .tm_yday = (int)(days - hob_date_to_days(first)),
        .tm_isdst = -1,
    };
    return result;
}

static void put_offset(struct hob_buffer *out, const struct liquid_moment *moment)
{
    int seconds = abs(moment->offset_seconds);
    if (!moment->zoned)
        return;
    hob_buffer_printf(out, "%c%02d%02d", moment->offset_seconds < 0 ? '-' : '+', seconds / 3600,
                      seconds / 60 % 60);
    if (seconds % 60 != 0)
        hob_buffer_printf(out, "%02d", seconds % 60);
}

/* The size of the directive at format[0] == '%': flags, a width, E or O, and the letter; 0 when
 * there is none or the width is absurd. */
static size_t directive_size(struct hob_text format)
{
    size_t at = 1, digits = 0;
    while (at < format.size && format.data[at] != '\0' && strchr("_-0^#+", format.data[at]) != NULL)
        at++;
    for (; at < format.size && format.data[at] >= '0' && format.data[at] <= '9'; at++)
        digits++;
    if (at < format.size && (format.data[at] == 'E' || format.data[at] == 'O'))
        at++;
    bool known = at < format.size && format.data[at] != '\0' &&
                 strchr("aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZf%", format.data[at]) != NULL;
    return known && digits <= 2 && at < 12 ? at + 1 : 0;
}

static void put_directive(struct hob_buffer *out, const struct liquid_moment *moment,
                          const struct tm *fields, struct hob_text directive)
{
    char letter = directive.data[directive.size - 1];
    char format[16], text[256];
    if (letter == 'f') {
        hob_buffer_printf(out, "%06d", moment->microsecond);
    } else if (letter == 'z') {
        put_offset(out, moment);
    } else if (letter == 'Z') {
        hob_buffer_put_string(out, moment->zone);
    } else {
        struct tm copy = *fields;
        memcpy(format, directive.data, directive.size);
        format[directive.size] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        hob_buffer_put(out, text, strftime(text, sizeof text, format, &copy));
#pragma GCC diagnostic pop
    }
}

void liquid_put_moment(struct hob_buffer *out, const struct liquid_moment *moment,
                       struct hob_text format)
{
    struct tm fields = make_tm(moment);
    while (format.size > 0) {
        const char *percent = memchr(format.data, '%', format.size);
        size_t plain = percent == NULL ? format.size : (size_t)(percent - format.data);
        hob_buffer_put(out, format.data, plain);
        format.data += plain;
        format.size -= plain;
        if (format.size == 0)
            break;
        size_t size = directive_size(format);
        if (size > 0)
            put_directive(out, moment, &fields, (struct hob_text){format.data, size});
        else
            hob_buffer_put_char(out, '%');
        size = size > 0 ? size : 1;
        format.data += size;
        format.size -= size;
    }
}
