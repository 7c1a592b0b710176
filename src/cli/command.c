/* command: see command.h. */
#include "cli/command.h"

#include <stdio.h>

#include "base/nearest.h"

/* clang-format off */
const struct hob_command *const hob_commands[] = {
    &hob_command_field,
    &hob_command_read,
    &hob_command_convert,
    &hob_command_write,
    &hob_command_list,
    &hob_command_run,
    &hob_command_shim,
    &hob_command_warm,
    &hob_command_why,
    &hob_command_serve,
    &hob_command_session,
    &hob_command_call,
    &hob_command_pool,
    &hob_command_stdio,
    &hob_command_profile,
    &hob_command_config,
    &hob_command_help,
    &hob_command_completion,
    NULL,
};
/* clang-format on */

const struct hob_option hob_help_option = {
    .name = "help", .letter = 'h', .help = "say how the command is used, and stop"};

const struct hob_option hob_no_options[] = {{0}};

const struct hob_note hob_usual_exits[] = {
    {"0", "printed"},
    {"1", "standard output could not be written"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command *hob_command_find(const struct hob_command *const *commands,
                                           const char *name)
{
    for (; *commands != NULL; commands++)
        if (strcmp((*commands)->name, name) == 0)
            return *commands;
    return NULL;
}

const struct hob_command *hob_command_nearest(const struct hob_command *const *commands,
                                              const char *name)
{
    const struct hob_command *nearest = NULL;
    unsigned distance = hob_near_enough(name);
    for (; *commands != NULL; commands++)
        if (hob_nearer(name, (*commands)->name, &distance))
            nearest = *commands;
    return nearest;
}

const struct hob_command *hob_command_of_executable(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++)
        if ((*at)->alias != NULL && strcmp((*at)->alias, name) == 0)
            return *at;
    return NULL;
}

void hob_command_each(void (*visit)(void *data, const struct hob_command *command,
                                    const char *title),
                      void *data)
{
    for (const struct hob_command *const *at = hob_commands; *at != NULL; at++) {
        const struct hob_command *const *below = (*at)->subcommands;
        visit(data, *at, (*at)->name);
        for (; below != NULL && *below != NULL; below++) {
            char title[64];
            snprintf(title, sizeof title, "%s %s", (*at)->name, (*below)->name);
            visit(data, *below, title);
        }
    }
}
