/* excel_names: what the columns of a sheet are called. */
#ifndef HOB_ACCESS_EXCEL_NAMES_H
#define HOB_ACCESS_EXCEL_NAMES_H

#include "value/value.h"

/* Puts names where there are none (NULL becomes "Unnamed: 3") and tells repeated ones apart as
 * pandas does ("a", "a.1"; names that count as equal are 1, 1.0 and true). New names are made in
 * the arena. `written` gets the names before repeated ones were told apart. False without memory.
 */
bool hob_excel_name_columns(struct hob_arena *arena, const struct hob_value **names,
                            const struct hob_value **written, size_t count);

#endif
