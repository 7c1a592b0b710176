/* hobd: the server as a program. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/number.h"
#include "server/server.h"

enum { EXIT_USAGE = 2, MAX_ROOTS = 64 };

/* What the options fill in. */
struct settings {
    struct hob_server_options server;
    const char *roots[MAX_ROOTS];
    const char *log_file;
    enum hob_log_level log_level;
    bool help, version;
};

/* ---- options ---- */

static int set_host(struct settings *settings, const char *value, struct hob_error *error)
{
    (void)error;
    settings->server.host = value;
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

static int set_port(struct settings *settings, const char *value, struct hob_error *error)
{
    uint64_t port;
    int code = parse_number(value, UINT16_MAX, &port, error);
    settings->server.port = (uint16_t)port;
    settings->server.any_port = port == 0;
    return code;
}

static int set_socket(struct settings *settings, const char *value, struct hob_error *error)
{
    (void)error;
    settings->server.no_socket = strcmp(value, "none") == 0;
    settings->server.socket_path = value;
    return 0;
}

static int add_root(struct settings *settings, const char *value, struct hob_error *error)
{
    if (settings->server.root_count == MAX_ROOTS)
        return hob_error_set(error, HOB_E_PARAMETER, "there are more than %d of them", MAX_ROOTS);
    settings->roots[settings->server.root_count++] = value;
    return 0;
}

static int set_log_level(struct settings *settings, const char *value, struct hob_error *error)
{
    return hob_log_level_parse(&settings->log_level, value, error);
}

static int set_log_file(struct settings *settings, const char *value, struct hob_error *error)
{
    (void)error;
    settings->log_file = value;
    return 0;
}

/* A number of bytes, with K, M or G behind it for powers of 1024. */
static int parse_size(const char *value, size_t *size, struct hob_error *error)
{
    static const char units[] = "KMG";
    struct hob_text digits = hob_text_from(value);
    const char *unit = digits.size > 0 ? strchr(units, value[digits.size - 1]) : NULL;
    unsigned shift = 0;
    if (unit != NULL) {
        shift = 10 * (unsigned)(unit - units + 1);
        digits.size--;
    }
    uint64_t number;
    if (hob_number_parse_unsigned(digits, &number) != 0 || number == 0 ||
        number > (uint64_t)PTRDIFF_MAX >> shift)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "'%s' is no size: use a number of bytes, or such as 64M", value);
    *size = (size_t)number << shift;
    return 0;
}

static int set_max_body(struct settings *settings, const char *value, struct hob_error *error)
{
    return parse_size(value, &settings->server.max_body, error);
}

static int set_max_file_size(struct settings *settings, const char *value, struct hob_error *error)
{
    return parse_size(value, &settings->server.max_file_size, error);
}

static int set_threads(struct settings *settings, const char *value, struct hob_error *error)
{
    uint64_t number;
    int code = parse_number(value, 256, &number, error);
    settings->server.threads = (unsigned)number;
    return code;
}

static int set_help(struct settings *settings, const char *value, struct hob_error *error)
{
    (void)value, (void)error;
    settings->help = true;
    return 0;
}

static int set_version(struct settings *settings, const char *value, struct hob_error *error)
{
    (void)value, (void)error;
    settings->version = true;
    return 0;
}

static const struct option {
    const char *name;
    const char *value; /* what the help calls it; NULL: the option has none */
    int (*set)(struct settings *settings, const char *value, struct hob_error *error);
    const char *help;
} options[] = {
    {"--host", "ADDRESS", set_host, "listen on this address (default 127.0.0.1)"},
    {"--port", "PORT", set_port, "listen on this port (default 8765); 0 takes one that is free"},
    {"--socket", "PATH", set_socket,
     "the unix socket (default $XDG_RUNTIME_DIR/hob/hobd.sock); none for TCP only"},
    {"--root", "DIRECTORY", add_root,
     "requests may use files below it, beside the working directory; may be given again"},
    {"--max-body", "SIZE", set_max_body, "the largest request body (default 64M)"},
    {"--max-file-size", "SIZE", set_max_file_size, "the largest file that is read (default 4G)"},
    {"--threads", "NUMBER", set_threads, "threads that talk to clients (default: one a core)"},
    {"--log-level", "LEVEL", set_log_level, "error, warning (default), info or debug"},
    {"--log-file", "PATH", set_log_file, "append the log to a file instead of stderr"},
    {"--version", NULL, set_version, "print the version and exit"},
    {"--help", NULL, set_help, "print this and exit"},
};

static void print_help(void)
{
    printf("usage: hobd [OPTION...]\n\n"
           "Serves tables, interfaces and talks over HTTP, from the working directory.\n\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char left[48];
        snprintf(left, sizeof left, "%s %s", options[i].name,
                 options[i].value != NULL ? options[i].value : "");
        printf("  %-22s %s\n", left, options[i].help);
    }
}

static const struct option *find_option(const char *word, size_t size)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strlen(options[i].name) == size && strncmp(options[i].name, word, size) == 0)
            return &options[i];
    return NULL;
}

/* Takes one option, and its value from the same word or the next; *at is moved on. */
static int take_option(struct settings *settings, char **words, int *at, struct hob_error *error)
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
    int code = option->set(settings, value, error);
    return code == 0 ? 0 : hob_error_context(error, "%s", option->name);
}

static int parse_options(struct settings *settings, char **words, struct hob_error *error)
{
    settings->log_level = HOB_LOG_WARNING;
    settings->server.roots = settings->roots;
    for (int at = 1; words[0] != NULL && words[at] != NULL;) {
        int code = take_option(settings, words, &at, error);
        if (code != 0)
            return code;
    }
    return 0;
}

/* ---- running ---- */

static int fail(const struct hob_error *error, int status)
{
    fprintf(stderr, "hobd: %s%s%s\n", error->message, error->hint[0] != '\0' ? "; " : "",
            error->hint);
    return status;
}

static void stop_at_once(int number)
{
    _exit(128 + number);
}

/* The threads of the server inherit the mask, so that signals come to this one alone. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigprocmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

static void wait_for_signal(const sigset_t *signals)
{
    int number = 0;
    while (sigwait(signals, &number) != 0)
        continue;
    hob_log(HOB_LOG_INFO, "stopping", "signal", strsignal(number), NULL);
    /* From now on the next one ends the process, whatever is still open. */
    signal(SIGTERM, stop_at_once);
    signal(SIGINT, stop_at_once);
    sigprocmask(SIG_UNBLOCK, signals, NULL);
}

static int serve(const struct settings *settings, struct hob_error *error)
{
    struct hob_server *server = NULL;
    sigset_t signals;
    block_signals(&signals);
    if (hob_server_start(&server, &settings->server, error) != 0)
        return fail(error, 1);
    printf("hobd: listening on %s\n", hob_server_url(server));
    fflush(stdout);
    hob_log(HOB_LOG_INFO, "listening", "url", hob_server_url(server), NULL);
    wait_for_signal(&signals);
    hob_server_stop(server);
    return 0;
}

int main(int count, char **words)
{
    (void)count;
    struct settings settings = {0};
    struct hob_error error = HOB_ERROR_INIT;
    if (parse_options(&settings, words, &error) != 0) {
        hob_error_hint(&error, "type hobd --help for the options");
        return fail(&error, EXIT_USAGE);
    }
    if (settings.help || settings.version) {
        settings.help ? print_help() : (void)printf("hobd %s\n", HOB_VERSION);
        return fflush(stdout) == 0 ? 0 : 1;
    }
    hob_log_set_level(settings.log_level);
    if (settings.log_file != NULL && hob_log_open(settings.log_file, &error) != 0)
        return fail(&error, 1);
    return serve(&settings, &error);
}
