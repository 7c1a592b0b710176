/* record: what the last run did, for `hob why`.
 *
 * One file in the runtime directory, replaced by each run. */
#ifndef HOB_WARM_RECORD_H
#define HOB_WARM_RECORD_H

#include "base/buffer.h"
#include "warm/key.h"

struct hob_warm_record {
    const char *command; /* the words, for people */
    bool warm;
    const char *why;
    const struct hob_warm_key *key; /* NULL when the command can't be warm */
};

/* Failing to write it makes no difference to anything. */
void hob_warm_record_write(const char *folder, const struct hob_warm_record *record);

/* Appends what there is to say of the last run; false when there was none. */
bool hob_warm_record_explain(struct hob_buffer *out, const char *folder);

/* The words of a command line, quoted for a shell where they have to be. */
void hob_warm_put_words(struct hob_buffer *out, char *const *words);

#endif
