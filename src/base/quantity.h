/* quantity: numbers with a unit, as people write them in settings and on command lines.
 *
 * What is printed reads back as the same number. For sizes see hob_number_parse_size. */
#ifndef HOB_BASE_QUANTITY_H
#define HOB_BASE_QUANTITY_H

#include "base/buffer.h"

/* "100ms", "30s", "5m", "2h", "1d"; a number without unit counts seconds, and may have decimals, of
 * which those below a millisecond must be zero. False for anything else, and above
 * HOB_DURATION_MAX.
 */
bool hob_duration_parse(struct hob_text text, uint64_t *milliseconds);
/* In the largest unit that leaves no fraction: "90s", "5m". */
void hob_duration_put(struct hob_buffer *out, uint64_t milliseconds);
/* In seconds: "0.1", "30". */
void hob_duration_put_seconds(struct hob_buffer *out, uint64_t milliseconds);

/* 10,000 years. */
#define HOB_DURATION_MAX (UINT64_C(10000) * 366 * 24 * 3600 * 1000)

/* In the largest unit that leaves no fraction: "64M", "1000". */
void hob_size_put(struct hob_buffer *out, uint64_t bytes);

enum { HOB_PERCENT_MAX = 1000000 };

/* "10%", "2.5%" as 0.1, 0.025; up to HOB_PERCENT_MAX either way. */
bool hob_percent_parse(struct hob_text text, double *share);
void hob_percent_put(struct hob_buffer *out, double share);

#endif
