/* sources: the record of every file that an answer was made from, so that the answer is used again
 * only while all of them are as they were.
 *
 * Files that were looked for and not found are recorded too: creating one changes the answer. */
#ifndef HOB_CONFIG_SOURCES_H
#define HOB_CONFIG_SOURCES_H

#include "base/file.h"

struct hob_sources;

/* An empty record. Never NULL; the caller frees it. */
struct hob_sources *hob_sources_new(void);
/* One that keeps every file, also those that may have changed unnoticed while they were read: for
 * whoever looks at the record later, not for hob_sources_unchanged. */
struct hob_sources *hob_sources_new_complete(void);
/* Takes NULL, returns NULL. */
struct hob_sources *hob_sources_free(struct hob_sources *sources);
static inline void hob_auto_sources(struct hob_sources **sources)
{
    hob_sources_free(*sources);
}

/* Records a path (copied) with the identity it had when it was read. `sources` may be NULL. */
void hob_sources_add(struct hob_sources *sources, const char *path,
                     struct hob_file_identity identity);
/* Says that the answer depends on something that no file shows (a clock, chance, a worker). */
void hob_sources_set_volatile(struct hob_sources *sources);

/* True when nothing volatile was used and every file is certainly as it was: one stat a file. */
bool hob_sources_unchanged(const struct hob_sources *sources);
size_t hob_sources_count(const struct hob_sources *sources);
/* One entry of the record; the path belongs to it. */
const char *hob_sources_path(const struct hob_sources *sources, size_t position);
struct hob_file_identity hob_sources_identity(const struct hob_sources *sources, size_t position);

#endif
