/* options: see options.h. */
#include "server/options.h"

#include <stdio.h>

#include "base/number.h"
#include "server/options_list.h"

static int set_host(struct hob_options *options, const char *value, struct hob_error *error)
{
    (void)error;
    options->server.host = value;
    return 0;
}

static int parse_number(const char *value, uint64_t limit, uint64_t *number,
                        struct hob_error *error)
{
    if (hob_number_parse_unsigned(hob_text_from(value), number) == 0 && *number <= limit)
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "'%s' is no number from 0 to %llu", value,
                         (unsigned long long)limit);
}

static int set_port(struct hob_options *options, const char *value, struct hob_error *error)
{
    uint64_t port;
    options->server.no_tcp = strcmp(value, "none") == 0;
    if (options->server.no_tcp)
        return 0;
    int code = parse_number(value, UINT16_MAX, &port, error);
    options->server.port = (uint16_t)port;
    options->server.any_port = port == 0;
    return code;
}

static int set_socket(struct hob_options *options, const char *value, struct hob_error *error)
{
    (void)error;
    options->server.no_socket = strcmp(value, "none") == 0;
    options->server.socket_path = value;
    return 0;
}

static int add_root(struct hob_options *options, const char *value, struct hob_error *error)
{
    if (strcmp(value, "none") == 0) {
        options->server.no_working_root = true;
        return 0;
    }
    if (options->server.root_count == HOB_OPTIONS_MAX_ROOTS)
        return hob_error_set(error, HOB_E_PARAMETER, "there are more than %d of them",
                             HOB_OPTIONS_MAX_ROOTS);
    options->roots[options->server.root_count++] = value;
    return 0;
}

static int set_log_level(struct hob_options *options, const char *value, struct hob_error *error)
{
    return hob_log_level_parse(&options->log_level, value, error);
}

static int set_log_file(struct hob_options *options, const char *value, struct hob_error *error)
{
    (void)error;
    options->log_file = value;
    return 0;
}

static int parse_size(const char *value, size_t *size, struct hob_error *error)
{
    if (hob_number_parse_size(hob_text_from(value), size))
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER,
                         "'%s' is no size: use a number of bytes, or such as 64M", value);
}

static int set_max_body(struct hob_options *options, const char *value, struct hob_error *error)
{
    return parse_size(value, &options->server.max_body, error);
}

static int set_max_file_size(struct hob_options *options, const char *value,
                             struct hob_error *error)
{
    return parse_size(value, &options->server.max_file_size, error);
}

static int set_cache(struct hob_options *options, const char *value, struct hob_error *error)
{
    options->server.no_cache = strcmp(value, "off") == 0;
    return options->server.no_cache ? 0 : parse_size(value, &options->server.cache_size, error);
}

static int set_state(struct hob_options *options, const char *value, struct hob_error *error)
{
    (void)error;
    options->server.state = value;
    return 0;
}

static int set_session_memory(struct hob_options *options, const char *value,
                              struct hob_error *error)
{
    return parse_size(value, &options->server.max_session_memory, error);
}

static int set_threads(struct hob_options *options, const char *value, struct hob_error *error)
{
    uint64_t number;
    int code = parse_number(value, 256, &number, error);
    options->server.threads = (unsigned)number;
    return code;
}

static int set_drain(struct hob_options *options, const char *value, struct hob_error *error)
{
    uint64_t number;
    int code = parse_number(value, 24 * 3600, &number, error);
    if (code == 0 && number == 0)
        code = hob_error_set(error, HOB_E_PARAMETER, "0 is too short: the least is 1");
    options->server.drain_seconds = (unsigned)number;
    return code;
}

/* "0" and more; the reference takes parts of seconds, too. */
static int set_idle_timeout(struct hob_options *options, const char *value, struct hob_error *error)
{
    char whole[24];
    uint64_t number;
    size_t size = strcspn(value, ".");
    bool parts = value[size] == '.' && strspn(value + size + 1, "0123456789") > 0;
    snprintf(whole, sizeof whole, "%.*s", (int)size, value);
    int code = parse_number(parts ? whole : value, 10 * 365 * 24 * 3600, &number, error);
    bool rest = code == 0 && parts && value[size + 1 + strspn(value + size + 1, "0")] != '\0';
    options->server.idle_seconds = (unsigned)(code == 0 ? number : 0) + (rest ? 1 : 0);
    return code;
}

static int set_ready(struct hob_options *options, const char *value, struct hob_error *error)
{
    uint64_t number;
    int code = parse_number(value, INT16_MAX, &number, error);
    options->ready = code == 0 ? (int)number : -1;
    return code;
}

static int set_help(struct hob_options *options, const char *value, struct hob_error *error)
{
    (void)value, (void)error;
    options->help = true;
    return 0;
}

static int set_version(struct hob_options *options, const char *value, struct hob_error *error)
{
    (void)value, (void)error;
    options->version = true;
    return 0;
}

static int set_routes(struct hob_options *options, const char *value, struct hob_error *error)
{
    (void)value, (void)error;
    options->routes = true;
    return 0;
}

static const struct option {
    const char *name;
    const char *value; /* what the help calls it; NULL: the option has none */
    int (*set)(struct hob_options *options, const char *value, struct hob_error *error);
    const char *help; /* NULL: not shown, being for hob's own use */
} table[] = {
#define X(name, value, repeatable, set, help) {"--" name, value, set, help},
    HOB_SERVER_OPTIONS(X)
#undef X
    {"--ready-fd", "NUMBER", set_ready, NULL},
    {"--version", NULL, set_version, "print the version and exit"},
    {"--help", NULL, set_help, "print this and exit"},
    {"--routes-markdown", NULL, set_routes, NULL},
};

void hob_options_print_help(void)
{
    printf("usage: hobd [OPTION...]\n\n"
           "Serves tables, interfaces and talks over HTTP, from the working directory.\n\n");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char left[48];
        if (table[i].help == NULL)
            continue;
        snprintf(left, sizeof left, "%s %s", table[i].name,
                 table[i].value != NULL ? table[i].value : "");
        printf("  %-22s %s\n", left, table[i].help);
    }
}

static const struct option *find_option(const char *word, size_t size)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strlen(table[i].name) == size && strncmp(table[i].name, word, size) == 0)
            return &table[i];
    return NULL;
}

/* Takes one option, and its value from the same word or the next; *at is moved on. */
static int take_option(struct hob_options *options, char **words, int *at, struct hob_error *error)
{
    const char *word = words[(*at)++];
    size_t size = strcspn(word, "=");
    const char *value = word[size] == '=' ? word + size + 1 : NULL;
    const struct option *option = find_option(word, size);
    if (option == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "unknown option '%s'", word);
    if (option->value == NULL && value != NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "%s takes no value", option->name);
    if (option->value != NULL && value == NULL)
        value = words[*at] != NULL ? words[(*at)++] : NULL;
    if (option->value != NULL && value == NULL)
        return hob_error_set(error, HOB_E_PARAMETER, "%s needs a value: %s %s", option->name,
                             option->name, option->value);
    int code = option->set(options, value, error);
    return code == 0 ? 0 : hob_error_context(error, "%s", option->name);
}

int hob_options_parse(struct hob_options *options, char **words, struct hob_error *error)
{
    *options = (struct hob_options){.log_level = HOB_LOG_WARNING, .ready = -1};
    options->server.roots = options->roots;
    for (int at = 1; words[0] != NULL && words[at] != NULL;) {
        int code = take_option(options, words, &at, error);
        if (code != 0) {
            hob_error_hint(error, "type hobd --help for the options");
            return code;
        }
    }
    return 0;
}
