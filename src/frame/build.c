/* build: see build.h.
 *
 * Each shape of input is turned into a grid: names of columns, and for each column its cells in
 * order with a mark for cells that are absent; then every column is typed on its own. */
#include "frame/build.h"

#include "frame/select.h"

static const size_t MAX_BYTES = (size_t)512 << 20;

struct grid {
    struct hob_frame *frame;        /* owned; NULL after an error that took it along */
    struct hob_arena *scratch;      /* for the grid itself */
    struct hob_value *names;        /* column name -> its position, as a map for look-up */
    const struct hob_value **cells; /* column by column, `rows` each */
    bool *absent;                   /* likewise */
    size_t rows;
};

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot build a table: not enough memory");
}

static int not_a_table(const struct hob_value *value, struct hob_error *error)
{
    hob_error_set(error, HOB_E_VALUE, "a table cannot be made of a %s", hob_value_kind_name(value));
    hob_error_hint(error, "give a list of mappings (one a row), or a mapping of lists (one a "
                          "column)");
    return HOB_E_VALUE;
}

/* Cells of the grid, all absent; `given` of them will be set. */
static int make_cells(struct grid *grid, size_t columns, size_t given, struct hob_error *error)
{
    int result = hob_frame_check_size(grid->rows, columns, given, error);
    if (result < 0)
        return result;
    size_t count = grid->rows * columns;
    grid->cells = hob_arena_try_alloc(grid->scratch, count * sizeof *grid->cells);
    grid->absent = hob_arena_try_alloc(grid->scratch, count * sizeof *grid->absent);
    if (grid->cells == NULL || grid->absent == NULL)
        return no_memory(error);
    for (size_t i = 0; i < count; i++)
        grid->cells[i] = &hob_value_null;
    memset(grid->absent, 1, count);
    return 0;
}

static void set_cell(struct grid *grid, size_t column, size_t row, const struct hob_value *value)
{
    grid->cells[column * grid->rows + row] = value;
    grid->absent[column * grid->rows + row] = false;
}

/* Notes a column name, in order of first appearance. */
static bool note_name(struct grid *grid, const struct hob_value *name)
{
    if (hob_value_get_key(grid->names, name) != NULL)
        return true;
    return hob_value_put(grid->scratch, grid->names, name,
                         hob_value_new_int(grid->scratch, grid->names->map.count));
}

static size_t column_of(const struct grid *grid, const struct hob_value *name)
{
    return (size_t)hob_value_get_key(grid->names, name)->integer;
}

/* A text beside a list is repeated for every row, and YAML aliases name one text many times: the
 * columns would hold as many copies. */
static int check_bytes(const struct grid *grid, struct hob_error *error)
{
    size_t count = grid->rows * grid->names->map.count, bytes = 0;
    for (size_t i = 0; i < count && bytes <= MAX_BYTES; i++)
        bytes += hob_value_text(grid->cells[i]).size;
    if (bytes <= MAX_BYTES)
        return 0;
    return hob_error_set(error, HOB_E_LIMIT,
                         "the table's texts are larger than %zu bytes together, repeated ones "
                         "counted as often as they stand in it",
                         MAX_BYTES);
}

static int add_columns(struct grid *grid, struct hob_error *error)
{
    int result = check_bytes(grid, error);
    if (result < 0)
        return result;
    hob_frame_set_rows(grid->frame, grid->rows);
    for (uint32_t i = 0; i < grid->names->map.count; i++) {
        struct hob_column column;
        bool made = hob_column_from_values(&column, grid->cells + i * grid->rows,
                                           grid->absent + i * grid->rows, grid->rows);
        if (!made || hob_frame_add(grid->frame, grid->names->map.pairs[i].key, &column) == NULL) {
            hob_column_deinit(&column);
            return no_memory(error);
        }
    }
    return 0;
}

static int from_records(struct grid *grid, const struct hob_value *list, struct hob_error *error)
{
    size_t given = 0;
    grid->rows = list->list.count;
    for (uint32_t row = 0; row < list->list.count; row++) {
        const struct hob_value *record = list->list.items[row];
        if (record->kind != HOB_MAP)
            return hob_error_set(error, HOB_E_VALUE,
                                 "row %u of the table is a %s where a mapping is expected", row + 1,
                                 hob_value_kind_name(record));
        given += record->map.count;
        for (uint32_t i = 0; i < record->map.count; i++)
            if (!note_name(grid, record->map.pairs[i].key))
                return no_memory(error);
    }
    int result = make_cells(grid, grid->names->map.count, given, error);
    if (result < 0)
        return result;
    for (uint32_t row = 0; row < list->list.count; row++) {
        const struct hob_value *record = list->list.items[row];
        for (uint32_t i = 0; i < record->map.count; i++)
            set_cell(grid, column_of(grid, record->map.pairs[i].key), row,
                     record->map.pairs[i].value);
    }
    return add_columns(grid, error);
}

static bool note_numbers(struct grid *grid, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        if (!note_name(grid, hob_value_new_int(hob_frame_arena(grid->frame), (int64_t)i)))
            return false;
    return true;
}

static bool is_list(const struct hob_value *value)
{
    return value->kind == HOB_LIST || value->kind == HOB_TUPLE;
}

static size_t cells_in(const struct hob_value *row)
{
    return row->kind == HOB_MAP ? row->map.count : row->list.count;
}

/* Rows given as lists: columns are numbered, short rows are filled with nulls. A mapping among them
 * counts as the list of its keys, as in Python. */
static int from_row_lists(struct grid *grid, const struct hob_value *list, struct hob_error *error)
{
    size_t columns = 0, given = 0;
    grid->rows = list->list.count;
    for (uint32_t row = 0; row < list->list.count; row++) {
        const struct hob_value *cells = list->list.items[row];
        if (!is_list(cells) && cells->kind != HOB_MAP)
            return hob_error_set(error, HOB_E_VALUE,
                                 "row %u of the table is a %s where a list is expected", row + 1,
                                 hob_value_kind_name(cells));
        columns = cells_in(cells) > columns ? cells_in(cells) : columns;
        given += cells_in(cells);
    }
    if (!note_numbers(grid, columns))
        return no_memory(error);
    int result = make_cells(grid, columns, given, error);
    if (result < 0)
        return result;
    for (uint32_t row = 0; row < list->list.count; row++) {
        const struct hob_value *cells = list->list.items[row];
        for (size_t i = 0; i < columns; i++)
            set_cell(grid, i, row,
                     i >= cells_in(cells)     ? &hob_value_null
                     : cells->kind == HOB_MAP ? cells->map.pairs[i].key
                                              : cells->list.items[i]);
    }
    return add_columns(grid, error);
}

static int from_scalars(struct grid *grid, const struct hob_value *list, struct hob_error *error)
{
    grid->rows = list->list.count;
    if (!note_numbers(grid, 1))
        return no_memory(error);
    int result = make_cells(grid, 1, grid->rows, error);
    if (result < 0)
        return result;
    for (uint32_t row = 0; row < list->list.count; row++)
        set_cell(grid, 0, row, list->list.items[row]);
    return add_columns(grid, error);
}

static int from_list(struct grid *grid, const struct hob_value *list, struct hob_error *error)
{
    if (list->list.count == 0)
        return 0;
    const struct hob_value *first = list->list.items[0];
    if (first->kind == HOB_MAP)
        return from_records(grid, list, error);
    return is_list(first) ? from_row_lists(grid, list, error) : from_scalars(grid, list, error);
}

/* What a mapping's values are. */
struct shape {
    bool has_lists, has_maps, has_scalars;
    size_t length; /* of the lists */
    bool uneven;
};

static struct shape shape_of(const struct hob_value *map)
{
    struct shape shape = {0};
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct hob_value *value = map->map.pairs[i].value;
        if (is_list(value)) {
            shape.uneven |= shape.has_lists && shape.length != value->list.count;
            shape.has_lists = true;
            shape.length = value->list.count;
        } else if (value->kind == HOB_MAP) {
            shape.has_maps = true;
        } else {
            shape.has_scalars = true;
        }
    }
    return shape;
}

static bool is_scalar(const struct hob_value *value)
{
    return !is_list(value) && value->kind != HOB_MAP;
}

/* A mapping of lists; scalars beside them are repeated. Beside empty lists (or mappings, which come
 * here when they are empty) there is nothing to repeat, but a scalar still says what type its
 * column has: the table is made with one row, which then goes. */
static int from_column_lists(struct grid *grid, const struct hob_value *map, size_t length,
                             struct hob_error *error)
{
    size_t given = 0;
    grid->rows = length > 0 ? length : 1;
    for (uint32_t i = 0; i < map->map.count; i++) {
        given += is_scalar(map->map.pairs[i].value) ? 1 : length;
        if (!note_name(grid, map->map.pairs[i].key))
            return no_memory(error);
    }
    int result = make_cells(grid, map->map.count, given, error);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct hob_value *value = map->map.pairs[i].value;
        for (uint32_t row = 0; row < length && is_list(value); row++)
            set_cell(grid, i, row, value->list.items[row]);
        for (uint32_t row = 0; row < grid->rows && is_scalar(value); row++)
            set_cell(grid, i, row, value);
    }
    result = add_columns(grid, error);
    if (result < 0 || length > 0)
        return result;
    struct hob_frame *one_row = HOB_STEAL(grid->frame);
    return hob_frame_take_rows(&grid->frame, one_row, NULL, 0, error);
}

/* The keys of a mapping as a column. */
static bool column_of_keys(struct grid *grid, const struct hob_value *map,
                           struct hob_column *column)
{
    const struct hob_value **keys =
        hob_arena_try_alloc(grid->scratch, (map->map.count + 1) * sizeof *keys);
    if (keys == NULL)
        return false;
    for (uint32_t i = 0; i < map->map.count; i++)
        keys[i] = map->map.pairs[i].key;
    return hob_column_from_values(column, keys, NULL, map->map.count);
}

/* The inner keys become the hidden labels of the rows. */
static int set_labels(struct grid *grid, const struct hob_value *labels, struct hob_error *error)
{
    struct hob_column column;
    if (!column_of_keys(grid, labels, &column))
        return no_memory(error);
    hob_frame_set_index(grid->frame, &column);
    return 0;
}

/* The same labels in ascending order. */
static int sort_labels(struct hob_value **labels, struct grid *grid, struct hob_error *error)
{
    const struct hob_value *given = *labels;
    uint32_t count = given->map.count;
    HOB_AUTO(frame) struct hob_frame *table = hob_frame_new();
    struct hob_column column;
    size_t *order = hob_arena_try_alloc(grid->scratch, (count + 1) * sizeof *order);
    if (order == NULL || !column_of_keys(grid, given, &column))
        return no_memory(error);
    hob_frame_set_rows(table, count);
    if (hob_frame_add(table, &hob_value_null, &column) == NULL) {
        hob_column_deinit(&column);
        return no_memory(error);
    }
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    struct hob_order by_label = {.column = 0};
    int result = hob_frame_sort_rows(order, count, table, &by_label, 1, error);
    if (result < 0)
        return result;
    *labels = hob_value_new(grid->scratch, HOB_MAP);
    for (uint32_t i = 0; i < count; i++) {
        const struct hob_value *label = given->map.pairs[order[i]].key;
        if (!hob_value_put(grid->scratch, *labels, label, label))
            return no_memory(error);
    }
    return 0;
}

/* A mapping of mappings: outer keys are columns, the union of inner keys the labels of the rows;
 * scalars beside them are repeated. The labels stand in order of first appearance, but pandas sorts
 * those of a single mapping. */
static int from_column_maps(struct grid *grid, const struct hob_value *map, struct hob_error *error)
{
    struct hob_value *labels = hob_value_new(grid->scratch, HOB_MAP);
    size_t given = 0, mappings = 0;
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct hob_value *inner = map->map.pairs[i].value;
        given += inner->kind == HOB_MAP ? inner->map.count : 1;
        mappings += inner->kind == HOB_MAP;
        if (!note_name(grid, map->map.pairs[i].key))
            return no_memory(error);
        for (uint32_t k = 0; inner->kind == HOB_MAP && k < inner->map.count; k++) {
            const struct hob_value *label = inner->map.pairs[k].key;
            if (hob_value_get_key(labels, label) == NULL &&
                !hob_value_put(grid->scratch, labels, label, label))
                return no_memory(error);
        }
    }
    if (labels->map.count == 0 && mappings < map->map.count)
        return from_column_lists(grid, map, 0, error);
    int result = mappings == 1 ? sort_labels(&labels, grid, error) : 0;
    if (result < 0)
        return result;
    grid->rows = labels->map.count;
    result = make_cells(grid, map->map.count, given, error);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct hob_value *inner = map->map.pairs[i].value;
        for (uint32_t row = 0; row < labels->map.count; row++) {
            const struct hob_value *cell =
                inner->kind == HOB_MAP ? hob_value_get_key(inner, labels->map.pairs[row].key)
                                       : inner;
            if (cell != NULL)
                set_cell(grid, i, row, cell);
        }
    }
    result = add_columns(grid, error);
    return result < 0 ? result : set_labels(grid, labels, error);
}

static int from_map(struct grid *grid, const struct hob_value *map, unsigned rules,
                    struct hob_error *error)
{
    bool row_allowed = (rules & HOB_BUILD_SCALARS_ARE_ROW) != 0;
    struct shape shape = shape_of(map);
    if (map->map.count == 0) {
        hob_frame_set_rows(grid->frame, row_allowed ? 1 : 0);
        return 0;
    }
    if (shape.uneven)
        return hob_error_set(error, HOB_E_VALUE, "All arrays must be of the same length");
    if (shape.has_lists && shape.has_maps)
        return hob_error_set(error, HOB_E_VALUE,
                             "lists and mappings are mixed as columns: the order of the rows is "
                             "not defined");
    if (shape.has_lists)
        return from_column_lists(grid, map, shape.length, error);
    if (shape.has_maps)
        return from_column_maps(grid, map, error);
    if (row_allowed)
        return from_column_lists(grid, map, 1, error);
    hob_error_set(error, HOB_E_VALUE,
                  "If using all scalar values, you must pass an index: a mapping of single values "
                  "is no table here");
    hob_error_hint(error, "put the mapping into a list to make it one row");
    return HOB_E_VALUE;
}

static int fill(struct grid *grid, const struct hob_value *value, unsigned rules,
                struct hob_error *error)
{
    if (value->kind == HOB_NULL)
        return 0;
    if (is_list(value))
        return from_list(grid, value, error);
    if (value->kind == HOB_MAP)
        return from_map(grid, value, rules, error);
    return not_a_table(value, error);
}

int hob_frame_from_value(struct hob_frame **frame, const struct hob_value *value, unsigned rules,
                         struct hob_arena *source, struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *made = hob_frame_new();
    if (source != NULL)
        hob_arena_adopt(hob_frame_arena(made), source);
    else
        value = hob_value_copy_deep(hob_frame_arena(made), value);
    if (value == NULL)
        return hob_error_set(error, HOB_E_LIMIT, "the table's values are nested too deeply");
    HOB_AUTO(arena) struct hob_arena *scratch = hob_arena_new();
    struct grid grid = {
        .frame = HOB_STEAL(made), .scratch = scratch, .names = hob_value_new(scratch, HOB_MAP)};
    int result = fill(&grid, value, rules, error);
    made = grid.frame;
    if (result == 0)
        *frame = HOB_STEAL(made);
    return result;
}
