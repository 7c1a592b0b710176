/* hob-run: `hob run` and shims, as long as there is a warm process; see cli/enter.c.
 *
 * Everything else is hob-full's business, which is given the same words and starts anew: nothing
 * has been done by then that anybody could see. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/places.h"
#include "warm/run.h"
#include "warm/shim.h"

enum { UNKNOWN_END = 125, NOT_EXECUTABLE = 126 };

static char **copy_words(struct hob_arena *arena, char *const *words)
{
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    char **copy = hob_arena_alloc(arena, (count + 1) * sizeof *copy);
    return memcpy(copy, words, (count + 1) * sizeof *copy);
}

/* What is to be run, or NULL: `hob run [--] COMMAND...` without options, or a shim's name. */
static char **words_of(struct hob_arena *arena, char **argv)
{
    if (argv[0] == NULL)
        return NULL;
    if (strcmp(hob_places_base_name(argv[0]), "hob") != 0) {
        const char *program = hob_shim_program(arena, argv[0]);
        char **words = copy_words(arena, argv);
        words[0] = (char *)program;
        return program != NULL ? words : NULL;
    }
    if (argv[1] == NULL || strcmp(argv[1], "run") != 0 || argv[2] == NULL)
        return NULL;
    char **words = argv + 2;
    if (strcmp(words[0], "--") == 0)
        words++;
    else if (words[0][0] == '-')
        return NULL;
    return words[0] != NULL ? words : NULL;
}

static bool is_talkative(void)
{
    const char *verbose = getenv("HOB_VERBOSE");
    return verbose != NULL && verbose[0] != '\0';
}

static int hand_over(char **argv)
{
    char *path = hob_places_libexec("hob-full");
    errno = ENOENT;
    if (path != NULL)
        execv(path, argv);
    dprintf(STDERR_FILENO,
            "hob: cannot start the program hob-full: %s (it is installed together with hob, "
            "as " HOB_LIBEXEC "/hob-full)\n",
            strerror(errno));
    return NOT_EXECUTABLE;
}

int main(int argc, char **argv)
{
    static const struct hob_warm_options options = {.start = NULL};
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_arena *arena = hob_arena_new();
    (void)argc;
    char **words = is_talkative() ? NULL : words_of(arena, argv);
    if (words == NULL || hob_warm_run(words, &options, &error) != HOB_E_INTERNAL)
        return hand_over(argv);
    const char *program = words == argv + 2 || words == argv + 3 ? "hob run" : "hob";
    dprintf(STDERR_FILENO, "%s: %s (%s)\n", program, error.message, error.hint);
    return UNKNOWN_END;
}
