/* command: see command.h. */
#define _GNU_SOURCE
#include "warm/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/places.h"

enum { HEAD_SIZE = 256, MOST_SHEBANG_WORDS = 8 };

static bool is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

const char *hob_warm_find_program(struct hob_arena *arena, const char *word, const char *other_than)
{
    if (strchr(word, '/') != NULL)
        return word;
    const char *path = getenv("PATH");
    if (path == NULL)
        path = "/usr/local/bin:/usr/bin:/bin";
    for (;;) {
        size_t size = strcspn(path, ":");
        const char *found = size == 0 ? hob_arena_printf(arena, "./%s", word)
                                      : hob_arena_printf(arena, "%.*s/%s", (int)size, path, word);
        if (is_program(found) && (other_than == NULL || !is_same_file(found, other_than)))
            return found;
        if (path[size] == '\0')
            return NULL;
        path += size + 1;
    }
}

/* --- files --- */

/* The first bytes of a file, as a string; false when it can't be read. */
static bool read_head(const char *path, char head[HEAD_SIZE + 1])
{
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = descriptor >= 0 ? read(descriptor, head, HEAD_SIZE) : -1;
    if (size < 0)
        return false;
    head[size] = '\0';
    return true;
}

static bool has_python_name(const char *path)
{
    const char *name = hob_places_base_name(path);
    if (strncmp(name, "python", 6) != 0)
        return false;
    return name[6 + strspn(name + 6, "0123456789.")] == '\0';
}

static bool is_binary(const char *path)
{
    char head[HEAD_SIZE + 1];
    return read_head(path, head) && memcmp(head, "\177ELF", 4) == 0;
}

/* --- the interpreter's own options --- */

/* Switches that only change how the interpreter is set up, and so belong to the zygote. */
static const char harmless_switches[] = "BEIOPsSubq";
static const char *const harmless_settings[] = {
    "utf8",
    "dev",
    "faulthandler",
    "no_debug_ranges",
    "frozen_modules",
    "warn_default_encoding",
    "int_max_str_digits",
    "pycache_prefix",
};

static bool is_harmless_setting(const char *setting)
{
    size_t size = strcspn(setting, "=");
    for (size_t i = 0; i < sizeof harmless_settings / sizeof harmless_settings[0]; i++)
        if (strlen(harmless_settings[i]) == size &&
            strncmp(harmless_settings[i], setting, size) == 0)
            return true;
    return false;
}

static void refuse(struct hob_warm_command *command, const char *reason)
{
    if (command->reason == NULL)
        command->reason = reason;
}

/* The same for what is said of a file, and what would help. Version managers put scripts of their
 * own in the place of interpreters and tools; theirs are told by their folder. */
static void refuse_file(struct hob_warm_command *command, struct hob_arena *arena, const char *path,
                        const char *what)
{
    if (strstr(path, "/shims/") != NULL)
        refuse(command, hob_arena_printf(arena,
                                         "'%s' %s, as version managers put before the real one: "
                                         "'pyenv which %s' or the like names that, which can be "
                                         "warm",
                                         path, what, hob_places_base_name(path)));
    else
        refuse(command, hob_arena_printf(
                            arena, "'%s' %s: what it starts can be warm by a hob run of its own",
                            path, what));
}

/* What follows the letters of -m and -c: the rest of the word, which would have to be taken apart
 * for the zygote's own command line, or the next word. */
static void take_program(struct hob_warm_command *command, const char *rest, size_t at, char mode)
{
    command->mode = mode;
    command->index = at + 1;
    if (rest[0] != '\0')
        refuse(command, "the module or code is written together with its option");
    else if (command->argv[at + 1] == NULL)
        refuse(command, "nothing follows the last option");
}

/* One word of options; true when the program follows. *skip is set when it has a value. */
static bool read_switches(struct hob_warm_command *command, size_t at, size_t *skip)
{
    for (const char *letter = command->argv[at] + 1; *letter != '\0'; letter++) {
        if (*letter == 'c' || *letter == 'm') {
            take_program(command, letter + 1, at, *letter);
            if (letter != command->argv[at] + 1)
                refuse(command, "switches are bundled with the module or code");
            return true;
        }
        if (*letter == 'W' || *letter == 'X') {
            const char *value = letter[1] != '\0' ? letter + 1 : command->argv[at + 1];
            *skip = letter[1] != '\0' ? 0 : 1;
            if (value == NULL || (*letter == 'X' && !is_harmless_setting(value)))
                refuse(command, "an option -X of the interpreter measures or traces it");
            return false;
        }
        if (strchr(harmless_switches, *letter) == NULL)
            refuse(command, "an option of the interpreter needs an interpreter of its own");
    }
    return false;
}

static void read_options(struct hob_warm_command *command)
{
    size_t at = 1;
    while (command->reason == NULL && command->argv[at] != NULL) {
        const char *word = command->argv[at];
        size_t skip = 0;
        if (word[0] != '-') {
            command->mode = 's';
            command->index = at;
            return;
        }
        if (word[1] == '\0' || word[1] == '-') {
            refuse(command, word[1] == '\0' ? "the program comes from standard input"
                                            : "a long option of the interpreter");
            return;
        }
        if (read_switches(command, at, &skip))
            return;
        at += 1 + skip;
    }
    refuse(command, "the interpreter would be interactive, or read its program from a pipe");
}

static void check_script(struct hob_warm_command *command)
{
    struct stat facts;
    char head[HEAD_SIZE + 1];
    const char *path = command->argv[command->index];
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode))
        refuse(command, "the script is no plain file");
    else if (!read_head(path, head))
        refuse(command, "the script cannot be read");
    else if (memcmp(head, "PK\3\4", 4) == 0)
        refuse(command, "the script is an archive");
}

/* Modules that measure or steer the program that they run, and need all of it to happen. */
static void check_module(struct hob_warm_command *command)
{
    static const char *const watching[] = {"cProfile", "profile",    "trace",  "pdb",
                                           "bdb",      "coverage",   "timeit", "idlelib",
                                           "zipapp",   "tracemalloc"};
    for (size_t i = 0; i < sizeof watching / sizeof watching[0]; i++)
        if (strcmp(command->argv[command->index], watching[i]) == 0)
            refuse(command, "the module watches how a program is run");
}

static void check_environment(struct hob_warm_command *command)
{
    static const char *const watching[] = {
        "PYTHONINSPECT",     "PYTHONPROFILEIMPORTTIME", "PYTHONTRACEMALLOC", "PYTHONVERBOSE",
        "PYTHONMALLOCSTATS", "PYTHONDUMPREFS",          "PYTHONDEBUG",       "PYTHONPERFSUPPORT"};
    for (size_t i = 0; i < sizeof watching / sizeof watching[0]; i++) {
        const char *value = getenv(watching[i]);
        if (value != NULL && value[0] != '\0')
            refuse(command, "a variable makes the interpreter watch itself");
    }
}

/* --- what is executed --- */

static void set_name(struct hob_warm_command *command, const char *path)
{
    snprintf(command->name, sizeof command->name, "%s", hob_places_base_name(path));
}

/* argv = the interpreter's words, then those of the command from `from` on. */
static void set_argv(struct hob_warm_command *command, struct hob_arena *arena,
                     const char *const *first, size_t first_count, size_t from)
{
    size_t count = 0;
    while (command->words[from + count] != NULL)
        count++;
    command->argv = hob_arena_alloc(arena, (first_count + count + 1) * sizeof *command->argv);
    command->count = first_count + count;
    for (size_t i = 0; i < first_count; i++)
        command->argv[i] = (char *)first[i];
    for (size_t i = 0; i <= count; i++)
        command->argv[first_count + i] = command->words[from + i];
}

static size_t split(char *line, char *words[MOST_SHEBANG_WORDS])
{
    size_t count = 0;
    for (char *next = NULL, *word = strtok_r(line, " \t", &next); word != NULL;
         word = strtok_r(NULL, " \t", &next)) {
        if (count == MOST_SHEBANG_WORDS)
            return 0;
        words[count++] = word;
    }
    return count;
}

/* `env python3`, `env -S python3 -u`: the words behind env become the interpreter's. The system
 * hands over everything behind the first blank as one word, which only -S takes apart. */
static size_t words_behind_env(char *rest, char *words[MOST_SHEBANG_WORDS])
{
    if (strncmp(rest, "-S", 2) == 0)
        return strpbrk(rest, "'\"\\$#") == NULL ? split(rest + 2, words) : 0;
    if (rest[0] == '-' || strchr(rest, '=') != NULL || strpbrk(rest, " \t") != NULL)
        return 0;
    words[0] = rest;
    return rest[0] != '\0';
}

/* Takes the first line "#!..." apart: the words that the script's own path follows. */
static size_t shebang_words(char *line, char *words[MOST_SHEBANG_WORDS])
{
    char *interpreter = line + 2 + strspn(line + 2, " \t");
    char *end = interpreter + strcspn(interpreter, " \t");
    char *rest = end + strspn(end, " \t");
    *end = '\0';
    for (size_t size = strlen(rest); size > 0 && strchr(" \t\r\v\f", rest[size - 1]) != NULL;
         size--)
        rest[size - 1] = '\0';
    if (strcmp(hob_places_base_name(interpreter), "env") == 0)
        return words_behind_env(rest, words);
    words[0] = interpreter;
    words[1] = rest;
    return rest[0] != '\0' ? 2 : 1;
}

static void read_shebang(struct hob_warm_command *command, struct hob_arena *arena, char *head)
{
    char *words[MOST_SHEBANG_WORDS];
    const char *all[MOST_SHEBANG_WORDS + 1];
    size_t size = strcspn(head, "\n");
    if (head[size] != '\n') {
        refuse(command, "its first line is too long");
        return;
    }
    head[size] = '\0';
    char *line = (char *)hob_arena_copy(arena, hob_text_from(head)).data;
    size_t count = shebang_words(line, words);
    if (count == 0 || !has_python_name(words[0])) {
        refuse_file(command, arena, command->program, "is a script, but no Python program");
        return;
    }
    for (size_t i = 0; i < count; i++)
        all[i] = words[i];
    all[count] = command->program;
    set_argv(command, arena, all, count + 1, 1);
    command->python = hob_warm_find_program(arena, words[0], NULL);
    set_name(command, command->program);
}

static void read_program(struct hob_warm_command *command, struct hob_arena *arena)
{
    char head[HEAD_SIZE + 1];
    if (!read_head(command->program, head)) {
        refuse(command, "it cannot be read");
    } else if (head[0] == '#' && head[1] == '!') {
        read_shebang(command, arena, head);
    } else if (memcmp(head, "\177ELF", 4) == 0 && has_python_name(command->program)) {
        command->python = command->program;
        set_argv(command, arena, NULL, 0, 0);
        set_name(command, command->program);
    } else {
        refuse(command, hob_arena_printf(arena, "'%s' is no Python program", command->program));
    }
}

static int not_runnable(const char *word, struct hob_error *error)
{
    if (strchr(word, '/') != NULL && access(word, F_OK) == 0) {
        hob_error_set(error, HOB_E_PERMISSION, "cannot run '%s': it is not executable", word);
        return HOB_E_PERMISSION;
    }
    hob_error_set(error, HOB_E_NOT_FOUND, "cannot run '%s': there is no such command", word);
    return HOB_E_NOT_FOUND;
}

/* A script that is no command by itself is given to python3. */
static bool is_bare_script(const char *word)
{
    struct stat facts;
    return hob_text_ends_with(hob_text_from(word), ".py") && stat(word, &facts) == 0 &&
           S_ISREG(facts.st_mode);
}

static void give_to_python(struct hob_warm_command *command, struct hob_arena *arena)
{
    static const char *const first[] = {"python3"};
    set_argv(command, arena, first, 1, 0);
    command->words = command->argv;
}

int hob_warm_command_read(struct hob_warm_command *command, struct hob_arena *arena,
                          char *const *words, struct hob_error *error)
{
    *command = (struct hob_warm_command){.words = (char **)words};
    command->program = hob_warm_find_program(arena, words[0], NULL);
    if ((command->program == NULL || !is_program(command->program)) && is_bare_script(words[0])) {
        give_to_python(command, arena);
        command->program = hob_warm_find_program(arena, "python3", NULL);
    }
    if (command->program == NULL || !is_program(command->program))
        return not_runnable(words[0], error);
    read_program(command, arena);
    if (command->reason != NULL)
        return 0;
    if (command->python == NULL)
        refuse(command, "its interpreter is not there");
    else if (!is_binary(command->python))
        refuse_file(command, arena, command->python, "is its interpreter, and a script itself");
    if (command->reason == NULL)
        read_options(command);
    if (command->reason == NULL && command->mode == 's')
        check_script(command);
    if (command->reason == NULL && command->mode == 'm')
        check_module(command);
    check_environment(command);
    return 0;
}
