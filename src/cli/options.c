/* options: see options.h. */
#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/nearest.h"
#include "cli/output.h"

struct parser {
    struct hob_arguments *arguments;
    char *const *words;
    size_t count, at;
    struct hob_error *error;
};

static int see_help(const struct parser *parser)
{
    hob_error_hint(parser->error, "see '%s --help'", parser->arguments->program);
    return HOB_E_PARAMETER;
}

static const struct hob_option *find_long(const struct hob_command *command, struct hob_text name)
{
    if (hob_text_is(name, hob_help_option.name))
        return &hob_help_option;
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        if (hob_text_is(name, option->name))
            return option;
    return NULL;
}

static const struct hob_option *find_short(const struct hob_command *command, char letter)
{
    if (letter == hob_help_option.letter)
        return &hob_help_option;
    for (const struct hob_option *option = command->options; option->name != NULL; option++)
        if (option->letter != 0 && option->letter == letter)
            return option;
    return NULL;
}

static int unknown_long(const struct parser *parser, struct hob_text name)
{
    char typed[64];
    const char *nearest = NULL;
    snprintf(typed, sizeof typed, "%.*s", HOB_TEXT_ARG(name));
    unsigned distance = hob_near_enough(typed);
    const struct hob_option *option = parser->arguments->command->options;
    for (; option->name != NULL; option++)
        if (!option->hidden && hob_nearer(typed, option->name, &distance))
            nearest = option->name;
    if (hob_nearer(typed, hob_help_option.name, &distance))
        nearest = hob_help_option.name;
    hob_error_set(parser->error, HOB_E_PARAMETER, "unknown option '--%.*s'", HOB_TEXT_ARG(name));
    if (nearest == NULL)
        return see_help(parser);
    hob_error_hint(parser->error, "did you mean '--%s'?", nearest);
    return HOB_E_PARAMETER;
}

static void give(struct parser *parser, const struct hob_option *option, const char *value)
{
    struct hob_arguments *arguments = parser->arguments;
    arguments->given[arguments->given_count++] = (struct hob_given_option){option, value};
    arguments->help = arguments->help || option == &hob_help_option;
}

static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* The option's value is the next word, and for some options those after it too. */
static int take_words(struct parser *parser, const struct hob_option *option)
{
    bool none = parser->at == parser->count ||
                (option->many && looks_like_option(parser->words[parser->at]));
    if (none) {
        hob_error_set(parser->error, HOB_E_PARAMETER, "option '--%s' needs a value", option->name);
        hob_error_hint(parser->error, "--%s %s: %s", option->name, option->argument, option->help);
        return HOB_E_PARAMETER;
    }
    give(parser, option, parser->words[parser->at++]);
    while (option->many && parser->at < parser->count &&
           !looks_like_option(parser->words[parser->at]))
        give(parser, option, parser->words[parser->at++]);
    return 0;
}

static int parse_long(struct parser *parser, const char *word)
{
    const char *equals = strchr(word, '=');
    struct hob_text name = {word, equals != NULL ? (size_t)(equals - word) : strlen(word)};
    const struct hob_option *option = find_long(parser->arguments->command, name);
    if (option == NULL)
        return unknown_long(parser, name);
    if (option->argument == NULL && equals != NULL) {
        hob_error_set(parser->error, HOB_E_PARAMETER, "option '--%s' takes no value", option->name);
        hob_error_hint(parser->error, "type just '--%s'", option->name);
        return HOB_E_PARAMETER;
    }
    if (option->argument != NULL && equals == NULL)
        return take_words(parser, option);
    give(parser, option, equals != NULL ? equals + 1 : NULL);
    return 0;
}

/* One or more letters; the first that wants a value takes the rest of the word, or the next. */
static int parse_short(struct parser *parser, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        const struct hob_option *option = find_short(parser->arguments->command, *letters);
        if (option == NULL) {
            hob_error_set(parser->error, HOB_E_PARAMETER, "unknown option '-%s'", letters);
            return see_help(parser);
        }
        if (option->argument != NULL && letters[1] == '\0')
            return take_words(parser, option);
        give(parser, option, option->argument != NULL ? letters + 1 : NULL);
        if (option->argument != NULL)
            return 0;
    }
    return 0;
}

static int sort_words(struct parser *parser)
{
    bool only_words = false;
    while (parser->at < parser->count) {
        const char *word = parser->words[parser->at++];
        int code = 0;
        if (only_words || !looks_like_option(word)) {
            parser->arguments->words[parser->arguments->word_count++] = word;
            only_words = only_words || parser->arguments->command->words_end_options;
        } else if (strcmp(word, "--") == 0) {
            only_words = true;
        } else if (word[1] == '-') {
            code = parse_long(parser, word + 2);
        } else {
            code = parse_short(parser, word + 1);
        }
        if (code != 0)
            return code;
    }
    return 0;
}

static int check_words(const struct parser *parser)
{
    const struct hob_arguments *arguments = parser->arguments;
    const struct hob_command *command = arguments->command;
    if (arguments->word_count > command->most_words) {
        hob_error_set(parser->error, HOB_E_PARAMETER, "unexpected argument '%s'",
                      arguments->words[command->most_words]);
    } else if (arguments->word_count < command->least_words) {
        const char *name = command->arguments;
        for (size_t skip = arguments->word_count; skip > 0; skip--)
            name += strcspn(name, " ") + 1;
        hob_error_set(parser->error, HOB_E_PARAMETER, "%.*s is missing", (int)strcspn(name, " "),
                      name);
    } else {
        return 0;
    }
    hob_error_hint(parser->error, "usage: %s [OPTION]...%s%s", arguments->program,
                   command->arguments[0] != '\0' ? " " : "", command->arguments);
    return HOB_E_PARAMETER;
}

/* Bundled switches make more options than words, but never more than characters. */
static size_t most_options(size_t count, char *const *words)
{
    size_t most = count;
    for (size_t i = 0; i < count; i++)
        if (words[i][0] == '-' && words[i][1] != '-')
            most += strlen(words[i]);
    return most;
}

int hob_arguments_parse(struct hob_arguments *arguments, size_t count, char *const *words,
                        struct hob_error *error)
{
    struct parser parser = {arguments, words, count, 0, error};
    size_t options = most_options(count, words);
    arguments->given = hob_alloc_zero(options + 1, sizeof *arguments->given);
    arguments->words = hob_alloc_zero(count + 1, sizeof *arguments->words);
    int code = sort_words(&parser);
    if (code != 0 || arguments->help)
        return code;
    return check_words(&parser);
}

void hob_arguments_deinit(struct hob_arguments *arguments)
{
    free(arguments->given);
    free(arguments->words);
    arguments->given = NULL;
    arguments->words = NULL;
}

const char **hob_arguments_values(const struct hob_arguments *arguments, const char *option,
                                  size_t *count)
{
    const char **values = hob_alloc_zero(arguments->given_count + 1, sizeof *values);
    *count = 0;
    for (size_t i = 0; i < arguments->given_count; i++)
        if (strcmp(arguments->given[i].option->name, option) == 0)
            values[(*count)++] = arguments->given[i].value;
    return values;
}

bool hob_arguments_has(const struct hob_arguments *arguments, const char *option)
{
    for (size_t i = 0; i < arguments->given_count; i++)
        if (strcmp(arguments->given[i].option->name, option) == 0)
            return true;
    return false;
}

const char *hob_arguments_value(const struct hob_arguments *arguments, const char *option)
{
    for (size_t i = arguments->given_count; i > 0; i--)
        if (strcmp(arguments->given[i - 1].option->name, option) == 0)
            return arguments->given[i - 1].value;
    return NULL;
}

int hob_arguments_wrong(const struct hob_arguments *arguments, const char *format, ...)
{
    char message[HOB_ERROR_MESSAGE_SIZE];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    struct hob_error error = HOB_ERROR_INIT;
    hob_error_set(&error, HOB_E_PARAMETER, "%s", message);
    hob_error_hint(&error, "see '%s --help'", arguments->program);
    return hob_report(arguments->program, &error);
}
