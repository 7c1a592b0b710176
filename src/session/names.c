/* names: columns as variables (golden RULES 38), and what new rows are called.
 *
 * What reads a session from a program addresses columns as variables, so every column needs a name
 * that can be one: its own, a camel-case one made of its words, or one that the flow's `mapping`
 * gives ({variable: column}). Letters beyond ASCII count as letters. */
#include "session/internal.h"

#include "value/python.h"

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte & 0x80) != 0;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_variable(struct hob_text name)
{
    if (name.size == 0 || is_digit(name.data[0]))
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!is_letter(name.data[i]) && !is_digit(name.data[i]) && name.data[i] != '_')
            return false;
    return true;
}

static char upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* "first name" becomes firstName. */
static void put_camel_case(struct hob_buffer *out, struct hob_text name)
{
    bool inside = false;
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.data[i];
        if (!is_letter(byte) && !is_digit(byte)) {
            inside = false;
            continue;
        }
        bool starts_word = !inside && out->size > 0;
        hob_buffer_put_char(out, starts_word ? upper(byte) : lower(byte));
        inside = true;
    }
}

/* The variable for a column that has no mapping; in the arena. */
static int make_variable(struct hob_text *variable, struct hob_arena *arena,
                         const struct hob_value *column, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer camel = HOB_BUFFER_INIT;
    hob_python_str(&name, column);
    *variable = hob_buffer_text(&name);
    if (!is_variable(*variable)) {
        put_camel_case(&camel, *variable);
        *variable = hob_buffer_text(&camel);
    }
    if (!is_variable(*variable)) {
        hob_error_set(error, HOB_E_VALUE,
                      "Column \"%s\" is not a valid variable name, and \"%s\", made from it, is "
                      "not either",
                      hob_buffer_string(&name), hob_buffer_string(&camel));
        hob_error_hint(error, "add `mapping: {some_name: \"%.80s\"}` to its flow",
                       hob_buffer_string(&name));
        return HOB_E_VALUE;
    }
    *variable = hob_arena_copy(arena, *variable);
    return 0;
}

static int remember(struct hob_value *known, struct hob_arena *arena,
                    const struct hob_value *column, const struct hob_value *variable,
                    struct hob_error *error)
{
    const struct hob_value *before = hob_value_get_key(known, column);
    if (before == NULL) {
        hob_value_put(arena, known, column, variable);
        return 0;
    }
    if (hob_value_equal(before, variable))
        return 0;
    struct hob_text name = hob_value_text(column), first = hob_value_text(before);
    struct hob_text second = hob_value_text(variable);
    return hob_error_set(error, HOB_E_VALUE,
                         "Column \"%.*s\" is mapped to \"%.*s\" already, and cannot be mapped to "
                         "\"%.*s\" as well",
                         HOB_TEXT_ARG(name), HOB_TEXT_ARG(first), HOB_TEXT_ARG(second));
}

static int take_mapping(struct hob_value *known, struct hob_arena *arena,
                        const struct hob_value *mapping, struct hob_error *error)
{
    if (hob_value_is_null(mapping))
        return 0;
    if (mapping->kind != HOB_MAP)
        return hob_error_set(error, HOB_E_VALUE,
                             "`mapping` must be a mapping of variables to columns, not a %s",
                             hob_value_kind_name(mapping));
    for (uint32_t i = 0; i < mapping->map.count; i++) {
        const struct hob_pair *pair = &mapping->map.pairs[i];
        if (pair->value->kind == HOB_LIST || pair->value->kind == HOB_MAP)
            return hob_error_set(error, HOB_E_VALUE, "`mapping` must give names, not a %s",
                                 hob_value_kind_name(pair->value));
        int result = remember(known, arena, pair->value, pair->key, error);
        if (result < 0)
            return result;
    }
    return 0;
}

int session_check_names(struct hob_value *known, struct hob_arena *arena,
                        const struct hob_value *mapping, const struct hob_frame *frame,
                        struct hob_error *error)
{
    int result = take_mapping(known, arena, mapping, error);
    for (size_t i = 0; result == 0 && i < hob_frame_columns(frame); i++) {
        const struct hob_value *column = hob_frame_name(frame, i);
        struct hob_text variable;
        if (hob_value_get_key(known, column) != NULL)
            continue;
        result = make_variable(&variable, arena, column, error);
        if (result == 0)
            hob_value_put(arena, known, column, hob_value_new_string(arena, variable));
    }
    return result;
}

int session_check_name(const struct hob_value *name, struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_text variable;
    if (name->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "the name of a column must be a text, not a %s",
                             hob_value_kind_name(name));
    return make_variable(&variable, arena, name, error);
}

struct session_label session_new_label(const struct hob_session *session,
                                       const struct hob_value *value, struct hob_arena *arena)
{
    const struct session_labels *index = session_index(session);
    struct session_label label = session_label_of(value, arena);
    bool by_texts =
        index->base != NULL && index->base_count > 0 && index->base->type == HOB_COLUMN_STRING;
    if (!by_texts || label.kind == SESSION_LABEL_TEXT || label.kind == SESSION_LABEL_NONE)
        return label;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    if (label.kind == SESSION_LABEL_BOOL)
        hob_buffer_put_string(&text, label.boolean ? "True" : "False");
    else
        session_label_put(&text, &label);
    return (struct session_label){.kind = SESSION_LABEL_TEXT,
                                  .text = hob_arena_copy(arena, hob_buffer_text(&text))};
}
