/* labels: see labels.h.
 *
 * The table holds row numbers alone and compares labels where they lie: four bytes a slot, and
 * nothing is copied from a column of a million names. Deleting moves later entries of the same run
 * back, so that there are no tombstones to clean up. */
#include "session/labels.h"

#include <assert.h>

enum { FEWEST_SLOTS = 16, BLOCK = 1024 };

void session_labels_deinit(struct session_labels *labels)
{
    free(labels->more);
    free(labels->slots);
    free(labels->next);
    free(labels->last);
    *labels = (struct session_labels){0};
}

struct session_label session_labels_at(const struct session_labels *labels, size_t row)
{
    if (row >= labels->base_count)
        return labels->more[row - labels->base_count];
    if (labels->base == NULL)
        return (struct session_label){.kind = SESSION_LABEL_INT, .integer = (int64_t)row};
    return session_label_of_cell(labels->base, row, NULL);
}

/* ---- columns in order ---- */

/* Blocks without a way out in the middle: compilers make vectors of them. */
static enum session_labels_order order_of_integers(const int64_t *integers, size_t count)
{
    bool counted = true, rising = true;
    for (size_t start = 1; start < count && rising; start += BLOCK) {
        size_t end = count - start < BLOCK ? count : start + BLOCK;
        int steps = 0, rises = 0;
        for (size_t row = start; row < end; row++) {
            steps += (uint64_t)integers[row] - (uint64_t)integers[row - 1] == 1;
            rises += integers[row] > integers[row - 1];
        }
        rising = (size_t)rises == end - start;
        counted = counted && (size_t)steps == end - start;
    }
    if (!rising)
        return SESSION_LABELS_HASHED;
    return counted ? SESSION_LABELS_COUNTED : SESSION_LABELS_RISING;
}

static int compare_texts(struct hob_text a, struct hob_text b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static enum session_labels_order order_of_texts(const struct hob_column *column, size_t count)
{
    for (size_t row = 1; row < count; row++)
        if (compare_texts(hob_column_string(column, row - 1), hob_column_string(column, row)) >= 0)
            return SESSION_LABELS_HASHED;
    return SESSION_LABELS_RISING;
}

static enum session_labels_order order_of(const struct hob_column *column, size_t count)
{
    if (column == NULL)
        return SESSION_LABELS_COUNTED;
    if (hob_column_has_missing(column))
        return SESSION_LABELS_HASHED;
    if (column->type == HOB_COLUMN_INT64)
        return order_of_integers(column->integers, count);
    return column->type == HOB_COLUMN_STRING ? order_of_texts(column, count)
                                             : SESSION_LABELS_HASHED;
}

/* <0, 0, >0: where the row's label is, seen from this one, in a column that rises. */
static int compare_with_row(const struct hob_column *column, size_t row,
                            const struct session_label *label, int64_t integer)
{
    if (column->type == HOB_COLUMN_STRING)
        return compare_texts(hob_column_string(column, row), label->text);
    return (column->integers[row] > integer) - (column->integers[row] < integer);
}

static size_t find_by_halving(const struct session_labels *labels,
                              const struct session_label *label)
{
    int64_t integer = 0;
    bool fits = labels->base->type == HOB_COLUMN_STRING ? label->kind == SESSION_LABEL_TEXT
                                                        : session_label_integer(label, &integer);
    size_t low = 0, high = fits ? labels->base_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_with_row(labels->base, middle, label, integer);
        if (order == 0)
            return middle;
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return SIZE_MAX;
}

/* Among the rows of the column, where these are in order. */
static size_t find_in_order(const struct session_labels *labels, const struct session_label *label)
{
    int64_t integer;
    if (labels->base_order == SESSION_LABELS_HASHED || labels->base_count == 0)
        return SIZE_MAX;
    if (labels->base_order == SESSION_LABELS_RISING)
        return find_by_halving(labels, label);
    if (!session_label_integer(label, &integer))
        return SIZE_MAX;
    int64_t first = labels->base != NULL ? labels->base->integers[0] : 0;
    uint64_t row = (uint64_t)integer - (uint64_t)first;
    return integer >= first && row < labels->base_count ? (size_t)row : SIZE_MAX;
}

/* ---- the table ---- */

/* The slot that holds the label, or the free one where it belongs. */
static size_t find_slot(const struct session_labels *labels, const struct session_label *label)
{
    size_t mask = labels->slot_count - 1;
    for (size_t slot = session_label_hash(label) & mask;; slot = (slot + 1) & mask) {
        if (labels->slots[slot] == 0)
            return slot;
        struct session_label own = session_labels_at(labels, labels->slots[slot] - 1);
        if (session_label_equal(&own, label))
            return slot;
    }
}

size_t session_labels_find(const struct session_labels *labels, const struct session_label *label)
{
    size_t in_order = find_in_order(labels, label);
    if (in_order != SIZE_MAX || labels->slot_count == 0)
        return in_order;
    uint32_t row = labels->slots[find_slot(labels, label)];
    return row == 0 ? SIZE_MAX : row - 1;
}

size_t session_labels_find_near(const struct session_labels *labels,
                                const struct session_label *label, size_t near)
{
    if (!labels->chained && near < session_labels_count(labels)) {
        struct session_label own = session_labels_at(labels, near);
        if (session_label_equal(&own, label))
            return near;
    }
    return session_labels_find(labels, label);
}

/* Room for so many rows in the table. */
static bool grow_slots(struct session_labels *labels, size_t rows)
{
    size_t count = FEWEST_SLOTS;
    while (count < rows * 2)
        count *= 2;
    if (count <= labels->slot_count)
        return true;
    uint32_t *old = labels->slots;
    size_t old_count = labels->slot_count;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    labels->slots = slots;
    labels->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] == 0)
            continue;
        struct session_label own = session_labels_at(labels, old[i] - 1);
        slots[find_slot(labels, &own)] = old[i];
    }
    free(old);
    return true;
}

static bool grow_chains(struct session_labels *labels, size_t rows)
{
    return !labels->chained || (HOB_TRY_GROW(labels->next, labels->next_capacity, rows) &&
                                HOB_TRY_GROW(labels->last, labels->last_capacity, rows));
}

/* Enters a row into its slot, unless another row of the same label has that; false when it repeats
 * one and may not. */
static bool enter_at(struct session_labels *labels, size_t slot, size_t row)
{
    uint32_t first = labels->slots[slot];
    if (labels->chained)
        labels->next[row] = 0;
    if (first == 0) {
        labels->slots[slot] = (uint32_t)row + 1;
        labels->distinct++;
        if (labels->chained)
            labels->last[row] = (uint32_t)row;
        return true;
    }
    if (!labels->chained)
        return false;
    labels->next[labels->last[first - 1]] = (uint32_t)row + 1;
    labels->last[first - 1] = (uint32_t)row;
    return true;
}

static bool is_plain(const struct hob_column *column)
{
    return column == NULL || column->type == HOB_COLUMN_INT64 ||
           column->type == HOB_COLUMN_FLOAT64 || column->type == HOB_COLUMN_STRING ||
           column->type == HOB_COLUMN_BOOL;
}

/* The slot of the row's label, as above, when rows up to it have their hashes side by side: most
 * rows whose slot another has are told apart without looking at their labels. */
static size_t find_slot_of(const struct session_labels *labels, const uint32_t *hashes, size_t row)
{
    size_t mask = labels->slot_count - 1;
    for (size_t slot = hashes[row] & mask;; slot = (slot + 1) & mask) {
        if (labels->slots[slot] == 0)
            return slot;
        size_t other = labels->slots[slot] - 1;
        if (hashes[other] != hashes[row])
            continue;
        struct session_label own = session_labels_at(labels, row);
        struct session_label theirs = session_labels_at(labels, other);
        if (session_label_equal(&own, &theirs))
            return slot;
    }
}

/* Enters all rows. What hurts in a large table is waiting for memory: slots are asked for some rows
 * ahead. */
static ptrdiff_t enter_all(struct session_labels *labels, bool *repeated)
{
    enum { AHEAD = 16 };
    size_t count = session_labels_count(labels);
    ptrdiff_t found = 0;
    assert(labels->slot_count - 1 <= UINT32_MAX);
    HOB_AUTO(free) uint32_t *hashes = hob_try_alloc(count + 1, sizeof *hashes);
    if (hashes == NULL)
        return -1;
    for (size_t i = 0; i < count + AHEAD; i++) {
        if (i < count) {
            struct session_label label = session_labels_at(labels, i);
            hashes[i] = (uint32_t)session_label_hash(&label);
            __builtin_prefetch(&labels->slots[hashes[i] & (labels->slot_count - 1)], 1);
        }
        if (i < AHEAD)
            continue;
        size_t row = i - AHEAD;
        if (enter_at(labels, find_slot_of(labels, hashes, row), row))
            continue;
        repeated[row] = true;
        found++;
    }
    return found;
}

ptrdiff_t session_labels_load(struct session_labels *labels, const struct hob_column *column,
                              size_t count, bool *repeated, struct hob_arena *arena)
{
    if (count >= UINT32_MAX || !grow_chains(labels, count + 1))
        return -1;
    if (is_plain(column)) {
        labels->base = column;
        labels->base_count = count;
        labels->base_order = labels->chained ? SESSION_LABELS_HASHED : order_of(column, count);
    } else {
        if (!HOB_TRY_GROW(labels->more, labels->more_capacity, count))
            return -1;
        for (size_t row = 0; row < count; row++)
            labels->more[row] = session_label_of_cell(column, row, arena);
        labels->more_count = count;
    }
    if (labels->base_order == SESSION_LABELS_HASHED)
        return grow_slots(labels, count) ? enter_all(labels, repeated) : -1;
    labels->distinct = count;
    return 0;
}

size_t session_labels_next(const struct session_labels *labels, size_t row)
{
    return labels->next[row] == 0 ? SIZE_MAX : labels->next[row] - 1;
}

size_t session_labels_last(const struct session_labels *labels, size_t first)
{
    return labels->last[first];
}

bool session_labels_add(struct session_labels *labels, struct session_label label)
{
    size_t row = session_labels_count(labels);
    size_t in_table = labels->base_order == SESSION_LABELS_HASHED ? row : row - labels->base_count;
    if (row + 1 >= UINT32_MAX || !grow_slots(labels, in_table + 1) ||
        !grow_chains(labels, row + 1) ||
        !HOB_TRY_GROW(labels->more, labels->more_capacity, labels->more_count + 1))
        return false;
    labels->more[labels->more_count++] = label;
    if (find_in_order(labels, &label) == SIZE_MAX)
        enter_at(labels, find_slot(labels, &label), row);
    return true;
}

/* Takes an entry out and moves what was put behind it, because its own place was taken, back. */
static void free_slot(struct session_labels *labels, size_t hole)
{
    size_t mask = labels->slot_count - 1;
    for (size_t slot = (hole + 1) & mask; labels->slots[slot] != 0; slot = (slot + 1) & mask) {
        struct session_label own = session_labels_at(labels, labels->slots[slot] - 1);
        size_t home = session_label_hash(&own) & mask;
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        labels->slots[hole] = labels->slots[slot];
        hole = slot;
    }
    labels->slots[hole] = 0;
}

void session_labels_remove_last(struct session_labels *labels)
{
    size_t row = session_labels_count(labels) - 1;
    struct session_label own = session_labels_at(labels, row);
    bool has_slot = find_in_order(labels, &own) == SIZE_MAX;
    size_t slot = has_slot ? find_slot(labels, &own) : 0;
    size_t first = has_slot ? labels->slots[slot] - 1 : SIZE_MAX;
    if (first == row) {
        free_slot(labels, slot);
        labels->distinct--;
    } else if (labels->chained) {
        size_t before = first;
        while (session_labels_next(labels, before) != row)
            before = session_labels_next(labels, before);
        labels->next[before] = 0;
        labels->last[first] = (uint32_t)before;
    }
    labels->more_count--;
}

size_t session_labels_size(const struct session_labels *labels)
{
    return labels->more_capacity * sizeof *labels->more +
           labels->slot_count * sizeof *labels->slots +
           (labels->next_capacity + labels->last_capacity) * sizeof *labels->next;
}
