/* key: what two runs must have in common to be forked from one zygote.
 *
 * Everything that binds when an interpreter starts, and everything of a process that can't be sent
 * with a request or given to a child: user and groups, hard limits, namespaces, scheduling,
 * capabilities. As text, a line a field, so that `hob why` can say what differs. */
#ifndef HOB_WARM_KEY_H
#define HOB_WARM_KEY_H

#include "base/buffer.h"
#include "warm/profile.h"

struct hob_warm_key {
    struct hob_buffer text; /* "module NAME" lines, then "NAME=VALUE" ones */
    char name[17];          /* digest of the text: files of the zygote are called so */
};

/* `modules` are what is to be preloaded (may be empty), `variables` those whose values matter
 * beside the known ones. */
void hob_warm_key_make(struct hob_warm_key *key, const struct hob_warm_command *command,
                       const struct hob_warm_names *modules,
                       const struct hob_warm_names *variables);
void hob_warm_key_deinit(struct hob_warm_key *key);
static inline void hob_auto_warm_key(struct hob_warm_key *key)
{
    hob_warm_key_deinit(key);
}

/* Whether the value of this variable is part of every key. */
bool hob_warm_key_has_variable(const char *name, size_t size);

/* Appends a line for each field in which the texts differ: "PYTHONPATH was '/a', is '/b'". */
void hob_warm_key_put_differences(struct hob_buffer *out, struct hob_text before,
                                  struct hob_text now);
/* The number of lines that the texts don't share. */
size_t hob_warm_key_distance(struct hob_text before, struct hob_text now);

#endif
