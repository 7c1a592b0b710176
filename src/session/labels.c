/* labels: see labels.h.
 *
 * The table holds row numbers alone and compares labels where they lie: four bytes a slot, and
 * nothing is copied from a column of a million names. Deleting moves later entries of the same run
 * back, so that there are no tombstones to clean up. */
#include "session/labels.h"

#include <math.h>

#include "base/number.h"
#include "value/date.h"
#include "value/json.h"

enum { FEWEST_SLOTS = 16, LARGEST_LABEL = 1 << 20 };

static struct session_label text_label(struct hob_text text)
{
    return (struct session_label){.kind = SESSION_LABEL_TEXT, .text = text};
}

static struct session_label number_label(double number)
{
    if (isnan(number))
        return (struct session_label){.kind = SESSION_LABEL_NONE};
    return (struct session_label){.kind = SESSION_LABEL_DOUBLE, .number = number};
}

static struct session_label printed_label(const struct hob_value *value, struct hob_arena *arena)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    if (value->kind == HOB_DATE)
        hob_date_print(&text, value->days);
    else if (value->kind == HOB_DATETIME)
        hob_datetime_print(&text, value, 'T');
    else if (hob_json_write(&text, value, HOB_JSON_COMPACT, LARGEST_LABEL, NULL) != 0)
        hob_buffer_clear(&text);
    return text_label(hob_arena_copy(arena, hob_buffer_text(&text)));
}

struct session_label session_label_of(const struct hob_value *value, struct hob_arena *arena)
{
    switch (value->kind) {
    case HOB_NULL:
        return (struct session_label){.kind = SESSION_LABEL_NONE};
    case HOB_BOOL:
        return (struct session_label){.kind = SESSION_LABEL_BOOL, .boolean = value->boolean};
    case HOB_INT:
        return (struct session_label){.kind = SESSION_LABEL_INT, .integer = value->integer};
    case HOB_DOUBLE:
        return number_label(value->number);
    case HOB_STRING:
        return text_label(value->text);
    default:
        return printed_label(value, arena);
    }
}

struct session_label session_label_of_cell(const struct hob_column *column, size_t row,
                                           struct hob_arena *arena)
{
    if (hob_column_is_missing(column, row))
        return (struct session_label){.kind = SESSION_LABEL_NONE};
    switch (column->type) {
    case HOB_COLUMN_INT64:
        return (struct session_label){.kind = SESSION_LABEL_INT, .integer = column->integers[row]};
    case HOB_COLUMN_FLOAT64:
        return number_label(column->numbers[row]);
    case HOB_COLUMN_BOOL:
        return (struct session_label){.kind = SESSION_LABEL_BOOL, .boolean = column->booleans[row]};
    case HOB_COLUMN_STRING:
        return text_label(hob_column_string(column, row));
    default:
        return session_label_of(hob_column_value(column, row, arena), arena);
    }
}

/* The integer that a number is, if it is one. */
static bool as_integer(const struct session_label *label, int64_t *integer)
{
    if (label->kind == SESSION_LABEL_INT) {
        *integer = label->integer;
        return true;
    }
    if (label->kind != SESSION_LABEL_DOUBLE || label->number < -0x1p63 || label->number >= 0x1p63 ||
        label->number != trunc(label->number))
        return false;
    *integer = (int64_t)label->number;
    return true;
}

bool session_label_equal(const struct session_label *a, const struct session_label *b)
{
    int64_t first, second;
    if (as_integer(a, &first))
        return as_integer(b, &second) && first == second;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case SESSION_LABEL_BOOL:
        return a->boolean == b->boolean;
    case SESSION_LABEL_DOUBLE:
        return !as_integer(b, &second) && a->number <= b->number && a->number >= b->number;
    case SESSION_LABEL_TEXT:
        return hob_text_equal(a->text, b->text);
    default:
        return true;
    }
}

static uint64_t label_hash(const struct session_label *label)
{
    int64_t integer;
    if (as_integer(label, &integer))
        return hob_text_hash((struct hob_text){(const char *)&integer, sizeof integer});
    if (label->kind == SESSION_LABEL_DOUBLE)
        return hob_text_hash((struct hob_text){(const char *)&label->number, sizeof label->number});
    if (label->kind == SESSION_LABEL_TEXT)
        return hob_text_hash(label->text);
    return label->kind == SESSION_LABEL_BOOL && label->boolean ? 2 : label->kind;
}

void session_label_put(struct hob_buffer *out, const struct session_label *label)
{
    char number[HOB_NUMBER_SIZE];
    switch (label->kind) {
    case SESSION_LABEL_NONE:
        hob_buffer_put_string(out, "null");
        break;
    case SESSION_LABEL_BOOL:
        hob_buffer_put_string(out, label->boolean ? "true" : "false");
        break;
    case SESSION_LABEL_INT:
        hob_buffer_put(out, number, hob_number_print_int(number, label->integer));
        break;
    case SESSION_LABEL_DOUBLE:
        hob_json_put_double(out, label->number);
        break;
    case SESSION_LABEL_TEXT:
        hob_json_put_string(out, label->text, HOB_JSON_COMPACT);
        break;
    }
}

struct session_label session_label_copy(const struct session_label *label, struct hob_arena *arena)
{
    struct session_label copy = *label;
    if (copy.kind == SESSION_LABEL_TEXT)
        copy.text = hob_arena_copy(arena, copy.text);
    return copy;
}

/* ---- the table ---- */

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

/* The slot that holds the label, or the free one where it belongs. */
static size_t find_slot(const struct session_labels *labels, const struct session_label *label)
{
    size_t mask = labels->slot_count - 1;
    for (size_t slot = label_hash(label) & mask;; slot = (slot + 1) & mask) {
        if (labels->slots[slot] == 0)
            return slot;
        struct session_label own = session_labels_at(labels, labels->slots[slot] - 1);
        if (session_label_equal(&own, label))
            return slot;
    }
}

size_t session_labels_find(const struct session_labels *labels, const struct session_label *label)
{
    if (labels->slot_count == 0)
        return SIZE_MAX;
    uint32_t row = labels->slots[find_slot(labels, label)];
    return row == 0 ? SIZE_MAX : row - 1;
}

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

/* Enters a row whose label is there already; false when it repeats one and may not. */
static bool enter(struct session_labels *labels, size_t row)
{
    struct session_label own = session_labels_at(labels, row);
    size_t slot = find_slot(labels, &own);
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

ptrdiff_t session_labels_load(struct session_labels *labels, const struct hob_column *column,
                              size_t count, bool *repeated, struct hob_arena *arena)
{
    ptrdiff_t found = 0;
    if (count >= UINT32_MAX || !grow_slots(labels, count) || !grow_chains(labels, count + 1))
        return -1;
    if (is_plain(column)) {
        labels->base = column;
        labels->base_count = count;
    } else {
        if (!HOB_TRY_GROW(labels->more, labels->more_capacity, count))
            return -1;
        for (size_t row = 0; row < count; row++)
            labels->more[row] = session_label_of_cell(column, row, arena);
        labels->more_count = count;
    }
    for (size_t row = 0; row < count; row++) {
        if (enter(labels, row))
            continue;
        repeated[row] = true;
        found++;
    }
    return found;
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
    if (row + 1 >= UINT32_MAX || !grow_slots(labels, row + 1) || !grow_chains(labels, row + 1) ||
        !HOB_TRY_GROW(labels->more, labels->more_capacity, labels->more_count + 1))
        return false;
    labels->more[labels->more_count++] = label;
    enter(labels, row);
    return true;
}

/* Takes an entry out and moves what was put behind it, because its own place was taken, back. */
static void free_slot(struct session_labels *labels, size_t hole)
{
    size_t mask = labels->slot_count - 1;
    for (size_t slot = (hole + 1) & mask; labels->slots[slot] != 0; slot = (slot + 1) & mask) {
        struct session_label own = session_labels_at(labels, labels->slots[slot] - 1);
        size_t home = label_hash(&own) & mask;
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
    size_t slot = find_slot(labels, &own);
    size_t first = labels->slots[slot] - 1;
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
