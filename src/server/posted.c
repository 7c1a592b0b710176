/* posted: see posted.h. */
#include "server/posted.h"

#include "frame/build.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory for the table");
}

/* Rows are mappings or lists: anything else is no record. */
static int check_records(const struct hob_value *records, struct hob_error *error)
{
    if (records->kind != HOB_LIST && records->kind != HOB_MAP)
        return hob_error_set(error, HOB_E_TYPE,
                             "'records' must be a list or a mapping, but it is a %s",
                             hob_value_kind_name(records));
    for (uint32_t i = 0; records->kind == HOB_LIST && i < records->list.count; i++) {
        const struct hob_value *record = records->list.items[i];
        if (record->kind != HOB_MAP && record->kind != HOB_LIST)
            return hob_error_set(error, HOB_E_TYPE,
                                 "record %u must be a mapping or a list, but it is a %s", i,
                                 hob_value_kind_name(record));
    }
    return 0;
}

static bool are_lists(const struct hob_value *records)
{
    return records->kind == HOB_LIST && records->list.count > 0 &&
           records->list.items[0]->kind == HOB_LIST;
}

/* For rows without names: the first column gets the first name. */
static int name_columns(struct hob_frame *frame, const struct hob_value *names,
                        struct hob_error *error)
{
    size_t count = hob_frame_columns(frame);
    if (names->list.count != count)
        return hob_error_set(error, HOB_E_VALUE,
                             "'columns' has %u names, but the records have %zu columns",
                             names->list.count, count);
    for (size_t i = 0; i < count; i++) {
        const struct hob_value *name =
            hob_value_copy_deep(hob_frame_arena(frame), names->list.items[i]);
        if (name == NULL)
            return no_memory(error);
        hob_frame_rename(frame, i, name);
    }
    return 0;
}

/* A column of holes: for a name that no record has. */
static bool add_empty_column(struct hob_frame *frame, const struct hob_value *name)
{
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_FLOAT64);
    bool well = true;
    for (size_t i = 0; well && i < hob_frame_rows(frame); i++)
        well = hob_column_append_missing(&column);
    name = hob_value_copy_deep(hob_frame_arena(frame), name);
    well = well && name != NULL && hob_frame_add(frame, name, &column) != NULL;
    hob_column_deinit(&column);
    return well;
}

/* For rows with names: picks columns, and puts them in order. */
static int pick_columns(struct hob_frame *frame, const struct hob_value *names,
                        struct hob_arena *arena, struct hob_error *error)
{
    size_t count = names->list.count;
    size_t rows = hob_frame_rows(frame);
    int code = hob_frame_check_size(rows, count, rows * hob_frame_columns(frame), error);
    if (code != 0)
        return code;
    size_t *order = hob_arena_try_alloc(arena, (count + 1) * sizeof *order);
    if (order == NULL)
        return no_memory(error);
    for (size_t i = 0; i < count; i++) {
        order[i] = hob_frame_find(frame, names->list.items[i]);
        if (order[i] != SIZE_MAX)
            continue;
        order[i] = hob_frame_columns(frame);
        if (!add_empty_column(frame, names->list.items[i]))
            return no_memory(error);
    }
    return hob_frame_arrange(frame, order, count) ? 0 : no_memory(error);
}

/* Names are looked for one by one among the columns. */
enum { MAX_NAMES = 16384 };

static int check_names(const struct hob_value *names, struct hob_error *error)
{
    if (names->kind != HOB_LIST)
        return hob_error_set(error, HOB_E_TYPE, "'columns' must be a list, but it is a %s",
                             hob_value_kind_name(names));
    if (names->list.count > MAX_NAMES)
        return hob_error_set(error, HOB_E_LIMIT, "'columns' has %u names, more than %d",
                             names->list.count, MAX_NAMES);
    for (uint32_t i = 0; i < names->list.count; i++)
        if (names->list.items[i]->kind == HOB_LIST || names->list.items[i]->kind == HOB_MAP)
            return hob_error_set(error, HOB_E_TYPE, "'columns' must be names, but it has a %s",
                                 hob_value_kind_name(names->list.items[i]));
    return 0;
}

int hob_posted_frame(struct hob_frame **frame, const struct hob_value *data,
                     struct hob_arena *arena, struct hob_error *error)
{
    const struct hob_value *records = hob_value_get(data, "records");
    const struct hob_value *names = hob_value_get(data, "columns");
    if (records == NULL)
        return hob_error_set(error, HOB_E_KEY, "the parameter 'data' has no 'records'");
    int code = check_records(records, error);
    if (code == 0 && !hob_value_is_null(names))
        code = check_names(names, error);
    if (code == 0)
        code = hob_frame_from_value(frame, records, 0, NULL, error);
    if (code != 0 || hob_value_is_null(names))
        return code;
    return are_lists(records) ? name_columns(*frame, names, error)
                              : pick_columns(*frame, names, arena, error);
}
