/* profile: where the time of a command goes, measured here and now.
 *
 * A command is run many times over, without a terminal, its output kept to itself: followed, to
 * learn what it opens and is; cold, after the system was asked to forget those files; warm; and
 * followed again, to see its phases. What could replace it is run the same way, beside it. */
#ifndef HOB_PROFILE_PROFILE_H
#define HOB_PROFILE_PROFILE_H

#include "profile/cache.h"
#include "profile/imports.h"
#include "profile/times.h"

enum hob_phase_kind {
    HOB_PHASE_START,         /* fork and exec, until the first program of it exists */
    HOB_PHASE_LAUNCHER,      /* what ran before the interpreter: a wrapper, a shim, a shell */
    HOB_PHASE_INTERPRETER,   /* until the interpreter was ready for the program */
    HOB_PHASE_IMPORTS,       /* modules that the program imported */
    HOB_PHASE_CONFIGURATION, /* in parsers of JSON, YAML, TOML and INI */
    HOB_PHASE_WORK,          /* what is left: the program itself */
    HOB_PHASE_EXIT,          /* from the end of the program to the end of the process */
    HOB_PHASE_COUNT,
};

/* "process start", and what it is. */
const char *hob_phase_name(enum hob_phase_kind kind);
const char *hob_phase_meaning(enum hob_phase_kind kind);

enum hob_rival_kind {
    HOB_RIVAL_NATIVE,    /* hob's own command for the same thing */
    HOB_RIVAL_WARM_EXEC, /* the command from a warm process */
    HOB_RIVAL_WARM_CALL, /* a call to a worker: the least that one takes */
    HOB_RIVAL_COUNT,
};
const char *hob_rival_name(enum hob_rival_kind kind);

/* What could replace the command. */
struct hob_rival {
    const char *const *arguments; /* what is run; NULL: nothing */
    unsigned learning;            /* runs before it is measured */
    const char *note;             /* why it was not measured, or what the figure means */
    /* filled */
    bool measured, floor; /* a floor: what is not done in it takes its own time on top */
    bool same;            /* printed the same to standard output, and ended the same */
    struct hob_times times;
};

struct hob_profile_memory {
    size_t peak;                                           /* of the largest process */
    size_t resident, shared, private_memory, proportional; /* of the main process at its end */
    bool known;                                            /* the second line is */
};

struct hob_profile {
    struct hob_arena *arena;
    const char *const *arguments; /* borrowed */
    int status;                   /* of the last warm run, as from wait */
    struct hob_times cold, warm, followed;
    struct hob_times bare; /* of the interpreter with an empty program */
    const char *bare_command;

    const char *interpreter;        /* path of the Python that was seen, or NULL */
    double phases[HOB_PHASE_COUNT]; /* milliseconds; of the followed run with the median time */
    double phases_whole;            /* their sum */
    bool phases_known;              /* those between start and exit could be told apart */
    struct hob_imports imports;

    struct hob_profile_memory memory;
    size_t processes; /* that a run consists of */
    size_t files_opened, files_missing;
    struct hob_cache_state before_drop, after_drop;
    size_t cold_read; /* bytes that the cold runs read from the disk, the median of them */
    bool dropped_everything;

    struct hob_rival rivals[HOB_RIVAL_COUNT];
    const char
        *errors; /* the last lines that it wrote on standard error, when it failed; or NULL */
    const char *notes[8];
    size_t note_count;
};

struct hob_profile_options {
    const char *const *arguments; /* ended by NULL */
    unsigned runs;
    bool drop_everything; /* see hob_cache_drop_everything */
    struct hob_rival rivals[HOB_RIVAL_COUNT];
    /* Told before each step; may be NULL. */
    void (*tell)(void *data, const char *doing, unsigned run, unsigned runs);
    void *data;
};

/* *profile is to be deinited in any case. Fails when the command cannot be started, or was
 * interrupted; a command that fails is measured like any other. */
int hob_profile_run(struct hob_profile *profile, const struct hob_profile_options *options,
                    struct hob_error *error);
void hob_profile_deinit(struct hob_profile *profile);
static inline void hob_auto_profile(struct hob_profile *profile)
{
    hob_profile_deinit(profile);
}

#endif
