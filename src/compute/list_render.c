/* list_render: entries chosen, put into order and rendered; see list.h.
 *
 * Functions change columns of the whole table, filters make sets of rows, sorters name columns: so
 * the cells move once. Then each entry becomes a mapping in an arena that is thrown away every few
 * hundred entries. */
#define _GNU_SOURCE
#include <time.h>

#include "compute/list_parts.h"

/* Entries rendered before the memory of their values is used again; places of warnings kept. */
enum { ENTRIES_AT_ONCE = 256, MOST_WARNINGS = 20 };

/* -- Entries. */

/* One use of a list: what changes while it is rendered. */
struct rendering {
    const struct hob_list *list;
    struct hob_frame **frame;
    int64_t today;
    struct hob_order *order;
    size_t order_count, order_capacity;
    struct hob_liquid_context context;
    struct hob_liquid_warning warned[MOST_WARNINGS];
    size_t warned_count;
};

static int run_step(struct rendering *rendering, const struct step *step, struct hob_row_set *keep,
                    struct hob_error *error)
{
    struct hob_list_call call = {
        .function = step->function->name,
        .arguments = step->arguments,
        .frame = *rendering->frame,
        .today = rendering->today,
        .since = rendering->list->request.since,
        .keep = keep,
        .order = &rendering->order,
        .order_count = &rendering->order_count,
        .order_capacity = &rendering->order_capacity,
    };
    int result = step->function->run(&call, error);
    return result < 0
               ? hob_error_context(error, "making the list '%s'", rendering->list->request.type)
               : 0;
}

static int run_steps(struct rendering *rendering, enum hob_list_stage stage,
                     struct hob_error *error)
{
    const struct steps *steps = &rendering->list->steps[stage];
    int result = 0;
    for (size_t i = 0; result == 0 && i < steps->count; i++)
        result = run_step(rendering, &steps->items[i], NULL, error);
    return result;
}

static int compute(struct rendering *rendering, const char *key, struct hob_error *error)
{
    const struct hob_list *list = rendering->list;
    const struct hob_value *section = hob_value_get(list->definition, key);
    if (hob_value_is_null(section))
        return 0;
    return hob_compute_section(list->request.compute, *rendering->frame, section,
                               list->request.scope, error);
}

static int apply_filters(struct rendering *rendering, struct hob_row_set *kept,
                         struct hob_error *error)
{
    const struct steps *filters = &rendering->list->steps[HOB_LIST_FILTER];
    if (!hob_row_set_init(kept, hob_frame_rows(*rendering->frame)))
        return hob_list_no_memory(error);
    hob_row_set_invert(kept);
    for (size_t i = 0; i < filters->count; i++) {
        HOB_AUTO(row_set) struct hob_row_set keep = HOB_ROW_SET_INIT;
        if (!hob_row_set_init(&keep, kept->rows))
            return hob_list_no_memory(error);
        int result = run_step(rendering, &filters->items[i], &keep, error);
        if (result < 0)
            return result;
        hob_row_set_intersect(kept, &keep);
    }
    return 0;
}

/* Filters and sorts. */
static int choose_entries(struct rendering *rendering, struct hob_error *error)
{
    HOB_AUTO(row_set) struct hob_row_set kept = HOB_ROW_SET_INIT;
    size_t count;
    int result = apply_filters(rendering, &kept, error);
    if (result == 0)
        result = run_steps(rendering, HOB_LIST_SORTER, error);
    if (result < 0)
        return result;
    HOB_AUTO(free) size_t *rows = hob_row_set_list(&kept, &count);
    if (rows == NULL)
        return hob_list_no_memory(error);
    result = hob_frame_sort_rows(rows, count, *rendering->frame, rendering->order,
                                 rendering->order_count, error);
    if (result < 0)
        return result;
    struct hob_frame *all = HOB_STEAL(*rendering->frame);
    return hob_frame_take_rows(rendering->frame, all, rows, count, error);
}

static int prepare_entries(struct rendering *rendering, struct hob_error *error)
{
    /* No entries have no columns, which no function could miss. */
    if (hob_frame_rows(*rendering->frame) == 0)
        return 0;
    int result = compute(rendering, "precompute", error);
    if (result == 0)
        result = run_steps(rendering, HOB_LIST_PREPROCESSOR, error);
    if (result == 0)
        result = run_steps(rendering, HOB_LIST_AUGMENTOR, error);
    if (result == 0)
        result = compute(rendering, "compute", error);
    if (result == 0)
        result = choose_entries(rendering, error);
    if (result == 0 && hob_frame_rows(*rendering->frame) > 0)
        result = compute(rendering, "postcompute", error);
    return result;
}

/* -- Rendering. */

/* A mistake in a template comes up with every entry, and is told of once. */
static void pass_on(void *data, const struct hob_liquid_warning *warning)
{
    struct rendering *rendering = data;
    for (size_t i = 0; i < rendering->warned_count; i++) {
        const struct hob_liquid_warning *old = &rendering->warned[i];
        if (old->line == warning->line && old->column == warning->column &&
            hob_text_equal(old->name, warning->name))
            return;
    }
    if (rendering->warned_count == MOST_WARNINGS)
        return;
    /* Templates, and their names with them, live as long as the list. */
    rendering->warned[rendering->warned_count++] = *warning;
    list_warn(&rendering->list->request, "template '%.*s', line %u, column %u: %s",
              HOB_TEXT_ARG(warning->name), warning->line, warning->column, warning->message);
}

/* A list with a part left out would look like a whole one. */
static int load_partial(void *data, struct hob_text name, struct hob_liquid_template **partial,
                        struct hob_error *error)
{
    const struct rendering *rendering = data;
    int result = list_templates_load(rendering->list->templates, name, partial, error);
    return result < 0 || *partial != NULL ? result : list_no_template(rendering->list, name, error);
}

static bool is_blank(struct hob_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (memchr(" \t\r\n", text.data[i], 4) == NULL)
            return false;
    return true;
}

/* Appends what the template makes of the data as whole lines, or nothing. */
static int render_lines(struct rendering *rendering, const struct hob_liquid_template *template,
                        struct hob_text before, struct hob_buffer *out, struct hob_error *error)
{
    size_t start = out->size;
    hob_buffer_put_text(out, before);
    size_t text = out->size;
    int result = hob_liquid_render(out, template, &rendering->context, error);
    if (result < 0 || hob_buffer_failed(out))
        return result;
    if (is_blank((struct hob_text){out->data + text, out->size - text}))
        out->size = start;
    else if (out->data[out->size - 1] != '\n')
        hob_buffer_put_char(out, '\n');
    return 0;
}

static int render_once(struct rendering *rendering, const struct hob_liquid_template *template,
                       struct hob_buffer *out, struct hob_error *error)
{
    if (template == NULL)
        return 0;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *data = hob_value_new(arena, HOB_MAP);
    size_t count = hob_frame_rows(*rendering->frame);
    hob_value_put_string(arena, data, "count", hob_value_new_int(arena, (int64_t)count));
    hob_value_put_string(arena, data, "type",
                         hob_value_new_string(arena, hob_text_from(rendering->list->request.type)));
    const struct hob_value *title = hob_value_get(rendering->list->definition, "title");
    if (title != NULL)
        hob_value_put_string(arena, data, "title", title);
    rendering->context.data = data;
    return render_lines(rendering, template, HOB_TEXT(""), out, error);
}

static int render_entries(struct rendering *rendering, struct hob_buffer *out,
                          struct hob_error *error)
{
    const struct hob_frame *frame = *rendering->frame;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    bool some = false;
    for (size_t row = 0; row < hob_frame_rows(frame); row++) {
        if (row % ENTRIES_AT_ONCE == ENTRIES_AT_ONCE - 1) {
            hob_arena_free(arena);
            arena = hob_arena_new();
        }
        rendering->context.data = hob_frame_row(frame, row, arena);
        size_t start = out->size;
        int result = render_lines(rendering, rendering->list->entry,
                                  some ? rendering->list->separator : HOB_TEXT(""), out, error);
        if (result < 0)
            return hob_error_context(error, "rendering entry %zu of the list '%s'", row + 1,
                                     rendering->list->request.type);
        some = some || out->size > start;
    }
    return 0;
}

static void look_at_clock(struct rendering *rendering, struct timespec *now)
{
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, now);
    localtime_r(&now->tv_sec, &parts);
    rendering->today = ((int64_t)now->tv_sec + parts.tm_gmtoff) / 86400;
    rendering->context.now = now;
}

int hob_list_render(struct hob_buffer *out, const struct hob_list *list, struct hob_frame **frame,
                    struct hob_error *error)
{
    struct timespec now;
    struct rendering rendering = {.list = list, .frame = frame};
    rendering.context = (struct hob_liquid_context){
        .load = load_partial,
        .load_data = &rendering,
        .warn = pass_on,
        .warn_data = &rendering,
    };
    look_at_clock(&rendering, &now);
    int result = prepare_entries(&rendering, error);
    free(rendering.order);
    if (result == 0)
        result = render_once(&rendering, list->header, out, error);
    if (result == 0)
        result = render_entries(&rendering, out, error);
    if (result == 0)
        result = render_once(&rendering, list->footer, out, error);
    if (result == 0 && hob_buffer_failed(out))
        return hob_list_no_memory(error);
    return result;
}
