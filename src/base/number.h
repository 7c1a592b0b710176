/* number: between numbers and their decimal spelling, exactly and independent of the locale. */
#ifndef HOB_BASE_NUMBER_H
#define HOB_BASE_NUMBER_H

#include "base/text.h"

enum { HOB_NUMBER_SIZE = 40 };

/* The shortest decimal that reads back as the same double, as Python's repr prints it: 1.0, 0.1,
 * 1e+16, 1e-05, inf, -inf, nan. `out` has HOB_NUMBER_SIZE bytes. Returns the length; no NUL. */
size_t hob_number_print_double(char *out, double number);
size_t hob_number_print_int(char *out, int64_t number);
size_t hob_number_print_unsigned(char *out, uint64_t number);

/* Reads the whole text as [+-]digits. 0, or 1 when it is an integer but too large, -1 when it is
 * none. */
int hob_number_parse_int(struct hob_text text, int64_t *number);
int hob_number_parse_unsigned(struct hob_text text, uint64_t *number);

/* Reads the whole text as [+-] digits with a point and an exponent, each optional, at least one
 * digit; correctly rounded. False when it is no number. Overflow gives an infinity. */
bool hob_number_parse_double(struct hob_text text, double *number);

/* Reads a number of bytes, with K, M, G or T behind it for powers of 1024 ("64M", "64MiB"). False
 * for zero, for what does not fit, and for anything else. */
bool hob_number_parse_size(struct hob_text text, size_t *size);

#endif
