/* frame: see frame.h.
 *
 * Columns are allocated in the frame's arena, so that a pointer to one stays good while others
 * come and go; what they hold is malloc'd and freed when they leave. */
#include "frame/frame.h"

#include <assert.h>

#include "value/python.h"

struct slot {
    const struct hob_value *name;
    struct hob_column *column;
};

struct hob_frame {
    struct hob_arena *arena;
    struct slot *slots;
    size_t count, capacity;
    size_t rows;
    bool rows_known;
    bool indexed;
    struct hob_column index;
    const struct hob_value *index_name;
};

struct hob_frame *hob_frame_new(void)
{
    struct hob_frame *frame = hob_alloc_zero(1, sizeof *frame);
    frame->arena = hob_arena_new();
    return frame;
}

struct hob_frame *hob_frame_free(struct hob_frame *frame)
{
    if (frame == NULL)
        return NULL;
    for (size_t i = 0; i < frame->count; i++)
        hob_column_deinit(frame->slots[i].column);
    hob_column_deinit(&frame->index);
    hob_arena_free(frame->arena);
    free(frame->slots);
    free(frame);
    return NULL;
}

struct hob_arena *hob_frame_arena(struct hob_frame *frame)
{
    return frame->arena;
}

void hob_frame_adopt(struct hob_frame *frame, struct hob_frame *other)
{
    hob_arena_adopt(frame->arena, HOB_STEAL(other->arena));
    hob_frame_free(other);
}

struct hob_column *hob_frame_add(struct hob_frame *frame, const struct hob_value *name,
                                 struct hob_column *column)
{
    assert(name != NULL);
    assert(!frame->rows_known || column->count == frame->rows);
    if (!HOB_TRY_GROW(frame->slots, frame->capacity, frame->count + 1))
        return NULL;
    struct hob_column *own = hob_arena_try_alloc(frame->arena, sizeof *own);
    if (own == NULL)
        return NULL;
    *own = *column;
    hob_column_init(column, column->type);
    frame->slots[frame->count++] = (struct slot){name, own};
    frame->rows = own->count;
    frame->rows_known = true;
    return own;
}

struct hob_column *hob_frame_add_named(struct hob_frame *frame, struct hob_text name,
                                       struct hob_column *column)
{
    return hob_frame_add(frame, hob_value_new_string(frame->arena, name), column);
}

void hob_frame_set_rows(struct hob_frame *frame, size_t rows)
{
    assert(frame->count == 0 || frame->rows == rows);
    frame->rows = rows;
    frame->rows_known = true;
}

size_t hob_frame_rows(const struct hob_frame *frame)
{
    return frame->rows;
}

size_t hob_frame_columns(const struct hob_frame *frame)
{
    return frame->count;
}

struct hob_column *hob_frame_column(const struct hob_frame *frame, size_t position)
{
    assert(position < frame->count);
    return frame->slots[position].column;
}

const struct hob_value *hob_frame_name(const struct hob_frame *frame, size_t position)
{
    assert(position < frame->count);
    return frame->slots[position].name;
}

size_t hob_frame_find(const struct hob_frame *frame, const struct hob_value *name)
{
    for (size_t i = 0; i < frame->count; i++)
        if (hob_value_equal(frame->slots[i].name, name))
            return i;
    return SIZE_MAX;
}

size_t hob_frame_find_text(const struct hob_frame *frame, struct hob_text name)
{
    for (size_t i = 0; i < frame->count; i++) {
        const struct hob_value *own = frame->slots[i].name;
        if (own->kind == HOB_STRING && hob_text_equal(own->text, name))
            return i;
    }
    return SIZE_MAX;
}

size_t hob_frame_find_printed(const struct hob_frame *frame, struct hob_text name)
{
    HOB_AUTO(buffer) struct hob_buffer printed = HOB_BUFFER_INIT;
    for (size_t i = 0; i < frame->count; i++) {
        hob_buffer_clear(&printed);
        hob_python_str(&printed, frame->slots[i].name);
        if (hob_text_equal(hob_buffer_text(&printed), name))
            return i;
    }
    return SIZE_MAX;
}

void hob_frame_put_names(const struct hob_frame *frame, struct hob_buffer *out)
{
    size_t most = out->size + HOB_ERROR_HINT_SIZE;
    for (size_t i = 0; i < frame->count && out->size < most; i++) {
        hob_buffer_put_string(out, i > 0 ? ", " : "");
        hob_python_str(out, frame->slots[i].name);
    }
}

void hob_frame_rename(struct hob_frame *frame, size_t position, const struct hob_value *name)
{
    assert(position < frame->count && name != NULL);
    frame->slots[position].name = name;
}

void hob_frame_remove(struct hob_frame *frame, size_t position)
{
    assert(position < frame->count);
    hob_column_deinit(frame->slots[position].column);
    frame->count--;
    memmove(frame->slots + position, frame->slots + position + 1,
            (frame->count - position) * sizeof *frame->slots);
}

/* A copy in the arena; values of VALUE columns are shared. NULL without memory. */
static struct hob_column *copy_column(struct hob_frame *frame, const struct hob_column *column)
{
    struct hob_column *copy = hob_arena_try_alloc(frame->arena, sizeof *copy);
    if (copy == NULL)
        return NULL;
    hob_column_init(copy, column->type);
    copy->nullable = column->nullable;
    copy->has_zone = column->has_zone;
    copy->offset_seconds = column->offset_seconds;
    for (size_t row = 0; row < column->count; row++) {
        if (!hob_column_append_from(copy, column, row, frame->arena)) {
            hob_column_deinit(copy);
            return NULL;
        }
    }
    return copy;
}

bool hob_frame_arrange(struct hob_frame *frame, const size_t *order, size_t count)
{
    struct slot *slots = hob_try_alloc(count, sizeof *slots);
    HOB_AUTO(free) bool *taken = calloc(frame->count + 1, sizeof *taken);
    size_t done = 0;
    for (; slots != NULL && taken != NULL && done < count; done++) {
        assert(order[done] < frame->count);
        slots[done] = frame->slots[order[done]];
        if (taken[order[done]])
            slots[done].column = copy_column(frame, slots[done].column);
        if (slots[done].column == NULL)
            break;
        taken[order[done]] = true;
    }
    if (slots == NULL || taken == NULL || done < count) {
        /* Only copies are to be freed; the originals are still where they were. */
        for (size_t i = 0; slots != NULL && i < done; i++)
            if (slots[i].column != frame->slots[order[i]].column)
                hob_column_deinit(slots[i].column);
        free(slots);
        return false;
    }
    for (size_t i = 0; i < frame->count; i++)
        if (!taken[i])
            hob_column_deinit(frame->slots[i].column);
    free(frame->slots);
    frame->slots = slots;
    frame->count = frame->capacity = count;
    return true;
}

const struct hob_column *hob_frame_index(const struct hob_frame *frame)
{
    return frame->indexed ? &frame->index : NULL;
}

void hob_frame_set_index(struct hob_frame *frame, struct hob_column *labels)
{
    assert(!frame->rows_known || labels->count == frame->rows);
    hob_column_deinit(&frame->index);
    frame->indexed = true;
    frame->index = *labels;
    hob_column_init(labels, labels->type);
}

void hob_frame_steal_index(struct hob_frame *frame, struct hob_column *labels)
{
    assert(frame->indexed);
    *labels = frame->index;
    hob_column_init(&frame->index, labels->type);
    frame->indexed = false;
}

void hob_frame_set_index_name(struct hob_frame *frame, const struct hob_value *name)
{
    frame->index_name = name;
}

const struct hob_value *hob_frame_index_name(const struct hob_frame *frame)
{
    return frame->index_name;
}

struct hob_value *hob_frame_row(const struct hob_frame *frame, size_t row, struct hob_arena *arena)
{
    struct hob_value *map = hob_value_new(arena, HOB_MAP);
    for (size_t i = 0; i < frame->count; i++)
        hob_value_put(arena, map, frame->slots[i].name,
                      hob_column_value(frame->slots[i].column, row, arena));
    return map;
}

static size_t column_size(const struct hob_column *column)
{
    size_t item = column->type == HOB_COLUMN_BOOL ? sizeof(bool) : sizeof(int64_t);
    return column->capacity * item + column->bytes_capacity + column->missing_capacity;
}

size_t hob_frame_size(const struct hob_frame *frame)
{
    size_t size = sizeof *frame + frame->capacity * sizeof *frame->slots +
                  hob_arena_size(frame->arena) + column_size(&frame->index);
    for (size_t i = 0; i < frame->count; i++)
        size += column_size(frame->slots[i].column);
    return size;
}

int hob_frame_check_size(size_t rows, size_t columns, size_t given, struct hob_error *error)
{
    enum { CELLS_FOR_ONE = 64, CELLS_FOR_NOTHING = 4 << 20 };
    size_t cells, allowed;
    if (__builtin_mul_overflow(given, (size_t)CELLS_FOR_ONE, &allowed) ||
        __builtin_add_overflow(allowed, (size_t)CELLS_FOR_NOTHING, &allowed) ||
        allowed > HOB_FRAME_MAX_CELLS)
        allowed = HOB_FRAME_MAX_CELLS;
    if (!__builtin_mul_overflow(rows, columns, &cells) && cells <= allowed)
        return 0;
    hob_error_set(error, HOB_E_LIMIT,
                  "the table would have %zu rows and %zu columns, of which only %zu cells have a "
                  "value",
                  rows, columns, given);
    hob_error_hint(error, "at most %zu cells are made of that; split it, or name fewer columns",
                   allowed);
    return HOB_E_LIMIT;
}
