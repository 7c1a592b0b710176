/* warm: `hob warm`, what is known about commands, and the processes that wait for them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/places.h"
#include "cli/options.h"
#include "cli/output.h"
#include "warm/start.h"
#include "warm/zygote.h"

/* --- list --- */

/* Calls visit for each profile, with its path. */
static void each_profile(void (*visit)(void *data, const char *path), void *data)
{
    HOB_AUTO(free) char *folder = hob_warm_profile_folder(false);
    DIR *directory = folder != NULL ? opendir(folder) : NULL;
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
        if (!hob_text_ends_with(hob_text_from(entry->d_name), ".profile"))
            continue;
        hob_buffer_printf(&path, "%s/%s", folder, entry->d_name);
        visit(data, hob_buffer_string(&path));
    }
    closedir(directory);
}

static void put_profile_line(void *data, const char *path)
{
    struct hob_buffer *out = data;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(warm_profile) struct hob_warm_profile profile;
    hob_warm_profile_load_file(&profile, arena, path);
    if (!profile.exists)
        return; /* learned by other rules: as good as nothing */
    hob_buffer_printf(out, "%-48s %4zu learned %3zu refused\n", profile.command,
                      profile.modules.count, profile.refused.count);
}

static void put_zygotes(struct hob_buffer *out, const char *folder)
{
    struct hob_warm_names names;
    hob_warm_zygote_list(folder, "sock", &names);
    for (size_t i = 0; i < names.count; i++) {
        HOB_AUTO(buffer) struct hob_buffer answer = HOB_BUFFER_INIT;
        if (!hob_warm_zygote_ask(folder, names.items[i], &answer))
            continue;
        for (size_t at = 0; at < answer.size; at++)
            if (answer.data[at] == '\n')
                answer.data[at] = ' ';
        hob_buffer_printf(out, "%s %s\n", names.items[i], hob_buffer_string(&answer));
    }
    hob_warm_zygote_list_free(&names);
}

static int run_list(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    HOB_AUTO(free) char *folder = hob_places_runtime(&error);
    hob_buffer_put_string(&output.buffer, "commands:\n");
    each_profile(put_profile_line, &output.buffer);
    hob_buffer_put_string(&output.buffer, "warm processes:\n");
    if (folder != NULL)
        put_zygotes(&output.buffer, folder);
    return hob_output_finish(&output);
}

/* --- one command --- */

struct known {
    struct hob_arena *arena;
    struct hob_warm_command command;
    struct hob_warm_profile profile;
};

/* What is known about the command; 0, or an exit status after a message. */
static int look_up(struct known *known, const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_warm_command_read(&known->command, known->arena, (char *const *)arguments->words,
                              &error) != 0)
        return hob_report(arguments->name, &error);
    if (known->command.reason != NULL) {
        hob_error_set(&error, HOB_E_VALUE, "'%s' always runs cold: %s", arguments->words[0],
                      known->command.reason);
        return hob_report(arguments->name, &error);
    }
    hob_warm_profile_load(&known->profile, known->arena, &known->command);
    return 0;
}

static void put_names(struct hob_buffer *out, const char *title, const struct hob_warm_names *names)
{
    if (names->count == 0)
        return;
    hob_buffer_printf(out, "%s:\n", title);
    for (size_t i = 0; i < names->count; i++)
        hob_buffer_printf(out, "  %s\n", names->items[i]);
}

static void put_refused(struct hob_buffer *out, const char *title,
                        const struct hob_warm_names *refused)
{
    if (refused->count > 0)
        hob_buffer_printf(out, "%s:\n", title);
    for (size_t i = 0; i < refused->count; i++) {
        const char *blank = strchrnul(refused->items[i], ' ');
        hob_buffer_printf(out, "  %.*s:%s\n", (int)(blank - refused->items[i]), refused->items[i],
                          blank);
    }
}

static void put_state(struct hob_buffer *out, const struct known *known)
{
    static const struct hob_warm_names none = {0};
    struct hob_warm_names modules;
    HOB_AUTO(warm_key) struct hob_warm_key key;
    HOB_AUTO(warm_zygote) struct hob_warm_zygote zygote = HOB_WARM_ZYGOTE_INIT;
    HOB_AUTO(free) char *folder = hob_places_runtime(NULL);
    hob_warm_wanted_modules(&modules, known->arena, &known->profile, NULL);
    hob_warm_key_make(&key, &known->command, modules.count > 0 ? &modules : &none,
                      &known->profile.variables);
    free(modules.items);
    if (folder == NULL)
        return;
    if (hob_warm_zygote_find(&zygote, folder, &key, NULL) == HOB_WARM_READY)
        hob_buffer_printf(out, "warm process %s is ready for it\n", key.name);
    else
        hob_buffer_printf(out, "a run would be cold: %s\n", zygote.why);
}

static int run_explain(const struct hob_arguments *arguments)
{
    HOB_AUTO(output) struct hob_output output = {.program = arguments->name};
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct known known = {.arena = arena};
    int status = look_up(&known, arguments);
    if (status != 0)
        return status;
    if (!known.profile.exists)
        hob_buffer_put_string(&output.buffer, "nothing was learned about it yet\n");
    put_names(&output.buffer, "preloaded", &known.profile.modules);
    put_names(&output.buffer, "to be tried", &known.profile.candidates);
    put_names(&output.buffer, "variables that these read when they are imported",
              &known.profile.variables);
    put_refused(&output.buffer, "not preloaded", &known.profile.refused);
    put_refused(&output.buffer, "could not be loaded ('hob warm forget' has it tried again)",
                &known.profile.failed);
    put_state(&output.buffer, &known);
    hob_warm_profile_deinit(&known.profile);
    return hob_output_finish(&output);
}

static void remove_profile(void *data, const char *path)
{
    (void)data;
    unlink(path);
}

static int run_forget(const struct hob_arguments *arguments)
{
    if (arguments->word_count == 0) {
        each_profile(remove_profile, NULL);
        return 0;
    }
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct known known = {.arena = arena};
    int status = look_up(&known, arguments);
    if (status != 0)
        return status;
    if (known.profile.path != NULL && unlink(known.profile.path) != 0 && errno != ENOENT) {
        struct hob_error error;
        hob_error_from_errno(&error, errno, "remove", known.profile.path);
        status = hob_report(arguments->name, &error);
    }
    hob_warm_profile_deinit(&known.profile);
    return status;
}

static int run_stop(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(free) char *folder = hob_places_runtime(&error);
    if (folder == NULL)
        return hob_report(arguments->name, &error);
    hob_warm_evict(folder, 0);
    return 0;
}

/* --- the table --- */

static const struct hob_note list_examples[] = {
    {"hob warm list", "what is known, and what is running"}, {NULL, NULL}};
static const struct hob_note explain_examples[] = {
    {"hob warm explain python3 report.py", "what is preloaded for it, and what is not, and why"},
    {NULL, NULL}};
static const struct hob_note forget_examples[] = {{"hob warm forget ./report.py", "learn it anew"},
                                                  {"hob warm forget", "everything"},
                                                  {NULL, NULL}};
static const struct hob_note stop_examples[] = {
    {"hob warm stop", "give the memory back; runs that are under way end in peace"}, {NULL, NULL}};

static const struct hob_command list_command = {
    .name = "list",
    .summary = "list what was learned and what is running",
    .arguments = "",
    .description = "Lists the commands that hob run has learned about, with the number of modules "
                   "that are preloaded for each and that were refused, and the warm processes: how "
                   "many runs they served, and how many modules they hold.",
    .options = hob_no_options,
    .examples = list_examples,
    .exit_notes = hob_usual_exits,
    .run = run_list,
};

static const struct hob_command explain_command = {
    .name = "explain",
    .summary = "show what was learned about a command",
    .arguments = "COMMAND [ARGUMENT]...",
    .description = "Shows which modules are preloaded for a command, which are not and why, which "
                   "variables these depend on, and whether a run would be warm now.",
    .options = hob_no_options,
    .examples = explain_examples,
    .exit_notes = hob_usual_exits,
    .least_words = 1,
    .most_words = UINT_MAX,
    .words_end_options = true,
    .run = run_explain,
};

static const struct hob_command forget_command = {
    .name = "forget",
    .summary = "forget what was learned",
    .arguments = "[COMMAND] [ARGUMENT]...",
    .description = "Forgets what was learned about a command, or about all of them.",
    .options = hob_no_options,
    .examples = forget_examples,
    .exit_notes = hob_usual_exits,
    .most_words = UINT_MAX,
    .words_end_options = true,
    .run = run_forget,
};

static const struct hob_command stop_command = {
    .name = "stop",
    .summary = "end the warm processes",
    .arguments = "",
    .description = "Ends all warm processes of this user, each when its runs have ended.",
    .options = hob_no_options,
    .examples = stop_examples,
    .exit_notes = hob_usual_exits,
    .run = run_stop,
};

static const struct hob_note group_examples[] = {
    {"hob warm list", "what is known, and what is running"},
    {"hob warm explain ./report.py", "what is preloaded for a command, and what is not"},
    {"hob warm stop", "give the memory back"},
    {NULL, NULL},
};

static const struct hob_command *const subcommands[] = {&list_command, &explain_command,
                                                        &forget_command, &stop_command, NULL};

const struct hob_command hob_command_warm = {
    .name = "warm",
    .summary = "see and manage what hob run keeps warm",
    .subcommands = subcommands,
    .description = "What hob run has learned about commands, and the processes that it keeps.",
    .examples = group_examples,
};
