/* session: `hob session`, its table of commands, and those that are about sessions as a whole. */
#include "cli/session.h"

#include <stdio.h>

#include "cli/output.h"
#include "value/json.h"

const struct hob_option hob_remote_options[] = {HOB_REMOTE_OPTIONS};

static const struct hob_option server_options[] = {HOB_REMOTE_SERVER_OPTIONS};

const struct hob_note hob_remote_exits[] = {
    {"0", "done, and the answer printed"},
    {"1", "there is no such file, session, row or column; it may not or could not be done; the "
          "server could not be reached; or the answer not printed"},
    {"2", "the command line is wrong, or a condition, value or parameter on it; it does not say "
          "which session, or lacks what the interface does not say (`compute`)"},
    {NULL, NULL},
};

/* ---- open ---- */

int hob_remote_open_named(struct hob_remote_call *call)
{
    static const char *const members[][2] = {{"directory", "directory"},
                                             {"field", "interface_field"}};
    const struct hob_arguments *arguments = call->arguments;
    const char *timeout = hob_arguments_value(arguments, "timeout");
    const char *file = hob_remote_text(call, arguments->words[0]);
    hob_remote_put(call, "interface_file", hob_value_new_string(call->arena, hob_text_from(file)));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *given = hob_arguments_value(arguments, members[i][0]);
        if (given != NULL)
            hob_remote_put(call, members[i][1],
                           hob_value_new_string(call->arena, hob_text_from(given)));
    }
    int code = timeout != NULL ? hob_remote_put_word(call, "timeout", timeout) : 0;
    if (code == 0)
        code = hob_remote_request(call, "POST", "/api/sessions");
    const struct hob_value *session = hob_value_get(call->answer, "session");
    const char *warning = hob_value_string(hob_value_get(call->answer, "warning"));
    if (code == 0 && warning != NULL)
        hob_report_warning("hob", "%s", warning);
    if (code == 0)
        code = hob_remote_keep_id(call, hob_value_text(hob_value_get(session, "session_id")));
    if (code == 0)
        call->link->closed = false;
    return code;
}

static int open_session(struct hob_remote_call *call)
{
    int code = hob_remote_open_named(call);
    if (code != 0 || hob_arguments_has(call->arguments, "json"))
        return code == 0 ? hob_remote_print(call) : code;
    hob_remote_print_text(call, hob_text_from(call->link->id));
    return 0;
}

static const struct hob_option open_options[] = {
    HOB_REMOTE_OPEN_OPTIONS,
    {.name = "timeout",
     .letter = 't',
     .argument = "SECONDS",
     .help = "close the session when nobody uses it for that long; 0: never; the default is 3600"},
    HOB_REMOTE_SERVER_OPTIONS,
};

static const struct hob_note open_examples[] = {
    {"export HOB_SESSION=$(hob session open people.yml)", "for the commands that follow"},
    {"hob session open people.yml --timeout 0", "until somebody closes it"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_open = {
    .name = "open",
    .summary = "open a session and print its id",
    .arguments = "FILE",
    .description =
        "FILE is an interface: its input, output, series and so on become the columns of one "
        "table, which lives in the server from then on, with its edits and with what it looks "
        "at. It survives a restart of the server.\n\n"
        "A server of your own, on its unix socket, looks for files from your working "
        "directory; one that is named by an URL from its own.",
    .options = open_options,
    .examples = open_examples,
    .exit_notes = hob_remote_exits,
    .least_words = 1,
    .most_words = 1,
    .run = hob_remote_run,
    .ask = open_session,
};

/* ---- list, info ---- */

static void copy_member(struct hob_remote_call *call, struct hob_value *to, const char *name,
                        const struct hob_value *from, const char *member)
{
    const struct hob_value *value = hob_value_get(from, member);
    hob_value_put_string(call->arena, to, name,
                         hob_value_is_null(value) ? &hob_value_empty_string : value);
}

static void copy_seconds(struct hob_remote_call *call, struct hob_value *to, const char *name,
                         const struct hob_value *from, const char *member)
{
    const struct hob_value *value = hob_value_get(from, member);
    char text[40] = "";
    if (hob_value_is(value, HOB_DOUBLE))
        snprintf(text, sizeof text, "%.0f s", value->number);
    else if (hob_value_is(value, HOB_INT))
        snprintf(text, sizeof text, "%lld s", (long long)value->integer);
    hob_value_put_string(call->arena, to, name,
                         hob_value_new_string(call->arena, hob_text_from(text)));
}

static void copy_shape(struct hob_remote_call *call, struct hob_value *to,
                       const struct hob_value *session)
{
    static const char *const names[] = {"rows", "columns"};
    const struct hob_value *shape = hob_value_get(session, "shape");
    for (uint32_t i = 0; i < 2; i++) {
        bool there = hob_value_is(shape, HOB_LIST) && i < shape->list.count;
        hob_value_put_string(call->arena, to, names[i],
                             there ? shape->list.items[i] : &hob_value_null);
    }
}

static int list(struct hob_remote_call *call)
{
    int code = hob_remote_request(call, "GET", "/api/sessions");
    const struct hob_value *sessions = hob_value_get(call->answer, "sessions");
    struct hob_value *rows = hob_value_new(call->arena, HOB_LIST);
    if (code != 0 || hob_arguments_has(call->arguments, "json"))
        return code == 0 ? hob_remote_print(call) : code;
    for (uint32_t i = 0; hob_value_is(sessions, HOB_LIST) && i < sessions->list.count; i++) {
        const struct hob_value *session = sessions->list.items[i];
        struct hob_value *row = hob_value_new(call->arena, HOB_MAP);
        copy_member(call, row, "session", session, "session_id");
        copy_member(call, row, "file", session, "interface_file");
        copy_member(call, row, "field", session, "interface_field");
        copy_shape(call, row, session);
        copy_seconds(call, row, "idle", session, "idle_seconds");
        hob_value_append(call->arena, rows, row);
    }
    return rows->list.count > 0 ? hob_remote_print_table(call, rows) : 0;
}

static const struct hob_note list_examples[] = {
    {"hob session list", ""},
    {"hob session list --server http://127.0.0.1:8765", "those of another server"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_list = {
    .name = "list",
    .summary = "list the sessions of the server",
    .arguments = "",
    .description = "The oldest is the first. Without sessions nothing is printed.",
    .options = server_options,
    .examples = list_examples,
    .exit_notes = hob_remote_exits,
    .run = hob_remote_run,
    .ask = list,
};

static int ask_info(struct hob_remote_call *call, const char *method)
{
    char path[HOB_REMOTE_ID_SIZE + 32];
    int code = hob_remote_choose(call);
    if (code != 0)
        return code;
    snprintf(path, sizeof path, "/api/sessions/%s", call->link->id);
    return hob_remote_request(call, method, path);
}

static int info(struct hob_remote_call *call)
{
    int code = ask_info(call, "GET");
    const struct hob_value *session = hob_value_get(call->answer, "session");
    struct hob_value *shown = hob_value_new(call->arena, HOB_MAP);
    if (code != 0 || hob_arguments_has(call->arguments, "json"))
        return code == 0 ? hob_remote_print(call) : code;
    copy_member(call, shown, "session", session, "session_id");
    copy_member(call, shown, "file", session, "interface_file");
    copy_member(call, shown, "directory", session, "directory");
    copy_member(call, shown, "field", session, "interface_field");
    copy_shape(call, shown, session);
    copy_member(call, shown, "columns", session, "columns");
    copy_seconds(call, shown, "age", session, "age_seconds");
    copy_seconds(call, shown, "timeout", session, "timeout");
    const struct hob_value *changed = hob_value_get(session, "source_changed");
    hob_value_put_string(
        call->arena, shown, "files",
        hob_value_new_string(call->arena, hob_value_is(changed, HOB_BOOL) && changed->boolean
                                              ? HOB_TEXT("changed since they were read: "
                                                         "'hob session reload'")
                                              : HOB_TEXT("as they were read")));
    return hob_remote_print_map(call, shown);
}

static const struct hob_note info_examples[] = {
    {"hob session info", ""},
    {NULL, NULL},
};

const struct hob_command hob_command_session_info = {
    .name = "info",
    .summary = "say what a session is",
    .arguments = "",
    .description = "Prints where it comes from, its rows and columns, and whether its files "
                   "changed since they were read.",
    .options = hob_remote_options,
    .examples = info_examples,
    .exit_notes = hob_remote_exits,
    .run = hob_remote_run,
    .ask = info,
};

/* ---- close ---- */

int hob_remote_close_meant(struct hob_remote_call *call)
{
    int code = ask_info(call, "DELETE");
    if (code != 0)
        return code;
    call->link->closed = true;
    call->link->id[0] = '\0';
    return 0;
}

static int close_session(struct hob_remote_call *call)
{
    int code = hob_remote_close_meant(call);
    if (code != 0 || !hob_arguments_has(call->arguments, "json"))
        return code;
    return hob_remote_print(call);
}

static const struct hob_note close_examples[] = {
    {"hob session close", "the only one there is"},
    {"hob session close -s 3cac", "the one whose id begins so"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_close = {
    .name = "close",
    .summary = "end a session",
    .arguments = "",
    .description = "Edits that were not saved are gone with it.",
    .options = hob_remote_options,
    .examples = close_examples,
    .exit_notes = hob_remote_exits,
    .run = hob_remote_run,
    .ask = close_session,
};

/* ---- do ---- */

static int do_operation(struct hob_remote_call *call)
{
    const struct hob_arguments *arguments = call->arguments;
    const char *operation = arguments->words[0];
    const struct hob_value *given = NULL;
    int code = 0;
    if (arguments->word_count > 1)
        code = hob_remote_read(call, arguments->words[1], &given);
    if (code == 0 && given != NULL && given->kind != HOB_MAP)
        code = hob_error_set(&call->error, HOB_E_PARAMETER,
                             "the parameters must be a mapping, as in '{\"column\": \"age\"}'");
    if (code == 0 && operation[strspn(operation, "abcdefghijklmnopqrstuvwxyz_")] != '\0')
        code = hob_error_set(&call->error, HOB_E_PARAMETER, "there is no operation '%.100s'",
                             operation);
    if (code != 0)
        return code;
    for (uint32_t i = 0; given != NULL && i < given->map.count; i++)
        hob_value_put(call->arena, call->parameters, given->map.pairs[i].key,
                      given->map.pairs[i].value);
    return hob_remote_show(call, operation);
}

static const struct hob_note do_examples[] = {
    {"hob session do get_subseries", "the entries of the row in focus"},
    {"hob session do get_column_type '{\"column\": \"age\"}'", "with parameters"},
    {NULL, NULL},
};

const struct hob_command hob_command_session_do = {
    .name = "do",
    .summary = "run any operation of the server",
    .arguments = "OPERATION [PARAMETERS]",
    .description = "PARAMETERS are a mapping, in JSON or YAML. docs/http-api.md lists the "
                   "operations and what they take; each can be had this way.",
    .options = hob_remote_options,
    .examples = do_examples,
    .exit_notes = hob_remote_exits,
    .least_words = 1,
    .most_words = 2,
    .run = hob_remote_run,
    .ask = do_operation,
};

/* ---- the command ---- */

const struct hob_command *const hob_command_session_all[] = {
    &hob_command_session_open,        &hob_command_session_list,    &hob_command_session_info,
    &hob_command_session_get,         &hob_command_session_set,     &hob_command_session_focus,
    &hob_command_session_slice,       &hob_command_session_row,     &hob_command_session_column,
    &hob_command_session_filter,      &hob_command_session_add_row, &hob_command_session_add_column,
    &hob_command_session_drop_column, &hob_command_session_compute, &hob_command_session_undo,
    &hob_command_session_save,        &hob_command_session_reload,  &hob_command_session_close,
    &hob_command_session_do,          &hob_command_session_shell,   NULL,
};

static const struct hob_note session_examples[] = {
    {"export HOB_SESSION=$(hob session open people.yml)", "opens a table and keeps it open"},
    {"hob session set 42 --column age --index Ada", "edits it"},
    {"hob session filter 'age > 40'", "looks at it"},
    {"hob session save && hob session close", "writes the files, and ends it"},
    {"hob session shell people.yml", "the same by hand, with completion"},
    {NULL, NULL},
};

const struct hob_command hob_command_session = {
    .name = "session",
    .summary = "open a table in the server, walk it, edit it, save it",
    .subcommands = hob_command_session_all,
    .description =
        "A session is a table that an interface describes, opened once and kept by hobd: small "
        "commands look at it and change it, for as long as you like and from as many "
        "terminals; edits survive the server.\n\n"
        "Which session is meant says --session, with as much of the id as tells it apart, else "
        "the variable HOB_SESSION; when there is only one it is that. Labels of rows and values "
        "are read as YAML reads a scalar.",
    .examples = session_examples,
};
