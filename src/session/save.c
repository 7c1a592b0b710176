/* save: output and series go back to their files, each replaced as a whole or not at all. */
#include "session/internal.h"

#include "access/access.h"
#include "value/json.h"

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory to save the session");
}

/* Fills the cells of one column (NULL: the labels) and adds it to the frame. */
static int add_column(struct hob_frame *frame, const struct session_part *part,
                      const struct session_column *column, const struct hob_value **cells,
                      struct hob_error *error)
{
    struct hob_arena *arena = hob_frame_arena(frame);
    size_t rows = session_labels_count(&part->labels);
    for (size_t row = 0; row < rows; row++) {
        struct session_label label = session_labels_at(&part->labels, row);
        int result = 0;
        if (column == NULL)
            cells[row] = session_label_value(&label, arena);
        else
            result = session_cell_value(&cells[row], column, row, arena, error);
        if (result < 0)
            return result;
    }
    struct hob_column typed;
    if (!hob_column_from_values(&typed, cells, NULL, rows))
        return no_memory(error);
    if (hob_frame_add(frame, column != NULL ? column->name : part->index_name, &typed) != NULL)
        return 0;
    hob_column_deinit(&typed);
    return no_memory(error);
}

/* What the file is to hold: the index unless rows are only numbered, then the columns. */
static int part_frame(struct hob_frame **out, const struct hob_session *session,
                      const struct session_part *part, struct hob_error *error)
{
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    size_t rows = session_labels_count(&part->labels);
    const struct hob_value **cells =
        hob_arena_try_alloc(hob_frame_arena(frame), (rows + 1) * sizeof *cells);
    int result = cells == NULL ? no_memory(error) : 0;
    bool indexed = !part->numbered || part->labels.base_count == 0 || part->labels.more_count > 0;
    if (result == 0 && indexed)
        result = add_column(frame, part, NULL, cells, error);
    for (size_t i = 0; result == 0 && i < session_labels_count(&session->names); i++)
        if (session->by_name[i]->part == part)
            result = add_column(frame, part, session->by_name[i], cells, error);
    if (result == 0)
        *out = HOB_STEAL(frame);
    return result;
}

/* ---- what cannot be saved ---- */

static bool is_empty(const struct hob_value *setting)
{
    return hob_value_is_null(setting) ||
           (hob_value_is(setting, HOB_LIST) && setting->list.count == 0) ||
           (hob_value_is(setting, HOB_MAP) && setting->map.count == 0);
}

/* The file is replaced by what the session holds: it must hold all that the file did. */
static int check_complete(const struct session_part *part, struct hob_error *error)
{
    static const char *const settings[] = {"rename_columns", "ignore_columns", "select_columns"};
    const char *kind = session_kind_name(part->kind);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (is_empty(hob_value_get(part->flow, settings[i])))
            continue;
        hob_error_set(error, HOB_E_VALUE,
                      "`%s` cannot be saved: its `%s` makes the columns of the session others than "
                      "those of the file, which would be lost",
                      kind, settings[i]);
        hob_error_hint(error, "take `%s` out of `%s` in the interface, then reload the session",
                       settings[i], kind);
        return HOB_E_VALUE;
    }
    if (part->repeated == 0)
        return 0;
    hob_error_set(error, HOB_E_VALUE,
                  "`%s` cannot be saved: the file would lose %zu row%s whose label another row has "
                  "already, the first of them %.*s",
                  kind, part->repeated, part->repeated == 1 ? "" : "s",
                  HOB_TEXT_ARG(part->first_repeated));
    hob_error_hint(error, "make the labels in the file unique, then reload the session, which "
                          "keeps the edits");
    return HOB_E_VALUE;
}

/* Refuses before any file was written, where that can be known so early. */
static int check_part(const struct session_part *part, const struct hob_scope *scope,
                      struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *path = NULL;
    int result = check_complete(part, error);
    if (result < 0 || scope->writing == NULL || hob_access_path(&path, arena, part->flow, NULL) < 0)
        return result;
    result = scope->writing(scope->writing_data, path, false, error);
    return result < 0 ? hob_error_context(error, "save `%s`", session_kind_name(part->kind)) : 0;
}

static bool is_to_save(const struct session_part *part, bool everything)
{
    bool is_saved = part->kind == SESSION_OUTPUT || part->kind == SESSION_SERIES;
    return is_saved && (part->changed || everything);
}

/* ---- saving ---- */

/* What is to be saved. */
struct saving {
    struct session_part **parts;
    struct hob_frame **frames;
    struct hob_buffer *files; /* of flows that write a file a row: the names, as JSON */
    size_t count;
    size_t at; /* the flow that is being written */
    const struct hob_scope *scope;
};

/* Keeps the name of each file that is replaced. */
static int note_file(void *data, const char *path, bool begins, struct hob_error *error)
{
    struct saving *saving = data;
    struct hob_buffer *files = &saving->files[saving->at];
    int result = saving->scope->writing != NULL
                     ? saving->scope->writing(saving->scope->writing_data, path, begins, error)
                     : 0;
    if (result < 0 || !begins)
        return result;
    hob_buffer_put_string(files, files->size > 0 ? "," : "");
    hob_json_put_string(files, hob_text_from(path), HOB_JSON_COMPACT);
    return 0;
}

static void put_written(struct hob_buffer *out, const struct saving *saving, size_t at)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct session_part *part = saving->parts[at];
    const char *path = NULL;
    hob_buffer_printf(out, "{\"flow\":\"%s\",\"path\":", session_kind_name(part->kind));
    if (hob_access_path(&path, arena, part->flow, NULL) == 0) {
        hob_json_put_string(out, hob_text_from(path), HOB_JSON_COMPACT);
    } else {
        hob_buffer_put_string(out, "null,\"files\":[");
        hob_buffer_put_text(out, hob_buffer_text(&saving->files[at]));
        hob_buffer_put_char(out, ']');
    }
    hob_buffer_printf(out, ",\"rows\":%zu,\"columns\":%zu}", hob_frame_rows(saving->frames[at]),
                      hob_frame_columns(saving->frames[at]));
}

static int write_parts(struct saving *saving, bool rehearses, struct hob_error *error)
{
    struct hob_scope scope = *saving->scope;
    scope.rehearses = rehearses;
    scope.writing = note_file;
    scope.writing_data = saving;
    for (size_t i = 0; i < saving->count; i++) {
        struct session_part *part = saving->parts[i];
        saving->at = i;
        int result = hob_access_write(&scope, part->flow, saving->frames[i], error);
        if (result < 0 && i > 0 && !rehearses)
            hob_error_context(error, "`%s` is saved, but not",
                              session_kind_name(saving->parts[i - 1]->kind));
        if (result < 0)
            return hob_error_context(error, "save `%s`", session_kind_name(part->kind));
        part->changed &= rehearses;
    }
    return 0;
}

/* A flow that names one file replaces it as a whole in any case; others write a file a row. */
static bool is_one_file(const struct session_part *part)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *path;
    return hob_access_path(&path, arena, part->flow, NULL) == 0;
}

/* Several files are written all or not at all, as far as that can be known before. */
static int save_parts(struct saving *saving, const struct hob_session *session,
                      struct hob_error *error)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < saving->count; i++)
        result = check_part(saving->parts[i], saving->scope, error);
    for (size_t i = 0; result == 0 && i < saving->count; i++) {
        result = part_frame(&saving->frames[i], session, saving->parts[i], error);
        if (result < 0)
            hob_error_context(error, "save `%s`", session_kind_name(saving->parts[i]->kind));
    }
    bool several = saving->count > 1 || (saving->count == 1 && !is_one_file(saving->parts[0]));
    if (result == 0 && several)
        result = write_parts(saving, true, error);
    return result == 0 ? write_parts(saving, false, error) : result;
}

static void init_saving(struct saving *saving, const struct hob_session *session, bool everything,
                        struct hob_arena *arena)
{
    saving->parts = hob_arena_alloc(arena, session->part_count * sizeof *saving->parts);
    saving->frames = hob_arena_alloc(arena, session->part_count * sizeof *saving->frames);
    saving->files = hob_arena_alloc(arena, session->part_count * sizeof *saving->files);
    for (size_t i = 0; i < session->part_count; i++) {
        if (!is_to_save(session->parts[i], everything))
            continue;
        saving->frames[saving->count] = NULL;
        saving->files[saving->count] = (struct hob_buffer)HOB_BUFFER_INIT;
        saving->parts[saving->count++] = session->parts[i];
    }
}

SESSION_OPERATION(save)
{
    const struct hob_value *all = hob_value_get(parameters, "all");
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct saving saving = {.scope = scope};
    init_saving(&saving, session, hob_value_is(all, HOB_BOOL) && all->boolean, arena);
    int result = save_parts(&saving, session, error);
    if (result == 0)
        hob_buffer_put_string(out, ",\"written\":[");
    for (size_t i = 0; i < saving.count; i++) {
        if (result == 0) {
            hob_buffer_put_string(out, i > 0 ? "," : "");
            put_written(out, &saving, i);
        }
        hob_frame_free(saving.frames[i]);
        hob_buffer_deinit(&saving.files[i]);
    }
    if (result < 0)
        return result;
    hob_buffer_put_char(out, ']');
    struct hob_value *record = session_new_record(arena, "saved");
    hob_value_put_string(arena, record, "files", hob_value_new_bool(true));
    return saving.count == 0 ? 0 : session_edit(session, record, error);
}
