/* run: see run.h.
 *
 * Whatever can't be warm is executed at once, in this process, exactly as it was typed: the zygote
 * that the next run will find is made in the background. Once a request has been sent the command
 * has begun, and nothing is ever run twice. */
#define _GNU_SOURCE
#include "warm/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/places.h"
#include "warm/record.h"
#include "warm/relay.h"
#include "warm/request.h"
#include "warm/sandbox.h"
#include "warm/zygote.h"

extern char **environ;

struct run {
    const struct hob_warm_options *options;
    struct hob_warm_command command;
    struct hob_warm_inheritance inheritance;
    struct hob_warm_profile profile;
    struct hob_arena *arena;
    char *folder; /* the runtime directory, or NULL */
    struct hob_warm_key key;
    bool has_key;
    char why[640];
};

static bool only_warm(const struct run *run)
{
    return run->options->start == NULL;
}

static void say(const struct run *run, bool warm)
{
    const char *verbose = getenv("HOB_VERBOSE");
    if (!run->options->explain && (verbose == NULL || verbose[0] == '\0'))
        return;
    dprintf(STDERR_FILENO, "hob: ran %s: %s\n", warm ? "warm" : "cold", run->why);
}

/* A module that was asked for and cannot be loaded would be missed without a word. */
static void add_failures(struct run *run)
{
    const char *preload = run->options->preload;
    if (preload == NULL || run->profile.failed.count == 0)
        return;
    char *next = (char *)hob_arena_copy(run->arena, hob_text_from(preload)).data;
    for (char *name = strsep(&next, ","); name != NULL; name = strsep(&next, ",")) {
        const char *reason = hob_warm_failure(&run->profile, name);
        size_t used = strlen(run->why);
        if (reason != NULL)
            snprintf(run->why + used, sizeof run->why - used,
                     "; without '%s', which cannot be loaded (%s; 'hob warm forget' has it tried "
                     "again)",
                     name, reason);
    }
}

static void note(struct run *run, bool warm)
{
    add_failures(run);
    HOB_AUTO(buffer) struct hob_buffer words = HOB_BUFFER_INIT;
    hob_warm_put_words(&words, run->command.words);
    struct hob_warm_record record = {.command = hob_buffer_string(&words),
                                     .warm = warm,
                                     .why = run->why,
                                     .key = run->has_key ? &run->key : NULL};
    if (run->folder != NULL)
        hob_warm_record_write(run->folder, &record);
    say(run, warm);
}

static int execute(const struct run *run, struct hob_error *error)
{
    const struct hob_warm_command *command = &run->command;
    execv(command->program, command->words);
    if (errno == ENOEXEC) { /* as the shell and execvp do: a script without a first line */
        size_t count = 0;
        while (command->words[count] != NULL)
            count++;
        char **words = hob_arena_alloc(run->arena, (count + 2) * sizeof *words);
        words[0] = (char *)"sh";
        words[1] = (char *)command->program;
        memcpy(words + 2, command->words + 1, count * sizeof *words);
        execv("/bin/sh", words);
    }
    return hob_error_from_errno(error, errno, "run", command->words[0]);
}

static int run_cold(struct run *run, struct hob_error *error)
{
    if (only_warm(run))
        return 0;
    if (run->folder == NULL)
        run->folder = hob_places_runtime(NULL);
    note(run, false);
    return execute(run, error);
}

/* A background job that reads from its terminal is stopped by it; a warm run would not be. */
static bool is_in_background(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    return isatty(STDIN_FILENO) == 1 && foreground > 0 && foreground != getpgrp();
}

/* Modules that use more of a terminal than its input and output: they want it to be their own. */
static const char *terminal_module(const struct hob_warm_profile *profile)
{
    static const char *const modules[] = {"curses", "_curses", "prompt_toolkit", "pty",    "tty",
                                          "urwid",  "textual", "blessed",        "getpass"};
    bool terminal = isatty(0) == 1 || isatty(1) == 1 || isatty(2) == 1;
    for (size_t i = 0; terminal && i < sizeof modules / sizeof modules[0]; i++)
        if (hob_warm_names_have(&profile->modules, modules[i]))
            return modules[i];
    return NULL;
}

static bool set_why(struct run *run, const char *why)
{
    snprintf(run->why, sizeof run->why, "%s", why);
    return false;
}

static bool may_be_warm(struct run *run)
{
    const char *never = getenv("HOB_COLD");
    struct hob_error error = HOB_ERROR_INIT;
    if (run->options->cold)
        return set_why(run, "--cold was given");
    if (never != NULL && never[0] != '\0')
        return set_why(run, "HOB_COLD is set");
    if (run->command.reason != NULL)
        return set_why(run, run->command.reason);
    if (hob_places_check_state(&error) != 0)
        return set_why(run, error.message);
    if (getuid() != geteuid() || getgid() != getegid())
        return set_why(run, "the effective user is not the real one");
    if (hob_warm_sandbox_is_own())
        return set_why(run, "it is in a sandbox of its own (seccomp)");
    if (run->inheritance.too_many)
        return set_why(run, "too many descriptors are open");
    if (is_in_background())
        return set_why(run, "its terminal belongs to another job");
    if (run->folder == NULL)
        run->folder = hob_places_runtime(&error);
    if (run->folder == NULL)
        return set_why(run, error.message);
    return true;
}

/* Lets the run begin, and waits; only returns when it has not begun, or nobody knows how it ended.
 */
static bool run_from(struct run *run, struct hob_warm_zygote *zygote, struct hob_error *error)
{
    int status = 0;
    set_why(run, "a warm process has loaded what it needs");
    hob_warm_relay_prepare();
    if (!hob_warm_zygote_begin(zygote)) {
        hob_warm_relay_cancel(&run->inheritance);
        return set_why(run, zygote->why);
    }
    note(run, true);
    enum hob_warm_end end = hob_warm_relay(zygote, &status);
    if (end == HOB_WARM_ENDED)
        hob_warm_end_as(status);
    hob_warm_relay_cancel(&run->inheritance);
    if (end == HOB_WARM_REFUSED)
        return set_why(run, zygote->why);
    hob_error_set(error, HOB_E_INTERNAL,
                  "the warm process of '%s' was killed while it ran: how it ended is not known",
                  run->command.words[0]);
    hob_error_hint(error, "run it again, or with hob run --cold");
    return true;
}

/* The working directory goes first. */
static bool put_request(struct run *run, struct hob_buffer *fields, int here, int *descriptors)
{
    descriptors[0] = here;
    memcpy(descriptors + 1, run->inheritance.descriptors,
           run->inheritance.count * sizeof *descriptors);
    hob_warm_request_put(fields, &run->command, &run->inheritance, run->profile.path);
    return !hob_buffer_failed(fields) || set_why(run, "there is not enough memory");
}

/* One that is stale is told to end. */
static enum hob_warm_state look_for(const struct run *run, struct hob_warm_zygote *zygote,
                                    const struct hob_warm_key *key,
                                    const struct hob_warm_request *request)
{
    enum hob_warm_state state = hob_warm_zygote_find(zygote, run->folder, key, request);
    if (state == HOB_WARM_STALE && !only_warm(run))
        hob_warm_zygote_stop(run->folder, key->name);
    return state;
}

/* The zygote with everything preloaded, else the one with nothing, which is better than none. */
static enum hob_warm_state find(struct run *run, struct hob_warm_zygote *zygote,
                                const struct hob_warm_request *request, bool *lesser)
{
    struct hob_warm_names modules;
    static const struct hob_warm_names nothing = {0};
    hob_warm_wanted_modules(&modules, run->arena, &run->profile, run->options->preload);
    hob_warm_key_make(&run->key, &run->command, &modules, &run->profile.variables);
    run->has_key = true;
    enum hob_warm_state state = look_for(run, zygote, &run->key, request);
    snprintf(run->why, sizeof run->why, "%s", zygote->why);
    *lesser = state != HOB_WARM_READY && modules.count > 0 && !only_warm(run);
    free(modules.items);
    if (!*lesser)
        return state;
    HOB_AUTO(warm_key) struct hob_warm_key key;
    hob_warm_key_make(&key, &run->command, &nothing, &nothing);
    enum hob_warm_state bare = look_for(run, zygote, &key, request);
    *lesser = bare == HOB_WARM_READY;
    return *lesser ? bare : state;
}

static void start_for_next_time(const struct run *run)
{
    HOB_AUTO(free) char *libexec = hob_places_libexec("warm");
    struct hob_warm_wish wish = {.command = &run->command,
                                 .folder = run->folder,
                                 .preload = run->options->preload,
                                 .libexec = libexec};
    if (libexec != NULL && !only_warm(run))
        run->options->start(&wish);
}

static int run_warm(struct run *run, struct hob_error *error)
{
    HOB_AUTO(warm_zygote) struct hob_warm_zygote zygote = HOB_WARM_ZYGOTE_INIT;
    HOB_AUTO(buffer) struct hob_buffer fields = HOB_BUFFER_INIT;
    int descriptors[HOB_WARM_MOST_DESCRIPTORS + 1];
    hob_warm_profile_load(&run->profile, run->arena, &run->command);
    const char *module = terminal_module(&run->profile);
    if (module != NULL) {
        snprintf(run->why, sizeof run->why, "it uses '%s', and this is a terminal", module);
        return run_cold(run, error);
    }
    bool lesser, unfinished = run->profile.path != NULL &&
                              (!run->profile.exists || run->profile.candidates.count > 0);
    if (unfinished && only_warm(run))
        return 0;
    HOB_AUTO(descriptor) int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here < 0)
        set_why(run, "the working directory cannot be opened");
    if (here < 0 || !put_request(run, &fields, here, descriptors))
        return run_cold(run, error);
    struct hob_warm_request request = {.fields = hob_buffer_text(&fields),
                                       .descriptors = descriptors,
                                       .count = run->inheritance.count + 1};
    enum hob_warm_state state = find(run, &zygote, &request, &lesser);
    if (state == HOB_WARM_ABSENT || state == HOB_WARM_STALE || lesser || unfinished)
        start_for_next_time(run);
    if (state == HOB_WARM_READY && run_from(run, &zygote, error))
        return error->code;
    hob_warm_zygote_deinit(&zygote);
    return run_cold(run, error);
}

int hob_warm_run(char *const *words, const struct hob_warm_options *options,
                 struct hob_error *error)
{
    struct run run = {.options = options, .key = {.text = HOB_BUFFER_INIT}};
    hob_warm_inherit(&run.inheritance);
    run.arena = hob_arena_new();
    int code = hob_warm_command_read(&run.command, run.arena, words, error);
    if (code == 0)
        code = may_be_warm(&run) ? run_warm(&run, error) : run_cold(&run, error);
    hob_warm_profile_deinit(&run.profile);
    hob_warm_key_deinit(&run.key);
    hob_arena_free(run.arena);
    free(run.folder);
    return code;
}
