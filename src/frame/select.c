/* select: see select.h.
 *
 * Sorting goes by one column at a time, from the last to the first, each pass keeping the order of
 * equals: so a pass needs to know one type only. A pass gives each row a 64-bit mark whose order as
 * an unsigned number is that of the cells: all there is to know of numbers, the first eight bytes
 * of texts. Cells are looked at again only where marks are equal and do not say everything. */
#include "frame/select.h"

#include "frame/convert.h"
#include "frame/keys.h"

bool hob_row_set_init(struct hob_row_set *set, size_t rows)
{
    *set = (struct hob_row_set){calloc(rows / 64 + 1, sizeof *set->words), rows};
    return set->words != NULL;
}

void hob_row_set_deinit(struct hob_row_set *set)
{
    free(set->words);
    *set = (struct hob_row_set)HOB_ROW_SET_INIT;
}

void hob_row_set_intersect(struct hob_row_set *set, const struct hob_row_set *other)
{
    for (size_t i = 0; i < set->rows / 64 + 1; i++)
        set->words[i] &= other->words[i];
}

void hob_row_set_unite(struct hob_row_set *set, const struct hob_row_set *other)
{
    for (size_t i = 0; i < set->rows / 64 + 1; i++)
        set->words[i] |= other->words[i];
}

void hob_row_set_invert(struct hob_row_set *set)
{
    for (size_t i = 0; i < set->rows / 64; i++)
        set->words[i] = ~set->words[i];
    uint64_t last = ((uint64_t)1 << set->rows % 64) - 1;
    set->words[set->rows / 64] = ~set->words[set->rows / 64] & last;
}

size_t hob_row_set_count(const struct hob_row_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->rows / 64 + 1; i++)
        count += (size_t)__builtin_popcountll(set->words[i]);
    return count;
}

size_t *hob_row_set_list(const struct hob_row_set *set, size_t *count)
{
    size_t *list = hob_try_alloc(hob_row_set_count(set) + 1, sizeof *list);
    *count = 0;
    for (size_t i = 0; list != NULL && i < set->rows / 64 + 1; i++)
        for (uint64_t word = set->words[i]; word != 0; word &= word - 1)
            list[(*count)++] = i * 64 + (size_t)__builtin_ctzll(word);
    return list;
}

/* -- Order. */

struct marked {
    uint64_t mark;
    size_t row;
};

/* One pass. */
struct sorting {
    const struct hob_column *column;
    bool descending;
    bool exact; /* equal marks are equal cells */
};

static const uint64_t sign_bit = (uint64_t)1 << 63;

/* Negative numbers are stored with their magnitude, so that their order is the wrong way round. */
static uint64_t mark_of_double(double number)
{
    uint64_t bits;
    number += 0.0; /* -0.0 is 0.0 */
    memcpy(&bits, &number, sizeof bits);
    return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}

static uint64_t mark_of_text(struct hob_text text)
{
    uint64_t mark = 0;
    for (size_t i = 0; i < 8; i++)
        mark = mark << 8 | (i < text.size ? (unsigned char)text.data[i] : 0);
    return mark;
}

static uint64_t mark_of(const struct hob_column *column, size_t row)
{
    switch (column->type) {
    case HOB_COLUMN_INT64:
    case HOB_COLUMN_DATETIME:
        return (uint64_t)column->integers[row] ^ sign_bit;
    case HOB_COLUMN_UINT64:
        return column->unsigneds[row];
    case HOB_COLUMN_FLOAT64:
        return mark_of_double(column->numbers[row]);
    case HOB_COLUMN_BOOL:
        return column->booleans[row];
    case HOB_COLUMN_STRING:
        return mark_of_text(hob_column_string(column, row));
    default:
        return 0;
    }
}

/* Whether `a` has to stand behind `b`, which comes after it now. */
static bool is_behind(const struct sorting *sorting, const struct marked *a, const struct marked *b)
{
    if (a->mark != b->mark || sorting->exact)
        return a->mark > b->mark;
    int order;
    if (sorting->column->type == HOB_COLUMN_STRING) {
        order = hob_text_compare(hob_column_string(sorting->column, a->row),
                                 hob_column_string(sorting->column, b->row));
    } else {
        struct hob_keys keys = {.columns = &sorting->column, .width = 1};
        order = hob_keys_compare(&keys, a->row, &keys, b->row);
    }
    return sorting->descending ? order < 0 : order > 0;
}

static void merge(const struct sorting *sorting, const struct marked *from, struct marked *to,
                  size_t start, size_t middle, size_t end)
{
    size_t left = start, right = middle;
    for (size_t at = start; at < end; at++) {
        bool take_right =
            left == middle || (right < end && is_behind(sorting, &from[left], &from[right]));
        to[at] = take_right ? from[right++] : from[left++];
    }
}

/* Merges runs of doubling length. Returns which of the two arrays holds the result. */
static struct marked *merge_sort(const struct sorting *sorting, struct marked *items,
                                 struct marked *spare, size_t count)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = count - start > width ? start + width : count;
            size_t end = count - middle > width ? middle + width : count;
            merge(sorting, items, spare, start, middle, end);
        }
        struct marked *sorted = spare;
        spare = items;
        items = sorted;
    }
    return items;
}

/* Both arrays have room for all rows. */
static void sort_by(const struct sorting *sorting, size_t *rows, size_t count, struct marked *items,
                    struct marked *spare)
{
    size_t there = 0, missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (hob_column_is_missing(sorting->column, rows[i])) {
            spare[missing++].row = rows[i];
            continue;
        }
        uint64_t mark = mark_of(sorting->column, rows[i]);
        items[there++] = (struct marked){sorting->descending ? ~mark : mark, rows[i]};
    }
    for (size_t i = 0; i < missing; i++)
        rows[there + i] = spare[i].row;
    const struct marked *sorted = merge_sort(sorting, items, spare, there);
    for (size_t i = 0; i < there; i++)
        rows[i] = sorted[i].row;
}

int hob_frame_sort_rows(size_t *rows, size_t count, const struct hob_frame *frame,
                        const struct hob_order *order, size_t order_count, struct hob_error *error)
{
    HOB_AUTO(free) struct marked *items = hob_try_alloc(count + 1, sizeof *items);
    HOB_AUTO(free) struct marked *spare = hob_try_alloc(count + 1, sizeof *spare);
    if (items == NULL || spare == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "cannot sort %zu rows: not enough memory", count);
    for (size_t i = order_count; i-- > 0;) {
        const struct hob_column *column = hob_frame_column(frame, order[i].column);
        bool exact = column->type != HOB_COLUMN_STRING && column->type != HOB_COLUMN_VALUE;
        struct sorting sorting = {column, order[i].descending, exact};
        sort_by(&sorting, rows, count, items, spare);
    }
    return 0;
}

/* -- Taking. */

static bool take_columns(struct hob_frame *made, const struct hob_frame *frame, const size_t *rows,
                         size_t count)
{
    struct hob_arena *arena = hob_frame_arena(made);
    struct hob_column column;
    hob_frame_set_rows(made, count);
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        if (!hob_column_pick(&column, hob_frame_column(frame, i), rows, count, arena))
            return false;
        if (hob_frame_add(made, hob_frame_name(frame, i), &column) == NULL) {
            hob_column_deinit(&column);
            return false;
        }
    }
    const struct hob_column *labels = hob_frame_index(frame);
    if (labels == NULL)
        return true;
    if (!hob_column_pick(&column, labels, rows, count, arena))
        return false;
    hob_frame_set_index(made, &column);
    return true;
}

static bool is_whole(const struct hob_frame *frame, const size_t *rows, size_t count)
{
    if (count != hob_frame_rows(frame))
        return false;
    for (size_t i = 0; i < count; i++)
        if (rows[i] != i)
            return false;
    return true;
}

int hob_frame_take_rows(struct hob_frame **taken, struct hob_frame *frame, const size_t *rows,
                        size_t count, struct hob_error *error)
{
    if (is_whole(frame, rows, count)) {
        *taken = frame;
        return 0;
    }
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    hob_frame_set_index_name(made, hob_frame_index_name(frame));
    bool copied = take_columns(made, frame, rows, count);
    hob_frame_adopt(made, frame);
    if (!copied)
        return hob_error_set(error, HOB_E_MEMORY, "cannot take %zu rows: not enough memory", count);
    *taken = HOB_STEAL(made);
    return 0;
}
