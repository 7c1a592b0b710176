/* build_names: what a command line is called.
 *
 * A script is seen as its interpreter with the script's path as a word; so programs that run
 * programs are looked through, down to what a person would say was run. */
#include "profile/build.h"

static const char *const interpreters[] = {"python", "pypy", "perl", "ruby", "node", "sh",   "bash",
                                           "dash",   "zsh",  "ksh",  "php",  "lua",  "tclsh"};

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* With a version behind it or without: python3.11, -bash. */
static bool is_interpreter(const char *name)
{
    name += name[0] == '-';
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++) {
        size_t size = strlen(interpreters[i]);
        if (strncmp(name, interpreters[i], size) == 0 &&
            name[size + strspn(name + size, "0123456789.")] == '\0')
            return true;
    }
    return false;
}

static bool is_python(const char *name)
{
    return strncmp(name, "py", 2) == 0;
}

/* The next word, or NULL; the texts have a NUL behind each word. */
static const char *next(struct hob_text *words)
{
    if (words->size == 0)
        return NULL;
    const char *word = words->data;
    size_t size = strnlen(word, words->size) + 1;
    size = size < words->size ? size : words->size;
    words->data += size;
    words->size -= size;
    return word;
}

enum what { A_PROGRAM, A_SCRIPT, A_MODULE, A_TEXT };

/* What is run, and by which program; the words behind it stay in *words. */
static enum what look(struct hob_text *words, const char **program, const char **script)
{
    const char *first = next(words);
    *program = *script = first != NULL ? name_in(first) : "";
    if (!is_interpreter(*program))
        return A_PROGRAM;
    struct hob_text rest = *words;
    bool python = is_python(*program);
    for (const char *word = next(&rest); word != NULL; word = next(&rest)) {
        if (word[0] != '-' || word[1] == '\0') {
            *script = name_in(word);
            *words = rest;
            return A_SCRIPT;
        }
        if (python && strcmp(word, "-m") == 0 && (word = next(&rest)) != NULL) {
            *script = word;
            *words = rest;
            return A_MODULE;
        }
        if (word == NULL || word[1] == 'e' || (word[1] != '-' && strchr(word, 'c') != NULL))
            return A_TEXT; /* -c TEXT, -ec TEXT, -e TEXT */
        if (python && (word[1] == 'X' || word[1] == 'W') && word[2] == '\0')
            next(&rest);
    }
    return A_PROGRAM;
}

void hob_build_put_name(struct hob_buffer *name, struct hob_text words)
{
    const char *program, *script;
    enum what what = look(&words, &program, &script);
    hob_buffer_put_string(name, program[0] != '\0' ? program : "(nothing)");
    if (what == A_TEXT)
        hob_buffer_put_string(name, " -c");
    if (what == A_MODULE)
        hob_buffer_put_string(name, " -m");
    if (what == A_MODULE || what == A_SCRIPT) {
        hob_buffer_put_char(name, ' ');
        hob_buffer_put_string(name, script);
    }
}

const char *hob_build_program(struct hob_text words, struct hob_text *rest)
{
    const char *program, *script;
    look(&words, &program, &script);
    *rest = words;
    return script;
}

void hob_build_put_line(struct hob_buffer *line, struct hob_text words)
{
    size_t start = line->size;
    for (const char *word = next(&words); word != NULL; word = next(&words)) {
        if (line->size > start)
            hob_buffer_put_char(line, ' ');
        hob_buffer_put_string(line, word);
    }
}
