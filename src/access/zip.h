/* zip: reading and writing ZIP archives in memory; the adapter of zlib. */
#ifndef HOB_ACCESS_ZIP_H
#define HOB_ACCESS_ZIP_H

#include "base/buffer.h"
#include "base/error.h"

struct hob_zip;

/* Finds the members of an archive, which must stay as it is meanwhile. HOB_E_VALUE for what is no
 * archive, or is damaged or cut off. */
int hob_zip_open(struct hob_zip **zip, struct hob_text archive, struct hob_error *error);
/* Takes NULL, returns NULL. */
struct hob_zip *hob_zip_free(struct hob_zip *zip);
static inline void hob_auto_zip(struct hob_zip **zip)
{
    hob_zip_free(*zip);
}

/* Whether there is a member of that name (upper and lower case are the same, as in Office). */
bool hob_zip_has(const struct hob_zip *zip, struct hob_text name);

/* Takes the pieces of a member in order; a negative result ends the extraction and is its result.
 */
typedef int hob_zip_sink(void *user, struct hob_text piece, struct hob_error *error);

/* Unpacks a member piece by piece. HOB_E_VALUE for one that is not there, is damaged,
 * encrypted or strangely packed; HOB_E_LIMIT when all extractions of this archive
 * make more than 1 GiB, or a member grows more than 400-fold. */
int hob_zip_extract(struct hob_zip *zip, struct hob_text name, hob_zip_sink *sink, void *user,
                    struct hob_error *error);

/* Writing: begin a member, put its text, end it; finish writes the directory. */
struct hob_zip_writer;

/* Appends to `out`, which is borrowed. Never NULL; the caller frees it. */
struct hob_zip_writer *hob_zip_writer_new(struct hob_buffer *out);
/* Takes NULL, returns NULL; what was appended stays. */
struct hob_zip_writer *hob_zip_writer_free(struct hob_zip_writer *writer);
static inline void hob_auto_zip_writer(struct hob_zip_writer **writer)
{
    hob_zip_writer_free(*writer);
}

/* `name` must outlive the writer. Trouble is kept, and told by finish. */
void hob_zip_writer_begin(struct hob_zip_writer *writer, const char *name);
void hob_zip_writer_put(struct hob_zip_writer *writer, struct hob_text text);
void hob_zip_writer_end(struct hob_zip_writer *writer);
/* HOB_E_MEMORY, or HOB_E_LIMIT for more than 4 GiB. */
int hob_zip_writer_finish(struct hob_zip_writer *writer, struct hob_error *error);

#endif
