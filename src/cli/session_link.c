/* session_link: which server, which session, what is sent and what comes back; see session.h. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/session.h"
#include "session/hints.h"
#include "value/json.h"
#include "value/yaml.h"

enum {
    DEADLINE_MS = 300000, /* reading and computing may take long; there is Ctrl-C */
    ID_LENGTH = 36,
    MOST_NAMED = 8, /* sessions in a message */
};

static const size_t max_request_size = (size_t)256 << 20;

/* ---- running ---- */

int hob_remote_link_open(struct hob_remote_link *link, const char *server, struct hob_error *error)
{
    struct hob_client_options options = {.server = server, .interruptible = link->interruptible};
    if (link->connection != NULL)
        return 0;
    return hob_client_open(&link->connection, &options, error);
}

void hob_remote_link_close(struct hob_remote_link *link)
{
    link->connection = hob_connection_close(link->connection);
}

void hob_remote_begin(struct hob_remote_call *call, const struct hob_arguments *arguments,
                      struct hob_remote_link *link)
{
    *call = (struct hob_remote_call){
        .arguments = arguments,
        .link = link,
        .arena = hob_arena_new(),
        .to_terminal = isatty(STDOUT_FILENO) == 1,
        .output = {.program = arguments->name},
    };
    call->parameters = hob_value_new(call->arena, HOB_MAP);
}

void hob_remote_end(struct hob_remote_call *call)
{
    hob_reply_deinit(&call->reply);
    hob_buffer_deinit(&call->output.buffer);
    call->arena = hob_arena_free(call->arena);
}

static bool is_text(const char *word)
{
    struct hob_text text = hob_text_from(word);
    return hob_utf8_valid_prefix(text) == text.size;
}

/* What is sent is JSON, which has no other texts. */
static int check_words(const struct hob_arguments *arguments, struct hob_error *error)
{
    bool valid = true;
    for (size_t i = 0; i < arguments->word_count; i++)
        valid = valid && is_text(arguments->words[i]);
    for (size_t i = 0; i < arguments->given_count; i++)
        valid = valid && (arguments->given[i].value == NULL || is_text(arguments->given[i].value));
    if (valid)
        return 0;
    return hob_error_set(error, HOB_E_PARAMETER, "a word of the command line is not UTF-8");
}

int hob_remote_run(const struct hob_arguments *arguments)
{
    struct hob_remote_link own = {0}, *link = arguments->remote;
    HOB_AUTO(remote_call) struct hob_remote_call call;
    const char *server = hob_arguments_value(arguments, "server");
    bool in_shell = link != NULL;
    if (in_shell && hob_arguments_has(arguments, "session")) {
        own = (struct hob_remote_link){.connection = link->connection,
                                       .interruptible = link->interruptible};
        link = &own; /* another session, for once */
    }
    hob_remote_begin(&call, arguments, in_shell ? link : &own);
    int code = check_words(arguments, &call.error);
    if (code == 0 && in_shell && server != NULL)
        code = hob_error_set(&call.error, HOB_E_PARAMETER, "the shell stays with its server");
    if (code == 0)
        code = hob_remote_link_open(call.link, server, &call.error);
    if (code == 0)
        code = arguments->command->ask(&call);
    if (code == 0 && !hob_arguments_has(arguments, "json"))
        hob_remote_tell_changed(call.link, arguments->name);
    if (!in_shell)
        hob_remote_link_close(&own);
    return code == 0 ? hob_output_finish(&call.output) : hob_report(arguments->name, &call.error);
}

/* ---- asking ---- */

/* A server of this user looks for the files of a new session where its client is. */
static const struct hob_request_header *place_of(const struct hob_remote_call *call,
                                                 const char *path,
                                                 struct hob_request_header headers[2],
                                                 char directory[PATH_MAX])
{
    if (strcmp(path, "/api/sessions") != 0 ||
        !hob_connection_endpoint(call->link->connection)->is_local ||
        getcwd(directory, PATH_MAX) == NULL)
        return NULL;
    headers[0] = (struct hob_request_header){"X-Hob-Directory", directory};
    headers[1] = (struct hob_request_header){0};
    return headers;
}

int hob_remote_request(struct hob_remote_call *call, const char *method, const char *path)
{
    char directory[PATH_MAX];
    struct hob_request_header headers[2];
    HOB_AUTO(buffer) struct hob_buffer body = HOB_BUFFER_INIT;
    struct hob_request request = {.method = method,
                                  .path = path,
                                  .headers = place_of(call, path, headers, directory),
                                  .deadline_ms =
                                      call->deadline_ms > 0 ? call->deadline_ms : DEADLINE_MS,
                                  .interruptible = call->link->interruptible};
    int code = 0;
    if (strcmp(method, "POST") == 0)
        code = hob_json_write(&body, call->parameters, HOB_JSON_COMPACT, max_request_size,
                              &call->error);
    if (code == 0 && hob_buffer_failed(&body))
        code = hob_error_set(&call->error, HOB_E_MEMORY, "not enough memory for the request");
    call->parameters = hob_value_new(call->arena, HOB_MAP);
    call->answer = NULL;
    request.body = hob_buffer_text(&body);
    if (code == 0)
        code = hob_client_ask(call->link->connection, &request, &call->reply, &call->error);
    if (code != 0) {
        hob_session_hint_translate(&call->error);
        return code;
    }
    code =
        hob_json_read(call->arena, hob_buffer_text(&call->reply.body), &call->answer, &call->error);
    return code == 0 ? 0 : hob_error_context(&call->error, "the server's answer is not hobd's");
}

/* Every answer of a session that came back with other files says so: that is for the user, and no
 * part of what was asked for. */
static void note_changed(struct hob_remote_call *call)
{
    struct hob_remote_link *link = call->link;
    const struct hob_value *changed = hob_value_get(call->answer, "source_changed");
    const struct hob_value *lost = hob_value_get(call->answer, "edits_lost");
    link->came_changed = hob_value_is(changed, HOB_BOOL) && changed->boolean;
    link->told = link->told && link->came_changed;
    if (!link->came_changed)
        return;
    link->lost = hob_value_is(lost, HOB_INT) ? (uint64_t)lost->integer : 0;
    struct hob_value *answer = hob_value_copy(call->arena, call->answer);
    hob_value_remove(answer, "source_changed");
    hob_value_remove(answer, "edits_lost");
    call->answer = answer;
}

void hob_remote_tell_changed(struct hob_remote_link *link, const char *program)
{
    HOB_AUTO(buffer) struct hob_buffer lost = HOB_BUFFER_INIT;
    if (!link->came_changed || link->told)
        return;
    link->told = true;
    if (link->lost > 0)
        hob_buffer_printf(&lost, ", and %llu edit%s no more", (unsigned long long)link->lost,
                          link->lost == 1 ? " fits" : "s fit");
    hob_report_warning(program,
                       "the files of this session changed: what nobody edited is as they have it "
                       "now%s. `reload` accepts that, `reload --discard` lets all edits go",
                       hob_buffer_string(&lost));
}

int hob_remote_ask(struct hob_remote_call *call, const char *operation)
{
    char path[PATH_MAX];
    int code = hob_remote_choose(call);
    if (code != 0)
        return code;
    snprintf(path, sizeof path, "/api/sessions/%s/%s", call->link->id, operation);
    code = hob_remote_request(call, "POST", path);
    if (code == 0)
        note_changed(call);
    return code;
}

int hob_remote_look_up(struct hob_remote_call *call, const char *operation, const char *member,
                       const struct hob_value **value)
{
    struct hob_value *parameters = call->parameters;
    call->parameters = hob_value_new(call->arena, HOB_MAP);
    int code = hob_remote_ask(call, operation);
    call->parameters = parameters;
    *value = hob_value_get(call->answer, member);
    return code;
}

int hob_remote_show(struct hob_remote_call *call, const char *operation)
{
    int code = hob_remote_ask(call, operation);
    return code == 0 ? hob_remote_print(call) : code;
}

/* ---- choosing ---- */

static struct hob_text id_of(const struct hob_value *session)
{
    return hob_value_text(hob_value_get(session, "session_id"));
}

int hob_remote_keep_id(struct hob_remote_call *call, struct hob_text id)
{
    if (id.size == 0 || id.size >= sizeof call->link->id)
        return hob_error_set(&call->error, HOB_E_PROTOCOL,
                             "the server does not say which sessions it has");
    memcpy(call->link->id, id.data, id.size);
    call->link->id[id.size] = '\0';
    return 0;
}

/* Nobody else asked for anything yet, so parameters stay what they were. */
static int list_sessions(struct hob_remote_call *call, const struct hob_value **sessions)
{
    struct hob_value *parameters = call->parameters;
    int code = hob_remote_request(call, "GET", "/api/sessions");
    call->parameters = parameters;
    *sessions = hob_value_get(call->answer, "sessions");
    if (code == 0 && !hob_value_is(*sessions, HOB_LIST))
        code = hob_error_set(&call->error, HOB_E_PROTOCOL,
                             "the server does not say which sessions it has");
    return code;
}

/* "3cacb35d (people.yml), ..." of those whose id begins with `prefix`. */
static void put_names(struct hob_buffer *out, const struct hob_value *sessions,
                      struct hob_text prefix)
{
    unsigned named = 0, more = 0;
    for (uint32_t i = 0; i < sessions->list.count; i++) {
        const struct hob_value *session = sessions->list.items[i];
        struct hob_text id = id_of(session);
        struct hob_text file = hob_value_text(hob_value_get(session, "interface_file"));
        if (id.size < prefix.size || memcmp(id.data, prefix.data, prefix.size) != 0)
            continue;
        size_t shown = prefix.size + 1 > 8 ? prefix.size + 1 : 8;
        if (named == MOST_NAMED)
            more++;
        else
            hob_buffer_printf(out, "%s%.*s (%.*s)", named++ > 0 ? ", " : "",
                              (int)(shown < id.size ? shown : id.size), id.data,
                              HOB_TEXT_ARG(file));
    }
    if (more > 0)
        hob_buffer_printf(out, " and %u more", more);
}

static int ambiguous(struct hob_remote_call *call, const struct hob_value *sessions,
                     const char *prefix)
{
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    put_names(&names, sessions, hob_text_from(prefix));
    hob_error_set(&call->error, HOB_E_PARAMETER, "there are several sessions%s%s: %s",
                  prefix[0] != '\0' ? " that begin with " : "", prefix, hob_buffer_string(&names));
    hob_error_hint(&call->error, "say which with --session, or set HOB_SESSION");
    return HOB_E_PARAMETER;
}

static int none(struct hob_remote_call *call, const char *prefix)
{
    if (prefix[0] == '\0') {
        hob_error_set(&call->error, HOB_E_NO_KEY, "there are no sessions at %s",
                      hob_connection_endpoint(call->link->connection)->name);
        hob_error_hint(&call->error, "'hob session open FILE' opens one");
    } else {
        hob_error_set(&call->error, HOB_E_NO_KEY, "there is no session '%.100s'", prefix);
        hob_error_hint(&call->error, "'hob session list' shows those that there are");
    }
    return HOB_E_NO_KEY;
}

int hob_remote_find(struct hob_remote_call *call, const char *name)
{
    const struct hob_value *sessions;
    uint32_t found = 0, count = 0;
    /* A whole id needs no looking up; whether it is there the operation will tell. */
    if (strlen(name) == ID_LENGTH && strspn(name, "0123456789abcdef-") == ID_LENGTH)
        return hob_remote_keep_id(call, hob_text_from(name));
    int code = list_sessions(call, &sessions);
    if (code != 0)
        return code;
    for (uint32_t i = 0; i < sessions->list.count; i++) {
        if (!hob_text_starts_with(id_of(sessions->list.items[i]), name))
            continue;
        found = i;
        count++;
    }
    if (count == 0)
        return none(call, name);
    if (count > 1)
        return ambiguous(call, sessions, name);
    return hob_remote_keep_id(call, id_of(sessions->list.items[found]));
}

int hob_remote_choose(struct hob_remote_call *call)
{
    const char *given = hob_arguments_value(call->arguments, "session");
    const char *usual = getenv("HOB_SESSION");
    if (call->link->id[0] != '\0')
        return 0;
    if (given != NULL)
        return hob_remote_find(call, given);
    return hob_remote_find(call, usual != NULL ? usual : "");
}

/* ---- parameters ---- */

void hob_remote_put(struct hob_remote_call *call, const char *name, const struct hob_value *value)
{
    hob_value_put_string(call->arena, call->parameters, name, value);
}

/* In quotes or brackets the word is YAML; otherwise it is one scalar, even where a document would
 * have a mapping, a list or a comment in it ("Notes: part 1"). */
int hob_remote_read(struct hob_remote_call *call, const char *word, const struct hob_value **value)
{
    struct hob_error own = HOB_ERROR_INIT;
    struct hob_text text = hob_text_from(word);
    *value = &hob_value_empty_string;
    if (text.size == 0)
        return 0;
    if (strchr("\"'[{", word[0]) == NULL) {
        *value = hob_yaml_plain(call->arena, text);
        return 0;
    }
    if (hob_yaml_read(call->arena, text, "the value", value, &own) == 0)
        return 0;
    hob_error_set(&call->error, HOB_E_PARAMETER, "cannot read the value %.200s: %s", word,
                  own.message);
    hob_error_hint(&call->error, "a text that begins with a quote or a bracket stands in quotes of "
                                 "its own, as in '\"[sic]\"'");
    return HOB_E_PARAMETER;
}

int hob_remote_put_word(struct hob_remote_call *call, const char *name, const char *word)
{
    const struct hob_value *value;
    int code = hob_remote_read(call, word, &value);
    if (code == 0)
        hob_remote_put(call, name, value);
    return code;
}

const char *hob_remote_text(struct hob_remote_call *call, const char *word)
{
    const struct hob_value *value = NULL;
    struct hob_text text = hob_text_from(word);
    bool quoted =
        text.size > 1 && (word[0] == '"' || word[0] == '\'') && word[text.size - 1] == word[0];
    if (!quoted || hob_yaml_read(call->arena, text, "word", &value, NULL) != 0)
        return word;
    const char *inside = hob_value_string(value);
    return inside != NULL ? inside : word;
}

const struct hob_value *hob_remote_column(struct hob_remote_call *call, const char *word)
{
    return hob_value_new_string(call->arena, hob_text_from(hob_remote_text(call, word)));
}

void hob_remote_put_column(struct hob_remote_call *call, const char *word)
{
    hob_remote_put(call, "column", hob_remote_column(call, word));
}

/* Up to the next comma that does not stand in quotes. */
static size_t name_length(const char *text)
{
    char quote = '\0';
    size_t size = 0;
    for (; text[size] != '\0' && (quote != '\0' || text[size] != ','); size++) {
        if (quote != '\0' && text[size] == quote)
            quote = '\0';
        else if (quote == '\0' && size == 0 && (text[0] == '"' || text[0] == '\''))
            quote = text[0];
    }
    return size;
}

void hob_remote_put_columns(struct hob_remote_call *call)
{
    size_t count;
    HOB_AUTO(free)
    const char **given = hob_arguments_values(call->arguments, "columns", &count);
    struct hob_value *names = hob_value_new(call->arena, HOB_LIST);
    for (size_t i = 0; i < count; i++) {
        for (const char *at = given[i]; *at != '\0';) {
            size_t size = name_length(at);
            const char *word = hob_arena_copy(call->arena, (struct hob_text){at, size}).data;
            hob_value_append(call->arena, names, hob_remote_column(call, word));
            at += size + (at[size] == ',');
        }
    }
    if (count > 0)
        hob_remote_put(call, "columns", names);
}
