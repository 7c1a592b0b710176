/* overlay: the edited cells of a column, by row; internal to the session module.
 *
 * A cell is its JSON text: that is how it arrived, how it is journalled, and how it is answered. */
#ifndef HOB_SESSION_OVERLAY_H
#define HOB_SESSION_OVERLAY_H

#include "base/buffer.h"

struct session_cell {
    size_t row;  /* + 1; 0: the slot is free */
    char *json;  /* owned */
    size_t size; /* of the text */
    bool saved;  /* the file has it */
};

struct session_overlay {
    struct session_cell *slots; /* open addressing */
    size_t slot_count, count;
};

void session_overlay_deinit(struct session_overlay *overlay);
/* The text of the cell, or {NULL, 0} when it was never edited. */
struct hob_text session_overlay_get(const struct session_overlay *overlay, size_t row);
/* Puts a text (owned by the overlay afterwards; NULL: the cell is as if never edited) and gives
 * back the one that was there. False, and nothing taken, without memory. */
bool session_overlay_swap(struct session_overlay *overlay, size_t row, char **json, size_t *size);

/* The text of the cell as the file has it: NULL unless it was set and then saved. */
struct hob_text session_overlay_saved(const struct session_overlay *overlay, size_t row);
/* The file has all of them now. */
void session_overlay_mark_saved(struct session_overlay *overlay);

#endif
