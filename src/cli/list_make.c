/* list_make: `hob list` and `mdlist`; see list.h.
 *
 * The definition is checked first, then each file is read as the table it is: a markdown file is
 * one entry, a data file as many as it has rows. All are put below each other, and rendered. */
#include <limits.h>
#include <sys/stat.h>

#include "access/access.h"
#include "base/number.h"
#include "cli/destination.h"
#include "cli/help.h"
#include "cli/list.h"
#include "cli/open_interface.h"
#include "cli/options.h"
#include "cli/output.h"
#include "compute/functions.h"
#include "compute/list.h"
#include "compute/list_functions.h"
#include "frame/combine.h"
#include "value/yaml.h"

static const char default_config[] = "cvlists.yml";

struct listing {
    const struct hob_arguments *arguments;
    struct hob_arena *arena;
    struct hob_scope scope;
    const char *config;
    int64_t since;
    bool since_given;
};

/* -- Entries. */

/* Whether a line starts with what makes a mapping an interface: large data files need not be parsed
 * to see that they are none. */
static bool may_be_interface(struct hob_text text)
{
    bool fresh = true;
    for (size_t i = 0; i < text.size; i++) {
        struct hob_text rest = {text.data + i, text.size - i};
        if (fresh &&
            (hob_text_starts_with(rest, "input") || hob_text_starts_with(rest, "inherit") ||
             text.data[i] == '{' || text.data[i] == '"' || text.data[i] == '\''))
            return true;
        const char *end = memchr(rest.data, '\n', rest.size);
        if (end == NULL)
            return false;
        i += (size_t)(end - rest.data);
    }
    return false;
}

static bool is_interface(const struct listing *listing, const char *path)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    struct hob_text name = hob_text_from(path);
    const struct hob_value *value;
    if ((!hob_text_ends_with(name, ".yml") && !hob_text_ends_with(name, ".yaml")) ||
        hob_scope_read(&listing->scope, path, &content, NULL) != 0 ||
        !may_be_interface(content.text) ||
        hob_yaml_read(arena, content.text, path, &value, NULL) != 0)
        return false;
    return hob_value_get(value, "input") != NULL ||
           hob_value_is(hob_value_get(value, "inherit"), HOB_MAP);
}

static int read_interface(const struct listing *listing, const char *path, struct hob_frame **frame,
                          struct hob_error *error)
{
    struct hob_interface interface;
    int code = hob_interface_load_file(listing->arena, &listing->scope, path, &interface, error);
    if (code == 0)
        code = hob_access_read_interface(frame, &listing->scope, &interface, error);
    if (code != 0)
        hob_open_interface_hint(path, error);
    return code;
}

/* A directory stands for the markdown files in it. */
static const struct hob_value *flow_of(const struct listing *listing, const char *path,
                                       const char *type, bool is_directory)
{
    struct hob_arena *arena = listing->arena;
    struct hob_value *flow = hob_value_new(arena, HOB_MAP);
    const struct hob_value *name = hob_value_new_string(arena, hob_text_from(path));
    hob_value_put_string(arena, flow, "type", hob_value_new_string(arena, hob_text_from(type)));
    if (!is_directory) {
        hob_value_put_string(arena, flow, "filename", name);
        return flow;
    }
    struct hob_value *source = hob_value_new(arena, HOB_MAP);
    struct hob_value *sources = hob_value_new(arena, HOB_LIST);
    hob_value_put_string(arena, source, "directory", name);
    hob_value_put_string(arena, source, "glob", hob_value_new_string(arena, HOB_TEXT("*.md")));
    hob_value_append(arena, sources, source);
    hob_value_put_string(arena, flow, "source", sources);
    return flow;
}

static int read_entries(const struct listing *listing, const char *path, struct hob_frame **frame,
                        struct hob_error *error)
{
    struct stat facts;
    const struct hob_format *format = hob_format_of_file(path);
    bool is_directory = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
    if (is_directory || (format != NULL && format->read != NULL && !is_interface(listing, path))) {
        const char *type = is_directory ? "markdown_directory" : format->type;
        const struct hob_value *flow = flow_of(listing, path, type, is_directory);
        return hob_access_read(frame, &listing->scope, flow, error);
    }
    if (format != NULL && format->read != NULL)
        return read_interface(listing, path, frame, error);
    return hob_format_unreadable(path, "'hob help formats' lists what can be read", error);
}

static int read_all(const struct listing *listing, struct hob_frame **all, struct hob_error *error)
{
    size_t count = listing->arguments->word_count - 1;
    HOB_AUTO(free) struct hob_frame **frames = hob_alloc_zero(count, sizeof(struct hob_frame *));
    int code = 0;
    for (size_t i = 0; code == 0 && i < count; i++)
        code = read_entries(listing, listing->arguments->words[i + 1], &frames[i], error);
    if (code == 0 && count == 1)
        *all = HOB_STEAL(frames[0]);
    else if (code == 0)
        code = hob_frame_concatenate(all, frames, count, true, error);
    for (size_t i = 0; i < count; i++)
        hob_frame_free(frames[i]);
    return code;
}

/* -- The list. */

static void warn(void *data, const char *message)
{
    hob_report_warning(data, "%s", message);
}

/* The directory `templates` beside the config, unless --templates says another. */
static const char *templates_directory(const struct listing *listing)
{
    const char *given = hob_arguments_value(listing->arguments, "templates");
    const char *slash = strrchr(listing->config, '/');
    if (given != NULL)
        return given;
    if (slash == NULL)
        return "templates";
    return hob_arena_printf(listing->arena, "%.*s/templates", (int)(slash - listing->config),
                            listing->config);
}

static int read_config(const struct listing *listing, const struct hob_value **config,
                       struct hob_error *error)
{
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    int code = hob_scope_read(&listing->scope, listing->config, &content, error);
    if (code == 0)
        return hob_yaml_read(listing->arena, content.text, listing->config, config, error);
    if (!hob_arguments_has(listing->arguments, "config"))
        hob_error_hint(error, "name the file that defines lists with --config");
    return code;
}

static int make_list(const struct listing *listing, struct hob_buffer *out, struct hob_error *error)
{
    const struct hob_arguments *arguments = listing->arguments;
    struct hob_list_request request = {
        .definitions_name = listing->config,
        .type = arguments->words[0],
        .templates = templates_directory(listing),
        .scope = &listing->scope,
        .compute = arguments->compute->data,
        .since = listing->since_given ? &listing->since : NULL,
        .warn = warn,
        .warn_data = (void *)(uintptr_t)arguments->name,
    };
    HOB_AUTO(list) struct hob_list *list = NULL;
    HOB_AUTO(frame) struct hob_frame *entries = NULL;
    int code = read_config(listing, &request.definitions, error);
    if (code == 0)
        code = hob_list_new(&list, &request, error);
    if (code == 0)
        code = read_all(listing, &entries, error);
    return code == 0 ? hob_list_render(out, list, &entries, error) : code;
}

static int write_list(const struct listing *listing, struct hob_buffer *text,
                      struct hob_error *error)
{
    HOB_AUTO(destination) struct hob_destination destination = HOB_DESTINATION_INIT;
    struct hob_sink sink = hob_destination_sink(&destination);
    const char *path = hob_arguments_value(listing->arguments, "output");
    int code = hob_destination_open(&destination, &listing->scope, path, error);
    if (code == 0)
        code = hob_sink_drain(&sink, text, error);
    if (code == 0)
        code = hob_destination_commit(&destination, error);
    if (code == 0)
        return 0;
    return destination.deserted ? 1 : hob_report(listing->arguments->name, error);
}

int hob_list_command(const struct hob_arguments *arguments)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    const char *since = hob_arguments_value(arguments, "since");
    if (since == NULL)
        since = hob_arguments_value(arguments, "since-year");
    const char *config = hob_arguments_value(arguments, "config");
    struct listing listing = {
        .arguments = arguments,
        .arena = arena,
        .scope = {.finish = arguments->compute->finish, .finish_data = arguments->compute->data},
        .config = config != NULL ? config : default_config,
        .since_given = since != NULL,
    };
    if (since != NULL && hob_number_parse_int(hob_text_from(since), &listing.since) != 0)
        return hob_arguments_wrong(arguments, "--since cannot be '%s': it is a year", since);
    if (make_list(&listing, &text, &error) != 0)
        return hob_report(arguments->name, &error);
    return write_list(&listing, &text, &error);
}

/* -- Help. */

static void put_list_functions(struct hob_buffer *out, enum hob_list_stage stage)
{
    size_t count;
    const struct hob_list_function *functions = hob_list_functions(&count);
    hob_buffer_printf(out, "\nThe functions of lists, as %s (hob list):\n\n",
                      hob_list_stage_name(stage));
    for (size_t i = 0; i < count; i++) {
        if (functions[i].stage != stage)
            continue;
        hob_help_put_item(out, functions[i].name, functions[i].summary);
        HOB_AUTO(buffer) struct hob_buffer arguments = HOB_BUFFER_INIT;
        hob_buffer_printf(&arguments, "(%s)", functions[i].arguments);
        hob_help_put_item(out, "", hob_buffer_string(&arguments));
    }
}

static void put_template_words(struct hob_buffer *out, const char *title,
                               const char *(*help)(size_t index, const char **name))
{
    const char *name, *text;
    hob_buffer_printf(out, "\n%s:\n\n", title);
    for (size_t i = 0; (text = help(i, &name)) != NULL; i++)
        hob_help_put_item(out, name, text);
}

void hob_list_put_functions(struct hob_buffer *out)
{
    size_t count;
    const struct hob_function *functions = hob_functions(&count);
    hob_buffer_put_string(out, "What `function` in a compute section can be:\n\n");
    for (size_t i = 0; i < count; i++) {
        hob_help_put_item(out, functions[i].name, functions[i].summary);
        HOB_AUTO(buffer) struct hob_buffer arguments = HOB_BUFFER_INIT;
        hob_buffer_printf(&arguments, "(%s)", functions[i].arguments);
        hob_help_put_item(out, "", hob_buffer_string(&arguments));
    }
    for (int stage = 0; stage < HOB_LIST_STAGES; stage++)
        put_list_functions(out, (enum hob_list_stage)stage);
    put_template_words(out, "The tags of templates", hob_liquid_tag_help);
    put_template_words(out, "The filters of templates", hob_liquid_filter_help);
}
