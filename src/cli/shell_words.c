/* shell_words: a line as words; see shell.h. */
#include "cli/shell.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Behind the word that begins at `at`; NULL when a quote in it is not closed. A double quote with a
 * backslash before it is part of the text, as it is for YAML. */
static char *word_end(char *at)
{
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || !is_blank(*at)); at++) {
        if (quote == '"' && *at == '\\' && at[1] != '\0')
            at++;
        else if (quote != '\0' && *at == quote)
            quote = '\0';
        else if (quote == '\0' && (*at == '"' || *at == '\''))
            quote = *at;
    }
    return quote == '\0' ? at : NULL;
}

int hob_shell_split(char *line, char ***words, size_t *count, struct hob_error *error)
{
    HOB_AUTO(free) char **list = hob_alloc_zero(strlen(line) / 2 + 2, sizeof *list);
    *count = 0;
    for (char *at = line;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0')
            break;
        char *end = word_end(at);
        if (end == NULL) {
            hob_error_set(error, HOB_E_PARAMETER, "a quote is not closed: %.200s", at);
            hob_error_hint(error, "a text with an apostrophe stands in double quotes");
            return HOB_E_PARAMETER;
        }
        list[(*count)++] = at;
        at = *end != '\0' ? end + 1 : end;
        *end = '\0';
    }
    *words = HOB_STEAL(list);
    return 0;
}
