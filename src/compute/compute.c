/* compute: see compute.h.
 *
 * A section is checked before anything runs: the function, the fields, the columns that its
 * arguments name. Then each row makes a mapping of arguments in a scratch arena, the function is
 * called, and its results, which live in the frame's arena, become columns typed as a whole. */
#include "compute/compute.h"

#include "compute/functions.h"
#include "value/python.h"

enum {
    TEMPLATES = 512,
    TEMPLATE_BYTES = 64 << 20,
    ROWS_A_SCRATCH = 256,
    MAX_FUNCTION_CALLS = 1000
};

struct hob_compute {
    struct hob_liquid_cache *templates;
    struct hob_compute_remote remote; /* `call` is NULL when there is none */
    bool strict;
};

struct hob_compute *hob_compute_new(void)
{
    struct hob_compute *compute = hob_alloc_zero(1, sizeof *compute);
    compute->templates = hob_liquid_cache_new(TEMPLATES, TEMPLATE_BYTES);
    return compute;
}

struct hob_compute *hob_compute_free(struct hob_compute *compute)
{
    if (compute != NULL) {
        hob_liquid_cache_free(compute->templates);
        free(compute);
    }
    return NULL;
}

void hob_compute_set_remote(struct hob_compute *compute, const struct hob_compute_remote *remote)
{
    compute->remote = *remote;
}

void hob_compute_set_strict(struct hob_compute *compute)
{
    compute->strict = true;
}

static const struct hob_compute_remote *remote_of(const struct hob_compute *compute)
{
    return compute->remote.call != NULL ? &compute->remote : NULL;
}

enum mode { REPLACE, APPEND, PREPEND };

/* One argument that a column gives. */
struct column_argument {
    const struct hob_value *name;
    size_t column;
};

/* One entry of a section, checked. */
struct step {
    struct hob_compute *compute;
    struct hob_frame *frame;
    const struct hob_scope *scope;
    struct hob_arena *arena; /* lives as long as the step */
    const struct hob_value *entry;
    const struct hob_function *function;
    struct hob_value *fixed; /* args, column_args: the same for every row */
    struct column_argument *row_arguments;
    size_t row_argument_count;
    const struct hob_value *const *fields;
    uint32_t field_count;
    enum mode mode;
    struct hob_text separator;
    bool keep_existing; /* refresh: false */
    size_t *columns;    /* of each field, SIZE_MAX for those that are not there yet */
    unsigned calls;     /* made for `function_args`, which aliases could multiply */
};

static bool is_passed(const struct hob_value *value)
{
    return value->kind != HOB_NULL && !(value->kind == HOB_STRING && value->text.size == 0) &&
           !(value->kind == HOB_DOUBLE && value->number != value->number);
}

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot compute: not enough memory");
}

static const char *text_of(struct hob_arena *arena, const struct hob_value *value)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_python_str(&text, value);
    return hob_arena_copy(arena, hob_buffer_text(&text)).data;
}

static int find_function(const struct hob_function **function, const struct hob_value *entry,
                         struct hob_arena *arena, struct hob_error *error)
{
    const struct hob_value *name = hob_value_get(entry, "function");
    if (name == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "a compute entry lacks `function`");
    *function = name->kind == HOB_STRING ? hob_function_find(name->text) : NULL;
    if (*function != NULL)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer known = HOB_BUFFER_INIT;
    size_t count;
    const struct hob_function *functions = hob_functions(&count);
    for (size_t i = 0; i < count; i++)
        hob_buffer_printf(&known, "%s%s", i > 0 ? ", " : "", functions[i].name);
    hob_error_set(error, HOB_E_VALUE, "unknown compute function '%s'; known are %s",
                  text_of(arena, name), hob_buffer_string(&known));
    hob_error_hint(error, "`hob help functions` tells what they do");
    return HOB_E_VALUE;
}

/* The mapping under `key`, or NULL; an error when it is something else. */
static int mapping_of(const struct hob_value **mapping, const struct hob_value *entry,
                      const char *key, struct hob_error *error)
{
    *mapping = hob_value_get(entry, key);
    if (hob_value_is_null(*mapping))
        *mapping = NULL;
    if (*mapping == NULL || (*mapping)->kind == HOB_MAP)
        return 0;
    return hob_error_set(error, HOB_E_VALUE, "`%s` of a compute entry must be a mapping, not a %s",
                         key, hob_value_kind_name(*mapping));
}

static int find_column(size_t *column, const struct step *step, const char *kind,
                       const struct hob_pair *pair, struct hob_error *error)
{
    *column = hob_frame_find(step->frame, pair->value);
    if (*column != SIZE_MAX)
        return 0;
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    for (size_t i = 0; i < hob_frame_columns(step->frame) && i < 40; i++) {
        hob_buffer_put_string(&names, i > 0 ? ", " : "");
        hob_python_repr(&names, hob_frame_name(step->frame, i));
    }
    const char *wanted = text_of(step->arena, pair->value);
    hob_error_set(error, HOB_E_VALUE, "Invalid key '%s' in %s for key '%s'. Available keys: [%s]",
                  wanted, kind, text_of(step->arena, pair->key), hob_buffer_string(&names));
    hob_error_hint(error, "a value that is no column belongs under `args`");
    return HOB_E_VALUE;
}

static int take_row_arguments(struct step *step, struct hob_error *error)
{
    const struct hob_value *mapping;
    int result = mapping_of(&mapping, step->entry, "row_args", error);
    if (result < 0 || mapping == NULL)
        return result;
    step->row_arguments =
        hob_arena_alloc(step->arena, (mapping->map.count + 1) * sizeof *step->row_arguments);
    for (uint32_t i = 0; i < mapping->map.count; i++) {
        struct column_argument *argument = &step->row_arguments[step->row_argument_count++];
        argument->name = mapping->map.pairs[i].key;
        result = find_column(&argument->column, step, "row_args", &mapping->map.pairs[i], error);
        if (result < 0)
            return result;
    }
    return 0;
}

static const struct hob_value *whole_column(const struct step *step, size_t position)
{
    const struct hob_column *column = hob_frame_column(step->frame, position);
    struct hob_arena *arena = hob_frame_arena(step->frame);
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    for (size_t row = 0; row < column->count; row++)
        if (!hob_value_append(arena, list, hob_column_value(column, row, arena)))
            return NULL;
    return list;
}

static int take_column_arguments(struct step *step, struct hob_error *error)
{
    const struct hob_value *mapping;
    int result = mapping_of(&mapping, step->entry, "column_args", error);
    for (uint32_t i = 0; result == 0 && mapping != NULL && i < mapping->map.count; i++) {
        size_t column;
        result = find_column(&column, step, "column_args", &mapping->map.pairs[i], error);
        if (result < 0)
            return result;
        const struct hob_value *list = whole_column(step, column);
        if (list == NULL)
            return no_memory(error);
        hob_value_put(step->arena, step->fixed, mapping->map.pairs[i].key, list);
    }
    return result;
}

static int call_nested(const struct hob_value **value, struct step *step,
                       const struct hob_value *entry, struct hob_error *error);

/* Arguments that are the results of other functions. */
static int take_function_arguments(struct step *step, const struct hob_value *entry,
                                   struct hob_value *arguments, struct hob_error *error)
{
    const struct hob_value *mapping;
    int result = mapping_of(&mapping, entry, "function_args", error);
    for (uint32_t i = 0; result == 0 && mapping != NULL && i < mapping->map.count; i++) {
        const struct hob_value *value;
        result = call_nested(&value, step, mapping->map.pairs[i].value, error);
        /* A function that gives its argument back makes it a cell. */
        if (result == 0)
            value = hob_value_copy_deep(hob_frame_arena(step->frame), value);
        if (result == 0 && value == NULL)
            return no_memory(error);
        if (result == 0)
            hob_value_put(step->arena, arguments, mapping->map.pairs[i].key, value);
    }
    return result;
}

static int call_nested(const struct hob_value **value, struct step *step,
                       const struct hob_value *entry, struct hob_error *error)
{
    if (++step->calls > MAX_FUNCTION_CALLS)
        return hob_error_set(error, HOB_E_LIMIT, "`function_args` ask for more than %d calls",
                             MAX_FUNCTION_CALLS);
    const struct hob_function *function;
    const struct hob_value *given;
    int result = find_function(&function, entry, step->arena, error);
    if (result == 0)
        result = mapping_of(&given, entry, "args", error);
    if (result < 0)
        return result;
    struct hob_value *arguments =
        given != NULL ? hob_value_copy(step->arena, given) : hob_value_new(step->arena, HOB_MAP);
    result = take_function_arguments(step, entry, arguments, error);
    if (result < 0)
        return result;
    struct hob_function_call call = {hob_value_text(hob_value_get(entry, "function")),
                                     arguments,
                                     step->arena,
                                     step->compute->templates,
                                     step->scope,
                                     remote_of(step->compute),
                                     step->compute->strict};
    return function->run(value, &call, error);
}

static int refuse_session_arguments(const struct step *step, struct hob_error *error)
{
    static const char *const keys[] = {"subseries_args", "view_args"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (hob_value_is_null(hob_value_get(step->entry, keys[i])))
            continue;
        hob_error_set(error, HOB_E_VALUE, "`%s` of a compute entry needs a session", keys[i]);
        hob_error_hint(error, "use `row_args` (a value of the row) or `column_args` (a column)");
        return HOB_E_VALUE;
    }
    return 0;
}

static int take_fields(struct step *step, struct hob_error *error)
{
    const struct hob_value *field = hob_value_get(step->entry, "field");
    if (hob_value_is(field, HOB_LIST) && field->list.count > 0) {
        step->fields = field->list.items;
        step->field_count = field->list.count;
        return 0;
    }
    if (!hob_value_is(field, HOB_STRING))
        return hob_error_set(error, HOB_E_PARAMETER,
                             "a compute entry needs `field`, a name or a list of names");
    const struct hob_value **one = hob_arena_alloc(step->arena, sizeof *one);
    *one = field;
    step->fields = one;
    step->field_count = 1;
    return 0;
}

static int take_mode(struct step *step, struct hob_error *error)
{
    static const char *const names[] = {
        [REPLACE] = "replace", [APPEND] = "append", [PREPEND] = "prepend"};
    const struct hob_value *mode = hob_value_get(step->entry, "mode");
    const struct hob_value *separator = hob_value_get(step->entry, "separator");
    const struct hob_value *refresh = hob_value_get(step->entry, "refresh");
    step->separator = hob_value_is(separator, HOB_STRING) ? separator->text : HOB_TEXT("");
    step->keep_existing = hob_value_is(refresh, HOB_BOOL) && !refresh->boolean;
    if (hob_value_is_null(mode))
        return 0;
    for (int i = REPLACE; i <= PREPEND; i++) {
        if (hob_value_is(mode, HOB_STRING) && hob_text_is(mode->text, names[i])) {
            step->mode = (enum mode)i;
            return 0;
        }
    }
    return hob_error_set(error, HOB_E_VALUE,
                         "the `mode` of a compute entry must be replace, append or prepend");
}

static int prepare(struct step *step, struct hob_error *error)
{
    if (step->entry->kind != HOB_MAP)
        return hob_error_set(error, HOB_E_VALUE, "a compute entry must be a mapping, not a %s",
                             hob_value_kind_name(step->entry));
    const struct hob_value *args;
    int result = find_function(&step->function, step->entry, step->arena, error);
    if (result == 0)
        result = mapping_of(&args, step->entry, "args", error);
    if (result == 0)
        result = take_fields(step, error);
    if (result == 0)
        result = take_mode(step, error);
    if (result == 0)
        result = refuse_session_arguments(step, error);
    if (result < 0)
        return result;
    step->columns = hob_arena_alloc(step->arena, (step->field_count + 1) * sizeof *step->columns);
    for (uint32_t i = 0; i < step->field_count; i++)
        step->columns[i] = hob_frame_find(step->frame, step->fields[i]);
    if (args != NULL)
        args = hob_value_copy_deep(hob_frame_arena(step->frame), args);
    else
        args = &hob_value_empty_map;
    if (args == NULL)
        return hob_error_set(error, HOB_E_LIMIT, "the `args` are nested too deeply");
    step->fixed = hob_value_copy(step->arena, args);
    result = take_row_arguments(step, error);
    if (result == 0)
        result = take_column_arguments(step, error);
    if (result == 0)
        result = take_function_arguments(step, step->entry, step->fixed, error);
    return result;
}

/* The row's arguments: what is missing, null or "" is not passed. */
static const struct hob_value *arguments_of(const struct step *step, size_t row,
                                            struct hob_arena *scratch)
{
    struct hob_value *arguments = hob_value_copy(scratch, step->fixed);
    for (size_t i = 0; i < step->row_argument_count; i++) {
        const struct column_argument *argument = &step->row_arguments[i];
        const struct hob_value *value =
            hob_column_value(hob_frame_column(step->frame, argument->column), row, scratch);
        if (is_passed(value))
            hob_value_put(scratch, arguments, argument->name, value);
    }
    return arguments;
}

/* The cell that a field has now; null when the column is not there, or the cell does not matter. */
static const struct hob_value *existing(const struct step *step, uint32_t field, size_t row)
{
    bool matters = step->mode != REPLACE || step->keep_existing;
    if (!matters || step->columns[field] == SIZE_MAX)
        return &hob_value_null;
    return hob_column_value(hob_frame_column(step->frame, step->columns[field]), row,
                            hob_frame_arena(step->frame));
}

/* NULL without memory. */
static const struct hob_value *join(const struct step *step, const struct hob_value *first,
                                    const struct hob_value *second)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_python_str(&text, first);
    hob_buffer_put_text(&text, step->separator);
    hob_python_str(&text, second);
    if (hob_buffer_failed(&text))
        return NULL;
    return hob_value_new_string(hob_frame_arena(step->frame), hob_buffer_text(&text));
}

static const struct hob_value *merge(const struct step *step, const struct hob_value *old,
                                     const struct hob_value *fresh)
{
    if (step->keep_existing && is_passed(old))
        return old;
    if (step->mode == REPLACE || !is_passed(old))
        return fresh;
    if (!is_passed(fresh))
        return old;
    return step->mode == APPEND ? join(step, old, fresh) : join(step, fresh, old);
}

/* The result in the frame's arena. What came from there (a whole column, as an argument) is shared
 * by all rows instead of copied for each. */
static const struct hob_value *keep_result(const struct step *step, const struct hob_value *result)
{
    for (uint32_t i = 0; i < step->fixed->map.count; i++)
        if (step->fixed->map.pairs[i].value == result)
            return result;
    return hob_value_copy_deep(hob_frame_arena(step->frame), result);
}

/* The row's results, one a field, at cells[field * rows + row]. */
static int compute_row(const struct step *step, size_t row, size_t rows,
                       const struct hob_value **cells, struct hob_arena *scratch,
                       struct hob_error *error)
{
    bool needed = !step->keep_existing;
    for (uint32_t i = 0; i < step->field_count; i++) {
        cells[i * rows + row] = existing(step, i, row);
        needed |= !is_passed(cells[i * rows + row]);
    }
    if (!needed)
        return 0;
    struct hob_function_call call = {hob_value_text(hob_value_get(step->entry, "function")),
                                     arguments_of(step, row, scratch),
                                     hob_frame_arena(step->frame),
                                     step->compute->templates,
                                     step->scope,
                                     remote_of(step->compute),
                                     step->compute->strict};
    const struct hob_value *result;
    int status = step->function->run(&result, &call, error);
    if (status < 0)
        return status;
    bool several = step->field_count != 1;
    bool is_list = result->kind == HOB_LIST || result->kind == HOB_TUPLE;
    if (several && (!is_list || result->list.count != step->field_count))
        return hob_error_set(error, HOB_E_VALUE,
                             "'%s' gave one result or the wrong number of them for %u fields",
                             step->function->name, step->field_count);
    for (uint32_t i = 0; i < step->field_count; i++) {
        const struct hob_value *fresh = keep_result(step, several ? result->list.items[i] : result);
        if (fresh == NULL)
            return no_memory(error);
        cells[i * rows + row] = merge(step, cells[i * rows + row], fresh);
        if (cells[i * rows + row] == NULL)
            return no_memory(error);
    }
    return 0;
}

/* Replaces the column of that name, or adds it at the end. */
static int put_column(struct hob_frame *frame, const struct hob_value *name,
                      const struct hob_value *const *cells, size_t rows, struct hob_error *error)
{
    if (hob_value_is(name, HOB_STRING) && hob_text_is(name->text, "_"))
        return 0;
    struct hob_column column;
    bool made = hob_column_from_values(&column, cells, NULL, rows);
    size_t position = hob_frame_find(frame, name);
    if (made && position != SIZE_MAX) {
        struct hob_column *old = hob_frame_column(frame, position);
        hob_column_deinit(old);
        *old = column;
        return 0;
    }
    name = hob_value_copy_deep(hob_frame_arena(frame), name);
    if (made && name != NULL && hob_frame_add(frame, name, &column) != NULL)
        return 0;
    hob_column_deinit(&column);
    return no_memory(error);
}

static int run_step(struct step *step, struct hob_error *error)
{
    size_t rows = hob_frame_rows(step->frame);
    if (rows == 0)
        return 0;
    const struct hob_value **cells =
        hob_arena_try_alloc(step->arena, (size_t)step->field_count * rows * sizeof *cells);
    if (cells == NULL)
        return no_memory(error);
    for (size_t start = 0; start < rows; start += ROWS_A_SCRATCH) {
        HOB_AUTO(arena) struct hob_arena *scratch = hob_arena_new();
        for (size_t row = start; row < rows && row < start + ROWS_A_SCRATCH; row++) {
            int result = compute_row(step, row, rows, cells, scratch, error);
            if (result < 0)
                return hob_error_context(error, "computing row %zu", row + 1);
        }
    }
    for (uint32_t i = 0; i < step->field_count; i++) {
        int result = put_column(step->frame, step->fields[i], cells + i * rows, rows, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int compute_entry(struct hob_compute *compute, struct hob_frame *frame,
                         const struct hob_value *entry, const struct hob_scope *scope,
                         struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct step step = {
        .compute = compute, .frame = frame, .scope = scope, .arena = arena, .entry = entry};
    int result = prepare(&step, error);
    return result < 0 ? result : run_step(&step, error);
}

int hob_compute_section(struct hob_compute *compute, struct hob_frame *frame,
                        const struct hob_value *section, const struct hob_scope *scope,
                        struct hob_error *error)
{
    if (section->kind != HOB_LIST)
        return compute_entry(compute, frame, section, scope, error);
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < section->list.count; i++)
        result = compute_entry(compute, frame, section->list.items[i], scope, error);
    return result;
}

int hob_compute_finish(void *compute, struct hob_frame *frame, const struct hob_value *flow,
                       const struct hob_scope *scope, struct hob_error *error)
{
    static const char *const sections[] = {"precompute", "compute", "postcompute"};
    int result = 0;
    for (size_t i = 0; result == 0 && i < sizeof sections / sizeof sections[0]; i++) {
        const struct hob_value *section = hob_value_get(flow, sections[i]);
        if (!hob_value_is_null(section))
            result = hob_compute_section(compute, frame, section, scope, error);
    }
    return result;
}
