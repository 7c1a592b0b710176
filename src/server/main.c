/* hobd: the server as a program. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "server/options.h"
#include "server/reference.h"

enum { EXIT_USAGE = 2 };

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

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};

enum { STOP_SIGNALS = sizeof stop_signals / sizeof stop_signals[0] };

/* The threads of the server inherit the mask, so that signals come to this one alone. One that was
 * ignored when the program started (nohup, a shell's background jobs) stays so. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    for (int i = 0; i < STOP_SIGNALS; i++) {
        struct sigaction old;
        if (sigaction(stop_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaddset(signals, stop_signals[i]);
    }
    sigprocmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void wait_for_signal(const sigset_t *signals)
{
    int number = 0;
    while (sigwait(signals, &number) != 0)
        continue;
    hob_log(HOB_LOG_INFO, "stopping", "signal", strsignal(number), NULL);
    /* From now on the next one ends the process, whatever is still open. */
    for (int i = 0; i < STOP_SIGNALS; i++)
        if (sigismember(signals, stop_signals[i]))
            signal(stop_signals[i], stop_at_once);
    sigprocmask(SIG_UNBLOCK, signals, NULL);
}

static int serve(const struct hob_settings *settings, struct hob_error *error)
{
    struct hob_server_options options = hob_options_for_server(settings);
    struct hob_server *server = NULL;
    sigset_t signals;
    block_signals(&signals);
    if (hob_server_start(&server, &options, error) != 0)
        return fail(error, 1);
    printf("hobd: listening on %s\n", hob_server_url(server));
    fflush(stdout);
    hob_log(HOB_LOG_INFO, "listening", "url", hob_server_url(server), NULL);
    wait_for_signal(&signals);
    if (!hob_server_stop(server))
        _exit(0); /* what exit cleans up is in use by the jobs that still run */
    return 0;
}

/* Pages of the documentation. */
static void print_markdown(const struct hob_options *options)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    if (options->routes)
        hob_reference_put_markdown(&out);
    if (options->settings)
        hob_settings_put_markdown(&out);
    fwrite(out.data, 1, out.size, stdout);
}

/* Reads the settings, of which the log is set up, and serves by them. */
static int run(const struct hob_options *options, struct hob_error *error)
{
    HOB_AUTO(free) char *path = NULL;
    HOB_AUTO(settings_read) struct hob_settings_read *settings = NULL;
    if (hob_settings_find(options->config, &path, error) != 0 ||
        hob_settings_read(path, &options->overrides, &settings, error) != 0)
        return fail(error, 1);
    const char *log_file = settings->values.log.file;
    hob_log_set_level((enum hob_log_level)settings->values.log.level);
    if (log_file != NULL && strcmp(log_file, "none") != 0 && hob_log_open(log_file, error) != 0)
        return fail(error, 1);
    return serve(&settings->values, error);
}

int main(int count, char **words)
{
    (void)count;
    HOB_AUTO(options) struct hob_options options;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_options_parse(&options, words, &error) != 0)
        return fail(&error, EXIT_USAGE);
    if (options.help)
        hob_options_print_help();
    if (options.version)
        printf("hobd %s\n", HOB_VERSION);
    if (options.routes || options.settings)
        print_markdown(&options);
    if (options.help || options.version || options.routes || options.settings)
        return fflush(stdout) == 0 ? 0 : 1;
    return run(&options, &error);
}
