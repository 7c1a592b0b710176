/* shell_complete: what may stand where the cursor is: commands, their options, and names and labels
 * of the session's table; see shell.h. */
#include "cli/line_editor.h"
#include "cli/shell.h"
#include "session/session.h"
#include "value/json.h"
#include "value/python.h"

enum {
    MOST_LABELS = 10000,
    DEADLINE_MS = 1000, /* somebody's finger is on the key */
};

static const size_t max_word_size = 4096;

enum kind { NOTHING, COMMANDS, OPTIONS, COLUMNS, LABELS, OPERATIONS };

/* What the words of a command are; other options than these take something else. */
static const struct {
    const char *command;
    enum kind words[2];
} positions[] = {
    {"get", {COLUMNS, LABELS}}, {"row", {LABELS}},     {"column", {COLUMNS}},
    {"filter", {COLUMNS}},      {"add-row", {LABELS}}, {"drop-column", {COLUMNS}},
    {"do", {OPERATIONS}},       {"help", {COMMANDS}},
};

static const struct {
    const char *option;
    enum kind kind;
} values[] = {
    {"column", COLUMNS},
    {"columns", COLUMNS},
    {"selector", COLUMNS},
    {"index", LABELS},
};

struct completion {
    struct hob_remote_link *link;
    const struct hob_command *command; /* NULL: none, or one that only the shell has */
    char **words;                      /* before the one that is completed */
    size_t count;
    struct hob_text typed;
    struct hob_text kept; /* of the word: names before the one that is completed, with commas */
    struct hob_buffer *out;
};

static void offer(struct completion *completion, struct hob_text word)
{
    hob_buffer_put_text(completion->out, completion->kept);
    hob_buffer_put_text(completion->out, word);
    hob_buffer_put_char(completion->out, '\0');
}

static bool begins(struct hob_text text, struct hob_text start)
{
    return text.size >= start.size &&
           (start.size == 0 || memcmp(text.data, start.data, start.size) == 0);
}

static void offer_word(struct completion *completion, const char *word)
{
    if (begins(hob_text_from(word), completion->typed))
        offer(completion, hob_text_from(word));
}

/* ---- values ---- */

/* Whether the word, typed just so, is read as this text again. */
static bool is_plain(struct hob_remote_call *call, struct hob_text text)
{
    const struct hob_value *value = NULL;
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= ' ' || strchr("\"'\\,=", text.data[i]) != NULL)
            return false;
    if (text.size == 0 || text.data[0] == '-')
        return false;
    return hob_remote_read(call, hob_arena_copy(call->arena, text).data, &value) == 0 &&
           hob_text_equal(hob_value_text(value), text) && value->kind == HOB_STRING;
}

/* Names of columns can do without quotes even where they look like numbers. */
static void offer_value(struct completion *completion, struct hob_remote_call *call,
                        const struct hob_value *value)
{
    HOB_AUTO(buffer) struct hob_buffer spelled = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    struct hob_text typed = completion->typed;
    hob_python_str(&text, value);
    if (value->kind == HOB_STRING && !is_plain(call, value->text))
        hob_json_put_string(&spelled, value->text, HOB_JSON_COMPACT);
    else if (value->kind == HOB_STRING)
        hob_buffer_put_text(&spelled, value->text);
    else
        hob_json_write(&spelled, value, HOB_JSON_COMPACT, max_word_size, NULL);
    bool fits = begins(hob_buffer_text(&spelled), typed);
    if (!fits && typed.size > 0 && (typed.data[0] == '"' || typed.data[0] == '\''))
        typed = (struct hob_text){typed.data + 1, typed.size - 1};
    if (fits || begins(hob_buffer_text(&text), typed))
        offer(completion, hob_buffer_text(&spelled));
}

/* The first rows have to do: with millions of labels nobody completes. */
static void offer_values(struct completion *completion, bool labels)
{
    static const struct hob_arguments none;
    HOB_AUTO(remote_call) struct hob_remote_call call;
    hob_remote_begin(&call, &none, completion->link);
    call.deadline_ms = DEADLINE_MS;
    int code;
    if (labels) {
        hob_remote_put(&call, "end", hob_value_new_int(call.arena, MOST_LABELS));
        hob_remote_put(&call, "columns", hob_value_new(call.arena, HOB_LIST));
        code = hob_remote_ask(&call, "get_slice");
    } else {
        code = hob_remote_ask(&call, "get_columns");
    }
    const struct hob_value *list = hob_value_get(call.answer, labels ? "indices" : "columns");
    for (uint32_t i = 0; code == 0 && hob_value_is(list, HOB_LIST) && i < list->list.count; i++)
        offer_value(completion, &call, list->list.items[i]);
}

/* ---- what is wanted ---- */

/* The option of a word that begins with a dash and takes the next word as its value. */
static const struct hob_option *awaits_value(const struct hob_command *command, const char *word)
{
    if (command == NULL || word[0] != '-' || strchr(word, '=') != NULL)
        return NULL;
    for (const struct hob_option *option = command->options; option->name != NULL; option++) {
        bool same = word[1] == '-'
                        ? strcmp(word + 2, option->name) == 0
                        : option->letter != 0 && word[1] == option->letter && word[2] == '\0';
        if (same && option->argument != NULL)
            return option;
    }
    return NULL;
}

static enum kind kind_of_option(struct completion *completion, const struct hob_option *option)
{
    if (strcmp(option->name, "columns") == 0) {
        struct hob_text *typed = &completion->typed;
        size_t size = typed->size;
        while (size > 0 && typed->data[size - 1] != ',')
            size--;
        completion->kept = (struct hob_text){typed->data, size};
        *typed = (struct hob_text){typed->data + size, typed->size - size};
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].option, option->name) == 0)
            return values[i].kind;
    return NOTHING;
}

static enum kind wanted(struct completion *completion)
{
    size_t position = 0;
    if (completion->count == 0)
        return COMMANDS;
    for (size_t i = 1; i < completion->count; i++) {
        const struct hob_option *option = awaits_value(completion->command, completion->words[i]);
        if (option != NULL && i + 1 == completion->count)
            return kind_of_option(completion, option);
        i += option != NULL;
        position += option == NULL && completion->words[i][0] != '-';
    }
    if (completion->typed.size > 0 && completion->typed.data[0] == '-')
        return OPTIONS;
    for (size_t i = 0; position < 2 && i < sizeof positions / sizeof positions[0]; i++)
        if (strcmp(positions[i].command, completion->words[0]) == 0)
            return positions[i].words[position];
    return NOTHING;
}

static void offer_commands(struct completion *completion)
{
    for (const struct hob_command *const *at = hob_command_session_all; *at != NULL; at++)
        if (hob_shell_has(*at))
            offer_word(completion, (*at)->name);
    for (const struct hob_note *word = hob_shell_words; word->what != NULL; word++)
        offer_word(completion, word->what);
}

static void offer_options(struct completion *completion)
{
    char word[64] = "--";
    const struct hob_option *option =
        completion->command != NULL ? completion->command->options : hob_no_options;
    for (; option->name != NULL; option++) {
        bool offered = !option->hidden && strcmp(option->name, "server") != 0 &&
                       strlen(option->name) < sizeof word - 2;
        if (offered)
            offer_word(completion, strcat(strcpy(word, "--"), option->name));
    }
    offer_word(completion, "--help");
}

static void offer_operations(struct completion *completion)
{
    size_t count;
    const struct hob_session_operation *operations = hob_session_operations(&count);
    for (size_t i = 0; i < count; i++)
        offer_word(completion, operations[i].name);
}

void hob_shell_complete(void *data, struct hob_text line, size_t start, size_t end,
                        struct hob_buffer *words)
{
    HOB_AUTO(buffer) struct hob_buffer before = HOB_BUFFER_INIT;
    HOB_AUTO(free) char **list = NULL;
    struct completion completion = {
        .link = data, .typed = {line.data + start, end - start}, .kept = {"", 0}, .out = words};
    hob_buffer_put(&before, line.data, start);
    hob_buffer_put_char(&before, '\0');
    if (hob_buffer_failed(&before) ||
        hob_shell_split(before.data, &list, &completion.count, NULL) != 0)
        return;
    completion.words = list;
    if (completion.count > 0)
        completion.command = hob_command_find(hob_command_session_all, list[0]);
    switch (wanted(&completion)) {
    case COMMANDS:
        offer_commands(&completion);
        break;
    case OPTIONS:
        offer_options(&completion);
        break;
    case COLUMNS:
        offer_values(&completion, false);
        break;
    case LABELS:
        offer_values(&completion, true);
        break;
    case OPERATIONS:
        offer_operations(&completion);
        break;
    case NOTHING:
        break;
    }
}
