/* interface: an interface file as one mapping, after inheritance and expansion.
 *
 * Rules 31-33 of the reference: the first name that exists is taken; variables are expanded in
 * top-level texts only; base_directory and user_file are added; `inherit` merges a parent: own
 * keys first, `append` joins lists and mappings, `ignore` hides, the parent's output becomes
 * (part of) the input, its series a series input, its parameters constants. */
#ifndef HOB_CONFIG_INTERFACE_H
#define HOB_CONFIG_INTERFACE_H

#include "config/scope.h"
#include "value/value.h"

struct hob_interface_request {
    const struct hob_value *names; /* a text, a list of texts, or null for the default name */
    const char *directory;         /* "." when NULL; variables in it are expanded */
    const char *default_name;      /* "_lynguine.yml" when NULL; also of parents without a name */
};

/* An interface file that was read; both mappings live in the arena. */
struct hob_interface {
    const struct hob_value *fields; /* after inheritance */
    const struct hob_value *own;    /* the file's own keys, expanded, before inheritance */
};

/* Errors: HOB_E_NO_INTERFACE when no name exists, HOB_E_VALUE
 * for what is not YAML, no mapping, empty, or inherits itself; HOB_E_OUTSIDE; HOB_E_PARAMETER for
 * names that are no text. */
int hob_interface_load(struct hob_arena *arena, const struct hob_scope *scope,
                       const struct hob_interface_request *request, struct hob_interface *interface,
                       struct hob_error *error);

/* The one that a path names: its directory and the name in it. */
int hob_interface_load_file(struct hob_arena *arena, const struct hob_scope *scope,
                            const char *path, struct hob_interface *interface,
                            struct hob_error *error);

/* directory/name as os.path.join has it: an absolute name stands alone, "" adds a slash. */
char *hob_path_join(struct hob_arena *arena, const char *directory, const char *name);

#endif
