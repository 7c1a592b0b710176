/* session_shell: `hob session shell`: hands over to the program that has the editing of lines
 * (run.h). */
#include "cli/session.h"

static int run_shell(const struct hob_arguments *arguments)
{
    struct hob_error error = HOB_ERROR_INIT;
    if (arguments->compute->hand_over == NULL)
        return arguments->compute->run_shell(arguments);
    hob_hand_over(arguments->compute->hand_over, &error);
    return hob_report(arguments->name, &error);
}

static const struct hob_option options[] = {
    HOB_REMOTE_OPEN_OPTIONS,
    {.name = "close", .help = "end the session when the shell ends"},
    HOB_REMOTE_SERVER_OPTION,
    {0},
};

static const struct hob_note examples[] = {
    {"hob session shell people.yml", "opens a session and looks at it"},
    {"hob session shell 3cac", "goes on with the session whose id begins so"},
    {"echo 'get age Ada' | hob session shell people.yml --close", "commands from a script"},
    {NULL, NULL},
};

static const struct hob_note exits[] = {
    {"0", "all commands were done; at a terminal always"},
    {"1", "the server could not be reached, or a command of a script failed, which ends it"},
    {"2", "the command line is wrong"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_shell = {
    .name = "shell",
    .summary = "explore a session, a command a line",
    .arguments = "FILE|ID",
    .description =
        "Opens FILE, or goes on with the session ID, and reads commands: those of 'hob session', "
        "without these two words. Tab completes commands, columns and labels of rows, the "
        "arrows go back to earlier lines, Ctrl-C clears the line or stops waiting for the "
        "server, Ctrl-D leaves. The session stays, unless --close is given or the command "
        "close.\n\n"
        "Words stand in quotes as in a shell, but the quotes tell texts from numbers, too: set "
        "42 sets a number, set \"42\" a text.\n\n"
        "When standard input is no terminal there is no prompt, and the first command that "
        "fails ends the shell. Empty lines and those that begin with # are skipped.",
    .options = options,
    .examples = examples,
    .exit_notes = exits,
    .least_words = 1,
    .most_words = 1,
    .run = run_shell,
};
