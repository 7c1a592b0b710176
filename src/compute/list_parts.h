/* list_parts: a definition of a list that was checked; private to list*.c. */
#ifndef HOB_COMPUTE_LIST_PARTS_H
#define HOB_COMPUTE_LIST_PARTS_H

#include "compute/list.h"
#include "compute/list_functions.h"
#include "compute/list_templates.h"

/* One function of a definition, with its arguments. */
struct step {
    const struct hob_list_function *function;
    const struct hob_value *arguments;
};

struct steps {
    struct step *items;
    size_t count, capacity;
};

struct hob_list {
    struct hob_list_request request;
    struct hob_arena *arena;
    const struct hob_value *definition;
    struct list_templates *templates;
    struct hob_liquid_template *entry, *header, *footer; /* the last two may be NULL */
    struct hob_text separator;
    struct steps steps[HOB_LIST_STAGES];
};

/* Passes a warning on to whoever asked for the list. */
void list_warn(const struct hob_list_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* HOB_E_NOT_FOUND: the directory of templates has none of that name. */
int list_no_template(const struct hob_list *list, struct hob_text name, struct hob_error *error);

#endif
