/* directory: flows that read many files, a record or several each.
 *
 * Which files those are is file_set's business, how one is read record's. Here rows are made: a
 * record's own fields, the three that say where it came from, then what was nested in mappings, as
 * columns with dotted names. Rows become a table only at the end, so that the work is linear in the
 * size of all files.
 *
 * Dotted names are made once each. YAML aliases can make a small file name millions of nested
 * values, so what flattening gives is limited. */
#include "access/file_set.h"
#include "access/formats.h"
#include "access/record.h"
#include "base/map.h"
#include "frame/build.h"
#include "value/python.h"

enum { MAX_NESTED_CELLS = 50000000, MAX_NAMES_SIZE = 256 << 20 };

struct reading {
    struct hob_arena *arena; /* values; the frame takes it over */
    const struct hob_scope *scope;
    struct hob_store_fields fields;
    struct hob_file_places places;
    struct hob_map *names;    /* dotted names that were made: text -> value */
    struct hob_buffer dotted; /* the name being made */
    size_t names_size, nested_cells;
    struct hob_value *rows;
    const char *path; /* of the file being read */
};

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "cannot read a directory: not enough memory");
}

/* -- A row of a record. */

static const struct hob_value *dotted_name(struct reading *reading)
{
    struct hob_text text = hob_buffer_text(&reading->dotted);
    struct hob_value *name = hob_map_get(reading->names, text);
    if (name != NULL)
        return name;
    name = hob_value_new_string(reading->arena, text);
    reading->names_size += text.size + sizeof *name;
    return hob_map_put(reading->names, name->text, name) ? name : NULL;
}

static int too_much(const struct reading *reading, const char *what, struct hob_error *error)
{
    hob_error_set(error, HOB_E_LIMIT, "cannot read '%s': %s", reading->path, what);
    hob_error_hint(error, "mappings within mappings become columns: keep them out of the files, "
                          "or read fewer files");
    return HOB_E_LIMIT;
}

static int flatten(struct reading *reading, struct hob_value *row, const struct hob_value *map,
                   unsigned depth, struct hob_error *error);

/* The name so far is that of the mapping around the pair. */
static int flatten_pair(struct reading *reading, struct hob_value *row, const struct hob_pair *pair,
                        unsigned depth, struct hob_error *error)
{
    size_t before = reading->dotted.size;
    if (before > 0)
        hob_buffer_put_char(&reading->dotted, '.');
    hob_python_str(&reading->dotted, pair->key);
    if (hob_buffer_failed(&reading->dotted))
        return no_memory(error);
    int result = 0;
    if (pair->value->kind == HOB_MAP) {
        result = flatten(reading, row, pair->value, depth + 1, error);
    } else {
        const struct hob_value *name = dotted_name(reading);
        if (name == NULL || !hob_value_put(reading->arena, row, name, pair->value))
            result = no_memory(error);
        else if (++reading->nested_cells > MAX_NESTED_CELLS || reading->names_size > MAX_NAMES_SIZE)
            result = too_much(reading, "too many values are nested in mappings", error);
    }
    reading->dotted.size = before;
    return result;
}

static int flatten(struct reading *reading, struct hob_value *row, const struct hob_value *map,
                   unsigned depth, struct hob_error *error)
{
    if (depth > HOB_VALUE_MAX_DEPTH)
        return too_much(reading, "mappings are nested too deeply", error);
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < map->map.count; i++)
        result = flatten_pair(reading, row, &map->map.pairs[i], depth, error);
    return result;
}

/* No column of the data may be one of those that say where it came from. */
static int check_fields(const struct reading *reading, const struct hob_value *record,
                        struct hob_error *error)
{
    static const char *const what[] = {"root", "directory", "filename"};
    for (int i = 0; i < HOB_STORE_COUNT; i++) {
        const struct hob_value *name = reading->fields.names[i];
        if (hob_value_get_key(record, name) == NULL)
            continue;
        hob_error_set(error, HOB_E_VALUE,
                      "The field \"%.*s\" is already in the data of '%s' and is registered for "
                      "setting as the %s field.",
                      HOB_TEXT_ARG(name->text), reading->path, what[i]);
        hob_error_hint(error, "give it another name: store_fields: {%s: ...}", what[i]);
        return HOB_E_VALUE;
    }
    return 0;
}

static int add_row(struct reading *reading, const struct hob_value *record,
                   const struct hob_value *const places[HOB_STORE_COUNT], struct hob_error *error)
{
    struct hob_value *row = hob_value_new(reading->arena, HOB_MAP);
    int result = check_fields(reading, record, error);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < record->map.count; i++) {
        const struct hob_pair *pair = &record->map.pairs[i];
        if (pair->value->kind != HOB_MAP &&
            !hob_value_put(reading->arena, row, pair->key, pair->value))
            return no_memory(error);
    }
    for (int i = 0; i < HOB_STORE_COUNT; i++)
        if (!hob_value_put(reading->arena, row, reading->fields.names[i], places[i]))
            return no_memory(error);
    for (uint32_t i = 0; result == 0 && i < record->map.count; i++)
        if (record->map.pairs[i].value->kind == HOB_MAP)
            result = flatten_pair(reading, row, &record->map.pairs[i], 0, error);
    if (result == 0 && !hob_value_append(reading->arena, reading->rows, row))
        result = no_memory(error);
    return result;
}

/* -- The files. */

static int no_record(const struct reading *reading, const struct hob_value *value, bool listed,
                     struct hob_error *error)
{
    hob_error_set(error, HOB_E_VALUE, "cannot make rows of '%s': it holds a %s%s", reading->path,
                  listed ? "list with a " : "", hob_value_kind_name(value));
    hob_error_hint(error, "a file here holds a mapping (one row), or a list of mappings");
    return HOB_E_VALUE;
}

static int add_file(struct reading *reading, const struct hob_record_kind *kind,
                    struct hob_error *error)
{
    const struct hob_value *value = NULL;
    const struct hob_value *places[HOB_STORE_COUNT];
    const char *name = hob_file_opening_name(&reading->places, reading->path);
    int result = kind->read(kind, &value, reading->arena, reading->scope, name, error);
    if (result < 0)
        return result;
    hob_file_place(&reading->places, reading->path, places);
    if (hob_value_is_null(value))
        value = &hob_value_empty_map;
    if (value->kind == HOB_MAP)
        return add_row(reading, value, places, error);
    if (value->kind != HOB_LIST)
        return no_record(reading, value, false, error);
    for (uint32_t i = 0; result == 0 && i < value->list.count; i++) {
        const struct hob_value *record = value->list.items[i];
        result = record->kind == HOB_MAP ? add_row(reading, record, places, error)
                                         : no_record(reading, record, true, error);
    }
    return result;
}

/* Reads all files; `kind` NULL goes by the ending of each. */
static int read_files(struct hob_frame **frame, const struct hob_scope *scope,
                      const struct hob_value *flow, const struct hob_paths *paths,
                      const struct hob_record_kind *kind, const char *filename_field,
                      struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(map) struct hob_map *names = hob_map_new();
    struct reading reading = {.arena = arena, .scope = scope, .names = names};
    reading.rows = hob_value_new(arena, HOB_LIST);
    int result = hob_file_places_init(&reading.places, arena, error);
    if (result == 0)
        result = hob_store_fields_read(&reading.fields, arena, flow, filename_field, error);
    for (size_t i = 0; result == 0 && i < paths->count; i++) {
        reading.path = paths->items[i];
        result = add_file(&reading, kind != NULL ? kind : hob_record_kind_of(reading.path), error);
    }
    hob_buffer_deinit(&reading.dotted);
    return result < 0 ? result
                      : hob_frame_from_value(frame, reading.rows, 0, HOB_STEAL(arena), error);
}

static int read_directory(struct hob_frame **frame, const struct hob_scope *scope,
                          const struct hob_value *flow, const char *type, const char *glob,
                          struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *names = hob_arena_new();
    HOB_AUTO(paths) struct hob_paths paths = HOB_PATHS_INIT;
    int result = hob_file_set_find(&paths, names, scope, flow, glob, error);
    if (result < 0)
        return result;
    return read_files(frame, scope, flow, &paths, type != NULL ? hob_record_kind_find(type) : NULL,
                      "sourceFilename", error);
}

int hob_directory_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                            const struct hob_value *flow, struct hob_error *error)
{
    return read_directory(frame, scope, flow, NULL, "*", error);
}

int hob_bibtex_directory_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                                   const struct hob_value *flow, struct hob_error *error)
{
    return read_directory(frame, scope, flow, "bibtex", "*.bib", error);
}

int hob_docx_directory_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                                 const struct hob_value *flow, struct hob_error *error)
{
    return read_directory(frame, scope, flow, "docx", "*.docx", error);
}

int hob_json_directory_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                                 const struct hob_value *flow, struct hob_error *error)
{
    return read_directory(frame, scope, flow, "json", "*.json", error);
}

int hob_markdown_directory_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                                     const struct hob_value *flow, struct hob_error *error)
{
    return read_directory(frame, scope, flow, "markdown", "*.md", error);
}

int hob_meta_directory_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                                 const struct hob_value *flow, struct hob_error *error)
{
    return read_directory(frame, scope, flow, "meta", "*", error);
}

int hob_yaml_directory_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                                 const struct hob_value *flow, struct hob_error *error)
{
    return read_directory(frame, scope, flow, "yaml", "*.yml", error);
}

int hob_list_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                       const struct hob_value *flow, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *names = hob_arena_new();
    HOB_AUTO(paths) struct hob_paths paths = HOB_PATHS_INIT;
    int result = hob_file_set_list(&paths, names, flow, error);
    if (result < 0)
        return result;
    return read_files(frame, scope, flow, &paths, NULL, "sourceFile", error);
}
