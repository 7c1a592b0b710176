/* columns: see columns.h. */
#include "access/columns.h"

#include "base/log.h"
#include "value/python.h"

enum { MAX_NAMES = 16384 };

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot change the columns: not enough memory");
}

static void put_names(struct hob_buffer *out, const struct hob_frame *frame)
{
    for (size_t i = 0; i < hob_frame_columns(frame) && i < 40; i++) {
        if (i > 0)
            hob_buffer_put_string(out, ", ");
        hob_python_repr(out, hob_frame_name(frame, i));
    }
    if (hob_frame_columns(frame) > 40)
        hob_buffer_put_string(out, ", ...");
}

static int no_such_column(const struct hob_frame *frame, const char *operation,
                          const struct hob_value *name, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    hob_python_str(&text, name);
    put_names(&names, frame);
    return hob_error_set(error, HOB_E_VALUE,
                         "%s contains key \"%s\" which is not a column in the loaded DataFrame. "
                         "Columns are [%s]",
                         operation, hob_buffer_string(&text), hob_buffer_string(&names));
}

/* A list of names; a single text counts as a list of one. */
static int names_of(const struct hob_value *const **names, uint32_t *count,
                    const struct hob_value *const *value, const char *operation,
                    struct hob_error *error)
{
    *names = NULL;
    *count = 0;
    if ((*value)->kind == HOB_LIST) {
        *names = (*value)->list.items;
        *count = (*value)->list.count;
        return 0;
    }
    if ((*value)->kind == HOB_STRING) {
        *names = value;
        *count = 1;
        return 0;
    }
    hob_error_set(error, HOB_E_VALUE, "`%s` must be a list of column names, not a %s", operation,
                  hob_value_kind_name(*value));
    hob_error_hint(error, "write it as in `%s: [name, year]`", operation);
    return HOB_E_VALUE;
}

/* Names are looked for one by one among the columns. */
static int check_count(uint32_t count, const char *operation, struct hob_error *error)
{
    if (count <= MAX_NAMES)
        return 0;
    return hob_error_set(error, HOB_E_LIMIT, "`%s` names %u columns, more than %d", operation,
                         count, MAX_NAMES);
}

int hob_columns_add_empty(struct hob_frame *frame, const struct hob_value *name,
                          struct hob_error *error)
{
    if (hob_frame_find(frame, name) != SIZE_MAX)
        return 0;
    const struct hob_value *kept = hob_value_copy_deep(hob_frame_arena(frame), name);
    size_t rows = hob_frame_rows(frame);
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_VALUE);
    bool made = kept != NULL && hob_column_reserve(&column, rows, 0);
    for (size_t i = 0; made && i < rows; i++)
        made = hob_column_append_missing(&column);
    if (made && hob_frame_add(frame, kept, &column) != NULL)
        return 0;
    hob_column_deinit(&column);
    return no_memory(error);
}

static int add_columns(struct hob_frame *frame, const struct hob_value *value,
                       const char *operation, struct hob_error *error)
{
    const struct hob_value *const *names;
    uint32_t count;
    size_t rows = hob_frame_rows(frame), columns = hob_frame_columns(frame);
    int result = names_of(&names, &count, &value, operation, error);
    if (result == 0)
        result = check_count(count, operation, error);
    if (result == 0)
        result = hob_frame_check_size(rows, columns + count, rows * columns, error);
    for (uint32_t i = 0; result == 0 && i < count; i++)
        result = hob_columns_add_empty(frame, names[i], error);
    return result;
}

/* All renames happen at once, so that names can be swapped. */
static int rename_columns(struct hob_frame *frame, const struct hob_value *value,
                          struct hob_error *error)
{
    if (value->kind != HOB_MAP)
        return hob_error_set(error, HOB_E_VALUE,
                             "`rename_columns` must be a mapping of old to new names, not a %s",
                             hob_value_kind_name(value));
    int result = check_count(value->map.count, "rename_columns", error);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < value->map.count; i++)
        if (hob_frame_find(frame, value->map.pairs[i].key) == SIZE_MAX)
            return no_such_column(frame, "rename_columns", value->map.pairs[i].key, error);
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        const struct hob_value *name = hob_value_get_key(value, hob_frame_name(frame, i));
        if (name == NULL)
            continue;
        name = hob_value_copy_deep(hob_frame_arena(frame), name);
        if (name == NULL)
            return no_memory(error);
        hob_frame_rename(frame, i, name);
    }
    return 0;
}

static int ignore_columns(struct hob_frame *frame, const struct hob_value *value,
                          struct hob_error *error)
{
    if (value->kind != HOB_LIST)
        return hob_error_set(error, HOB_E_VALUE,
                             "`ignore_columns` must be a list of column names, not a %s",
                             hob_value_kind_name(value));
    int result = check_count(value->list.count, "ignore_columns", error);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < value->list.count; i++)
        if (hob_frame_find(frame, value->list.items[i]) == SIZE_MAX)
            return no_such_column(frame, "ignore_columns", value->list.items[i], error);
    for (uint32_t i = 0; i < value->list.count; i++)
        for (size_t at; (at = hob_frame_find(frame, value->list.items[i])) != SIZE_MAX;)
            hob_frame_remove(frame, at);
    return 0;
}

static int no_such_selection(const struct hob_frame *frame, const struct hob_value *name,
                             struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    hob_python_repr(&text, name);
    put_names(&names, frame);
    return hob_error_set(error, HOB_E_KEY,
                         "select_columns names %s, which is not a column; columns are [%s]",
                         hob_buffer_string(&text), hob_buffer_string(&names));
}

/* Every column of each name, in the order of the names. */
static int select_columns(struct hob_frame *frame, const struct hob_value *value,
                          struct hob_error *error)
{
    const struct hob_value *const *names;
    uint32_t count;
    int result = names_of(&names, &count, &value, "select_columns", error);
    if (result == 0)
        result = check_count(count, "select_columns", error);
    if (result < 0)
        return result;
    HOB_AUTO(free) size_t *order = NULL;
    size_t capacity = 0, chosen = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (hob_frame_find(frame, names[i]) == SIZE_MAX)
            return no_such_selection(frame, names[i], error);
        for (size_t at = 0; at < hob_frame_columns(frame); at++) {
            if (!hob_value_equal(hob_frame_name(frame, at), names[i]))
                continue;
            if (!HOB_TRY_GROW(order, capacity, chosen + 1))
                return no_memory(error);
            order[chosen++] = at;
            result = hob_frame_check_size(hob_frame_rows(frame), chosen,
                                          hob_frame_rows(frame) * hob_frame_columns(frame), error);
            if (result < 0)
                return result;
        }
    }
    return hob_frame_arrange(frame, order, chosen) ? 0 : no_memory(error);
}

static int name_index(struct hob_frame *frame, const struct hob_value *value,
                      struct hob_error *error)
{
    if (value->kind == HOB_MAP) {
        value = hob_value_get(value, "name");
        if (value == NULL)
            return hob_error_set(error, HOB_E_KEY, "`index` is a mapping without 'name'");
    }
    if (value->kind != HOB_STRING) {
        hob_log(HOB_LOG_WARNING, "index is neither a text nor a mapping with a name: ignored",
                "kind", hob_value_kind_name(value), NULL);
        return 0;
    }
    const struct hob_value *name = hob_value_copy_deep(hob_frame_arena(frame), value);
    hob_frame_set_index_name(frame, name);
    return 0;
}

int hob_columns_apply(struct hob_frame *frame, const struct hob_value *flow,
                      struct hob_error *error)
{
    const struct hob_value *index = hob_value_get(flow, "index");
    const struct hob_value *add = hob_value_get(flow, "add_columns");
    const struct hob_value *rename = hob_value_get(flow, "rename_columns");
    const struct hob_value *ignore = hob_value_get(flow, "ignore_columns");
    const struct hob_value *chosen = hob_value_get(flow, "select_columns");
    const struct hob_value *columns = hob_value_get(flow, "columns");
    int result = 0;
    if (!hob_value_is_null(index))
        result = name_index(frame, index, error);
    if (result == 0 && !hob_value_is_null(add))
        result = add_columns(frame, add, "add_columns", error);
    if (result == 0 && !hob_value_is_null(rename))
        result = rename_columns(frame, rename, error);
    if (result == 0 && !hob_value_is_null(ignore))
        result = ignore_columns(frame, ignore, error);
    if (result == 0 && !hob_value_is_null(chosen))
        result = select_columns(frame, chosen, error);
    if (result == 0 && !hob_value_is_null(columns))
        result = add_columns(frame, columns, "columns", error);
    return result;
}
