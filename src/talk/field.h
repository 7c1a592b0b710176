/* field: one field of a talk: from its front matter, else from the first config file that exists.
 *
 * Golden RULES 34 and 41. This is what `mdfield` and POST /api/talk/field answer. */
#ifndef HOB_TALK_FIELD_H
#define HOB_TALK_FIELD_H

#include "config/scope.h"
#include "value/value.h"

struct hob_talk_request {
    const char *markdown_file;
    const char *const *config_files; /* of which the first that exists is asked */
    size_t config_count;
    const char *default_parent; /* name of an inherited config without filename */
};

/* A talk opened once, to ask many fields of. */
struct hob_talk;

/* Reads nothing yet that isn't needed; a file that is not there or that is broken is no error. */
struct hob_talk *hob_talk_open(const struct hob_scope *scope,
                               const struct hob_talk_request *request);
struct hob_talk *hob_talk_close(struct hob_talk *talk);
static inline void hob_auto_talk(struct hob_talk **talk)
{
    hob_talk_close(*talk);
}

/* The value of a field, living as long as the talk: top-level texts with variables expanded, the
 * list under `categories` as the text ['a', 'b'], NULL when no file has it. Fields are asked with
 * their text key; `content` is never one. */
const struct hob_value *hob_talk_field(struct hob_talk *talk, struct hob_text field);

/* 0, or HOB_E_MEMORY or HOB_E_IO when a file could not be read for want of memory, or because the
 * system failed: what was answered is then not what the files say. To be asked last. */
int hob_talk_check(struct hob_talk *talk, struct hob_error *error);

/* What kept the markdown file or the config, as far as they were looked at, from being read: they
 * count as empty then. The message of the first (`which` 0) or the second, naming the file; NULL
 * when there is none. To be asked last. */
const char *hob_talk_flaw(const struct hob_talk *talk, size_t which);

/* True when a config was looked for, and none of those named is there. To be asked last. */
bool hob_talk_lacks_config(const struct hob_talk *talk);

/* True when the markdown file is there (a regular file that can be read). */
bool hob_talk_exists(struct hob_talk *talk);

/* Appends what `mdfield` prints for the field: str() of the value with variables expanded in it,
 * nothing for a field that no file has. */
void hob_talk_print_field(struct hob_buffer *out, struct hob_talk *talk, struct hob_text field);

#endif
