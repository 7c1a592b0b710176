/* build: how a command that starts other commands uses them: make, a script.
 *
 * It runs once, with its terminal, and every process below it is followed. What ran the same
 * program is a group; of each: calls, time, how much of it was start-up, whether calls ran side by
 * side. */
#ifndef HOB_PROFILE_BUILD_H
#define HOB_PROFILE_BUILD_H

#include "profile/follow.h"
#include "profile/profile.h"

struct hob_build_line {
    const char *text; /* the words of a command line, blanks between them */
    size_t calls;
};

/* Milliseconds. */
struct hob_build_group {
    const char *name;     /* "python3 mdfield", "sh -c", "cc" */
    struct hob_text line; /* of its first call, a NUL behind each word */
    size_t first;         /* that call's process */
    size_t calls, failed; /* failed: did not end with status 0 */
    size_t pythons;       /* calls that told of themselves */
    double time;          /* of all calls, from their start to their end */
    double own;           /* the part during which they had no child */
    double start_up;      /* until their program began: for Python with its imports */
    double covered;       /* time during which at least one of them ran */
    double longest;
    unsigned most_at_once;
    size_t opened, missing, peak;
    double processor;
    struct hob_build_line *lines; /* in order of their first call */
    size_t line_count;
};

/* What a group would take otherwise; measured here, not assumed. */
struct hob_build_saving {
    enum hob_rival_kind kind;
    const struct hob_build_group *group;
    double before, after; /* of one call: what goes, and what comes in its place */
    double total;         /* of all calls; negative when it would take longer */
    double whole;         /* of the build: less, where calls ran side by side */
    const char *note;
};

struct hob_build {
    struct hob_arena *arena;
    const char *const *arguments; /* borrowed */
    struct hob_follow follow;
    int status;
    double whole;
    struct hob_build_group *groups; /* those with most own time first */
    size_t group_count;
    size_t *group_of;        /* of each process; SIZE_MAX: it became no program */
    size_t forks;            /* processes that became no program */
    size_t calls;            /* those that did, the command itself aside */
    unsigned most_at_once;   /* calls without children of their own that ran together */
    const char *interpreter; /* of the Python that was seen most, or NULL */
    struct hob_rival rivals[HOB_RIVAL_COUNT]; /* empty runs, as far as they were measured */
    struct hob_build_saving *savings;         /* largest first */
    size_t saving_count;
    const char *notes[4];
    size_t note_count;
};

struct hob_build_options {
    const char *const *arguments; /* ended by NULL */
    bool files;                   /* see HOB_FOLLOW_FILES */
    int output;                   /* becomes standard output */
    /* Called when the command is over and processes that it left behind are not. */
    void (*waits)(void *data, size_t processes);
    void *data;
};

/* Fails as hob_follow_run, which this is; *build is to be deinited in any case. */
int hob_build_run(struct hob_build *build, const struct hob_build_options *options,
                  struct hob_error *error);
void hob_build_deinit(struct hob_build *build);
static inline void hob_auto_build(struct hob_build *build)
{
    hob_build_deinit(build);
}

struct hob_build_replacements {
    const char *program;       /* hob itself */
    const char *const *native; /* "mdfield", "field", "mdlist"...: a program and hob's command for
                                  it, in turn; ended by NULL */
    const char *warm_exec;     /* hob's command for that; NULL: `warm_note` says why not */
    const char *warm_note;
    unsigned runs;
};

/* Measures what could replace the groups, and fills `savings`. HOB_E_INTERRUPTED. */
int hob_build_compare(struct hob_build *build, const struct hob_build_replacements *replacements,
                      struct hob_error *error);

/* The name of the group that a command line belongs to; appended to `name`. */
void hob_build_put_name(struct hob_buffer *name, struct hob_text words);
/* The words with blanks between them. */
void hob_build_put_line(struct hob_buffer *line, struct hob_text words);
/* The script that an interpreter runs, or the program itself: its name without directories; what
 * follows it is in *rest. */
const char *hob_build_program(struct hob_text words, struct hob_text *rest);

#endif
