/* moment_parts: the numbers of a date, and which of them is the year, the month and the day
 * (private to moment_*.c). */
#ifndef HOB_COMPUTE_LIQUID_MOMENT_PARTS_H
#define HOB_COMPUTE_LIQUID_MOMENT_PARTS_H

#include <stdbool.h>

enum { MOMENT_UNSET = -1 };

/* The numbers of the date in order, and which of them are known to be what. */
struct moment_parts {
    int values[3];
    int count;
    int month_at, year_at; /* positions, or MOMENT_UNSET */
    bool century;          /* the year was written in full */
};

/* Adds a number; `long_form` says that it was written with more than two digits. False when there
 * are three already, or two years. */
bool moment_add_part(struct moment_parts *parts, int value, bool long_form);
/* The positions of year, month and day, or MOMENT_UNSET. */
void moment_resolve(const struct moment_parts *parts, int *year, int *month, int *day);
/* A year of two digits is the one within fifty years of this year. */
int moment_full_year(const struct moment_parts *parts, int year, int this_year);

#endif
