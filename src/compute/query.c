/* query: see query.h.
 *
 * The condition and the order only make a list of row numbers; cells move once, after the limit has
 * cut the list. */
#include "compute/query.h"

#include "compute/where.h"
#include "value/python.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot query the table: not enough memory");
}

/* -- Names of columns. */

static int no_column(const struct hob_frame *frame, const char *what, struct hob_text name,
                     struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    hob_frame_put_names(frame, &names);
    hob_error_set(error, HOB_E_KEY, "cannot %s '%.*s': there is no such column", what,
                  HOB_TEXT_ARG(name));
    hob_error_hint(error, "the columns are %s", hob_buffer_string(&names));
    return HOB_E_KEY;
}

/* Columns in the order in which they were first named, each once; the owner frees `items`. */
struct columns {
    struct hob_order *items;
    size_t count, capacity;
};

static inline void hob_auto_columns(struct columns *columns)
{
    free(columns->items);
}

/* What the lists are read for. */
struct naming {
    const struct hob_frame *frame;
    const char *what; /* "sort by": for messages */
    bool signs;       /* names may have - or + before them */
};

static int add_name(const struct naming *naming, struct hob_text name, struct columns *columns,
                    struct hob_error *error)
{
    struct hob_text bare = name;
    size_t column = hob_frame_find_printed(naming->frame, name);
    bool signed_name = naming->signs && column == SIZE_MAX && name.size > 1 &&
                       (name.data[0] == '-' || name.data[0] == '+');
    if (signed_name) {
        bare = (struct hob_text){name.data + 1, name.size - 1};
        column = hob_frame_find_printed(naming->frame, bare);
    }
    if (column == SIZE_MAX)
        return no_column(naming->frame, naming->what, bare, error);
    for (size_t i = 0; i < columns->count; i++)
        if (columns->items[i].column == column)
            return 0;
    if (!HOB_TRY_GROW(columns->items, columns->capacity, columns->count + 1))
        return no_memory(error);
    columns->items[columns->count++] =
        (struct hob_order){column, signed_name && name.data[0] == '-'};
    return 0;
}

static int add_names(const struct naming *naming, struct hob_text list, struct columns *columns,
                     struct hob_error *error)
{
    if (hob_frame_find_printed(naming->frame, list) != SIZE_MAX)
        return add_name(naming, list, columns, error);
    int result = 0;
    while (result == 0) {
        const char *comma = memchr(list.data, ',', list.size);
        size_t size = comma != NULL ? (size_t)(comma - list.data) : list.size;
        struct hob_text name = hob_text_strip((struct hob_text){list.data, size});
        result = add_name(naming, name, columns, error);
        if (comma == NULL)
            break;
        list = (struct hob_text){comma + 1, list.size - size - 1};
    }
    return result;
}

static int name_columns(const struct naming *naming, const struct hob_texts *lists,
                        struct columns *columns, struct hob_error *error)
{
    for (size_t i = 0; i < lists->count; i++) {
        int result = add_names(naming, lists->items[i], columns, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static size_t *positions_of(const struct columns *columns)
{
    size_t *positions = hob_alloc_zero(columns->count + 1, sizeof *positions);
    for (size_t i = 0; i < columns->count; i++)
        positions[i] = columns->items[i].column;
    return positions;
}

/* -- Rows. */

/* Takes the rows out of the set for which the condition does not hold. */
static int apply_condition(struct hob_row_set *set, struct hob_text condition,
                           const struct hob_frame *frame, struct hob_error *error)
{
    HOB_AUTO(row_set) struct hob_row_set found = HOB_ROW_SET_INIT;
    HOB_AUTO(where) struct hob_where *where = NULL;
    int result = hob_where_parse(&where, condition, error);
    if (result == 0)
        result = hob_where_select(where, frame, &found, error);
    if (result == 0)
        hob_row_set_intersect(set, &found);
    return result;
}

static int find_rows(const struct hob_query *query, const struct hob_frame *frame, size_t **rows,
                     size_t *count, struct hob_error *error)
{
    HOB_AUTO(row_set) struct hob_row_set set = HOB_ROW_SET_INIT;
    if (!hob_row_set_init(&set, hob_frame_rows(frame)))
        return no_memory(error);
    hob_row_set_invert(&set);
    for (size_t i = 0; i < query->where.count; i++) {
        int result = apply_condition(&set, query->where.items[i], frame, error);
        if (result < 0)
            return result;
    }
    *rows = hob_row_set_list(&set, count);
    return *rows != NULL ? 0 : no_memory(error);
}

static int order_rows(const struct hob_query *query, const struct hob_frame *frame, size_t *rows,
                      size_t *count, struct hob_error *error)
{
    HOB_AUTO(columns) struct columns columns = {0};
    struct naming naming = {frame, "sort by", true};
    int result = name_columns(&naming, &query->sort, &columns, error);
    if (result == 0 && columns.count > 0)
        result = hob_frame_sort_rows(rows, *count, frame, columns.items, columns.count, error);
    if (query->limited && *count > query->limit)
        *count = query->limit;
    return result;
}

static int take(struct hob_frame **frame, const size_t *rows, size_t count, struct hob_error *error)
{
    struct hob_frame *whole = HOB_STEAL(*frame);
    return hob_frame_take_rows(frame, whole, rows, count, error);
}

/* -- Groups. */

struct aggregates {
    struct hob_aggregate *items;
    size_t count, capacity;
};

static inline void hob_auto_aggregates(struct aggregates *aggregates)
{
    free(aggregates->items);
}

static int add_aggregate(struct aggregates *aggregates, enum hob_aggregate_kind kind, size_t column,
                         struct hob_error *error)
{
    if (!HOB_TRY_GROW(aggregates->items, aggregates->capacity, aggregates->count + 1))
        return no_memory(error);
    aggregates->items[aggregates->count++] = (struct hob_aggregate){kind, column};
    return 0;
}

static int add_aggregates(const struct hob_frame *frame, const struct hob_texts *lists,
                          enum hob_aggregate_kind kind, struct aggregates *aggregates,
                          struct hob_error *error)
{
    HOB_AUTO(columns) struct columns columns = {0};
    struct naming naming = {frame, "aggregate", false};
    int result = name_columns(&naming, lists, &columns, error);
    for (size_t i = 0; result == 0 && i < columns.count; i++)
        result = add_aggregate(aggregates, kind, columns.items[i].column, error);
    return result;
}

static bool groups(const struct hob_query *query)
{
    return query->count || query->group.count + query->sum.count + query->mean.count +
                                   query->min.count + query->max.count >
                               0;
}

/* A group's own column may be called "count" or "v_sum" already. */
static int need_distinct_names(const struct hob_frame *frame, struct hob_error *error)
{
    for (size_t i = 1; i < hob_frame_columns(frame); i++)
        for (size_t j = 0; j < i; j++) {
            if (!hob_value_equal(hob_frame_name(frame, i), hob_frame_name(frame, j)))
                continue;
            HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
            hob_python_str(&name, hob_frame_name(frame, i));
            hob_error_set(error, HOB_E_VALUE, "cannot group: two columns would be called '%s'",
                          hob_buffer_string(&name));
            hob_error_hint(error, "rename the column of the table, in its interface");
            return HOB_E_VALUE;
        }
    return 0;
}

static int group(const struct hob_query *query, struct hob_frame **frame, struct hob_error *error)
{
    HOB_AUTO(columns) struct columns keys = {0};
    HOB_AUTO(aggregates) struct aggregates aggregates = {0};
    struct naming naming = {*frame, "group by", false};
    int result = name_columns(&naming, &query->group, &keys, error);
    if (result == 0 && query->count)
        result = add_aggregate(&aggregates, HOB_AGGREGATE_COUNT, 0, error);
    const struct hob_texts *const lists[] = {&query->sum, &query->mean, &query->min, &query->max};
    static const enum hob_aggregate_kind kinds[] = {HOB_AGGREGATE_SUM, HOB_AGGREGATE_MEAN,
                                                    HOB_AGGREGATE_MIN, HOB_AGGREGATE_MAX};
    for (size_t i = 0; result == 0 && i < sizeof lists / sizeof lists[0]; i++)
        result = add_aggregates(*frame, lists[i], kinds[i], &aggregates, error);
    if (result < 0)
        return result;
    HOB_AUTO(free) size_t *positions = positions_of(&keys);
    struct hob_frame *whole = HOB_STEAL(*frame);
    result = hob_frame_group(frame, whole, positions, keys.count, aggregates.items,
                             aggregates.count, error);
    return result == 0 ? need_distinct_names(*frame, error) : result;
}

/* -- All of it. */

static int select_columns(const struct hob_query *query, struct hob_frame *frame,
                          struct hob_error *error)
{
    HOB_AUTO(columns) struct columns columns = {0};
    struct naming naming = {frame, "select", false};
    int result = name_columns(&naming, &query->select, &columns, error);
    if (result < 0 || query->select.count == 0)
        return result;
    HOB_AUTO(free) size_t *positions = positions_of(&columns);
    return hob_frame_arrange(frame, positions, columns.count) ? 0 : no_memory(error);
}

bool hob_query_is_empty(const struct hob_query *query)
{
    return query->where.count == 0 && query->sort.count == 0 && !query->limited &&
           query->select.count == 0 && !groups(query);
}

int hob_query_apply(const struct hob_query *query, struct hob_frame **frame,
                    struct hob_error *error)
{
    HOB_AUTO(free) size_t *rows = NULL;
    size_t count = 0;
    int result = 0;
    struct hob_query rest = *query;
    if (groups(query) && query->where.count > 0) {
        result = find_rows(query, *frame, &rows, &count, error);
        if (result == 0)
            result = take(frame, rows, count, error);
        free(HOB_STEAL(rows));
    }
    if (result == 0 && groups(query)) {
        rest.where.count = 0;
        result = group(query, frame, error);
    }
    if (result == 0)
        result = find_rows(&rest, *frame, &rows, &count, error);
    if (result == 0)
        result = order_rows(&rest, *frame, rows, &count, error);
    if (result == 0)
        result = take(frame, rows, count, error);
    return result == 0 ? select_columns(&rest, *frame, error) : result;
}
