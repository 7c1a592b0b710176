/* shim: `hob shim`, links by which tools are called warm. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/places.h"
#include "cli/options.h"
#include "cli/output.h"
#include "warm/command.h"
#include "warm/shim.h"

static const struct hob_option shim_options[] = {
    {.name = "dir",
     .letter = 'd',
     .argument = "FOLDER",
     .help = "make the links there; the default is ~/.local/share/hob/shims"},
    {.name = "from-venv",
     .argument = "FOLDER",
     .repeatable = true,
     .help = "all Python scripts of this virtual environment"},
    {.name = "check", .help = "say what a Makefile would use, with the PATH of now"},
    {0},
};

static const struct hob_note shim_examples[] = {
    {"hob shim -d tools mytool othertool", "links tools/mytool and tools/othertool"},
    {"hob shim -d tools --from-venv .venv", "for every script of a virtual environment"},
    {"PATH=$PWD/tools:$PATH make -j8", "an unmodified Makefile that uses them"},
    {"hob shim -d tools --check", "what is called by these names"},
    {NULL, NULL},
};

static const struct hob_note shim_exits[] = {
    {"0", "made; with --check: all of them are used, or there are none"},
    {"1", "one could not be made; with --check: one is not used, or there is no such folder"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

struct making {
    const struct hob_arguments *arguments;
    struct hob_arena *arena;
    struct hob_shims shims;
    const char *folder;
    struct hob_output output;
};

static bool is_in_folder(const char *path, const char *folder)
{
    HOB_AUTO(free) char *real = realpath(folder, NULL);
    const char *slash = strrchr(path, '/');
    if (real == NULL || slash == NULL)
        return false;
    HOB_AUTO(free) char *parent = strndup(path, (size_t)(slash - path));
    HOB_AUTO(free) char *real_parent = realpath(parent[0] != '\0' ? parent : "/", NULL);
    return real_parent != NULL && strcmp(real, real_parent) == 0;
}

/* An absolute path, without following the last link: a virtual environment is told by it. */
static const char *absolute(struct making *making, const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 1 + strspn(path + 1, "/");
    if (path[0] == '/')
        return path;
    HOB_AUTO(free) char *here = getcwd(NULL, 0);
    return here != NULL ? hob_arena_printf(making->arena, "%s/%s", here, path) : path;
}

static int make(struct making *making, const char *name, const char *program)
{
    struct hob_error error = HOB_ERROR_INIT;
    int code = hob_shims_make(&making->shims, making->folder, name, program, &error);
    if (code != 0)
        return hob_report(making->arguments->name, &error);
    hob_buffer_printf(&making->output.buffer, "%s/%s -> %s\n", making->folder, name, program);
    return 0;
}

static int make_named(struct making *making, const char *word)
{
    const char *slash = strrchr(word, '/');
    const char *name = hob_arena_copy(making->arena, hob_text_from(slash ? slash + 1 : word)).data;
    const char *program = hob_warm_find_program(making->arena, word, "/proc/self/exe");
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_command_of_executable(name) != NULL)
        return make(making, name, name); /* hob's own */
    if (program == NULL || access(program, X_OK) != 0) {
        hob_error_set(&error, HOB_E_NOT_FOUND,
                      "cannot make the shim '%s': there is no such command", name);
        hob_error_hint(&error, "give its path, or put its folder into PATH");
        return hob_report(making->arguments->name, &error);
    }
    return make(making, name, absolute(making, program));
}

static bool is_python_script(struct making *making, const char *path)
{
    struct hob_warm_command command;
    char *words[] = {(char *)path, (char *)"x", NULL};
    return access(path, X_OK) == 0 &&
           hob_warm_command_read(&command, making->arena, words, NULL) == 0 &&
           command.reason == NULL && command.python != command.program;
}

static int make_from_venv(struct making *making, const char *folder)
{
    const char *bin = absolute(making, hob_arena_printf(making->arena, "%s/bin", folder));
    struct hob_error error = HOB_ERROR_INIT;
    int status = 0;
    DIR *directory = opendir(bin);
    if (directory == NULL) {
        hob_error_from_errno(&error, errno, "open", bin);
        return hob_report(making->arguments->name, &error);
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL && status == 0;) {
        const char *path = hob_arena_printf(making->arena, "%s/%s", bin, entry->d_name);
        const char *name = hob_arena_copy(making->arena, hob_text_from(entry->d_name)).data;
        if (entry->d_name[0] != '.' && is_python_script(making, path))
            status = make(making, name, path);
    }
    closedir(directory);
    return status;
}

static int make_all(struct making *making)
{
    size_t count;
    HOB_AUTO(free)
    const char **environments = hob_arguments_values(making->arguments, "from-venv", &count);
    int status = 0;
    for (size_t i = 0; i < making->arguments->word_count && status == 0; i++)
        status = make_named(making, making->arguments->words[i]);
    for (size_t i = 0; i < count && status == 0; i++)
        status = make_from_venv(making, environments[i]);
    return status;
}

static int make_shims(struct making *making)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_places_make_shared(making->folder, &error) != 0)
        return hob_report(making->arguments->name, &error);
    struct stat facts;
    if (stat(making->folder, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        hob_error_from_errno(&error, ENOTDIR, "make links in", making->folder);
        hob_error_hint(&error, "name another folder with --dir");
        return hob_report(making->arguments->name, &error);
    }
    int status = make_all(making);
    if (hob_shims_write(&making->shims, making->folder, &error) != 0)
        status = hob_report(making->arguments->name, &error);
    int printed = hob_output_finish(&making->output);
    return status != 0 ? status : printed;
}

static int check(struct making *making)
{
    int status = 0;
    struct stat facts;
    struct hob_error error = HOB_ERROR_INIT;
    int number = stat(making->folder, &facts) != 0 ? errno : S_ISDIR(facts.st_mode) ? 0 : ENOTDIR;
    if (number != 0) {
        hob_error_from_errno(&error, number, "look for shims in", making->folder);
        return hob_report(making->arguments->name, &error);
    }
    if (making->shims.count == 0)
        hob_buffer_printf(&making->output.buffer,
                          "There are no shims in %s: 'hob shim -d %s NAME' makes one.\n",
                          making->folder, making->folder);
    for (size_t i = 0; i < making->shims.count; i++) {
        const struct hob_shim *shim = &making->shims.items[i];
        const char *found = hob_warm_find_program(making->arena, shim->name, NULL);
        bool used = found != NULL && is_in_folder(found, making->folder);
        hob_buffer_printf(&making->output.buffer, used ? "%s: warm, %s\n" : "%s: not warm, %s\n",
                          shim->name,
                          used            ? shim->program
                          : found != NULL ? found
                                          : "the folder of shims is not in PATH");
        status = used ? status : 1;
    }
    int printed = hob_output_finish(&making->output);
    return status != 0 ? status : printed;
}

static int run_shim(const struct hob_arguments *arguments)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(free) char *usual = hob_shims_default_folder();
    const char *given = hob_arguments_value(arguments, "dir");
    struct making making = {.arguments = arguments,
                            .arena = arena,
                            .folder = given != NULL ? given : usual,
                            .output = {.program = arguments->name}};
    bool checks = hob_arguments_has(arguments, "check");
    bool names = arguments->word_count > 0 || hob_arguments_has(arguments, "from-venv");
    if (making.folder == NULL)
        return hob_arguments_wrong(arguments, "there is no home to put links into: give --dir");
    if (checks == names)
        return hob_arguments_wrong(arguments, "give names, --from-venv or --check");
    hob_shims_read(&making.shims, arena, making.folder);
    int status = checks ? check(&making) : make_shims(&making);
    free(making.shims.items);
    hob_buffer_deinit(&making.output.buffer);
    return status;
}

const struct hob_command hob_command_shim = {
    .name = "shim",
    .summary = "make links by which tools are called warm",
    .arguments = "[NAME]...",
    .description =
        "Makes a link for each named tool, and for the Python scripts of virtual environments. "
        "With "
        "the folder of these links first in PATH, whoever calls the tool gets it through hob run, "
        "and nothing else changes: Makefiles and scripts stay as they are.",
    .options = shim_options,
    .examples = shim_examples,
    .exit_notes = shim_exits,
    .most_words = UINT_MAX,
    .run = run_shim,
};
