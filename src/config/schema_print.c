/* schema_print: whole tables: as a file, as JSON, as a file to start from, as a reference. */
#include "config/schema_internal.h"

enum { INDENT = 2, LINE = 78 };

static void put_indent(struct hob_buffer *out, unsigned depth)
{
    hob_buffer_put_repeated(out, ' ', (size_t)depth * INDENT);
}

static bool is_unset(const struct hob_setting *row, const void *member)
{
    HOB_AUTO(buffer) struct hob_buffer value = HOB_BUFFER_INIT;
    hob_schema_put_value(&value, row, member, false);
    return value.size == 0;
}

/* A group that nobody gave: it lacks what it must have. */
static bool is_absent(const struct hob_setting *rows, const void *values)
{
    for (; rows->name != NULL; rows++)
        if (rows->required && !schema_has_rows(rows) &&
            is_unset(rows, schema_member_const(values, rows)))
            return true;
    return false;
}

/* Both forms go through the same tree; only what stands between the values differs. */
struct print {
    struct hob_buffer *out;
    bool json;
};

static void put_rows(const struct print *print, const struct hob_setting *rows, const void *values,
                     unsigned depth);

/* The name, and what separates it from the member before it. */
static void begin_member(const struct print *print, const char *name, bool first, unsigned depth)
{
    if (print->json)
        hob_buffer_put_string(print->out, first ? "\n" : ",\n");
    put_indent(print->out, depth + print->json);
    hob_buffer_printf(print->out, print->json ? "\"%s\":" : "%s:", name);
}

/* A nested group behind its name. */
static void put_nested(const struct print *print, const struct hob_setting *rows,
                       const void *values, unsigned depth)
{
    if (print->json)
        hob_buffer_put_string(print->out, " {");
    else
        hob_buffer_put_char(print->out, '\n');
    put_rows(print, rows, values, depth + 1);
    if (!print->json)
        return;
    hob_buffer_put_char(print->out, '\n');
    put_indent(print->out, depth + 1);
    hob_buffer_put_char(print->out, '}');
}

static void put_groups(const struct print *print, const struct hob_setting *row,
                       const struct hob_setting_groups *groups, unsigned depth)
{
    if (groups->count == 0) {
        hob_buffer_put_string(print->out, print->json ? " {}" : " {}\n");
        return;
    }
    hob_buffer_put_char(print->out, print->json ? ' ' : '\n');
    if (print->json)
        hob_buffer_put_char(print->out, '{');
    for (size_t i = 0; i < groups->count; i++) {
        begin_member(print, groups->items[i].name, i == 0, depth + 1);
        put_nested(print, row->rows, groups->items[i].values, depth + 1);
    }
    if (!print->json)
        return;
    hob_buffer_put_char(print->out, '\n');
    put_indent(print->out, depth + 1);
    hob_buffer_put_char(print->out, '}');
}

static void put_scalar(const struct print *print, const struct hob_setting *row, const void *member)
{
    size_t before = print->out->size;
    hob_buffer_put_char(print->out, ' ');
    hob_schema_put_value(print->out, row, member, print->json);
    if (print->out->size == before + 1)
        print->out->size = before;
    if (!print->json)
        hob_buffer_put_char(print->out, '\n');
}

static void put_rows(const struct print *print, const struct hob_setting *rows, const void *values,
                     unsigned depth)
{
    for (const struct hob_setting *row = rows; row->name != NULL; row++) {
        const void *member = schema_member_const(values, row);
        begin_member(print, row->name, row == rows, depth);
        if (row->kind == HOB_SETTING_GROUPS)
            put_groups(print, row, member, depth);
        else if (row->kind != HOB_SETTING_GROUP)
            put_scalar(print, row, member);
        else if (is_absent(row->rows, member))
            hob_buffer_put_string(print->out, print->json ? " null" : "\n");
        else
            put_nested(print, row->rows, member, depth);
    }
}

void hob_schema_put_yaml(struct hob_buffer *out, const struct hob_setting *rows, const void *values)
{
    put_rows(&(struct print){out, false}, rows, values, 0);
}

void hob_schema_put_json(struct hob_buffer *out, const struct hob_setting *rows, const void *values)
{
    hob_buffer_put_char(out, '{');
    put_rows(&(struct print){out, true}, rows, values, 0);
    hob_buffer_put_string(out, "\n}\n");
}

/* "# ", and a new line where the next word would not fit. */
static void put_comment(struct hob_buffer *out, const char *text, unsigned depth)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        if (column == 0 || column + 1 + size > LINE) {
            hob_buffer_put_string(out, column == 0 ? "" : "\n");
            put_indent(out, depth);
            hob_buffer_put_char(out, '#');
            column = (size_t)depth * INDENT + 1;
        }
        hob_buffer_put_char(out, ' ');
        hob_buffer_put(out, text, size);
        column += 1 + size;
        text += size + (text[size] == ' ');
    }
    hob_buffer_put_char(out, '\n');
}

static void put_summary(struct hob_buffer *out, const struct hob_setting *row)
{
    hob_buffer_put_string(out, row->help);
    if (schema_has_rows(row))
        return;
    hob_buffer_put_string(out, ": ");
    hob_schema_put_expected(out, row);
    if (row->unset != NULL)
        hob_buffer_printf(out, "; without it %s", row->unset);
}

/* The names of groups are live lines, so that a key works as soon as its # is gone; a mapping of
 * names has none yet, so everything below is commented out. */
static void put_template_row(void *data, const struct hob_schema_step *step)
{
    struct hob_buffer *out = data;
    unsigned depth = step->depth;
    for (const char *at = step->key; step->named && *at != '\0'; at++)
        depth += *at == 'N' && strncmp(at, "NAME.", 5) == 0 && at[-1] == '.';
    HOB_AUTO(buffer) struct hob_buffer summary = HOB_BUFFER_INIT;
    put_summary(&summary, step->row);
    if (depth == 0 && out->size > 0)
        hob_buffer_put_char(out, '\n');
    put_comment(out, hob_buffer_string(&summary), depth);
    put_indent(out, depth);
    bool live = schema_has_rows(step->row) && !step->named;
    hob_buffer_printf(out, "%s%s:", live ? "" : "#", step->row->name);
    if (step->row->initial != NULL)
        hob_buffer_printf(out, " %s", step->row->initial);
    hob_buffer_put_char(out, '\n');
    if (step->row->kind != HOB_SETTING_GROUPS)
        return;
    put_indent(out, depth + 1);
    hob_buffer_put_string(out, "#NAME:\n");
}

void hob_schema_put_template(struct hob_buffer *out, const struct hob_setting *rows)
{
    hob_schema_walk(rows, put_template_row, out);
}

/* Markdown takes | for the end of a cell, and < for the start of a tag. */
static void put_cell(struct hob_buffer *out, struct hob_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '|' || text.data[i] == '<')
            hob_buffer_put_char(out, '\\');
        hob_buffer_put_char(out, text.data[i]);
    }
}

static void put_markdown_value(struct hob_buffer *out, const struct hob_setting *row)
{
    if (row->initial != NULL)
        hob_buffer_printf(out, " `%s` |", row->initial);
    else if (row->required)
        hob_buffer_put_string(out, " *must be given* |");
    else
        hob_buffer_printf(out, " %s |", row->unset != NULL ? row->unset : "none");
}

static void put_heading(struct hob_buffer *out, const char *title, const char *help)
{
    hob_buffer_printf(out, "\n## %s\n\n%c%s.\n\n", title,
                      help[0] >= 'a' && help[0] <= 'z' ? help[0] - 'a' + 'A' : help[0], help + 1);
    hob_buffer_put_string(out, "| key | takes | default | what it does | on a reload |\n"
                               "|---|---|---|---|---|\n");
}

/* Rows at the left margin share a table. */
struct markdown {
    struct hob_buffer *out;
    bool in_general;
    bool live; /* of the row at the margin: below a mapping of names it speaks for all */
};

static void put_markdown_row(void *data, const struct hob_schema_step *step)
{
    struct markdown *markdown = data;
    struct hob_buffer *out = markdown->out;
    const struct hob_setting *row = step->row;
    bool at_margin = step->depth == 0, heads = at_margin && schema_has_rows(row);
    if (heads)
        put_heading(out, row->name, row->help);
    else if (at_margin && !markdown->in_general)
        put_heading(out, "In general", "what stands at the left margin");
    if (at_margin) {
        markdown->in_general = !heads;
        markdown->live = row->live;
    }
    if (schema_has_rows(row))
        return;
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    hob_schema_put_expected(&expected, row);
    hob_buffer_printf(out, "| `%s` | ", step->key);
    put_cell(out, hob_buffer_text(&expected));
    hob_buffer_put_string(out, " |");
    put_markdown_value(out, row);
    hob_buffer_put_char(out, ' ');
    put_cell(out, hob_text_from(row->help));
    if (row->option != NULL)
        hob_buffer_printf(out, " (`hobd %s`)", row->option);
    hob_buffer_printf(out, " | %s |\n",
                      (step->named ? markdown->live : row->live) ? "applies" : "needs a restart");
}

void hob_schema_put_markdown(struct hob_buffer *out, const struct hob_setting *rows)
{
    hob_schema_walk(rows, put_markdown_row, &(struct markdown){.out = out});
}
