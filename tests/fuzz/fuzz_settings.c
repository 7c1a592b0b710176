/* Fuzzes settings: a file is taken, and what it says is printed both ways and read back as the
 * same; or it is refused with mistakes that each have a text. Besides hobd's own table, one that
 * has all that hobd's lacks: named groups, mappings of texts, commands. */
#include <stdio.h>
#include <stdlib.h>

#include "server/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pool {
    struct hob_setting_texts command, watch;
    struct hob_setting_pairs environment;
    int64_t nice;
    double jitter, factor;
    bool warm;
};

struct settings {
    struct hob_setting_groups pools;
    const char *text;
};

static const struct hob_setting pool_rows[] = {
    {.name = "command", HOB_SETTING(COMMAND, struct pool, command), .required = true, .help = "c"},
    {.name = "watch", HOB_SETTING(TEXTS, struct pool, watch), .help = "w"},
    {.name = "env", HOB_SETTING(PAIRS, struct pool, environment), .help = "e"},
    {.name = "nice", HOB_SETTING(INTEGER, struct pool, nice), .initial = "0", .help = "n"},
    {.name = "jitter", HOB_SETTING(PERCENT, struct pool, jitter), .initial = "10%", .help = "j"},
    {.name = "factor", HOB_SETTING(RATIO, struct pool, factor), .initial = "2", .help = "f"},
    {.name = "warm", HOB_SETTING(BOOLEAN, struct pool, warm), .help = "w"},
    {0},
};

static const struct hob_setting rows[] = {
    {.name = "pools",
     HOB_SETTING_NAMED(struct settings, pools, struct pool, pool_rows),
     .help = "p"},
    {.name = "text", HOB_SETTING(TEXT, struct settings, text), .help = "t"},
    {0},
};

static void give_up(const char *what, struct hob_text text)
{
    fprintf(stderr, "%s\n%.*s\n", what, HOB_TEXT_ARG(text));
    abort();
}

static bool read_settings(struct hob_arena *arena, const struct hob_setting *table,
                          struct hob_text text, void *values)
{
    struct hob_mistakes mistakes = {.arena = arena};
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_schema_source source = {.arena = arena, .name = "fuzz.yml", .text = text};
    bool good = hob_schema_read(&source, table, values, &mistakes);
    if (good != (mistakes.found == 0))
        give_up("mistakes and result differ", text);
    for (size_t i = 0; i < mistakes.kept; i++)
        if (mistakes.items[i].text[0] == '\0' || mistakes.items[i].line > text.size + 1)
            give_up("a mistake without a text or a line", text);
    hob_mistakes_put(&out, "fuzz.yml", &mistakes);
    return good;
}

static void print_and_read_again(struct hob_arena *arena, const struct hob_setting *table,
                                 const void *values, void *again)
{
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer second = HOB_BUFFER_INIT;
    hob_schema_put_yaml(&first, table, values);
    if (!read_settings(arena, table, hob_buffer_text(&first), again))
        give_up("what was printed as YAML is refused", hob_buffer_text(&first));
    hob_schema_put_json(&second, table, again);
    if (!read_settings(arena, table, hob_buffer_text(&second), again))
        give_up("what was printed as JSON is refused", hob_buffer_text(&second));
    hob_buffer_clear(&second);
    hob_schema_put_yaml(&second, table, again);
    if (!hob_text_equal(hob_buffer_text(&first), hob_buffer_text(&second)))
        give_up("what was printed is read as something else", hob_buffer_text(&first));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_text text = {(const char *)data, size};
    struct hob_settings server, server_again;
    struct settings other, other_again;
    if (read_settings(arena, hob_settings_rows, text, &server))
        print_and_read_again(arena, hob_settings_rows, &server, &server_again);
    if (read_settings(arena, rows, text, &other))
        print_and_read_again(arena, rows, &other, &other_again);
    return 0;
}
