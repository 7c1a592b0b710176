/* frame: a table: named typed columns of equal length, and an optional hidden index.
 *
 * A frame owns its columns, and an arena for names and nested values. It is built by one owner
 * and read-only afterwards. Column names are values, because YAML keys and headerless files make
 * numbers of them; in JSON records they appear as text. Names may repeat. */
#ifndef HOB_FRAME_FRAME_H
#define HOB_FRAME_FRAME_H

#include "base/buffer.h"
#include "base/error.h"
#include "frame/column.h"

struct hob_frame;

/* Rows times columns that a table may have at the most. */
#define HOB_FRAME_MAX_CELLS ((size_t)1 << 29)

/* HOB_E_LIMIT for a table that is mostly holes, or larger than HOB_FRAME_MAX_CELLS; `given` is how
 * many cells came with a value. A few bytes of records without common keys, or of column names,
 * would otherwise fill the memory: a table may have 64 cells for each that was given, and 4 million
 * more. */
int hob_frame_check_size(size_t rows, size_t columns, size_t given, struct hob_error *error);

/* Without rows and columns. Never NULL; the caller frees it. */
struct hob_frame *hob_frame_new(void);
/* Takes NULL, returns NULL. */
struct hob_frame *hob_frame_free(struct hob_frame *frame);
static inline void hob_auto_frame(struct hob_frame **frame)
{
    hob_frame_free(*frame);
}

/* For names and values of this frame; lives as long as it does. */
struct hob_arena *hob_frame_arena(struct hob_frame *frame);

/* Frees `other`, but what its arena holds lives on as long as `frame`: names and nested values of
 * one frame can then be used in another without copying them. */
void hob_frame_adopt(struct hob_frame *frame, struct hob_frame *other);

/* Adds a column at the end and takes its contents over (*column is empty afterwards). The name
 * must live in the frame's arena. The first column decides the number of rows unless
 * hob_frame_set_rows has; another length is a fault of the caller (assert). NULL without memory. */
struct hob_column *hob_frame_add(struct hob_frame *frame, const struct hob_value *name,
                                 struct hob_column *column);
/* The same with a text as the name, which is copied. */
struct hob_column *hob_frame_add_named(struct hob_frame *frame, struct hob_text name,
                                       struct hob_column *column);
/* For frames without columns, whose shape may still have rows (golden RULES 7). */
void hob_frame_set_rows(struct hob_frame *frame, size_t rows);

size_t hob_frame_rows(const struct hob_frame *frame);
size_t hob_frame_columns(const struct hob_frame *frame);
struct hob_column *hob_frame_column(const struct hob_frame *frame, size_t position);
const struct hob_value *hob_frame_name(const struct hob_frame *frame, size_t position);
/* The first column of that name (compared as Python compares: 1 == 1.0), or SIZE_MAX. */
size_t hob_frame_find(const struct hob_frame *frame, const struct hob_value *name);
size_t hob_frame_find_text(const struct hob_frame *frame, struct hob_text name);
/* The first column whose name prints like that (as Python's str() does), or SIZE_MAX: for names
 * that people type, where 2020 may be a number. */
size_t hob_frame_find_printed(const struct hob_frame *frame, struct hob_text name);
/* Appends the names with commas between them, no more than a hint of an error holds. */
void hob_frame_put_names(const struct hob_frame *frame, struct hob_buffer *out);

void hob_frame_rename(struct hob_frame *frame, size_t position, const struct hob_value *name);
/* Removes a column; later ones move up. */
void hob_frame_remove(struct hob_frame *frame, size_t position);
/* Puts the columns into a new order, `order[i]` being the old position; positions that are not
 * named are removed, repeated ones are copied. False without memory. */
bool hob_frame_arrange(struct hob_frame *frame, const size_t *order, size_t count);

/* Labels of the rows, not part of answers: NULL for 0, 1, 2... The frame takes the column over. */
const struct hob_column *hob_frame_index(const struct hob_frame *frame);
void hob_frame_set_index(struct hob_frame *frame, struct hob_column *labels);
/* Moves the labels out, to the caller; the rows are 0, 1, 2... afterwards. There must be some. */
void hob_frame_steal_index(struct hob_frame *frame, struct hob_column *labels);
/* What the index is called; NULL while nobody has named it. Lives in the frame's arena. */
const struct hob_value *hob_frame_index_name(const struct hob_frame *frame);
void hob_frame_set_index_name(struct hob_frame *frame, const struct hob_value *name);

/* A row as a mapping in the arena, in column order, missing cells as null; of repeated names the
 * last wins. */
struct hob_value *hob_frame_row(const struct hob_frame *frame, size_t row, struct hob_arena *arena);

/* Bytes that the frame holds. */
size_t hob_frame_size(const struct hob_frame *frame);

#endif
