/* records_build: see records_build.h.
 *
 * A column starts without a type and gets one with its first value; holes before that are only
 * counted. A value of another kind turns the column into one that holds both, if that can be done
 * without having forgotten anything: fractions swallow integers, and values swallow everything.
 * What would need what was forgotten (text behind integers that became fractions) makes the whole
 * builder give up, and the caller reads the records as a tree. Rows in which a key is absent are
 * filled when its column is next touched, so that a wide table of sparse records costs what it
 * holds. */
#include "frame/records_build.h"

#include "base/map.h"

struct target {
    struct hob_column column;
    const struct hob_value *name;
    size_t rows; /* that have been accounted for, holes included */
    bool typed;
    bool has_null, has_absent;
    bool has_integers; /* a FLOAT64 column some of whose cells were written as integers */
};

struct hob_records {
    struct hob_frame *frame;
    struct hob_json_reader *reader; /* of the record that is being read; borrowed */
    struct target *targets;
    size_t count, capacity;
    struct hob_map *positions; /* key -> position + 1, as a pointer */
    size_t expected;           /* the target that comes next if records look alike */
    size_t row;
    size_t given; /* cells that came with a value */
};

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot read the records: not enough memory");
}

/* Gives the column its type; the holes so far become cells of it. */
static bool start(struct target *target, enum hob_column_type type)
{
    hob_column_init(&target->column, type);
    target->typed = true;
    for (size_t i = 0; i < target->rows; i++)
        if (!hob_column_append_missing(&target->column))
            return false;
    return true;
}

/* The rows since the column was last touched did not have its key. */
static bool catch_up(struct target *target, size_t row)
{
    target->has_absent |= target->rows < row;
    for (; target->rows < row; target->rows++)
        if (target->typed && !hob_column_append_missing(&target->column))
            return false;
    return true;
}

/* The same cells in a column of values. */
static bool widen_to_values(struct hob_records *records, struct target *target)
{
    struct hob_column values;
    struct hob_arena *arena = hob_frame_arena(records->frame);
    hob_column_init(&values, HOB_COLUMN_VALUE);
    for (size_t row = 0; row < target->column.count; row++) {
        if (!hob_column_append_from(&values, &target->column, row, arena)) {
            hob_column_deinit(&values);
            return false;
        }
    }
    hob_column_deinit(&target->column);
    target->column = values;
    return true;
}

static bool widen_to_fractions(struct target *target)
{
    struct hob_column fractions;
    const struct hob_column *old = &target->column;
    hob_column_init(&fractions, HOB_COLUMN_FLOAT64);
    bool made = hob_column_reserve(&fractions, old->count, 0);
    for (size_t row = 0; made && row < old->count; row++)
        made = hob_column_is_missing(old, row)
                   ? hob_column_append_missing(&fractions)
                   : hob_column_append_double(&fractions, (double)old->integers[row]);
    if (!made) {
        hob_column_deinit(&fractions);
        return false;
    }
    target->has_integers = old->count > 0;
    hob_column_deinit(&target->column);
    target->column = fractions;
    return true;
}

/* Makes room in the column for a cell of the type: 0 when it has that type afterwards, or is a
 * column of values. */
static int make_fit(struct hob_records *records, struct target *target, enum hob_column_type type,
                    struct hob_error *error)
{
    if (!target->typed)
        return start(target, type) ? 0 : no_memory(error);
    enum hob_column_type has = target->column.type;
    if (has == type || has == HOB_COLUMN_VALUE)
        return 0;
    if (has == HOB_COLUMN_INT64 && type == HOB_COLUMN_FLOAT64)
        return widen_to_fractions(target) ? 0 : no_memory(error);
    if (has == HOB_COLUMN_FLOAT64 && type == HOB_COLUMN_INT64)
        return 0;
    if (has == HOB_COLUMN_FLOAT64 && target->has_integers)
        return HOB_RECORDS_GIVE_UP;
    return widen_to_values(records, target) ? 0 : no_memory(error);
}

static enum hob_column_type type_of(enum hob_json_event event)
{
    switch (event) {
    case HOB_JSON_TRUE:
    case HOB_JSON_FALSE:
        return HOB_COLUMN_BOOL;
    case HOB_JSON_INT:
        return HOB_COLUMN_INT64;
    case HOB_JSON_DOUBLE:
        return HOB_COLUMN_FLOAT64;
    case HOB_JSON_STRING:
        return HOB_COLUMN_STRING;
    default:
        return HOB_COLUMN_VALUE;
    }
}

static int append_value(struct hob_records *records, struct target *target,
                        const struct hob_json_token *token, struct hob_error *error)
{
    const struct hob_value *value;
    int result = hob_json_read_nested(hob_frame_arena(records->frame), records->reader, token,
                                      &value, error);
    if (result < 0)
        return result;
    return hob_column_append_value(&target->column, value) ? 0 : no_memory(error);
}

static int append(struct hob_records *records, struct target *target,
                  const struct hob_json_token *token, struct hob_error *error)
{
    struct hob_column *column = &target->column;
    if (token->event == HOB_JSON_NULL) {
        target->has_null = true;
        return !target->typed || hob_column_append_missing(column) ? 0 : no_memory(error);
    }
    if (token->event == HOB_JSON_BIG_INT)
        return HOB_RECORDS_GIVE_UP;
    int result = make_fit(records, target, type_of(token->event), error);
    if (result != 0)
        return result;
    bool kept;
    switch (column->type) {
    case HOB_COLUMN_INT64:
        kept = hob_column_append_int(column, token->integer);
        break;
    case HOB_COLUMN_FLOAT64:
        target->has_integers |= token->event == HOB_JSON_INT;
        kept = hob_column_append_double(
            column, token->event == HOB_JSON_INT ? (double)token->integer : token->number);
        break;
    case HOB_COLUMN_BOOL:
        kept = hob_column_append_bool(column, token->event == HOB_JSON_TRUE);
        break;
    case HOB_COLUMN_STRING:
        kept = hob_column_append_string(column, token->text);
        break;
    default:
        return append_value(records, target, token, error);
    }
    return kept ? 0 : no_memory(error);
}

/* The column of a key: mostly the one behind the last. NULL without memory. */
static struct target *target_of(struct hob_records *records, struct hob_text key)
{
    if (records->expected < records->count) {
        struct target *next = &records->targets[records->expected];
        if (hob_text_equal(next->name->text, key)) {
            records->expected++;
            return next;
        }
    }
    size_t position = (size_t)(uintptr_t)hob_map_get(records->positions, key);
    if (position == 0) {
        if (!HOB_TRY_GROW(records->targets, records->capacity, records->count + 1))
            return NULL;
        struct target *fresh = &records->targets[records->count++];
        *fresh =
            (struct target){.name = hob_value_new_string(hob_frame_arena(records->frame), key)};
        position = records->count;
        if (!hob_map_put(records->positions, fresh->name->text, (void *)(uintptr_t)position))
            return NULL;
    }
    records->expected = position;
    return &records->targets[position - 1];
}

int hob_records_take(struct hob_records *records, struct hob_json_reader *reader,
                     struct hob_error *error)
{
    records->reader = reader;
    records->expected = 0;
    for (;;) {
        struct hob_json_token token;
        int result = hob_json_next(records->reader, &token, error);
        if (result < 0)
            return result;
        if (token.event == HOB_JSON_MAP_END)
            break;
        struct target *target = target_of(records, token.text);
        if (target == NULL)
            return no_memory(error);
        records->given++;
        result = hob_frame_check_size(records->row + 1, records->count, records->given, error);
        if (result < 0)
            return result;
        if (!catch_up(target, records->row))
            return no_memory(error);
        if (target->rows > records->row)
            return HOB_RECORDS_GIVE_UP; /* the key stands twice in this record */
        result = hob_json_next(records->reader, &token, error);
        if (result == 0)
            result = append(records, target, &token, error);
        if (result != 0)
            return result;
        target->rows++;
    }
    records->row++;
    return 0;
}

/* The type that the column ends with. */
static bool finish_column(struct target *target, size_t rows)
{
    if (!catch_up(target, rows))
        return false;
    if (!target->typed)
        return start(target, target->has_absent ? HOB_COLUMN_FLOAT64 : HOB_COLUMN_VALUE);
    if (target->column.type == HOB_COLUMN_INT64 && hob_column_has_missing(&target->column))
        return widen_to_fractions(target);
    return true;
}

struct hob_records *hob_records_new(void)
{
    struct hob_records *records = hob_alloc_zero(1, sizeof *records);
    records->frame = hob_frame_new();
    records->positions = hob_map_new();
    return records;
}

struct hob_records *hob_records_free(struct hob_records *records)
{
    if (records == NULL)
        return NULL;
    for (size_t i = 0; i < records->count; i++)
        if (records->targets[i].typed)
            hob_column_deinit(&records->targets[i].column);
    free(records->targets);
    hob_map_free(records->positions);
    hob_frame_free(records->frame);
    free(records);
    return NULL;
}

static int add_columns(struct hob_records *records, struct hob_error *error)
{
    int result = hob_frame_check_size(records->row, records->count, records->given, error);
    if (result < 0)
        return result;
    hob_frame_set_rows(records->frame, records->row);
    for (size_t i = 0; i < records->count; i++) {
        struct target *target = &records->targets[i];
        if (!finish_column(target, records->row) ||
            hob_frame_add(records->frame, target->name, &target->column) == NULL)
            return no_memory(error);
        target->typed = false; /* the frame has it now */
    }
    return 0;
}

int hob_records_finish(struct hob_records *records, struct hob_frame **frame,
                       struct hob_error *error)
{
    if (records->count == 0)
        return HOB_RECORDS_GIVE_UP; /* no record, or only empty ones */
    int result = add_columns(records, error);
    if (result == 0)
        *frame = HOB_STEAL(records->frame);
    return result;
}
