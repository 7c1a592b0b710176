/* overlay: see overlay.h. */
#include "session/overlay.h"

enum { FEWEST_SLOTS = 8 };

void session_overlay_deinit(struct session_overlay *overlay)
{
    for (size_t i = 0; i < overlay->slot_count; i++)
        free(overlay->slots[i].json);
    free(overlay->slots);
    *overlay = (struct session_overlay){0};
}

static size_t home_of(const struct session_overlay *overlay, size_t row)
{
    return (size_t)(((uint64_t)row * 0x9E3779B97F4A7C15u) >> 32) & (overlay->slot_count - 1);
}

/* The slot of the row, or the free one where it belongs. */
static size_t find_slot(const struct session_overlay *overlay, size_t row)
{
    size_t mask = overlay->slot_count - 1;
    size_t slot = home_of(overlay, row);
    while (overlay->slots[slot].row != 0 && overlay->slots[slot].row != row + 1)
        slot = (slot + 1) & mask;
    return slot;
}

struct hob_text session_overlay_get(const struct session_overlay *overlay, size_t row)
{
    if (overlay->count == 0)
        return (struct hob_text){NULL, 0};
    const struct session_cell *cell = &overlay->slots[find_slot(overlay, row)];
    return (struct hob_text){cell->json, cell->size};
}

static bool grow(struct session_overlay *overlay)
{
    if (overlay->slot_count > overlay->count * 2)
        return true;
    struct session_overlay larger = {
        .slot_count = overlay->slot_count == 0 ? FEWEST_SLOTS : overlay->slot_count * 2,
        .count = overlay->count,
    };
    larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < overlay->slot_count; i++)
        if (overlay->slots[i].row != 0)
            larger.slots[find_slot(&larger, overlay->slots[i].row - 1)] = overlay->slots[i];
    free(overlay->slots);
    *overlay = larger;
    return true;
}

/* Moves what was put behind the hole, because its own place was taken, back. */
static void free_slot(struct session_overlay *overlay, size_t hole)
{
    size_t mask = overlay->slot_count - 1;
    for (size_t slot = (hole + 1) & mask; overlay->slots[slot].row != 0; slot = (slot + 1) & mask) {
        size_t home = home_of(overlay, overlay->slots[slot].row - 1);
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        overlay->slots[hole] = overlay->slots[slot];
        hole = slot;
    }
    overlay->slots[hole] = (struct session_cell){0};
    overlay->count--;
}

bool session_overlay_swap(struct session_overlay *overlay, size_t row, char **json, size_t *size)
{
    if (!grow(overlay))
        return false;
    size_t slot = find_slot(overlay, row);
    struct session_cell old = overlay->slots[slot];
    if (*json == NULL) {
        if (old.row != 0)
            free_slot(overlay, slot);
    } else {
        overlay->slots[slot] = (struct session_cell){row + 1, *json, *size, false};
        overlay->count += old.row == 0;
    }
    *json = old.json;
    *size = old.size;
    return true;
}

struct hob_text session_overlay_saved(const struct session_overlay *overlay, size_t row)
{
    if (overlay->count == 0)
        return (struct hob_text){NULL, 0};
    const struct session_cell *cell = &overlay->slots[find_slot(overlay, row)];
    return cell->saved ? (struct hob_text){cell->json, cell->size} : (struct hob_text){NULL, 0};
}

void session_overlay_mark_saved(struct session_overlay *overlay)
{
    for (size_t i = 0; i < overlay->slot_count; i++)
        overlay->slots[i].saved = overlay->slots[i].row != 0;
}
