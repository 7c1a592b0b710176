/* advice: what to do about an error that does not say so itself. */
#ifndef HOB_CLI_ADVICE_H
#define HOB_CLI_ADVICE_H

#include "base/error.h"

/* Gives the error a hint when it has none: for a file that is not there the name that was probably
 * meant, otherwise what helps with errors of that kind, if anything does. */
void hob_advice_add(struct hob_error *error);

#endif
