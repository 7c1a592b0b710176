/* combine: see combine.h. */
#include "frame/combine.h"

#include "frame/convert.h"
#include "frame/keys.h"
#include "value/python.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot combine tables: not enough memory");
}

/* Hands the contents of all frames to the result, whether it was made or not. */
static void adopt_all(struct hob_frame *result, struct hob_frame **frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hob_frame_adopt(result, HOB_STEAL(frames[i]));
}

static int add_column(struct hob_frame *frame, const struct hob_value *name,
                      struct hob_column *column, struct hob_error *error)
{
    if (hob_frame_add(frame, name, column) != NULL)
        return 0;
    hob_column_deinit(column);
    return no_memory(error);
}

/* -- One below the other. */

struct stacking {
    struct hob_frame *result;
    struct hob_arena *scratch;
    struct hob_frame **frames;
    struct hob_value **places; /* of each frame: name -> position */
    size_t count, rows;
    struct hob_value *names; /* of all frames, in order */
};

static int note_names(struct stacking *stacking, size_t frame, struct hob_error *error)
{
    struct hob_value *places = hob_value_new(stacking->scratch, HOB_MAP);
    for (size_t i = 0; i < hob_frame_columns(stacking->frames[frame]); i++) {
        const struct hob_value *name = hob_frame_name(stacking->frames[frame], i);
        if (hob_value_get_key(places, name) != NULL) {
            HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
            hob_python_repr(&text, name);
            return hob_error_set(
                error, HOB_E_VALUE,
                "cannot put table %zu below the others: it has the column %s twice", frame + 1,
                hob_buffer_string(&text));
        }
        const struct hob_value *place = hob_value_new_int(stacking->scratch, (int64_t)i);
        if (!hob_value_put(stacking->scratch, places, name, place) ||
            !hob_value_put(stacking->scratch, stacking->names, name, &hob_value_null))
            return no_memory(error);
    }
    stacking->places[frame] = places;
    return 0;
}

static const struct hob_column *column_in(const struct stacking *stacking, size_t frame,
                                          const struct hob_value *name)
{
    const struct hob_value *place = hob_value_get_key(stacking->places[frame], name);
    return place == NULL ? NULL : hob_frame_column(stacking->frames[frame], (size_t)place->integer);
}

static bool append_all(struct hob_column *column, const struct hob_column *source, size_t rows,
                       struct hob_arena *arena)
{
    for (size_t row = 0; row < rows; row++)
        if (!hob_column_append_cell(column, source, source != NULL ? row : HOB_NO_ROW, arena))
            return false;
    return true;
}

/* Neither rows nor columns: pandas leaves such a table out. One with columns counts. */
static bool is_empty(const struct hob_frame *frame)
{
    return hob_frame_rows(frame) == 0 && hob_frame_columns(frame) == 0;
}

static int stack_column(struct stacking *stacking, const struct hob_value *name,
                        struct hob_error *error)
{
    struct hob_column_kind kind = HOB_COLUMN_KIND_INIT;
    for (size_t i = 0; i < stacking->count; i++) {
        const struct hob_column *source = column_in(stacking, i, name);
        if (source != NULL)
            hob_column_kind_add(&kind, source);
        else if (!is_empty(stacking->frames[i]))
            hob_column_kind_add_hole(&kind);
    }
    struct hob_column column;
    hob_column_init_kind(&column, &kind);
    bool made = hob_column_reserve(&column, stacking->rows, 0);
    for (size_t i = 0; made && i < stacking->count; i++)
        made = append_all(&column, column_in(stacking, i, name),
                          hob_frame_rows(stacking->frames[i]), hob_frame_arena(stacking->result));
    if (!made) {
        hob_column_deinit(&column);
        return no_memory(error);
    }
    return add_column(stacking->result, name, &column, error);
}

/* The labels of all rows, those of frames without an index being 0, 1, 2... */
static int stack_labels(struct stacking *stacking, struct hob_error *error)
{
    struct hob_column_kind kind = HOB_COLUMN_KIND_INIT;
    struct hob_column counted, labels;
    size_t most = 0;
    for (size_t i = 0; i < stacking->count; i++)
        if (hob_frame_rows(stacking->frames[i]) > most)
            most = hob_frame_rows(stacking->frames[i]);
    if (!hob_column_count_up(&counted, most))
        return no_memory(error);
    for (size_t i = 0; i < stacking->count; i++) {
        const struct hob_column *index = hob_frame_index(stacking->frames[i]);
        hob_column_kind_add(&kind, index != NULL ? index : &counted);
    }
    hob_column_init_kind(&labels, &kind);
    bool made = hob_column_reserve(&labels, stacking->rows, 0);
    for (size_t i = 0; made && i < stacking->count; i++) {
        const struct hob_column *index = hob_frame_index(stacking->frames[i]);
        made = append_all(&labels, index != NULL ? index : &counted,
                          hob_frame_rows(stacking->frames[i]), hob_frame_arena(stacking->result));
    }
    hob_column_deinit(&counted);
    if (!made) {
        hob_column_deinit(&labels);
        return no_memory(error);
    }
    hob_frame_set_index(stacking->result, &labels);
    return 0;
}

static int stack_frames(struct stacking *stacking, bool fresh_labels, struct hob_error *error)
{
    stacking->names = hob_value_new(stacking->scratch, HOB_MAP);
    stacking->places =
        hob_arena_try_alloc(stacking->scratch, stacking->count * sizeof(struct hob_value *));
    if (stacking->places == NULL)
        return no_memory(error);
    for (size_t i = 0; i < stacking->count; i++) {
        stacking->rows += hob_frame_rows(stacking->frames[i]);
        int result = note_names(stacking, i, error);
        if (result < 0)
            return result;
    }
    uint32_t columns = stacking->names->map.count;
    if (columns > 0 && stacking->rows > HOB_FRAME_MAX_CELLS / columns)
        return hob_error_set(error, HOB_E_LIMIT,
                             "the tables together would have %zu rows and %u columns, more than "
                             "%zu cells",
                             stacking->rows, columns, HOB_FRAME_MAX_CELLS);
    hob_frame_set_rows(stacking->result, stacking->rows);
    for (uint32_t i = 0; i < columns; i++) {
        int result = stack_column(stacking, stacking->names->map.pairs[i].key, error);
        if (result < 0)
            return result;
    }
    return fresh_labels ? 0 : stack_labels(stacking, error);
}

int hob_frame_concatenate(struct hob_frame **all, struct hob_frame **frames, size_t count,
                          bool fresh_labels, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *scratch = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    struct stacking stacking = {
        .result = made, .scratch = scratch, .frames = frames, .count = count};
    int result = stack_frames(&stacking, fresh_labels, error);
    adopt_all(made, frames, count);
    if (result == 0)
        *all = HOB_STEAL(made);
    return result;
}

/* -- One over the other. */

/* Where a column of the result comes from. */
struct origin {
    size_t frame, column;
};

/* The columns of the result: name -> place in `origins`, which has room for all columns. */
static int find_origins(struct stacking *stacking, struct origin *origins, struct hob_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < stacking->count; i++) {
        const struct hob_frame *frame = stacking->frames[i];
        for (size_t k = 0; k < hob_frame_columns(frame); k++) {
            origins[count] = (struct origin){i, k};
            const struct hob_value *place = hob_value_new_int(stacking->scratch, (int64_t)count++);
            if (!hob_value_put(stacking->scratch, stacking->names, hob_frame_name(frame, k), place))
                return no_memory(error);
        }
    }
    return 0;
}

static int check_rows(const struct stacking *stacking, size_t *columns, struct hob_error *error)
{
    *columns = 0;
    for (size_t i = 0; i < stacking->count; i++) {
        const struct hob_frame *frame = stacking->frames[i];
        *columns += hob_frame_columns(frame);
        if (hob_frame_rows(frame) == 1)
            continue;
        hob_error_set(error, HOB_E_VALUE,
                      "a stack is made of tables of one row each, but table %zu has %zu rows",
                      i + 1, hob_frame_rows(frame));
        hob_error_hint(error, "use `vstack` for rows below each other, `hstack` for columns side "
                              "by side");
        return HOB_E_VALUE;
    }
    return 0;
}

static int lay_over(struct stacking *stacking, struct hob_error *error)
{
    const size_t only_row = 0;
    size_t columns;
    int result = check_rows(stacking, &columns, error);
    if (result < 0)
        return result;
    struct origin *origins = hob_arena_try_alloc(stacking->scratch, columns * sizeof *origins);
    stacking->names = hob_value_new(stacking->scratch, HOB_MAP);
    result = origins == NULL ? no_memory(error) : find_origins(stacking, origins, error);
    hob_frame_set_rows(stacking->result, 1);
    for (uint32_t i = 0; result == 0 && i < stacking->names->map.count; i++) {
        const struct hob_pair *pair = &stacking->names->map.pairs[i];
        const struct origin *origin = &origins[pair->value->integer];
        const struct hob_column *source =
            hob_frame_column(stacking->frames[origin->frame], origin->column);
        struct hob_column column;
        if (!hob_column_pick(&column, source, &only_row, 1, hob_frame_arena(stacking->result)))
            return no_memory(error);
        result = add_column(stacking->result, pair->key, &column, error);
    }
    return result;
}

int hob_frame_overlay(struct hob_frame **all, struct hob_frame **frames, size_t count,
                      struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *scratch = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    struct stacking stacking = {
        .result = made, .scratch = scratch, .frames = frames, .count = count};
    int result = lay_over(&stacking, error);
    adopt_all(made, frames, count);
    if (result == 0)
        *all = HOB_STEAL(made);
    return result;
}

/* -- Rows gathered into lists. */

struct groups {
    size_t *of_row;    /* the group of each row */
    size_t *first_row; /* of each group */
    uint32_t *sizes;   /* of each group */
    size_t count;
};

static void groups_deinit(struct groups *groups)
{
    free(groups->of_row);
    free(groups->first_row);
    free(groups->sizes);
}

static inline void hob_auto_groups(struct groups *groups)
{
    groups_deinit(groups);
}

/* Numbers the groups in order of first appearance. */
static int find_groups(struct groups *groups, const struct hob_column *key, struct hob_error *error)
{
    HOB_AUTO(keys) struct hob_keys keys = HOB_KEYS_INIT;
    HOB_AUTO(key_table) struct hob_key_table table = HOB_KEY_TABLE_INIT;
    int result = hob_keys_init(&keys, &key, 1, error);
    if (result == 0)
        result = hob_key_table_init(&table, &keys, error);
    if (result < 0)
        return result;
    groups->of_row = hob_try_alloc(key->count + 1, sizeof *groups->of_row);
    groups->first_row = hob_try_alloc(key->count + 1, sizeof *groups->first_row);
    groups->sizes = calloc(key->count + 1, sizeof *groups->sizes);
    if (groups->of_row == NULL || groups->first_row == NULL || groups->sizes == NULL ||
        key->count > UINT32_MAX)
        return no_memory(error);
    for (size_t row = 0; row < key->count; row++) {
        size_t first = hob_key_table_find(&table, &keys, row);
        if (first == row)
            groups->first_row[groups->count++] = row;
        groups->of_row[row] = first == row ? groups->count - 1 : groups->of_row[first];
        groups->sizes[groups->of_row[row]]++;
    }
    return 0;
}

/* A list a group, of exactly the size that it needs. */
static struct hob_value **make_lists(const struct groups *groups, struct hob_arena *arena)
{
    struct hob_value **lists = hob_try_alloc(groups->count + 1, sizeof *lists);
    for (size_t i = 0; lists != NULL && i < groups->count; i++) {
        lists[i] = hob_value_new(arena, HOB_LIST);
        lists[i]->list.items =
            hob_arena_try_alloc(arena, groups->sizes[i] * sizeof *lists[i]->list.items);
        lists[i]->list.capacity = groups->sizes[i];
        if (lists[i]->list.items == NULL) {
            free(lists);
            return NULL;
        }
    }
    return lists;
}

static int gather_column(struct hob_frame *gathered, const struct hob_value *name,
                         const struct hob_column *source, const struct groups *groups,
                         struct hob_error *error)
{
    struct hob_arena *arena = hob_frame_arena(gathered);
    HOB_AUTO(free) struct hob_value **lists = make_lists(groups, arena);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_VALUE);
    if (lists == NULL || !hob_column_reserve(&column, groups->count, 0))
        return no_memory(error);
    for (size_t row = 0; row < source->count; row++) {
        struct hob_value *list = lists[groups->of_row[row]];
        list->list.items[list->list.count++] = hob_column_value(source, row, arena);
    }
    for (size_t i = 0; i < groups->count; i++)
        hob_column_append_value(&column, lists[i]);
    return add_column(gathered, name, &column, error);
}

static int gather(struct hob_frame *gathered, struct hob_frame *frame, const struct hob_value *key,
                  struct hob_error *error)
{
    HOB_AUTO(groups) struct groups groups = {0};
    size_t at = hob_frame_find(frame, key);
    if (at == SIZE_MAX) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        hob_python_repr(&text, key);
        return hob_error_set(error, HOB_E_KEY, "cannot gather rows by %s: there is no such column",
                             hob_buffer_string(&text));
    }
    int result = find_groups(&groups, hob_frame_column(frame, at), error);
    if (result < 0)
        return result;
    struct hob_column column;
    if (!hob_column_pick(&column, hob_frame_column(frame, at), groups.first_row, groups.count,
                         hob_frame_arena(gathered)))
        return no_memory(error);
    result = add_column(gathered, hob_frame_name(frame, at), &column, error);
    for (size_t i = 0; result == 0 && i < hob_frame_columns(frame); i++)
        if (i != at)
            result = gather_column(gathered, hob_frame_name(frame, i), hob_frame_column(frame, i),
                                   &groups, error);
    return result;
}

int hob_frame_gather(struct hob_frame **gathered, struct hob_frame *frame,
                     const struct hob_value *key, struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    int result = gather(made, frame, key, error);
    hob_frame_adopt(made, frame);
    if (result == 0)
        *gathered = HOB_STEAL(made);
    return result;
}
