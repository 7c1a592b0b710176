/* moment_words: the words of a date, and what they mean (private to moment_*.c). */
#ifndef HOB_COMPUTE_LIQUID_MOMENT_WORDS_H
#define HOB_COMPUTE_LIQUID_MOMENT_WORDS_H

#include "base/text.h"

enum { MOMENT_MAX_WORDS = 64 };

/* Runs of letters, runs of digits with one point, white space as " ", and other characters one
 * by one. Numbers use a point, also where the text has a comma. */
struct moment_words {
    struct hob_text words[MOMENT_MAX_WORDS];
    int count;
    char storage[512];
    size_t used;
};

/* False when there are too many words. */
bool moment_split(struct moment_words *words, struct hob_text text);

/* Each takes any letter case and is -1 when the word is none. */
int moment_weekday(struct hob_text word); /* 0 is Monday */
int moment_month(struct hob_text word);   /* 1 to 12 */
int moment_unit(struct hob_text word);    /* hours 0, minutes 1, seconds 2 */
int moment_half(struct hob_text word);    /* am 0, pm 1 */
/* Words and signs that mean nothing: commas, "at", "of", "th"... */
bool moment_is_filler(struct hob_text word);
bool moment_is_utc(struct hob_text word);
bool moment_is_number(struct hob_text word);

#endif
