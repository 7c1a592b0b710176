/* shim: links to hob that stand for tools, so that whoever calls a tool gets it warm.
 *
 * A folder of shims has a file `.hob-shims` that says, a line each, which program a name stands
 * for: "NAME<TAB>PATH". Without it the names in the folder mean nothing to hob. */
#ifndef HOB_WARM_SHIM_H
#define HOB_WARM_SHIM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct hob_shim {
    const char *name, *program;
};

struct hob_shims {
    struct hob_shim *items;
    size_t count, capacity;
};

/* What the list of a folder says; the strings live in the arena, the items are the caller's. */
void hob_shims_read(struct hob_shims *shims, struct hob_arena *arena, const char *folder);
/* Makes the link, and puts the name into the list (or changes it there). HOB_E_VALUE when there is
 * a file of that name that is no shim. */
int hob_shims_make(struct hob_shims *shims, const char *folder, const char *name,
                   const char *program, struct hob_error *error);
int hob_shims_write(const struct hob_shims *shims, const char *folder, struct hob_error *error);

/* The program that this process, called by this name, stands for; NULL when it is no shim. */
const char *hob_shim_program(struct hob_arena *arena, const char *called);

/* $HOB_SHIMS, else ~/.local/share/hob/shims; malloc'd, NULL without a home. */
char *hob_shims_default_folder(void);

#endif
