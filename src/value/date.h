/* date: days and moments of the proleptic Gregorian calendar, and their ISO 8601 spelling. */
#ifndef HOB_VALUE_DATE_H
#define HOB_VALUE_DATE_H

#include "base/buffer.h"
#include "value/value.h"

struct hob_date {
    int year, month, day; /* 1-9999, 1-12, 1-31 */
};

/* Whether there is such a day in the years 1 to 9999; days are counted from 1970-01-01. */
bool hob_date_valid(int year, int month, int day);
int64_t hob_date_to_days(struct hob_date date);
struct hob_date hob_date_from_days(int64_t days);

/* 2024-01-05 */
void hob_date_print(struct hob_buffer *out, int64_t days);
/* 2024-01-05T10:30:00.250000+02:00 with `separator` 'T' or ' '; fraction and zone only when there
 * are any, as Python's isoformat. Takes a value of kind DATE or DATETIME. */
void hob_datetime_print(struct hob_buffer *out, const struct hob_value *value, char separator);

#endif
