/* join: see join.h.
 *
 * A hash join in three steps: the keys of both sides are found; the side that does not lead is put
 * into a table, and the leading side's rows look up their partners there, which gives pairs of
 * row numbers; then every column of the result is picked by those numbers. */
#include "frame/join.h"

#include "frame/convert.h"
#include "frame/keys.h"
#include "value/python.h"

/* Keys that repeat on both sides multiply: beyond this, and beyond four times the rows that there
 * are, a join is a mistake. */
static const size_t rows_always_allowed = 20000000;

/* The rows of the result: where each comes from, HOB_NO_ROW for a side that has no partner. */
struct pairs {
    size_t *left, *right;
    size_t count, left_capacity, right_capacity, limit;
};

/* What one side is matched by. */
struct side {
    struct hob_frame *frame;
    const struct hob_column **columns; /* of the keys */
    struct hob_column counted;         /* labels of a frame that has none */
    struct hob_keys keys;
};

struct work {
    const struct hob_join *join;
    struct hob_arena *scratch;
    struct hob_frame *result;
    struct side left, right;
    struct pairs pairs;
    bool by_left_index; /* the keys are (also) the left frame's index */
};

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot join tables: not enough memory");
}

bool hob_join_how_parse(enum hob_join_how *how, struct hob_text name)
{
    static const char *const names[] = {"left", "right", "inner", "outer"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (hob_text_is(name, names[i])) {
            *how = (enum hob_join_how)i;
            return true;
        }
    }
    return false;
}

/* -- Which rows go together. */

static int add_pair(struct pairs *pairs, size_t left, size_t right, struct hob_error *error)
{
    if (pairs->count == pairs->limit) {
        hob_error_set(error, HOB_E_LIMIT, "joining tables would give more than %zu rows",
                      pairs->limit);
        hob_error_hint(error, "the key repeats on both sides: join on a column that does not");
        return HOB_E_LIMIT;
    }
    if (!HOB_TRY_GROW(pairs->left, pairs->left_capacity, pairs->count + 1) ||
        !HOB_TRY_GROW(pairs->right, pairs->right_capacity, pairs->count + 1))
        return no_memory(error);
    pairs->left[pairs->count] = left;
    pairs->right[pairs->count++] = right;
    return 0;
}

/* Pairs in the order of the leading side; `taken` (or NULL) marks rows of the other side that have
 * found a partner. */
static int match(struct work *work, bool *taken, struct hob_error *error)
{
    bool swapped = work->join->how == HOB_JOIN_RIGHT;
    const struct hob_keys *lead = swapped ? &work->right.keys : &work->left.keys;
    HOB_AUTO(key_table) struct hob_key_table table = HOB_KEY_TABLE_INIT;
    int result = hob_key_table_init(&table, swapped ? &work->left.keys : &work->right.keys, error);
    for (size_t row = 0; result == 0 && row < lead->rows; row++) {
        size_t other = hob_key_table_find(&table, lead, row);
        if (other == SIZE_MAX && work->join->how != HOB_JOIN_INNER)
            result = add_pair(&work->pairs, swapped ? HOB_NO_ROW : row, swapped ? row : HOB_NO_ROW,
                              error);
        for (; result == 0 && other != SIZE_MAX; other = table.next[other]) {
            if (taken != NULL)
                taken[other] = true;
            result = add_pair(&work->pairs, swapped ? other : row, swapped ? row : other, error);
        }
    }
    return result;
}

/* -- In which order. */

/* A pair on its way through a sort: by `rank` where keys have one, else by the keys themselves; of
 * the same key in the order in which they were found. */
struct sorted {
    const struct work *work;
    size_t left, right, rank, place;
};

static int compare_places(const struct sorted *first, const struct sorted *second)
{
    return (first->place > second->place) - (first->place < second->place);
}

static int compare_ranks(const void *a, const void *b)
{
    const struct sorted *first = a, *second = b;
    int order = (first->rank > second->rank) - (first->rank < second->rank);
    return order != 0 ? order : compare_places(first, second);
}

static const struct hob_keys *key_of(const struct sorted *pair, size_t *row)
{
    bool is_left = pair->left != HOB_NO_ROW;
    *row = is_left ? pair->left : pair->right;
    return is_left ? &pair->work->left.keys : &pair->work->right.keys;
}

static int compare_keys(const void *a, const void *b)
{
    const struct sorted *first = a, *second = b;
    size_t row_a, row_b;
    const struct hob_keys *keys_a = key_of(first, &row_a), *keys_b = key_of(second, &row_b);
    int order = hob_keys_compare(keys_a, row_a, keys_b, row_b);
    return order != 0 ? order : compare_places(first, second);
}

/* Keys in the order in which they first appear, those of the left side before others. */
static size_t rank_of(const struct work *work, const struct hob_key_table *left,
                      const struct hob_key_table *right, size_t i)
{
    size_t row = work->pairs.left[i];
    if (row != HOB_NO_ROW)
        return hob_key_table_find(left, &work->left.keys, row);
    return work->left.keys.rows +
           hob_key_table_find(right, &work->right.keys, work->pairs.right[i]);
}

static int sort_pairs(struct work *work, bool by_appearance, struct hob_error *error)
{
    struct pairs *pairs = &work->pairs;
    HOB_AUTO(key_table) struct hob_key_table left = HOB_KEY_TABLE_INIT, right = HOB_KEY_TABLE_INIT;
    HOB_AUTO(free) struct sorted *sorted = hob_try_alloc(pairs->count + 1, sizeof *sorted);
    if (sorted == NULL)
        return no_memory(error);
    int result = by_appearance ? hob_key_table_init(&left, &work->left.keys, error) : 0;
    if (result == 0 && by_appearance)
        result = hob_key_table_init(&right, &work->right.keys, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < pairs->count; i++)
        sorted[i] = (struct sorted){
            .work = work,
            .left = pairs->left[i],
            .right = pairs->right[i],
            .rank = by_appearance ? rank_of(work, &left, &right, i) : 0,
            .place = i,
        };
    qsort(sorted, pairs->count, sizeof *sorted, by_appearance ? compare_ranks : compare_keys);
    for (size_t i = 0; i < pairs->count; i++) {
        pairs->left[i] = sorted[i].left;
        pairs->right[i] = sorted[i].right;
    }
    return 0;
}

static int has_repeated(const struct side *side, bool *repeated, struct hob_error *error)
{
    HOB_AUTO(key_table) struct hob_key_table table = HOB_KEY_TABLE_INIT;
    if (side->columns[0] == &side->counted)
        return 0;
    int result = hob_key_table_init(&table, &side->keys, error);
    for (size_t row = 0; result == 0 && row < side->keys.rows; row++)
        *repeated = *repeated || table.next[row] != SIZE_MAX;
    return result;
}

static bool are_equal(const struct hob_keys *a, const struct hob_keys *b)
{
    bool equal = a->rows == b->rows;
    for (size_t row = 0; equal && row < a->rows; row++)
        equal = hob_keys_equal(a, row, b, row);
    return equal;
}

/* As pandas 1.5 has it. By columns: an inner and an outer join go through the keys as they first
 * appear. By labels: a label that repeats on either side has the result sorted; else an outer join
 * is, unless both sides have the same labels. */
static int order_pairs(struct work *work, struct hob_error *error)
{
    enum hob_join_how how = work->join->how;
    const struct side *left = &work->left, *right = &work->right;
    bool repeated = false;
    if (work->join->on_count > 0)
        return how == HOB_JOIN_INNER || how == HOB_JOIN_OUTER ? sort_pairs(work, true, error) : 0;
    if (left->keys.rows == 0 || right->keys.rows == 0)
        return 0;
    int result = has_repeated(left, &repeated, error);
    if (result == 0)
        result = has_repeated(right, &repeated, error);
    if (result < 0)
        return result;
    bool sorts = repeated || (how == HOB_JOIN_OUTER && !are_equal(&left->keys, &right->keys));
    return sorts ? sort_pairs(work, false, error) : 0;
}

static int find_pairs(struct work *work, struct hob_error *error)
{
    size_t left = work->left.keys.rows, right = work->right.keys.rows;
    size_t limit = 4 * (left + right);
    work->pairs.limit = limit > rows_always_allowed ? limit : rows_always_allowed;
    bool outer = work->join->how == HOB_JOIN_OUTER;
    HOB_AUTO(free) bool *taken = outer ? calloc(right + 1, sizeof *taken) : NULL;
    if (outer && taken == NULL)
        return no_memory(error);
    int result = match(work, taken, error);
    for (size_t row = 0; result == 0 && outer && row < right; row++)
        if (!taken[row])
            result = add_pair(&work->pairs, HOB_NO_ROW, row, error);
    return result < 0 ? result : order_pairs(work, error);
}

/* -- The keys. */

static int no_key(const struct hob_value *name, const char *which, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_python_repr(&text, name);
    return hob_error_set(error, HOB_E_KEY, "cannot join on %s: the %s table has no such column",
                         hob_buffer_string(&text), which);
}

/* By labels: those of the index, or 0, 1, 2... */
static int use_labels(struct side *side, struct hob_error *error)
{
    side->columns[0] = hob_frame_index(side->frame);
    if (side->columns[0] == NULL) {
        if (!hob_column_count_up(&side->counted, hob_frame_rows(side->frame)))
            return no_memory(error);
        side->columns[0] = &side->counted;
    }
    return hob_keys_init(&side->keys, side->columns, 1, error);
}

static int use_columns(struct work *work, struct side *side, struct hob_error *error)
{
    bool is_left = side == &work->left;
    const struct hob_value *index_name = hob_frame_index_name(side->frame);
    for (size_t i = 0; i < work->join->on_count; i++) {
        const struct hob_value *name = work->join->on[i];
        size_t at = hob_frame_find(side->frame, name);
        bool is_index = at == SIZE_MAX && is_left && index_name != NULL &&
                        hob_frame_index(side->frame) != NULL && hob_value_equal(index_name, name);
        if (at == SIZE_MAX && !is_index)
            return no_key(name, is_left ? "left" : "right", error);
        work->by_left_index |= is_index;
        side->columns[i] =
            is_index ? hob_frame_index(side->frame) : hob_frame_column(side->frame, at);
    }
    return hob_keys_init(&side->keys, side->columns, work->join->on_count, error);
}

static bool is_text(const struct hob_column *column)
{
    return column->type == HOB_COLUMN_STRING;
}

static bool is_numeric(const struct hob_column *column)
{
    return column->type == HOB_COLUMN_INT64 || column->type == HOB_COLUMN_UINT64 ||
           column->type == HOB_COLUMN_FLOAT64;
}

/* Texts never equal numbers: such a join is a mistake that would go unseen. */
static int check_types(const struct work *work, struct hob_error *error)
{
    for (size_t i = 0; i < work->join->on_count; i++) {
        const struct hob_column *left = work->left.columns[i], *right = work->right.columns[i];
        if (left->count == 0 || right->count == 0 ||
            !((is_text(left) && is_numeric(right)) || (is_numeric(left) && is_text(right))))
            continue;
        HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
        hob_python_repr(&name, work->join->on[i]);
        hob_error_set(error, HOB_E_VALUE,
                      "cannot join on %s: it holds texts in one table and numbers in the other",
                      hob_buffer_string(&name));
        hob_error_hint(error, "read both alike, for csv with `dtypes`");
        return HOB_E_VALUE;
    }
    return 0;
}

static int find_keys(struct work *work, struct hob_error *error)
{
    size_t width = work->join->on_count > 0 ? work->join->on_count : 1;
    work->left.columns = hob_arena_alloc(work->scratch, width * sizeof *work->left.columns);
    work->right.columns = hob_arena_alloc(work->scratch, width * sizeof *work->right.columns);
    if (work->join->on_count == 0) {
        int result = use_labels(&work->left, error);
        return result < 0 ? result : use_labels(&work->right, error);
    }
    int result = use_columns(work, &work->left, error);
    if (result == 0)
        result = use_columns(work, &work->right, error);
    return result < 0 ? result : check_types(work, error);
}

/* -- The columns of the result. */

/* The keys of both sides in one column: a row has one of them at least. */
static bool merge_keys(struct work *work, size_t key, struct hob_column *merged)
{
    const struct hob_column *left = work->left.columns[key], *right = work->right.columns[key];
    const struct pairs *pairs = &work->pairs;
    bool needs_right = false;
    for (size_t i = 0; !needs_right && i < pairs->count; i++)
        needs_right = pairs->left[i] == HOB_NO_ROW;
    struct hob_column_kind kind = HOB_COLUMN_KIND_INIT;
    hob_column_kind_add(&kind, left);
    if (needs_right)
        hob_column_kind_add(&kind, right);
    hob_column_init_kind(merged, &kind);
    bool made = hob_column_reserve(merged, pairs->count, 0);
    for (size_t i = 0; made && i < pairs->count; i++) {
        bool from_left = pairs->left[i] != HOB_NO_ROW;
        made = hob_column_append_cell(merged, from_left ? left : right,
                                      from_left ? pairs->left[i] : pairs->right[i],
                                      hob_frame_arena(work->result));
    }
    if (!made)
        hob_column_deinit(merged);
    return made;
}

/* The place of a name among the keys, or SIZE_MAX. */
static size_t key_place(const struct work *work, const struct hob_value *name)
{
    for (size_t i = 0; i < work->join->on_count; i++)
        if (hob_value_equal(work->join->on[i], name))
            return i;
    return SIZE_MAX;
}

/* The names of a frame's columns but the keys, as a mapping for look-up; NULL without memory. */
static const struct hob_value *names_of(const struct work *work, const struct hob_frame *frame)
{
    struct hob_value *names = hob_value_new(work->scratch, HOB_MAP);
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        const struct hob_value *name = hob_frame_name(frame, i);
        if (key_place(work, name) == SIZE_MAX &&
            !hob_value_put(work->scratch, names, name, &hob_value_true))
            return NULL;
    }
    return names;
}

static int rename_if_taken(const struct work *work, const struct hob_value **name,
                           const struct hob_value *others, struct hob_text suffix,
                           struct hob_error *error)
{
    if (hob_value_get_key(others, *name) == NULL)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_python_str(&text, *name);
    if (work->join->left_suffix.size == 0 && work->join->right_suffix.size == 0)
        return hob_error_set(error, HOB_E_VALUE,
                             "columns overlap but no suffix specified: both tables have '%s'",
                             hob_buffer_string(&text));
    if (suffix.size == 0)
        return 0;
    hob_buffer_put_text(&text, suffix);
    if (hob_buffer_failed(&text))
        return no_memory(error);
    *name = hob_value_new_string(hob_frame_arena(work->result), hob_buffer_text(&text));
    return 0;
}

static int add_side(struct work *work, struct side *side, struct hob_error *error)
{
    bool is_left = side == &work->left;
    struct hob_arena *arena = hob_frame_arena(work->result);
    const size_t *rows = is_left ? work->pairs.left : work->pairs.right;
    struct hob_text suffix = is_left ? work->join->left_suffix : work->join->right_suffix;
    const struct hob_value *others = names_of(work, is_left ? work->right.frame : work->left.frame);
    if (others == NULL)
        return no_memory(error);
    for (size_t i = 0; i < hob_frame_columns(side->frame); i++) {
        const struct hob_value *name = hob_frame_name(side->frame, i);
        const struct hob_column *source = hob_frame_column(side->frame, i);
        size_t key = key_place(work, name);
        bool is_key = key != SIZE_MAX && source == side->columns[key];
        if (is_key && !is_left)
            continue;
        int result = rename_if_taken(work, &name, others, suffix, error);
        if (result < 0)
            return result;
        struct hob_column column;
        bool made = is_key ? merge_keys(work, key, &column)
                           : hob_column_pick(&column, source, rows, work->pairs.count, arena);
        if (!made)
            return no_memory(error);
        if (hob_frame_add(work->result, name, &column) == NULL) {
            hob_column_deinit(&column);
            return no_memory(error);
        }
    }
    return 0;
}

/* Rows that were matched by labels keep them; else those of the left frame stay. */
static int add_labels(struct work *work, struct hob_error *error)
{
    struct hob_frame *left = work->left.frame;
    struct hob_column labels;
    const struct hob_column *index = hob_frame_index(left);
    if (index == NULL && (work->join->on_count > 0 || hob_frame_index(work->right.frame) == NULL))
        return 0;
    bool merged = work->join->on_count == 0 || (work->by_left_index && work->join->on_count == 1);
    bool made = merged ? merge_keys(work, 0, &labels)
                       : hob_column_pick(&labels, index, work->pairs.left, work->pairs.count,
                                         hob_frame_arena(work->result));
    if (!made)
        return no_memory(error);
    hob_frame_set_index(work->result, &labels);
    hob_frame_set_index_name(work->result, hob_frame_index_name(left));
    return 0;
}

static int join_frames(struct work *work, struct hob_error *error)
{
    int result = find_keys(work, error);
    if (result == 0)
        result = find_pairs(work, error);
    if (result < 0)
        return result;
    size_t columns = hob_frame_columns(work->left.frame) + hob_frame_columns(work->right.frame);
    if (columns > 0 && work->pairs.count > HOB_FRAME_MAX_CELLS / columns)
        return hob_error_set(error, HOB_E_LIMIT,
                             "the joined table would have %zu rows and %zu columns, more than %zu "
                             "cells",
                             work->pairs.count, columns, HOB_FRAME_MAX_CELLS);
    hob_frame_set_rows(work->result, work->pairs.count);
    result = add_side(work, &work->left, error);
    if (result == 0)
        result = add_side(work, &work->right, error);
    return result < 0 ? result : add_labels(work, error);
}

int hob_frame_join(struct hob_frame **joined, struct hob_frame *left, struct hob_frame *right,
                   const struct hob_join *join, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *scratch = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    struct work work = {.join = join,
                        .scratch = scratch,
                        .result = made,
                        .left = {.frame = left},
                        .right = {.frame = right}};
    int result = join_frames(&work, error);
    hob_keys_deinit(&work.left.keys);
    hob_keys_deinit(&work.right.keys);
    hob_column_deinit(&work.left.counted);
    hob_column_deinit(&work.right.counted);
    free(work.pairs.left);
    free(work.pairs.right);
    hob_frame_adopt(made, left);
    hob_frame_adopt(made, right);
    if (result == 0)
        *joined = HOB_STEAL(made);
    return result;
}
