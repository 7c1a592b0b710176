/* shell: see shell.h.
 *
 * SIGINT is blocked as long as somebody types: Ctrl-C is a character then (line_editor.h). While an
 * answer is waited for it is let through, and ends the wait (client/connection.h); the handler is
 * there so that it does not end the program, and has nothing to do. */
#define _GNU_SOURCE
#include "cli/shell.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/places.h"
#include "cli/display.h"
#include "cli/help.h"
#include "cli/line_editor.h"
#include "value/python.h"

enum { PROMPT_PART = 24, SHORT_ID = 8 };

struct shell {
    const struct hob_arguments *arguments; /* of the shell itself */
    struct hob_remote_link link;
    struct hob_line_editor *editor; /* NULL: lines come from standard input as they are */
    bool at_terminal;
    bool leaving;
    size_t line_number;
    struct hob_buffer line;
    struct hob_buffer prompt;
};

const struct hob_note hob_shell_words[] = {
    {"help", "say what there is, or with a word how that is used"},
    {"exit", "leave; so does Ctrl-D"},
    {NULL, NULL},
};

bool hob_shell_has(const struct hob_command *command)
{
    return command != &hob_command_session_shell;
}

/* ---- commands ---- */

static int help(size_t count, char *const *words)
{
    HOB_AUTO(output) struct hob_output output = {.program = "hob"};
    if (count > 1) {
        const struct hob_command *command = hob_command_find(hob_command_session_all, words[1]);
        if (command != NULL && hob_shell_has(command)) {
            hob_help_put_command(&output.buffer, command, command->name);
            return hob_output_finish(&output);
        }
    }
    for (const struct hob_command *const *at = hob_command_session_all; *at != NULL; at++) {
        char what[128];
        snprintf(what, sizeof what, "%s %s", (*at)->name, (*at)->arguments);
        if (hob_shell_has(*at))
            hob_help_put_item(&output.buffer, what, (*at)->summary);
    }
    for (const struct hob_note *word = hob_shell_words; word->what != NULL; word++)
        hob_help_put_item(&output.buffer, word->what, word->meaning);
    return hob_output_finish(&output);
}

static int unknown_command(const char *word)
{
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_command *nearest = hob_command_nearest(hob_command_session_all, word);
    hob_error_set(&error, HOB_E_PARAMETER, "there is no command '%.100s'", word);
    if (nearest != NULL && hob_shell_has(nearest))
        hob_error_hint(&error, "did you mean '%s'?", nearest->name);
    else
        hob_error_hint(&error, "'help' lists all commands");
    return hob_report("hob", &error);
}

static int run_command(struct shell *shell, const struct hob_command *command, size_t count,
                       char *const *words)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(arguments)
    struct hob_arguments arguments = {.command = command,
                                      .compute = shell->arguments->compute,
                                      .remote = &shell->link,
                                      .program = command->name,
                                      .name = "hob"};
    if (hob_arguments_parse(&arguments, count - 1, words + 1, &error) != 0)
        return hob_report("hob", &error);
    return arguments.help ? help(2, (char *const[]){"help", (char *)(uintptr_t)command->name})
                          : command->run(&arguments);
}

static int run_words(struct shell *shell, size_t count, char *const *words)
{
    if (strcmp(words[0], "exit") == 0 || strcmp(words[0], "quit") == 0) {
        shell->leaving = true;
        return 0;
    }
    if (strcmp(words[0], "help") == 0)
        return help(count, words);
    const struct hob_command *command = hob_command_find(hob_command_session_all, words[0]);
    if (command == NULL || !hob_shell_has(command))
        return unknown_command(words[0]);
    return run_command(shell, command, count, words);
}

/* Returns the exit status of what the line says. */
static int run_line(struct shell *shell)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(free) char **words = NULL;
    size_t count = 0;
    hob_buffer_string(&shell->line);
    if (hob_buffer_failed(&shell->line))
        hob_error_set(&error, HOB_E_MEMORY, "not enough memory for the line");
    else if (memchr(shell->line.data, '\0', shell->line.size) != NULL)
        hob_error_set(&error, HOB_E_PARAMETER, "the line is no text");
    else
        hob_shell_split(shell->line.data, &words, &count, &error);
    if (error.code != 0)
        return hob_report("hob", &error);
    if (count == 0 || words[0][0] == '#')
        return 0;
    int status = run_words(shell, count, words);
    shell->leaving = shell->leaving || shell->link.closed;
    return status;
}

/* ---- the prompt ---- */

/* Some columns of the text, harmless. */
static void put_part(struct hob_buffer *out, struct hob_text text)
{
    HOB_AUTO(buffer) struct hob_buffer shown = HOB_BUFFER_INIT;
    size_t width = hob_display_put(&shown, text), used;
    size_t size = width <= PROMPT_PART
                      ? shown.size
                      : hob_display_fit(hob_buffer_text(&shown), PROMPT_PART - 1, &used);
    hob_buffer_put(out, shown.data, size);
    hob_buffer_put_string(out, size < shown.size ? "…" : "");
}

static void put_focus(struct hob_buffer *out, struct hob_remote_call *call, const char *operation,
                      const char *member)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    const struct hob_value *value = NULL;
    if (hob_remote_ask(call, operation) == 0)
        value = hob_value_get(call->answer, member);
    if (!hob_value_is_null(value))
        hob_python_str(&text, value);
    put_part(out, value != NULL ? hob_buffer_text(&text) : HOB_TEXT("?"));
}

/* "people.yml Ada score> ": the file, the row and the column. */
static const char *make_prompt(struct shell *shell)
{
    static const struct hob_arguments none;
    HOB_AUTO(remote_call) struct hob_remote_call call;
    char path[HOB_REMOTE_ID_SIZE + 32];
    struct hob_buffer *out = &shell->prompt;
    hob_remote_begin(&call, &none, &shell->link);
    hob_buffer_clear(out);
    snprintf(path, sizeof path, "/api/sessions/%s", shell->link.id);
    struct hob_text file = HOB_TEXT("?");
    if (hob_remote_request(&call, "GET", path) == 0)
        file =
            hob_value_text(hob_value_get(hob_value_get(call.answer, "session"), "interface_file"));
    for (const char *slash; (slash = memchr(file.data, '/', file.size)) != NULL;)
        file = (struct hob_text){slash + 1, file.size - (size_t)(slash + 1 - file.data)};
    put_part(out, file);
    hob_buffer_put_char(out, ' ');
    put_focus(out, &call, "get_index", "index");
    hob_buffer_put_char(out, ' ');
    put_focus(out, &call, "get_column", "column");
    hob_remote_tell_changed(&shell->link, "hob");
    hob_buffer_put_string(out, "> ");
    return hob_buffer_string(out);
}

/* ---- lines ---- */

static bool read_plain(struct shell *shell)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t size = getline(&text, &capacity, stdin);
    hob_buffer_clear(&shell->line);
    if (size > 0)
        hob_buffer_put(&shell->line, text, (size_t)size - (text[size - 1] == '\n'));
    free(text);
    return size > 0;
}

static bool read_line(struct shell *shell)
{
    shell->line_number++;
    if (!shell->at_terminal)
        return read_plain(shell);
    const char *prompt = make_prompt(shell);
    if (shell->editor != NULL)
        return hob_line_editor_read(shell->editor, prompt, &shell->line) == 1;
    hob_write_all(STDOUT_FILENO, hob_text_from(prompt));
    return read_plain(shell);
}

/* What was pressed while nobody waited must not end the next wait. */
static void forget_interrupts(void)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    while (sigtimedwait(&interrupt, NULL, &(struct timespec){0}) > 0) {
    }
}

static int run_lines(struct shell *shell)
{
    while (!shell->leaving && read_line(shell)) {
        if (shell->at_terminal)
            forget_interrupts();
        if (run_line(shell) == 0 || shell->at_terminal)
            continue;
        struct hob_error error = HOB_ERROR_INIT;
        hob_error_set(&error, HOB_E_VALUE, "stopped at line %zu", shell->line_number);
        return hob_report("hob", &error);
    }
    if (shell->at_terminal && !shell->leaving)
        hob_write_all(STDOUT_FILENO, HOB_TEXT("\n"));
    return 0;
}

/* ---- beginning and end ---- */

/* What can be the beginning of an id is one if there is such a session, and else a file. */
static int choose(struct hob_remote_call *call)
{
    const char *word = call->arguments->words[0];
    bool like_id = word[0] != '\0' && strspn(word, "0123456789abcdef-") == strlen(word);
    int code = like_id ? hob_remote_find(call, word) : HOB_E_NO_KEY;
    if (code == HOB_E_NO_KEY)
        return hob_remote_open_named(call);
    return code == 0 ? hob_remote_ask(call, "get_shape") : code; /* a whole id may be of none */
}

static int begin(struct shell *shell)
{
    HOB_AUTO(remote_call) struct hob_remote_call call;
    hob_remote_begin(&call, shell->arguments, &shell->link);
    int code = hob_remote_link_open(&shell->link, hob_arguments_value(shell->arguments, "server"),
                                    &call.error);
    if (code == 0)
        code = choose(&call);
    return code == 0 ? 0 : hob_report(shell->arguments->name, &call.error);
}

static void say_how_to_come_back(const struct shell *shell)
{
    const char *server = hob_arguments_value(shell->arguments, "server");
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_printf(&text, "the session goes on: 'hob session shell %.*s%s%s' comes back to it\n",
                      SHORT_ID, shell->link.id, server != NULL ? " --server " : "",
                      server != NULL ? server : "");
    hob_write_all(STDERR_FILENO, hob_buffer_text(&text));
}

/* Returns the exit status, which is `status` unless something goes wrong now. */
static int end(struct shell *shell, int status)
{
    static const struct hob_arguments none = {.name = "hob"};
    if (shell->link.closed)
        return status;
    if (!hob_arguments_has(shell->arguments, "close")) {
        say_how_to_come_back(shell);
        return status;
    }
    HOB_AUTO(remote_call) struct hob_remote_call call;
    hob_remote_begin(&call, &none, &shell->link);
    int code = hob_remote_close_meant(&call);
    return code == 0 ? status : hob_report("hob", &call.error);
}

/* The file of the history, or NULL when there is to be none. */
static char *history_file(void)
{
    HOB_AUTO(free) char *state = hob_places_state(NULL);
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    if (state == NULL || hob_places_make(state, NULL) != 0)
        return NULL;
    hob_buffer_printf(&path, "%s/shell_history", state);
    return hob_copy_string(hob_buffer_string(&path));
}

static void on_interrupt(int number)
{
    (void)number;
}

/* Of the terminal's signals only those that nobody expects the shell to survive stay as they were.
 */
static void hold_interrupts(void)
{
    sigset_t interrupt;
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL);
    sigaction(SIGINT, &action, NULL);
}

static int run_shell(struct shell *shell)
{
    HOB_AUTO(free) char *history = NULL;
    int status = begin(shell);
    if (status != 0)
        return status;
    if (shell->at_terminal) {
        history = history_file();
        struct hob_line_options options = {
            .history = history, .complete = hob_shell_complete, .data = &shell->link};
        shell->editor = hob_line_editor_open(&options);
    }
    status = run_lines(shell);
    shell->editor = hob_line_editor_close(shell->editor);
    return end(shell, status);
}

int hob_shell_command(const struct hob_arguments *arguments)
{
    struct shell shell = {.arguments = arguments,
                          .at_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1};
    if (shell.at_terminal)
        hold_interrupts();
    shell.link.interruptible = shell.at_terminal;
    int status = run_shell(&shell);
    hob_remote_link_close(&shell.link);
    hob_buffer_deinit(&shell.line);
    hob_buffer_deinit(&shell.prompt);
    return status;
}
