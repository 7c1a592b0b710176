/* session: `hob session ...`: the operations of sessions from the command line, and in its shell.
 *
 * Sessions live in hobd; a command sends one request, or a few, and prints the answer. Words that
 * stand for values are read as YAML reads a scalar: 42 is a number, "42" with its quotes a text,
 * and what begins with [ or { a list or mapping. */
#ifndef HOB_CLI_SESSION_H
#define HOB_CLI_SESSION_H

#include "cli/options.h"
#include "cli/output.h"
#include "client/client.h"
#include "value/value.h"

enum { HOB_REMOTE_ID_SIZE = 64 };

/* What the commands of one shell share; a command that is run by itself has one of its own. */
struct hob_remote_link {
    struct hob_connection *connection; /* NULL until somebody asks */
    char id[HOB_REMOTE_ID_SIZE];       /* the session; "" until it is chosen */
    bool interruptible;                /* as in struct hob_request */
    bool closed;                       /* the session has ended */
    bool came_changed; /* the last operation said that the session was made again of other files */
    bool told;         /* and the user knows */
    uint64_t lost;     /* edits that did not fit those files */
};

/* One command. Functions that take it return 0, or a negative code with `error` filled. */
struct hob_remote_call {
    const struct hob_arguments *arguments;
    struct hob_remote_link *link;
    struct hob_arena *arena;
    struct hob_value *parameters; /* of the operation that is asked for next */
    const struct hob_value *answer;
    unsigned deadline_ms; /* of each request; 0: five minutes */
    bool to_terminal;     /* what is printed */
    struct hob_reply reply;
    struct hob_output output;
    struct hob_error error;
};

/* Over a link that is open. `arguments` and `link` are borrowed. */
void hob_remote_begin(struct hob_remote_call *call, const struct hob_arguments *arguments,
                      struct hob_remote_link *link);
void hob_remote_end(struct hob_remote_call *call);
static inline void hob_auto_remote_call(struct hob_remote_call *call)
{
    hob_remote_end(call);
}

/* Runs a command of which the row says how it asks: connects, calls that, prints what it left in
 * `output`. Returns the exit status. */
int hob_remote_run(const struct hob_arguments *arguments);

/* A link by itself, as the shell needs one. */
int hob_remote_link_open(struct hob_remote_link *link, const char *server, struct hob_error *error);
void hob_remote_link_close(struct hob_remote_link *link);

/* ---- asking ---- */

/* The session that is meant: the link's, or what -s, $HOB_SESSION or there being only one says. */
int hob_remote_choose(struct hob_remote_call *call);
/* From now on it is this one. */
int hob_remote_keep_id(struct hob_remote_call *call, struct hob_text id);
/* The session of which `name` is the id or the beginning of it. */
int hob_remote_find(struct hob_remote_call *call, const char *name);
/* Sends a request; a POST carries the parameters, which are then empty again. */
int hob_remote_request(struct hob_remote_call *call, const char *method, const char *path);
/* An operation of the session that is meant. */
int hob_remote_ask(struct hob_remote_call *call, const char *operation);
/* A member of what an operation without parameters answers, NULL if it has none; what was going to
 * be sent stays. */
int hob_remote_look_up(struct hob_remote_call *call, const char *operation, const char *member,
                       const struct hob_value **value);
/* As hob_remote_ask, and the answer is printed. */
int hob_remote_show(struct hob_remote_call *call, const char *operation);

/* Says once, on standard error, that the session came back with other files, if it did. */
void hob_remote_tell_changed(struct hob_remote_link *link, const char *program);

/* ---- parameters ---- */

void hob_remote_put(struct hob_remote_call *call, const char *name, const struct hob_value *value);
/* A word as a value. */
int hob_remote_read(struct hob_remote_call *call, const char *word, const struct hob_value **value);
int hob_remote_put_word(struct hob_remote_call *call, const char *name, const char *word);
/* A word that is no value: without its quotes, if it stands in some. */
const char *hob_remote_text(struct hob_remote_call *call, const char *word);
/* A word as the name of a column: those of sessions are texts, whatever they look like. */
const struct hob_value *hob_remote_column(struct hob_remote_call *call, const char *word);
void hob_remote_put_column(struct hob_remote_call *call, const char *word);
/* What --columns says, if it was given. */
void hob_remote_put_columns(struct hob_remote_call *call);

/* ---- printing (session_print.c) ---- */

/* The answer as people read it, whichever operation it is of; as it came with --json. */
int hob_remote_print(struct hob_remote_call *call);
/* A text, harmless on a terminal, and a line end. */
void hob_remote_print_text(struct hob_remote_call *call, struct hob_text text);
/* A value on a line of its own; nothing is an empty one. */
void hob_remote_print_value(struct hob_remote_call *call, const struct hob_value *value);
/* A list of mappings as a table. */
int hob_remote_print_table(struct hob_remote_call *call, const struct hob_value *records);
/* Names and values, a line each; with --json as JSON, for what several answers were put together
 * to. */
int hob_remote_print_map(struct hob_remote_call *call, const struct hob_value *map);

/* ---- the commands ---- */

/* The options that every one of them has; they stand at the end of each list. */
#define HOB_REMOTE_SERVER_OPTION                                                                   \
    {                                                                                              \
        .name = "server", .argument = "URL",                                                       \
        .help = "the server: http://host:port or unix:/path; the default is $HOB_SERVER, else "    \
                "your own"                                                                         \
    }
#define HOB_REMOTE_SERVER_OPTIONS                                                                  \
    {.name = "json", .letter = 'j', .help = "print the server's answer as it came, in JSON"},      \
        HOB_REMOTE_SERVER_OPTION,                                                                  \
    {                                                                                              \
        0                                                                                          \
    }
#define HOB_REMOTE_OPTIONS                                                                         \
    {.name = "session",                                                                            \
     .letter = 's',                                                                                \
     .argument = "ID",                                                                             \
     .help = "which session, the beginning of its id is enough; the default is $HOB_SESSION, "     \
             "else the only one there is"},                                                        \
        HOB_REMOTE_SERVER_OPTIONS
#define HOB_REMOTE_COLUMNS_OPTION                                                                  \
    {                                                                                              \
        .name = "columns", .letter = 'c', .argument = "NAME,...", .repeatable = true,              \
        .help = "only these columns"                                                               \
    }

/* What is opened, where a command opens something. */
#define HOB_REMOTE_OPEN_OPTIONS                                                                    \
    {.name = "directory",                                                                          \
     .letter = 'd',                                                                                \
     .argument = "DIR",                                                                            \
     .help = "look for FILE in this directory instead of the working directory"},                  \
    {                                                                                              \
        .name = "field", .letter = 'f', .argument = "FIELD",                                       \
        .help = "the interface is this field of FILE, not all of it"                               \
    }

/* Only those options. */
extern const struct hob_option hob_remote_options[];
extern const struct hob_note hob_remote_exits[];

/* Opens the session that the words and options --directory, --field and --timeout say, and makes
 * it the link's. */
int hob_remote_open_named(struct hob_remote_call *call);
/* Ends the session that is meant. */
int hob_remote_close_meant(struct hob_remote_call *call);

/* session.c */
extern const struct hob_command *const hob_command_session_all[]; /* ends with NULL */
extern const struct hob_command hob_command_session_open, hob_command_session_list,
    hob_command_session_info, hob_command_session_close, hob_command_session_do;
/* session_cell.c */
extern const struct hob_command hob_command_session_get, hob_command_session_set,
    hob_command_session_focus;
/* session_rows.c */
extern const struct hob_command hob_command_session_slice, hob_command_session_row,
    hob_command_session_column, hob_command_session_filter;
/* session_edit.c */
extern const struct hob_command hob_command_session_add_row, hob_command_session_add_column,
    hob_command_session_drop_column, hob_command_session_compute, hob_command_session_undo,
    hob_command_session_save, hob_command_session_reload;
/* session_shell.c */
extern const struct hob_command hob_command_session_shell;

#endif
