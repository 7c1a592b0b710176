/* render: runs the tree of a template.
 *
 * Limits keep a hostile template from taking the process with it: bytes written, bytes held,
 * steps (iterations of loops, items that filters touch, text they work on), statements, and nesting
 * over all partials together, so that the C stack stays small. What is broken gives a warning and
 * nothing else; after a hundred warnings nobody reads on, so that no more are given. */
#include "compute/liquid/render.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    MAX_WARNINGS = 100,
    MAX_DEPTH = 1000,          /* of blocks, over all partials */
    SCRATCH_KEPT = 256 * 1024, /* bytes of scratch that are not worth giving back */
    DEFAULT_OUTPUT = 64 << 20,
    DEFAULT_MEMORY = 512 << 20,
    DEFAULT_STEPS = 10000000,
    STATEMENTS_A_STEP = 10,
    DEFAULT_PARTIALS = 100,
};

int liquid_broken(struct liquid_render *render, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(render->reason, sizeof render->reason, format, arguments);
    va_end(arguments);
    return LIQUID_BROKEN;
}

static void warn_about(struct liquid_render *render, const struct hob_liquid_template *template,
                       uint32_t offset, const char *message)
{
    const struct hob_liquid_context *context = render->context;
    if (context->warn == NULL || render->warnings++ >= MAX_WARNINGS)
        return;
    struct hob_liquid_warning warning = {.name = template->name, .message = message};
    liquid_locate(template->source, offset, &warning.line, &warning.column);
    context->warn(context->warn_data, &warning);
}

void liquid_warn(struct liquid_render *render, uint32_t offset, const char *message)
{
    warn_about(render, render->template, offset, message);
}

int liquid_exceeded(struct liquid_render *render, const char *what)
{
    int code = hob_error_set(render->error, HOB_E_LIMIT,
                             "cannot render template '%.*s': it takes more %s than allowed",
                             HOB_TEXT_ARG(render->template->name), what);
    hob_error_hint(render->error, "look for a loop, range or include that does not end");
    return code;
}

int liquid_spend(struct liquid_render *render, uint64_t steps)
{
    render->steps += steps;
    return render->steps > render->step_limit ? liquid_exceeded(render, "iterations") : 0;
}

static bool has_room(const struct liquid_render *render, size_t size)
{
    size_t held =
        hob_arena_size(render->keep) + hob_arena_size(render->scratch) + render->heap.size;
    return held <= render->memory_limit && size <= render->memory_limit - held;
}

static void *take_memory(struct liquid_render *render, size_t size)
{
    if (render->memory == LIQUID_HEAP)
        return liquid_heap_alloc(&render->heap, size);
    return hob_arena_try_alloc(render->memory == LIQUID_KEEP ? render->keep : render->scratch,
                               size);
}

void *liquid_allocate(struct liquid_render *render, size_t count, size_t size, int *status)
{
    size_t bytes;
    void *memory = NULL;
    if (!__builtin_mul_overflow(count, size, &bytes) && has_room(render, bytes))
        memory = take_memory(render, bytes);
    *status = memory == NULL ? liquid_exceeded(render, "memory") : 0;
    return memory;
}

int liquid_keep_text(struct liquid_render *render, struct hob_text text, struct liquid_value *value)
{
    int status;
    char *copy = liquid_allocate(render, 1, text.size + 1, &status);
    if (copy == NULL)
        return status;
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    *value = liquid_text((struct hob_text){copy, text.size});
    return 0;
}

void liquid_tidy(struct liquid_render *render)
{
    if (hob_arena_size(render->scratch) <= SCRATCH_KEPT)
        return;
    hob_arena_free(render->scratch);
    render->scratch = hob_arena_new();
}

static int check_output(struct liquid_render *render)
{
    if (hob_buffer_failed(render->out))
        return hob_error_set(render->error, HOB_E_MEMORY,
                             "cannot render template '%.*s': out of memory",
                             HOB_TEXT_ARG(render->template->name));
    return render->out->size > render->output_limit ? liquid_exceeded(render, "output") : 0;
}

int liquid_put_text(struct liquid_render *render, struct hob_text text)
{
    if (text.size > render->output_limit)
        return liquid_exceeded(render, "output");
    hob_buffer_put_text(render->out, text);
    render->steps += text.size >> 10;
    return check_output(render);
}

int liquid_put_value(struct liquid_render *render, const struct liquid_value *value)
{
    if (value->kind == LIQUID_TEXT)
        return liquid_put_text(render, value->text);
    size_t before = render->out->size;
    liquid_print(render->out, value, render->output_limit);
    int status = liquid_spend(render, (render->out->size - before) >> 10);
    return status != 0 ? status : check_output(render);
}

static int render_text(struct liquid_render *render, const struct liquid_node *node)
{
    return liquid_put_text(render, ((const struct liquid_text_node *)node)->text);
}

static int render_output(struct liquid_render *render, const struct liquid_node *node)
{
    const struct liquid_output_node *output = (const struct liquid_output_node *)node;
    struct liquid_value value;
    render->memory = LIQUID_SCRATCH;
    int status = liquid_evaluate_filtered(render, &output->filtered, &value);
    return status != 0 ? status : liquid_put_value(render, &value);
}

const struct liquid_tag liquid_text_tag = {.name = "text", .render = render_text};
const struct liquid_tag liquid_output_tag = {.name = "output", .render = render_output};

int liquid_render_block(struct liquid_render *render, const struct liquid_block *block)
{
    if (++render->depth > MAX_DEPTH)
        return liquid_exceeded(render, "nesting");
    int status = 0;
    for (const struct liquid_node *node = block->first; node != NULL; node = node->next) {
        if (++render->statements > render->statement_limit)
            return liquid_exceeded(render, "iterations");
        status = node->tag->render(render, node);
        if (status == LIQUID_BROKEN) {
            liquid_warn(render, node->offset, render->reason);
            status = 0;
        }
        liquid_tidy(render);
        if (status == 0)
            status = liquid_collect(render);
        if (status != 0)
            break;
    }
    render->depth--;
    return status;
}

int liquid_render_into(struct liquid_render *render, const struct liquid_block *block,
                       struct hob_buffer *out)
{
    struct hob_buffer *outer = render->out;
    render->out = out;
    int status = liquid_render_block(render, block);
    render->out = outer;
    return status;
}

static void init(struct liquid_render *render, struct hob_buffer *out,
                 const struct hob_liquid_template *template,
                 const struct hob_liquid_context *context, struct hob_error *error)
{
    *render = (struct liquid_render){
        .out = out, .context = context, .template = template, .error = error};
    render->keep = hob_arena_new();
    render->scratch = hob_arena_new();
    size_t output = context->limits.output != 0 ? context->limits.output : DEFAULT_OUTPUT;
    render->output_limit = output;
    render->memory_limit = context->limits.memory != 0 ? context->limits.memory : DEFAULT_MEMORY;
    render->step_limit =
        context->limits.iterations != 0 ? context->limits.iterations : DEFAULT_STEPS;
    bool huge = render->step_limit > UINT64_MAX / STATEMENTS_A_STEP;
    render->statement_limit = huge ? UINT64_MAX : render->step_limit * STATEMENTS_A_STEP;
    render->partial_limit =
        context->limits.partials != 0 ? context->limits.partials : DEFAULT_PARTIALS;
    render->data = liquid_wrap(context->data, true);
    if (context->now != NULL)
        render->now = *context->now;
    else
        clock_gettime(CLOCK_REALTIME, &render->now);
}

static void deinit(struct liquid_render *render)
{
    while (render->loaded != NULL) {
        hob_liquid_template_free(render->loaded->template);
        render->loaded = render->loaded->next;
    }
    free(render->stack);
    hob_buffer_deinit(&render->work);
    hob_buffer_deinit(&render->changed);
    hob_arena_free(render->keep);
    hob_arena_free(render->scratch);
    liquid_heap_deinit(&render->heap);
}

int hob_liquid_render(struct hob_buffer *out, const struct hob_liquid_template *template,
                      const struct hob_liquid_context *context, struct hob_error *error)
{
    static const struct hob_liquid_context plain;
    struct liquid_render render;
    init(&render, out, template, context != NULL ? context : &plain, error);
    size_t room = SIZE_MAX - out->size;
    render.output_limit = render.output_limit < room ? out->size + render.output_limit : SIZE_MAX;
    for (const struct liquid_template_warning *warning = template->warnings; warning != NULL;
         warning = warning->next)
        warn_about(&render, template, warning->offset, warning->message);
    int status = liquid_render_block(&render, &template->block);
    deinit(&render);
    if (status >= 0 && hob_buffer_failed(out))
        return hob_error_set(error, HOB_E_MEMORY, "cannot render the template: not enough memory");
    return status < 0 ? status : 0;
}
