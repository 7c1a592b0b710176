/* hobd: the server as a program. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/platform.h"
#include "server/reference.h"
#include "server/reload.h"

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

static const int signals_taken[] = {SIGTERM, SIGINT, SIGHUP};

enum { SIGNAL_COUNT = sizeof signals_taken / sizeof signals_taken[0] };

/* The threads of the server inherit the mask, so that signals come to this one alone. One that was
 * ignored when the program started (nohup, a shell's background jobs) stays so; but with a file of
 * settings SIGHUP does not stop the server, and is always taken. */
static void block_signals(sigset_t *signals, bool reloads)
{
    sigemptyset(signals);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction old;
        bool reload = reloads && signals_taken[i] == SIGHUP;
        if (sigaction(signals_taken[i], NULL, &old) == 0 && (reload || old.sa_handler != SIG_IGN))
            sigaddset(signals, signals_taken[i]);
    }
    sigprocmask(SIG_BLOCK, signals, NULL);
    if (reloads)
        signal(SIGHUP, SIG_DFL); /* what is ignored does not even wait */
    signal(SIGPIPE, SIG_IGN);
}

/* Reloads the settings as often as it is asked to, until it is asked to stop. */
static void wait_for_stop(const sigset_t *signals, struct hob_reload *reload,
                          struct hob_server *server)
{
    int number = 0;
    while (sigwait(signals, &number) != 0 || (number == SIGHUP && reload->path != NULL)) {
        if (number == SIGHUP)
            hob_reload_apply(reload, server);
        number = 0;
    }
    hob_log(HOB_LOG_INFO, "stopping", "signal", strsignal(number), NULL);
    /* From now on the next one ends the process, whatever is still open; there is nothing left to
     * reload. */
    if (reload->path != NULL)
        signal(SIGHUP, SIG_IGN);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (sigismember(signals, signals_taken[i]) &&
            (signals_taken[i] != SIGHUP || reload->path == NULL))
            signal(signals_taken[i], stop_at_once);
    sigprocmask(SIG_UNBLOCK, signals, NULL);
}

static int serve(struct hob_reload *reload, struct hob_error *error)
{
    struct hob_server_options options = hob_options_for_server(&reload->started->values);
    struct hob_server *server = NULL;
    sigset_t signals;
    block_signals(&signals, reload->path != NULL);
    hob_platform_return_large_memory();
    if (hob_options_add_pools(&options, reload->started, error) != 0)
        return fail(error, 1);
    if (hob_server_start(&server, &options, error) != 0)
        return fail(error, 1);
    printf("hobd: listening on %s\n", hob_server_url(server));
    fflush(stdout);
    hob_log(HOB_LOG_INFO, "listening", "url", hob_server_url(server), "settings",
            reload->path != NULL ? reload->path : "none", NULL);
    wait_for_stop(&signals, reload, server);
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

static int run(const struct hob_options *options, struct hob_error *error)
{
    HOB_AUTO(reload) struct hob_reload reload;
    if (hob_reload_init(&reload, options, error) != 0)
        return fail(error, 1);
    return serve(&reload, error);
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
