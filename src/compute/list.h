/* list: the lists a CV is made of: entries of a table, chosen, put into order and rendered one by
 * one, as a definition says.
 *
 *     publications:                # the type of the list: one mapping each
 *       listtemplate: publication  # NAME.md, .html or .liquid in the templates directory; rendered
 *                                  # for each entry with its columns as variables
 *       template: "* {{ title }}"  # or the template itself, or a name as above
 *       header: "## {{ count }}"   # templates rendered once, before and after; optional
 *       footer: ""
 *       separator: "\n"            # text between two entries; optional
 *       preprocessor:              # each of these: one function or a list of them
 *         f: convert_datetime      # its arguments stand beside it, or under `args`
 *         columns: date
 *       augmentor: {f: addyear, source: date}
 *       filter:                    # all must hold
 *       - {f: recent, since_year: 2020}
 *       - {f: columnis, args: {column: type, value: article}}
 *       sorter: {f: descending, by: [year, title]}   # of several the first counts most
 *       compute: ...               # also precompute and postcompute: sections as in interfaces
 *
 * The order is precompute, preprocessor, augmentor, compute, filter, sorter, postcompute. Plural
 * keys (preprocessors, filters...) mean the same. Functions: list_functions.h. */
#ifndef HOB_COMPUTE_LIST_H
#define HOB_COMPUTE_LIST_H

#include "compute/compute.h"
#include "value/value.h"

struct hob_list;

/* Called with what is odd but no error: keys that mean nothing, warnings of templates. */
typedef void hob_list_warn(void *data, const char *message);

struct hob_list_request {
    const struct hob_value *definitions; /* a mapping of types; lives as long as the list */
    const char *definitions_name;        /* for messages: the file that they come from */
    const char *type;
    const char *templates; /* directory; only what is in it is read */
    const struct hob_scope *scope;
    struct hob_compute *compute;
    const int64_t *since; /* a year for `recent`, or NULL */
    hob_list_warn *warn;  /* NULL: nobody is told */
    void *warn_data;
};

/* Finds the definition and checks it; nothing of the entries is needed. HOB_E_KEY for a type that
 * is not defined, with those that are; HOB_E_VALUE for a function that does not exist, with those
 * that do, and for a definition of the wrong form; HOB_E_NOT_FOUND without its template;
 * HOB_E_TEMPLATE for one with a mistake in it; errors of liquid.h. */
int hob_list_new(struct hob_list **list, const struct hob_list_request *request,
                 struct hob_error *error);
/* Takes NULL, returns NULL. */
struct hob_list *hob_list_free(struct hob_list *list);
static inline void hob_auto_list(struct hob_list **list)
{
    hob_list_free(*list);
}

/* Appends the rendered entries. An entry's text ends with a line break, one that is put there if
 * need be; entries that render to nothing but white space are left out. *frame, which the caller
 * owns, is replaced by the entries that were rendered. Errors name the function or the entry; a
 * partial that is not there, or has a mistake in it, is one. */
int hob_list_render(struct hob_buffer *out, const struct hob_list *list, struct hob_frame **frame,
                    struct hob_error *error);

#endif
