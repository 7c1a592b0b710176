/* render: what the tags and filters share while a template is rendered (private to this folder).
 *
 * Three memories: `keep` lives as long as the render (tables, names), `heap` holds the values of
 * variables, loops and partials as long as something refers to them, and `scratch` what one
 * statement needs. `memory` says which is in use. What refers to values in the heap while a block
 * is rendered is on the stack of bindings or in the variables (collect.c). */
#ifndef HOB_COMPUTE_LIQUID_RENDER_H
#define HOB_COMPUTE_LIQUID_RENDER_H

#include "compute/liquid/heap.h"
#include "compute/liquid/template.h"

struct liquid_binding {
    struct liquid_name name; /* no text: a free slot */
    struct liquid_value value;
};

/* Variables by name: open addressing, power-of-two capacity. */
struct liquid_table {
    struct liquid_binding *slots;
    size_t capacity, count;
};

/* The variables that a `render` tag hides from its partial. */
struct liquid_hidden {
    struct liquid_table locals;
    const struct liquid_hidden *outer;
};

struct liquid_partial {
    struct liquid_partial *next;
    struct hob_text name;
    struct hob_liquid_template *template; /* one reference; NULL when there is none */
};

struct liquid_render {
    struct hob_buffer *out;
    const struct hob_liquid_context *context;
    const struct hob_liquid_template *template;
    struct hob_error *error;

    enum { LIQUID_SCRATCH, LIQUID_HEAP, LIQUID_KEEP } memory;
    struct hob_arena *keep, *scratch;
    struct liquid_heap heap;
    size_t heap_limit;      /* bytes from the heap after which it is looked through */
    struct hob_buffer work; /* where filters build texts */

    size_t output_limit, memory_limit;
    uint64_t steps, step_limit;
    uint64_t statements, statement_limit; /* run so far, filters included */
    unsigned depth, partials, partial_limit;

    struct liquid_value data;
    struct liquid_binding *stack; /* loop variables and arguments of partials, innermost last */
    size_t stack_count, stack_capacity, stack_base, arguments_base;
    struct liquid_table locals;
    const struct liquid_hidden *hidden;
    struct liquid_table counters;
    struct liquid_table places; /* of cycles, and where loops stopped */
    struct hob_buffer changed;  /* text of the last ifchanged */

    const struct liquid_loop *loop; /* innermost for loop */
    unsigned loops;                 /* that break and continue can end */
    bool isolated;                  /* inside `render`: no include */

    struct liquid_partial *loaded;
    unsigned warnings;
    struct timespec now;
    struct liquid_value now_value, today_value; /* when has_moments */
    bool has_moments;
    char reason[256]; /* of the last LIQUID_BROKEN */
};

/* Returns LIQUID_BROKEN with the reason. */
int liquid_broken(struct liquid_render *render, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void liquid_warn(struct liquid_render *render, uint32_t offset, const char *message);
/* Counts work; HOB_E_LIMIT when there was too much. */
int liquid_spend(struct liquid_render *render, uint64_t steps);
/* From the memory in use; NULL (and *status set) when the limit is reached. */
void *liquid_allocate(struct liquid_render *render, size_t count, size_t size, int *status);
/* Copies the text into the memory in use. */
int liquid_keep_text(struct liquid_render *render, struct hob_text text,
                     struct liquid_value *value);
/* The error of a limit. */
int liquid_exceeded(struct liquid_render *render, const char *what);

/* Rendering. 0, LIQUID_BREAK, LIQUID_CONTINUE or an error. */
int liquid_render_block(struct liquid_render *render, const struct liquid_block *block);
/* The same into `out`, which the caller initializes and frees. */
int liquid_render_into(struct liquid_render *render, const struct liquid_block *block,
                       struct hob_buffer *out);
int liquid_put_text(struct liquid_render *render, struct hob_text text);
int liquid_put_value(struct liquid_render *render, const struct liquid_value *value);

/* Variables. */
int liquid_push(struct liquid_render *render, struct liquid_name name, struct liquid_value value);
/* The same without a name: keeps a value that a tag goes on using while blocks are rendered. */
int liquid_hold(struct liquid_render *render, struct liquid_value value);
int liquid_assign(struct liquid_render *render, struct liquid_name name, struct liquid_value value);
struct liquid_value liquid_lookup(struct liquid_render *render, struct liquid_name name);
/* The slot of the name, made (undefined) when it is new; NULL when there is no memory. */
struct liquid_value *liquid_slot(struct liquid_render *render, struct liquid_table *table,
                                 struct liquid_name name);
const struct liquid_value *liquid_find(const struct liquid_table *table,
                                       const struct liquid_name *name);

/* Expressions. 0, LIQUID_BROKEN or an error. */
int liquid_evaluate(struct liquid_render *render, const struct liquid_expression *expression,
                    struct liquid_value *value);
int liquid_evaluate_filtered(struct liquid_render *render, const struct liquid_filtered *filtered,
                             struct liquid_value *value);
int liquid_evaluate_condition(struct liquid_render *render,
                              const struct liquid_comparison *condition, bool *truth);
/* An integer of a number or of the text of one; cuts floats. `what` names it in the warning. */
int liquid_whole(struct liquid_render *render, const struct liquid_value *value, const char *what,
                 int64_t *whole);

/* Statements use the scratch arena; this empties it when much is in it. */
void liquid_tidy(struct liquid_render *render);
/* Gives back what nothing refers to any more, when much may have come together since the last time.
 * Between statements only. */
int liquid_collect(struct liquid_render *render);

/* Tags: parse makes the node (or leaves NULL), render prints it. */
struct liquid_token;
struct liquid_words;
struct liquid_tag {
    const char *name;
    const char *end; /* NULL: no block */
    int (*parse)(struct liquid_parser *parser, const struct liquid_token *token,
                 struct liquid_words *words, struct liquid_node **node);
    int (*render)(struct liquid_render *render, const struct liquid_node *node);
    const char *help;
};
/* NULL when there is none of that name. */
const struct liquid_tag *liquid_find_tag(struct hob_text name);
/* The position in the table, below LIQUID_TAG_COUNT. */
enum { LIQUID_TAG_COUNT = 24 };
size_t liquid_tag_number(const struct liquid_tag *tag);
/* What texts and `{{ }}` are made of; not in the table. */
extern const struct liquid_tag liquid_text_tag, liquid_output_tag;

#endif
