/* group: see group.h.
 *
 * Each row first gets the number of its group, by a hash of its key cells. An aggregate is then one
 * pass over one column with an array of results, and never looks at keys again. The least and the
 * largest cell are remembered by their row, so that they come out with the type they had. */
#include "frame/group.h"

#include <math.h>

#include "frame/convert.h"
#include "frame/keys.h"
#include "value/python.h"

__extension__ typedef __int128 wide;

struct groups {
    size_t *of_row;    /* the group of each row */
    size_t *first_row; /* of each group */
    size_t *sizes;     /* of each group */
    size_t count;
};

static inline void hob_auto_groups(struct groups *groups)
{
    free(groups->of_row);
    free(groups->first_row);
    free(groups->sizes);
}

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot group rows: not enough memory");
}

const char *hob_aggregate_name(enum hob_aggregate_kind kind)
{
    static const char *const names[] = {
        [HOB_AGGREGATE_COUNT] = "count", [HOB_AGGREGATE_SUM] = "sum", [HOB_AGGREGATE_MEAN] = "mean",
        [HOB_AGGREGATE_MIN] = "min",     [HOB_AGGREGATE_MAX] = "max",
    };
    return names[kind];
}

static bool allocate(struct groups *groups, size_t rows)
{
    groups->of_row = calloc(rows + 1, sizeof *groups->of_row);
    groups->first_row = calloc(rows + 1, sizeof *groups->first_row);
    groups->sizes = calloc(rows + 1, sizeof *groups->sizes);
    return groups->of_row != NULL && groups->first_row != NULL && groups->sizes != NULL;
}

static int number_groups(struct groups *groups, const struct hob_column *const *columns,
                         size_t width, struct hob_error *error)
{
    HOB_AUTO(keys) struct hob_keys keys = HOB_KEYS_INIT;
    HOB_AUTO(key_table) struct hob_key_table table = HOB_KEY_TABLE_INIT;
    int result = hob_keys_init(&keys, columns, width, error);
    if (result == 0)
        result = hob_key_table_init(&table, &keys, error);
    if (result < 0)
        return result;
    for (size_t row = 0; row < keys.rows; row++) {
        size_t first = hob_key_table_find(&table, &keys, row);
        if (first == row)
            groups->first_row[groups->count++] = row;
        groups->of_row[row] = first == row ? groups->count - 1 : groups->of_row[first];
        groups->sizes[groups->of_row[row]]++;
    }
    return 0;
}

static int find_groups(struct groups *groups, const struct hob_frame *frame, const size_t *keys,
                       size_t key_count, struct hob_error *error)
{
    size_t rows = hob_frame_rows(frame);
    if (!allocate(groups, rows))
        return no_memory(error);
    if (key_count == 0) {
        groups->sizes[0] = rows;
        groups->count = 1;
        return 0;
    }
    HOB_AUTO(free)
    const struct hob_column **columns = hob_alloc_zero(key_count, sizeof *columns);
    for (size_t i = 0; i < key_count; i++)
        columns[i] = hob_frame_column(frame, keys[i]);
    return number_groups(groups, columns, key_count, error);
}

/* -- Aggregates. */

/* What is added up of one group: exactly while there are only integers. */
struct total {
    wide integers;
    double fractions;
    size_t count; /* of cells */
    bool is_fraction;
};

static bool add_value(struct total *total, const struct hob_value *value)
{
    if (value->kind == HOB_DOUBLE) {
        total->fractions += value->number;
        total->is_fraction = true;
        return true;
    }
    if (value->kind != HOB_INT && value->kind != HOB_BOOL)
        return false;
    total->integers += value->kind == HOB_INT ? value->integer : value->boolean;
    return true;
}

/* False for a cell that is no number. */
static bool add_cell(struct total *total, const struct hob_column *column, size_t row)
{
    total->count++;
    switch (column->type) {
    case HOB_COLUMN_INT64:
        total->integers += column->integers[row];
        return true;
    case HOB_COLUMN_UINT64:
        total->integers += column->unsigneds[row];
        return true;
    case HOB_COLUMN_BOOL:
        total->integers += column->booleans[row];
        return true;
    case HOB_COLUMN_FLOAT64:
        total->fractions += column->numbers[row];
        total->is_fraction = true;
        return true;
    case HOB_COLUMN_VALUE:
        return add_value(total, column->values[row]);
    default:
        return false;
    }
}

static double total_number(const struct total *total)
{
    return total->fractions + (double)total->integers;
}

static bool put_means(struct hob_column *made, const struct total *totals, size_t count)
{
    hob_column_init(made, HOB_COLUMN_FLOAT64);
    for (size_t i = 0; i < count; i++) {
        double mean =
            totals[i].count > 0 ? total_number(&totals[i]) / (double)totals[i].count : NAN;
        if (!hob_column_append_double(made, mean))
            return false;
    }
    return true;
}

static bool put_sums(struct hob_column *made, const struct total *totals, size_t count,
                     bool fractions)
{
    for (size_t i = 0; i < count; i++)
        fractions |= totals[i].is_fraction || totals[i].integers > INT64_MAX ||
                     totals[i].integers < INT64_MIN;
    hob_column_init(made, fractions ? HOB_COLUMN_FLOAT64 : HOB_COLUMN_INT64);
    for (size_t i = 0; i < count; i++) {
        bool appended = fractions ? hob_column_append_double(made, total_number(&totals[i]))
                                  : hob_column_append_int(made, (int64_t)totals[i].integers);
        if (!appended)
            return false;
    }
    return true;
}

static int no_number(const struct hob_frame *frame, const struct hob_aggregate *aggregate,
                     size_t row, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    const struct hob_value *cell =
        hob_column_value(hob_frame_column(frame, aggregate->column), row, arena);
    hob_python_str(&name, hob_frame_name(frame, aggregate->column));
    hob_error_set(error, HOB_E_TYPE,
                  "cannot make the %s of the column '%s': it has a %s in row %zu",
                  hob_aggregate_name(aggregate->kind), hob_buffer_string(&name),
                  hob_value_kind_name(cell), row + 1);
    hob_error_hint(error, "give a column of numbers, or --count");
    return HOB_E_TYPE;
}

static int add_up(struct hob_column *made, const struct groups *groups,
                  const struct hob_frame *frame, const struct hob_aggregate *aggregate,
                  struct hob_error *error)
{
    const struct hob_column *column = hob_frame_column(frame, aggregate->column);
    HOB_AUTO(free) struct total *totals = calloc(groups->count + 1, sizeof *totals);
    if (totals == NULL)
        return no_memory(error);
    for (size_t row = 0; row < column->count; row++)
        if (!hob_column_is_missing(column, row) &&
            !add_cell(&totals[groups->of_row[row]], column, row))
            return no_number(frame, aggregate, row, error);
    bool fractions = column->type == HOB_COLUMN_FLOAT64;
    bool put = aggregate->kind == HOB_AGGREGATE_MEAN
                   ? put_means(made, totals, groups->count)
                   : put_sums(made, totals, groups->count, fractions);
    if (put)
        return 0;
    hob_column_deinit(made);
    return no_memory(error);
}

static int extremes(struct hob_column *made, const struct groups *groups,
                    const struct hob_frame *frame, const struct hob_aggregate *aggregate,
                    struct hob_arena *arena, struct hob_error *error)
{
    const struct hob_column *column = hob_frame_column(frame, aggregate->column);
    struct hob_keys keys = {.columns = &column, .width = 1};
    HOB_AUTO(free) size_t *rows = hob_try_alloc(groups->count + 1, sizeof *rows);
    if (rows == NULL)
        return no_memory(error);
    for (size_t i = 0; i < groups->count; i++)
        rows[i] = HOB_NO_ROW;
    for (size_t row = 0; row < column->count; row++) {
        size_t *best = &rows[groups->of_row[row]];
        if (hob_column_is_missing(column, row))
            continue;
        int order = *best != HOB_NO_ROW ? hob_keys_compare(&keys, row, &keys, *best) : 0;
        bool better = aggregate->kind == HOB_AGGREGATE_MIN ? order < 0 : order > 0;
        if (*best == HOB_NO_ROW || better)
            *best = row;
    }
    return hob_column_pick(made, column, rows, groups->count, arena) ? 0 : no_memory(error);
}

static int count_rows(struct hob_column *made, const struct groups *groups, struct hob_error *error)
{
    hob_column_init(made, HOB_COLUMN_INT64);
    for (size_t i = 0; i < groups->count; i++) {
        if (hob_column_append_int(made, (int64_t)groups->sizes[i]))
            continue;
        hob_column_deinit(made);
        return no_memory(error);
    }
    return 0;
}

static int add_aggregate(struct hob_frame *made, const struct groups *groups,
                         const struct hob_frame *frame, const struct hob_aggregate *aggregate,
                         struct hob_error *error)
{
    struct hob_column column;
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    int result;
    if (aggregate->kind == HOB_AGGREGATE_COUNT) {
        result = count_rows(&column, groups, error);
    } else {
        hob_python_str(&name, hob_frame_name(frame, aggregate->column));
        hob_buffer_put_char(&name, '_');
        bool extreme = aggregate->kind == HOB_AGGREGATE_MIN || aggregate->kind == HOB_AGGREGATE_MAX;
        result = extreme ? extremes(&column, groups, frame, aggregate, hob_frame_arena(made), error)
                         : add_up(&column, groups, frame, aggregate, error);
    }
    if (result < 0)
        return result;
    hob_buffer_put_string(&name, hob_aggregate_name(aggregate->kind));
    if (!hob_buffer_failed(&name) &&
        hob_frame_add_named(made, hob_buffer_text(&name), &column) != NULL)
        return 0;
    hob_column_deinit(&column);
    return no_memory(error);
}

static int add_key(struct hob_frame *made, const struct groups *groups,
                   const struct hob_frame *frame, size_t key, struct hob_error *error)
{
    struct hob_column column;
    if (!hob_column_pick(&column, hob_frame_column(frame, key), groups->first_row, groups->count,
                         hob_frame_arena(made)))
        return no_memory(error);
    if (hob_frame_add(made, hob_frame_name(frame, key), &column) != NULL)
        return 0;
    hob_column_deinit(&column);
    return no_memory(error);
}

int hob_frame_group(struct hob_frame **grouped, struct hob_frame *frame, const size_t *keys,
                    size_t key_count, const struct hob_aggregate *aggregates, size_t count,
                    struct hob_error *error)
{
    HOB_AUTO(groups) struct groups groups = {0};
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    int result = find_groups(&groups, frame, keys, key_count, error);
    hob_frame_set_rows(made, groups.count);
    for (size_t i = 0; result == 0 && i < key_count; i++)
        result = add_key(made, &groups, frame, keys[i], error);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = add_aggregate(made, &groups, frame, &aggregates[i], error);
    hob_frame_adopt(made, frame);
    if (result == 0)
        *grouped = HOB_STEAL(made);
    return result;
}
