/* hobd: the server as a program. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/launch.h"
#include "base/log.h"
#include "base/log_bound.h"
#include "base/number.h"
#include "base/platform.h"
#include "server/notify.h"
#include "server/reference.h"
#include "server/reload.h"
#include "server/reload_request.h"

enum { EXIT_USAGE = 2, LARGEST_LOG = 10 << 20 };

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

enum {
    SIGNAL_COUNT = sizeof signals_taken / sizeof signals_taken[0],
    RESTART_SIGNAL = SIGUSR2, /* from outside */
    WAKE_SIGNAL = SIGUSR1,    /* from the server itself */
};

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
    sigaddset(signals, RESTART_SIGNAL);
    sigaddset(signals, WAKE_SIGNAL);
    sigprocmask(SIG_BLOCK, signals, NULL);
    if (reloads)
        signal(SIGHUP, SIG_DFL); /* what is ignored does not even wait */
    signal(SIGPIPE, SIG_IGN);
}

static void wake(void)
{
    kill(getpid(), WAKE_SIGNAL);
}

/* The next signal; 0 when so many milliseconds have passed (-1: for ever). */
static int next_signal(const sigset_t *signals, int milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    int number = sigtimedwait(signals, NULL, milliseconds >= 0 ? &time : NULL);
    return number > 0 ? number : 0;
}

static void tell_manager(const char *state, pid_t process)
{
    char text[64];
    snprintf(text, sizeof text, "%sMAINPID=%ld", state, (long)process);
    hob_notify(text);
}

static void reload_settings(struct hob_reload *reload, struct hob_server *server)
{
    HOB_AUTO(buffer) struct hob_buffer changes = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    bool wanted = hob_server_wants_reload(server);
    hob_reload_apply(reload, server, &changes, &error); /* which logs what went wrong */
    if (wanted)
        hob_server_tell_reload(server, &changes, &error);
}

/* Reloads and restarts as often as it is asked to; says why the server ends. */
static const char *wait_for_end(struct hob_server *server, const sigset_t *signals,
                                struct hob_reload *reload)
{
    for (;;) {
        int left = hob_server_idle_left(server);
        struct hob_error error = HOB_ERROR_INIT;
        pid_t successor;
        if (hob_server_is_leaving(server))
            return "somebody asked for it";
        if (left == 0)
            return "idle";
        int number = next_signal(signals, left);
        if (number == RESTART_SIGNAL)
            hob_server_restart(server, &successor, &error); /* which logs what went wrong */
        else if (reload->path != NULL && (number == SIGHUP || hob_server_wants_reload(server)))
            reload_settings(reload, server);
        else if (number != 0 && number != WAKE_SIGNAL)
            return strsignal(number);
    }
}

static void wait_until_needed(struct hob_server *server, const sigset_t *signals,
                              struct hob_reload *reload)
{
    hob_log(HOB_LOG_INFO, "stopping", "reason", wait_for_end(server, signals, reload), NULL);
    hob_server_close_reload(server);
    if (hob_server_successor(server) != 0)
        tell_manager("", hob_server_successor(server));
    else
        hob_notify("STOPPING=1");
    /* From now on the next one ends the process, whatever is still open; there is nothing left to
     * reload. */
    if (reload->path != NULL)
        signal(SIGHUP, SIG_IGN);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (sigismember(signals, signals_taken[i]) &&
            (signals_taken[i] != SIGHUP || reload->path == NULL))
            signal(signals_taken[i], stop_at_once);
    signal(RESTART_SIGNAL, SIG_IGN);
    signal(WAKE_SIGNAL, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, signals, NULL);
}

/* What this process was started with, beside its settings. */
struct start {
    int ready; /* for hob_launch_tell, or -1 */
    struct hob_inherited inherited;
    const char *program;
    const char *const *words;
};

static int begin(struct hob_server **server, const struct hob_reload *reload, struct start *start,
                 struct hob_error *error)
{
    struct hob_server_options options = hob_options_for_server(&reload->started->values);
    options.inherited = &start->inherited;
    options.program = start->program;
    options.words = start->words;
    options.wake = wake;
    options.reloads = reload->path != NULL;
    int code = hob_inherited_take(&start->inherited, error);
    if (code == 0)
        code = hob_options_add_pools(&options, reload->started, error);
    return code != 0 ? code : hob_server_start(server, &options, error);
}

static int serve(struct hob_reload *reload, struct start *start, struct hob_error *error)
{
    struct hob_server *server = NULL;
    sigset_t signals;
    block_signals(&signals, reload->path != NULL);
    hob_platform_return_large_memory();
    int code = begin(&server, reload, start, error);
    if (code == 0)
        tell_manager("READY=1\n", getpid());
    hob_launch_tell(start->ready, code == 0 ? hob_server_url(server) : NULL,
                    code != 0 ? error : NULL);
    if (code != 0)
        return fail(error, 1);
    hob_log(HOB_LOG_INFO, "listening", "url", hob_server_url(server), "settings",
            reload->path != NULL ? reload->path : "none", NULL);
    printf("hobd: listening on %s\n", hob_server_url(server));
    fflush(stdout);
    wait_until_needed(server, &signals, reload);
    if (!hob_server_stop(server))
        _exit(0); /* what exit cleans up is in use by the jobs that still run */
    return 0;
}

/* The executable, by the name that it was started with where that is a path: a link may lead to a
 * newer one by the time that the server is restarted. malloc'd, or NULL. */
static char *find_program(const char *name)
{
    char path[PATH_MAX];
    ssize_t size =
        strchr(name, '/') == NULL ? readlink("/proc/self/exe", path, sizeof path - 1) : 0;
    if (size < 0)
        return NULL;
    HOB_AUTO(free) char *directory = name[0] == '/' || size > 0 ? NULL : getcwd(NULL, 0);
    HOB_AUTO(buffer) struct hob_buffer program = HOB_BUFFER_INIT;
    if (size > 0)
        hob_buffer_put(&program, path, (size_t)size);
    else
        hob_buffer_printf(&program, "%s%s%s", directory != NULL ? directory : "",
                          directory != NULL ? "/" : "", name);
    return hob_copy_string(hob_buffer_string(&program));
}

/* The words without --ready-fd, which the next process gets anew. */
static const char **find_words(char **words)
{
    size_t count = 0, kept = 0;
    while (words[count] != NULL)
        count++;
    const char **own = hob_alloc_zero(count + 1, sizeof *own);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], "--ready-fd") == 0)
            i++;
        else
            own[kept++] = words[i];
    }
    return own;
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

static int run(const struct hob_options *options, char **words, struct hob_error *error)
{
    HOB_AUTO(reload) struct hob_reload reload;
    HOB_AUTO(free) char *program = find_program(words[0]);
    HOB_AUTO(free) const char **own_words = find_words(words);
    struct start start = {.ready = -1, .program = program, .words = own_words};
    uint64_t number;
    if (options->ready != NULL &&
        hob_number_parse_unsigned(hob_text_from(options->ready), &number) == 0 &&
        number <= INT16_MAX)
        start.ready = (int)number;
    /* Workers that start before the server is ready must not keep it open. */
    if (start.ready >= 0)
        fcntl(start.ready, F_SETFD, FD_CLOEXEC);
    if (options->bounded_log != NULL)
        hob_log_bound(options->bounded_log, LARGEST_LOG);
    if (hob_reload_init(&reload, options, error) == 0)
        return serve(&reload, &start, error);
    hob_launch_tell(start.ready, NULL, error);
    return fail(error, 1);
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
    return run(&options, words, &error);
}
