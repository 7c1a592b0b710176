/* where: conditions over the columns of a table, in a small language of their own.
 *
 *     year >= 2020 and venue contains "NeurIPS"
 *     (start <= "2024-01-01" or start is missing) and not active
 *     type in ("article", "conference") and `page count` != 3
 *
 *     condition  = all { "or" all }
 *     all        = single { "and" single }
 *     single     = "not" single | "(" condition ")" | test
 *     test       = operand [ == != < <= > >= operand
 *                          | ["not"] "in" "(" value { "," value } ")"
 *                          | ["not"] ( "contains" | "starts" "with" | "ends" "with" ) operand
 *                          | "is" ["not"] "missing" ]
 *     operand    = a column's name | value
 *     value      = number | "text" | 'text' | true | false
 *
 * A name is written as it is (letters, digits, _ . and - between them), or in backquotes when it
 * has other characters or is one of the words above. A test that is a name alone asks for a column
 * of true and false. In texts \" \' \\ \n and \t are escapes.
 *
 * Numbers compare with numbers (true is 1), texts by code points. Dates compare with texts of the
 * form 2024, 2024-05, 2024-05-31 or 2024-05-31T10:30, each meaning its first moment. A missing cell
 * is neither equal to anything nor before or after it, so only `!=`, `not` and `is missing` find
 * it. `contains` looks for a piece of a text, or for a member of a list. In a column of mixed
 * values what cannot be compared is just not equal; where a column is all numbers or all texts,
 * comparing it with the other is a mistake, and reported. */
#ifndef HOB_COMPUTE_WHERE_H
#define HOB_COMPUTE_WHERE_H

#include "frame/select.h"

struct hob_where;

/* Longer conditions, deeper parentheses and longer lists behind `in` are HOB_E_LIMIT. */
enum { HOB_WHERE_MAX_SIZE = 16 << 10, HOB_WHERE_MAX_DEPTH = 100, HOB_WHERE_MAX_VALUES = 1000 };

/* Parses a condition, which is copied. HOB_E_PARAMETER says at which character (from 1) what was
 * expected and what is there; HOB_E_LIMIT, HOB_E_UNICODE. The result is immutable and may be used
 * from several threads. */
int hob_where_parse(struct hob_where **where, struct hob_text condition, struct hob_error *error);
/* Takes NULL, returns NULL. */
struct hob_where *hob_where_free(struct hob_where *where);
static inline void hob_auto_where(struct hob_where **where)
{
    hob_where_free(*where);
}

/* Whether the condition has to do with the column whose name prints like that. */
bool hob_where_uses(const struct hob_where *where, struct hob_text name);

/* The rows for which the condition holds, into a set that is not initialised yet. HOB_E_KEY for a
 * column that is not there, with those that are; HOB_E_TYPE for a comparison that makes no sense
 * for the column's type; HOB_E_MEMORY. */
int hob_where_select(const struct hob_where *where, const struct hob_frame *frame,
                     struct hob_row_set *selected, struct hob_error *error);

#endif
