/* imports: what Python says on standard error when it is asked how long imports take
 * (-X importtime, PYTHONPROFILEIMPORTTIME), as a tree. */
#ifndef HOB_PROFILE_IMPORTS_H
#define HOB_PROFILE_IMPORTS_H

#include "base/arena.h"
#include "base/buffer.h"

/* Microseconds. `self` is without the modules that it imported, which `cumulative` counts. */
struct hob_import {
    const char *name; /* any bytes: a module can be called anything; in the arena */
    double self, cumulative;
    double start;     /* in time spent importing: the gaps between imports are left out */
    unsigned depth;   /* 0: imported by no other module */
    bool interpreter; /* needed before the program began */
};

/* A module stands before those that it imported, and those in order. */
struct hob_imports {
    struct hob_import *items; /* in the arena */
    size_t count;
    double total;       /* of those of the program, microseconds */
    double interpreter; /* of those of the interpreter */
};

/* Reads the lines that Python wrote among others; the others are appended to `rest`. All up to the
 * end of the import of `marker` ("site") belongs to the interpreter. */
void hob_imports_read(struct hob_imports *imports, struct hob_arena *arena, struct hob_text errors,
                      const char *marker, struct hob_buffer *rest);

#endif
