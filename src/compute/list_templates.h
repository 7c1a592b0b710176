/* list_templates: the templates of a list, from a directory that nothing outside of is read of;
 * private to this folder. */
#ifndef HOB_COMPUTE_LIST_TEMPLATES_H
#define HOB_COMPUTE_LIST_TEMPLATES_H

#include "compute/liquid/liquid.h"
#include "config/scope.h"

struct list_templates {
    struct hob_arena *arena;
    const char *directory;
    const struct hob_scope *scope; /* for sources and limits */
    struct hob_roots *roots;       /* made when the first template is looked for */
    struct hob_map *found;         /* name -> template; what is not there is not kept */
};

/* `directory` and `scope` are borrowed. Nothing is looked for yet. */
void list_templates_init(struct list_templates *templates, const char *directory,
                         const struct hob_scope *scope);
void list_templates_deinit(struct list_templates *templates);

/* The template of that name (NAME, or NAME.md, .html or .liquid), one reference for the caller;
 * NULL when there is none. A name that leads out of the directory is HOB_E_OUTSIDE. A
 * hob_liquid_load, with the templates as data. */
int list_templates_load(void *templates, struct hob_text name,
                        struct hob_liquid_template **template, struct hob_error *error);

#endif
