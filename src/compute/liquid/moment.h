/* moment: dates and times as people write them (for src/compute). */
#ifndef HOB_COMPUTE_LIQUID_MOMENT_H
#define HOB_COMPUTE_LIQUID_MOMENT_H

#include <time.h>

#include "base/buffer.h"

struct liquid_moment {
    int year, month, day; /* 1-9999, 1-12, 1-31 */
    int hour, minute, second, microsecond;
    int offset_seconds; /* of the zone, east of UTC */
    bool zoned;
    char zone[24]; /* its name; may be empty */
};

/* The local time, without a zone as Python's datetime.now() has none. False outside of the years 1
 * to 9999. */
bool liquid_local_moment(const struct timespec *time, struct liquid_moment *moment);

/* Reads what Python's dateutil reads: "March 14, 2016", "2016-03-14T10:00:00Z", "3/14/2016 10pm",
 * "14 Mar"...; of 3/4/2016 the month comes first. Parts that are missing come from `today`, the
 * time is 0:00 then. False when the text is no date. */
bool liquid_read_moment(struct hob_text text, const struct liquid_moment *today,
                        struct liquid_moment *moment);

/* Appends the moment in a format of strftime; %f %z and %Z as Python has them. Directives that are
 * unknown stay as they are. */
void liquid_put_moment(struct hob_buffer *out, const struct liquid_moment *moment,
                       struct hob_text format);

#endif
