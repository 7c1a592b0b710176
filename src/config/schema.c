/* schema: see schema.h. Mistakes, and walking a table. */
#include "config/schema.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "config/schema_internal.h"

void hob_mistakes_add(struct hob_mistakes *mistakes, size_t line, const char *key,
                      const char *format, ...)
{
    if (mistakes->found++ >= HOB_MISTAKES_KEPT)
        return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text[hob_utf8_valid_prefix(hob_text_from(text))] = '\0'; /* what was cut */
    size_t at = mistakes->kept++;
    for (; at > 0 && mistakes->items[at - 1].line > line; at--)
        mistakes->items[at] = mistakes->items[at - 1];
    mistakes->items[at] = (struct hob_mistake){
        .line = line,
        .key = hob_arena_copy(mistakes->arena, hob_text_from(key)).data,
        .text = hob_arena_copy(mistakes->arena, hob_text_from(text)).data,
    };
}

void hob_mistake_put(struct hob_buffer *out, const char *name, const struct hob_mistake *mistake)
{
    hob_buffer_put_string(out, name);
    if (mistake->line > 0)
        hob_buffer_printf(out, ":%zu", mistake->line);
    hob_buffer_put_string(out, ": ");
    if (mistake->key[0] != '\0')
        hob_buffer_printf(out, "%s: ", mistake->key);
    hob_buffer_put_string(out, mistake->text);
}

void hob_mistakes_put(struct hob_buffer *out, const char *name, const struct hob_mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->kept; i++) {
        hob_mistake_put(out, name, &mistakes->items[i]);
        hob_buffer_put_char(out, '\n');
    }
    if (mistakes->found > mistakes->kept)
        hob_buffer_printf(out, "%s: %zu more mistakes\n", name, mistakes->found - mistakes->kept);
}

struct walk {
    hob_schema_visit *visit;
    void *data;
};

/* `prefix` is what stands before the names of these rows: "listen.", "pools.NAME.". */
static void walk_rows(const struct walk *walk, const struct hob_setting *rows, const char *prefix,
                      struct hob_schema_step step)
{
    char key[256];
    size_t start = step.offset;
    for (; rows->name != NULL; rows++) {
        snprintf(key, sizeof key, "%s%s", prefix, rows->name);
        step.row = rows;
        step.key = key;
        step.offset = start + rows->offset;
        walk->visit(walk->data, &step);
        if (!schema_has_rows(rows))
            continue;
        struct hob_schema_step below = step;
        char below_prefix[256];
        bool named = rows->kind == HOB_SETTING_GROUPS;
        snprintf(below_prefix, sizeof below_prefix, named ? "%.240s.NAME." : "%.250s.", key);
        below.depth++;
        below.named = step.named || named;
        below.offset = named ? 0 : step.offset;
        walk_rows(walk, rows->rows, below_prefix, below);
    }
}

void hob_schema_walk(const struct hob_setting *rows, hob_schema_visit *visit, void *data)
{
    walk_rows(&(struct walk){visit, data}, rows, "", (struct hob_schema_step){0});
}
