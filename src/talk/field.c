/* field: see field.h.
 *
 * A talk reads its markdown file when the first field is asked for, and the config file when the
 * first field is asked that the talk itself does not have: most calls never touch the config. */
#include "talk/field.h"

#include "access/front_matter.h"
#include "config/environment.h"
#include "config/interface.h"
#include "value/python.h"

struct hob_talk {
    struct hob_arena *arena;
    struct hob_scope scope;
    struct hob_talk_request request;
    const struct hob_value *fields; /* of the front matter; an empty map when there is none */
    const struct hob_value *config; /* of the config file, likewise */
    int status;                     /* of reading the markdown file */
    struct hob_error trouble;       /* that is no fault of the files */
    const char *flaws[2];           /* of the markdown file and of the config */
    size_t flaw_count;
    bool config_missing;
};

struct hob_talk *hob_talk_open(const struct hob_scope *scope,
                               const struct hob_talk_request *request)
{
    struct hob_talk *talk = hob_alloc_zero(1, sizeof *talk);
    talk->arena = hob_arena_new();
    talk->scope = *scope;
    talk->request = *request;
    return talk;
}

struct hob_talk *hob_talk_close(struct hob_talk *talk)
{
    if (talk == NULL)
        return NULL;
    hob_arena_free(talk->arena);
    free(talk);
    return NULL;
}

/* A broken file counts as an empty one; one that could have been read another time does not. */
static void note_trouble(struct hob_talk *talk, int code, const struct hob_error *error)
{
    if ((code == HOB_E_MEMORY || code == HOB_E_IO) && talk->trouble.code == 0)
        talk->trouble = *error;
}

static void note_flaw(struct hob_talk *talk, const char *message)
{
    talk->flaws[talk->flaw_count++] = hob_arena_copy(talk->arena, hob_text_from(message)).data;
}

static const struct hob_value *front_matter(struct hob_talk *talk)
{
    if (talk->fields != NULL)
        return talk->fields;
    talk->fields = &hob_value_empty_map;
    const char *path = talk->request.markdown_file;
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    talk->status = hob_scope_read(&talk->scope, path, &content, &error);
    note_trouble(talk, talk->status, &error);
    if (talk->status < 0)
        return talk->fields;
    struct hob_front_matter read;
    int broken = hob_front_matter_read(talk->arena, content.text, path, &read, &error);
    note_trouble(talk, broken, &error);
    if (broken < 0)
        note_flaw(talk, error.message);
    else if (read.flaw != NULL)
        note_flaw(talk, hob_arena_printf(talk->arena, "in '%s' %s", path, read.flaw));
    if (broken == 0 && read.fields != NULL)
        talk->fields = read.fields;
    return talk->fields;
}

/* The first config file that exists, and only that one; broken ones count as empty. */
static const struct hob_value *config(struct hob_talk *talk)
{
    if (talk->config != NULL)
        return talk->config;
    talk->config = &hob_value_empty_map;
    for (size_t i = 0; i < talk->request.config_count; i++) {
        const char *path = talk->request.config_files[i];
        if (!hob_scope_exists(&talk->scope, path))
            continue;
        struct hob_interface_request request = {
            .names = hob_value_new_string(talk->arena, hob_text_from(path)),
            .default_name = talk->request.default_parent,
        };
        struct hob_interface interface;
        struct hob_error error = HOB_ERROR_INIT;
        int code = hob_interface_load(talk->arena, &talk->scope, &request, &interface, &error);
        if (code == 0)
            talk->config = interface.fields;
        else
            note_flaw(talk, error.message);
        note_trouble(talk, code, &error);
        return talk->config;
    }
    talk->config_missing = talk->request.config_count > 0;
    return talk->config;
}

/* ['a', 'b'], the texts as they are: quotes inside are not escaped, as the reference joins them. */
static const struct hob_value *join_categories(struct hob_talk *talk, const struct hob_value *list)
{
    HOB_AUTO(buffer) struct hob_buffer joined = HOB_BUFFER_INIT;
    hob_buffer_put_string(&joined, "['");
    for (uint32_t i = 0; i < list->list.count; i++) {
        if (i > 0)
            hob_buffer_put_string(&joined, "', '");
        hob_python_str(&joined, list->list.items[i]);
    }
    hob_buffer_put_string(&joined, "']");
    if (hob_buffer_failed(&joined) && talk->trouble.code == 0)
        hob_error_set(&talk->trouble, HOB_E_MEMORY, "cannot join categories: not enough memory");
    return hob_value_new_string(talk->arena, hob_buffer_text(&joined));
}

static const struct hob_value *finish(struct hob_talk *talk, struct hob_text field,
                                      const struct hob_value *value)
{
    if (value->kind == HOB_LIST && hob_text_is(field, "categories"))
        return join_categories(talk, value);
    struct hob_text text = hob_value_text(value);
    struct hob_text expanded = hob_environment_expand_in(talk->arena, text);
    if (expanded.data == text.data)
        return value;
    return hob_value_new_string_borrowed(talk->arena, expanded);
}

const struct hob_value *hob_talk_field(struct hob_talk *talk, struct hob_text field)
{
    if (hob_text_is(field, "content"))
        return NULL;
    const struct hob_value *value = hob_value_get_text(front_matter(talk), field);
    /* Something is there that can't be read (a directory, say): the search ends, as it does in the
     * reference. What is not there, or may not be looked at, leaves the config to answer. */
    bool unreadable = talk->status < 0 && talk->status != HOB_E_NOT_FOUND &&
                      talk->status != HOB_E_NOT_DIRECTORY && talk->status != HOB_E_OUTSIDE;
    if (value == NULL && !unreadable)
        value = hob_value_get_text(config(talk), field);
    return value != NULL ? finish(talk, field, value) : NULL;
}

int hob_talk_check(struct hob_talk *talk, struct hob_error *error)
{
    if (talk->trouble.code != 0 && error != NULL)
        *error = talk->trouble;
    return talk->trouble.code;
}

const char *hob_talk_flaw(const struct hob_talk *talk, size_t which)
{
    return which < talk->flaw_count ? talk->flaws[which] : NULL;
}

bool hob_talk_lacks_config(const struct hob_talk *talk)
{
    return talk->config_missing;
}

bool hob_talk_exists(struct hob_talk *talk)
{
    front_matter(talk);
    return talk->status == 0;
}

void hob_talk_print_field(struct hob_buffer *out, struct hob_talk *talk, struct hob_text field)
{
    const struct hob_value *value = hob_talk_field(talk, field);
    if (value == NULL)
        return;
    HOB_AUTO(buffer) struct hob_buffer printed = HOB_BUFFER_INIT;
    hob_python_str(&printed, value);
    out->failed |= hob_buffer_failed(&printed);
    hob_environment_expand(out, hob_buffer_text(&printed));
}
