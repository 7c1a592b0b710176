/* filters_date: the date filter.
 *
 * Dates of the data keep their own time and zone; integers, and texts that are only digits, are
 * seconds since 1970 in local time; `now` and `today` are the moment of the render; other texts are
 * read as people write dates (moment.h). A text that is no date comes back as it is. */
#include "compute/liquid/filters.h"
#include "compute/liquid/moment.h"
#include "value/date.h"

static bool from_seconds(int64_t seconds, struct liquid_moment *moment)
{
    const struct timespec time = {.tv_sec = (time_t)seconds};
    return liquid_local_moment(&time, moment);
}

static void name_offset(struct liquid_moment *moment)
{
    int seconds = abs(moment->offset_seconds);
    strcpy(moment->zone, "UTC");
    if (seconds == 0)
        return;
    moment->zone[3] = moment->offset_seconds < 0 ? '-' : '+';
    moment->zone[4] = (char)('0' + seconds / 36000 % 10);
    moment->zone[5] = (char)('0' + seconds / 3600 % 10);
    moment->zone[6] = ':';
    moment->zone[7] = (char)('0' + seconds / 600 % 6);
    moment->zone[8] = (char)('0' + seconds / 60 % 10);
    moment->zone[9] = '\0';
}

static void from_data(const struct hob_value *data, struct liquid_moment *moment)
{
    const int64_t day = INT64_C(86400) * 1000000;
    bool date = data->kind == HOB_DATE;
    int64_t days = date ? data->days : data->microseconds / day;
    int64_t rest = date ? 0 : data->microseconds % day;
    if (rest < 0) {
        rest += day;
        days--;
    }
    struct hob_date calendar = hob_date_from_days(days);
    int64_t seconds = rest / 1000000;
    *moment = (struct liquid_moment){
        .year = calendar.year,
        .month = calendar.month,
        .day = calendar.day,
        .hour = (int)(seconds / 3600),
        .minute = (int)(seconds / 60 % 60),
        .second = (int)(seconds % 60),
        .microsecond = (int)(rest % 1000000),
        .zoned = !date && data->boolean,
        .offset_seconds = date ? 0 : data->offset_seconds,
    };
    if (moment->zoned)
        name_offset(moment);
}

static bool is_digits(struct hob_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

static bool from_text(struct liquid_render *render, struct hob_text text,
                      struct liquid_moment *moment)
{
    enum { LONGEST = 256, WORK = 50 }; /* WORK: statements that take as long */
    struct liquid_value number;
    struct liquid_moment now;
    if (!liquid_local_moment(&render->now, &now) || text.size > LONGEST)
        return false;
    render->statements += WORK;
    if (hob_text_is(text, "now") || hob_text_is(text, "today")) {
        *moment = now;
        return true;
    }
    if (is_digits(text))
        return liquid_read_number(text, &number) && number.kind == LIQUID_INT &&
               from_seconds(number.integer, moment);
    return liquid_read_moment(text, &now, moment);
}

LIQUID_FILTER(date)
{
    const struct liquid_value *format = &arguments->values[0];
    struct liquid_moment moment;
    struct hob_text text;
    bool known = true;
    if (value->kind == LIQUID_UNDEFINED || format->kind == LIQUID_UNDEFINED)
        return 0;
    if (format->kind == LIQUID_NIL)
        return liquid_broken(render, "the format of a date is nil");
    int status = liquid_to_text(render, format, &text);
    if (status != 0)
        return status;
    if (value->kind == LIQUID_MOMENT)
        from_data(value->data, &moment);
    else if (value->kind == LIQUID_INT || value->kind == LIQUID_BOOL)
        known = from_seconds(value->kind == LIQUID_INT ? value->integer : value->boolean, &moment);
    else if (value->kind == LIQUID_TEXT)
        known = from_text(render, value->text, &moment);
    else if (value->kind == LIQUID_BIG)
        known = false;
    else
        return liquid_broken(render, "this is no date");
    if (!known)
        return 0;
    hob_buffer_clear(&render->work);
    liquid_put_moment(&render->work, &moment, text);
    return liquid_take_work(render, value);
}
