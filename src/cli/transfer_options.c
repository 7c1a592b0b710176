/* transfer_options: keys of flows from the command line, by --option KEY=VALUE. */
#include <stdio.h>

#include "base/nearest.h"
#include "cli/output.h"
#include "cli/transfer.h"
#include "value/yaml.h"

/* What the arguments say already, and what needs an interface file. */
static bool is_reserved(struct hob_text key)
{
    static const char *const reserved[] = {"type",       "filename", "directory",  "base_directory",
                                           "precompute", "compute",  "postcompute"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (hob_text_is(key, reserved[i]))
            return true;
    return false;
}

static bool is_alphanumeric(char byte)
{
    char lower = (char)(byte | 0x20);
    return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z');
}

/* A single mark is a text, whatever it means in YAML: delimiters are such. */
static int read_value(const struct hob_transfer *transfer, struct hob_text text,
                      const struct hob_value **value, struct hob_error *error)
{
    if (text.size == 1 && !is_alphanumeric(text.data[0])) {
        *value = hob_value_new_string(transfer->arena, text);
        return 0;
    }
    return hob_yaml_read(transfer->arena, text, "--option", value, error);
}

static int set_option(const struct hob_transfer *transfer, struct hob_text key,
                      struct hob_text text, struct hob_value *flow)
{
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_value *value;
    if (is_reserved(key))
        return hob_arguments_wrong(transfer->arguments, "'%.*s' cannot be given with --option",
                                   HOB_TEXT_ARG(key));
    if (read_value(transfer, text, &value, &error) != 0)
        return hob_arguments_wrong(transfer->arguments, "--option %.*s: the value is no YAML: %s",
                                   HOB_TEXT_ARG(key), error.message);
    hob_value_put(transfer->arena, flow, hob_value_new_string(transfer->arena, key), value);
    return 0;
}

/* Takes "from." or "to." off the key; false when the key is for the other side. */
static bool is_for_side(struct hob_text *key, const char *side)
{
    static const char *const sides[] = {"from.", "to."};
    for (size_t i = 0; side != NULL && i < sizeof sides / sizeof sides[0]; i++) {
        if (!hob_text_starts_with(*key, sides[i]))
            continue;
        key->data += strlen(sides[i]);
        key->size -= strlen(sides[i]);
        return strcmp(sides[i], side) == 0;
    }
    return true;
}

int hob_transfer_set_options(const struct hob_transfer *transfer, const char *side,
                             struct hob_value *flow)
{
    size_t count;
    HOB_AUTO(free)
    const char **given = hob_arguments_values(transfer->arguments, "option", &count);
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(given[i], '=');
        if (equals == NULL || equals == given[i])
            return hob_arguments_wrong(transfer->arguments,
                                       "--option cannot be '%s': it is KEY=VALUE", given[i]);
        struct hob_text key = {given[i], (size_t)(equals - given[i])};
        if (!is_for_side(&key, side))
            continue;
        int wrong = set_option(transfer, key, hob_text_from(equals + 1), flow);
        if (wrong != 0)
            return wrong;
    }
    return 0;
}

/* --- keys that no format knows --- */

struct known {
    const struct hob_format *source, *target; /* NULL: not asked */
};

static struct hob_text next_word(const char **at)
{
    *at += strspn(*at, " ");
    struct hob_text word = {*at, strcspn(*at, " ")};
    *at += word.size;
    return word;
}

static void look_nearer(const char *typed, const char *words, unsigned *distance,
                        struct hob_text *nearest)
{
    for (struct hob_text word; words != NULL && (word = next_word(&words)).size > 0;) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", HOB_TEXT_ARG(word));
        if (hob_nearer(typed, name, distance))
            *nearest = word;
    }
}

static void put_words(struct hob_buffer *out, const char *words, const char **before)
{
    for (struct hob_text word; words != NULL && (word = next_word(&words)).size > 0;) {
        hob_buffer_printf(out, "%s%.*s", *before, HOB_TEXT_ARG(word));
        *before = ", ";
    }
}

static void put_keys(struct hob_buffer *out, const struct known *known)
{
    const char *before = "";
    if (known->source != NULL) {
        hob_buffer_printf(out, "%s is read with ", known->source->type);
        put_words(out, known->source->read_keys, &before);
        put_words(out, HOB_COLUMN_KEYS, &before);
    }
    if (known->target == NULL)
        return;
    hob_buffer_printf(out, "%s%s is written with ", out->size > 0 ? "; " : "", known->target->type);
    before = "";
    put_words(out, known->target->write_keys, &before);
    if (known->target->write_keys == NULL)
        hob_buffer_put_string(out, "no keys");
}

static int unknown_key(const struct hob_transfer *transfer, struct hob_text key,
                       const struct known *known)
{
    HOB_AUTO(buffer) struct hob_buffer keys = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_text nearest = {0};
    char typed[64];
    snprintf(typed, sizeof typed, "%.*s", HOB_TEXT_ARG(key));
    unsigned distance = hob_near_enough(typed);
    put_keys(&keys, known);
    if (known->source != NULL) {
        look_nearer(typed, known->source->read_keys, &distance, &nearest);
        look_nearer(typed, HOB_COLUMN_KEYS, &distance, &nearest);
    }
    if (known->target != NULL)
        look_nearer(typed, known->target->write_keys, &distance, &nearest);
    hob_error_set(&error, HOB_E_PARAMETER, "--option has no key '%.*s': %s", HOB_TEXT_ARG(key),
                  hob_buffer_string(&keys));
    if (nearest.size > 0)
        hob_error_hint(&error, "did you mean '%.*s'?", HOB_TEXT_ARG(nearest));
    else
        hob_error_hint(&error, "see '%s --help'", transfer->arguments->program);
    return hob_report(transfer->arguments->program, &error);
}

static bool has_key(const char *words, struct hob_text key)
{
    for (struct hob_text word; words != NULL && (word = next_word(&words)).size > 0;)
        if (hob_text_equal(word, key))
            return true;
    return false;
}

static bool is_known(struct hob_text key, const struct known *known)
{
    return (known->source != NULL &&
            (has_key(known->source->read_keys, key) || has_key(HOB_COLUMN_KEYS, key))) ||
           (known->target != NULL && has_key(known->target->write_keys, key));
}

/* What a csv file is written with has to be one character; it is read with more than that, but not
 * with nothing. */
static int check_mark(const struct hob_transfer *transfer, struct hob_text key,
                      struct hob_text text, const struct known *known)
{
    const struct hob_value *value;
    bool mark = hob_text_is(key, "delimiter") || hob_text_is(key, "quotechar");
    if (!mark || read_value(transfer, text, &value, NULL) != 0)
        return 0;
    struct hob_text given = hob_value_text(value);
    bool empty = text.size == 0 || (value->kind == HOB_STRING && given.size == 0);
    bool writes = known->target != NULL && has_key(known->target->write_keys, key);
    bool fits = given.size == 1 && (unsigned char)given.data[0] < 0x80 && given.data[0] != '\n' &&
                given.data[0] != '\r';
    if (empty)
        return hob_arguments_wrong(transfer->arguments,
                                   "--option %.*s cannot be empty: leave it out, or give a mark",
                                   HOB_TEXT_ARG(key));
    if (writes && value->kind != HOB_NULL && !fits)
        return hob_arguments_wrong(transfer->arguments,
                                   "--option %.*s cannot be '%.*s': %s is written with one ASCII "
                                   "character",
                                   HOB_TEXT_ARG(key), HOB_TEXT_ARG(text), known->target->type);
    return 0;
}

int hob_transfer_check_options(const struct hob_transfer *transfer, const struct hob_format *source,
                               const struct hob_format *target)
{
    size_t count;
    HOB_AUTO(free)
    const char **given = hob_arguments_values(transfer->arguments, "option", &count);
    for (size_t i = 0; i < count; i++) {
        struct hob_text whole = {given[i], strcspn(given[i], "=")}, key = whole;
        struct known known = {source, target};
        if (source != NULL && !is_for_side(&key, "from."))
            known.source = NULL;
        key = whole;
        if (source != NULL && !is_for_side(&key, "to."))
            known.target = NULL;
        if (given[i][whole.size] == '=' && key.size > 0 && !is_reserved(key) &&
            !is_known(key, &known))
            return unknown_key(transfer, key, &known);
        if (given[i][whole.size] != '=')
            continue;
        struct hob_text value = hob_text_from(given[i] + whole.size + 1);
        int wrong = check_mark(transfer, key, value, &known);
        if (wrong != 0)
            return wrong;
    }
    return 0;
}
