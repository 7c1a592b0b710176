/* nearest: what somebody who misspelled a name may have meant. */
#ifndef HOB_BASE_NEAREST_H
#define HOB_BASE_NEAREST_H

#include <stdbool.h>

/* The number of edits that is too many for a misspelling: a third of the letters, and three. */
unsigned hob_near_enough(const char *name);
/* Looks for the candidate with the fewest edits to `name`: start with *distance =
 * hob_near_enough(name), which is too many; true when `candidate` is nearer than that, and
 * *distance is then the new mark. */
bool hob_nearer(const char *name, const char *candidate, unsigned *distance);

#endif
