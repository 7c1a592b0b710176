/* options: see options.h. */
#include "server/options.h"

#include <stdio.h>

#include "base/nearest.h"
#include "pool/settings.h"

/* What is no setting. */
static const struct option {
    const char *name;
    const char *value; /* what the help calls it; NULL: the option has none */
    size_t offset;     /* of a bool, or of a text where there is a value */
    const char *help;  /* NULL: not shown, being for hob's own use */
} table[] = {
    {"--config", "FILE", offsetof(struct hob_options, config),
     "read the settings in this file, not in ~/.config/hob/hob.yml or /etc/hob/hob.yml; none: in "
     "no file"},
    {"--ready-fd", "NUMBER", offsetof(struct hob_options, ready), NULL},
    {"--bounded-log", "PATH", offsetof(struct hob_options, bounded_log), NULL},
    {"--version", NULL, offsetof(struct hob_options, version), "print the version and exit"},
    {"--help", NULL, offsetof(struct hob_options, help), "print this and exit"},
    {"--routes-markdown", NULL, offsetof(struct hob_options, routes), NULL},
    {"--settings-markdown", NULL, offsetof(struct hob_options, settings), NULL},
};

enum { OPTION_COUNT = sizeof table / sizeof *table };

static void print_option(const char *name, const char *value, const char *help)
{
    char left[48];
    snprintf(left, sizeof left, "%s %s", name, value != NULL ? value : "");
    printf("  %-22s %s\n", left, help);
}

static void print_setting(void *data, const struct hob_schema_step *step)
{
    (void)data;
    const struct hob_setting *row = step->row;
    const char *initial = row->initial != NULL ? row->initial : row->unset;
    HOB_AUTO(buffer) struct hob_buffer help = HOB_BUFFER_INIT;
    if (row->option == NULL)
        return;
    hob_buffer_put_string(&help, row->help);
    for (size_t i = 0; row->kind == HOB_SETTING_CHOICE && row->choices[i] != NULL; i++)
        hob_buffer_printf(&help, "%s %s", i == 0 ? ":" : ",", row->choices[i]);
    if (initial != NULL)
        hob_buffer_printf(&help, " (default %s)", initial);
    else if (row->kind == HOB_SETTING_PATHS || row->kind == HOB_SETTING_TEXTS)
        hob_buffer_put_string(&help, "; may be given again");
    print_option(row->option, hob_schema_argument(row), hob_buffer_string(&help));
}

void hob_options_print_help(void)
{
    printf("usage: hobd [OPTION...]\n\n"
           "Serves tables, interfaces and talks over HTTP, from the working directory. What is "
           "given\nhere wins over the file of settings; 'hob config show' says what that has.\n\n");
    hob_schema_walk(hob_settings_rows, print_setting, NULL);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (table[i].help != NULL)
            print_option(table[i].name, table[i].value, table[i].help);
}

static const struct option *find_option(struct hob_text name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (hob_text_is(name, table[i].name))
            return &table[i];
    return NULL;
}

struct search {
    const char *name, *nearest;
    unsigned distance;
};

static void compare_setting(void *data, const struct hob_schema_step *step)
{
    struct search *search = data;
    if (step->row->option != NULL && hob_nearer(search->name, step->row->option, &search->distance))
        search->nearest = step->row->option;
}

static int unknown_option(const char *word, struct hob_text name, struct hob_error *error)
{
    static const char *const of_serve[] = {"--daemon", "--stop", "--restart", "--reload",
                                           "--status"};
    char typed[64];
    if (word[0] != '-')
        return hob_error_set(error, HOB_E_PARAMETER, "unexpected argument '%s'", word);
    hob_error_set(error, HOB_E_PARAMETER, "unknown option '%s'", word);
    for (size_t i = 0; i < sizeof of_serve / sizeof of_serve[0]; i++)
        if (hob_text_is(name, of_serve[i]))
            hob_error_hint(error, "that is 'hob serve %s'", of_serve[i]);
    snprintf(typed, sizeof typed, "%.*s", HOB_TEXT_ARG(name));
    struct search search = {typed, NULL, hob_near_enough(typed)};
    hob_schema_walk(hob_settings_rows, compare_setting, &search);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (table[i].help != NULL && hob_nearer(typed, table[i].name, &search.distance))
            search.nearest = table[i].name;
    if (error->hint[0] == '\0' && search.nearest != NULL)
        hob_error_hint(error, "did you mean '%s'?", search.nearest);
    return HOB_E_PARAMETER;
}

/* Takes one option, and its value from the same word or the next; *at is moved on. */
static int take_option(struct hob_options *options, char **words, int *at, struct hob_error *error)
{
    const char *word = words[(*at)++];
    struct hob_text name = {word, strcspn(word, "=")};
    const char *value = word[name.size] == '=' ? word + name.size + 1 : NULL;
    struct hob_schema_place place = hob_settings_option(name);
    const struct option *option = find_option(name);
    if (option == NULL && place.row == NULL)
        return unknown_option(word, name, error);
    const char *wants = option != NULL ? option->value : hob_schema_argument(place.row);
    if (wants == NULL && value != NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "%s takes no value", option->name);
    if (wants != NULL && value == NULL)
        value = words[*at] != NULL ? words[(*at)++] : NULL;
    if (wants != NULL && value == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "%.*s needs a value: %.*s %s",
                             HOB_TEXT_ARG(name), HOB_TEXT_ARG(name), wants);
    if (option == NULL) {
        int code = hob_settings_override(&options->overrides, place, value, error);
        return code == 0 ? 0 : hob_error_context(error, "%s", place.row->option);
    }
    if (wants != NULL)
        *(const char **)((char *)options + option->offset) = value;
    else
        *(bool *)((char *)options + option->offset) = true;
    return 0;
}

int hob_options_parse(struct hob_options *options, char **words, struct hob_error *error)
{
    *options = (struct hob_options){0};
    for (int at = 1; words[0] != NULL && words[at] != NULL;) {
        int code = take_option(options, words, &at, error);
        if (code != 0) {
            if (error->hint[0] == '\0')
                hob_error_hint(error, "type hobd --help for the options");
            return code;
        }
    }
    return 0;
}

void hob_options_deinit(struct hob_options *options)
{
    hob_settings_overrides_deinit(&options->overrides);
}

static bool is_none(const char *path)
{
    return path != NULL && strcmp(path, "none") == 0;
}

struct hob_server_options hob_options_for_server(const struct hob_settings *settings)
{
    return (struct hob_server_options){
        .host = settings->listen.host,
        .port = (uint16_t)settings->listen.port,
        .any_port = settings->listen.port == 0,
        .no_tcp = is_none(settings->listen.host),
        .socket_path = settings->listen.socket,
        .no_socket = is_none(settings->listen.socket),
        .threads = (unsigned)settings->listen.threads,
        .max_connections = (unsigned)settings->listen.connections,
        .no_working_root = !settings->working_root,
        .roots = settings->roots.items,
        .root_count = settings->roots.count,
        .max_body = (size_t)settings->limits.body,
        .max_file_size = (size_t)settings->limits.file,
        .workers = (unsigned)settings->work.threads,
        .queue_limit = (size_t)settings->work.queue,
        .cache_size = (size_t)settings->cache.size,
        .no_cache = settings->cache.size == 0,
        .state = settings->sessions.state,
        .durability = (enum hob_durability)settings->sessions.durability,
        .max_sessions = (size_t)settings->sessions.count,
        .max_session_memory = (size_t)settings->sessions.memory,
        .idle_ms = settings->idle,
        .drain_seconds = (unsigned)((settings->drain + 999) / 1000),
    };
}

int hob_options_add_pools(struct hob_server_options *options,
                          const struct hob_settings_read *settings, struct hob_error *error)
{
    const struct hob_setting_groups *groups = &settings->values.pools;
    struct hob_server_pool *pools =
        hob_arena_alloc(settings->arena, (groups->count + 1) * sizeof *pools);
    for (size_t i = 0; i < groups->count; i++) {
        pools[i].name = groups->items[i].name;
        int code = hob_pool_settings_apply(groups->items[i].values, settings->arena,
                                           &pools[i].options, error);
        if (code != 0)
            return hob_error_context(error, "pool '%s'", pools[i].name);
    }
    options->pools = pools;
    options->pool_count = groups->count;
    return 0;
}
