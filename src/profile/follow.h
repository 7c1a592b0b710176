/* follow: runs a command and sees each process of it begin, become other programs, open files and
 * end, however deep below it that is (Linux: ptrace).
 *
 * A process is stopped for some microseconds whenever it forks, executes, ends, and (when files are
 * asked for) opens something; otherwise it runs as usual. It can't gain privileges by set-user-ID
 * programs meanwhile. */
#ifndef HOB_PROFILE_FOLLOW_H
#define HOB_PROFILE_FOLLOW_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"

enum hob_follow_flags {
    HOB_FOLLOW_FILES = 1 << 0, /* which files are opened */
    /* A session of its own, ended as a whole with the command. Otherwise it shares this process's
     * terminal: what is typed there is for the command. */
    HOB_FOLLOW_SESSION = 1 << 1,
    HOB_FOLLOW_SHARED_MEMORY = 1 << 2, /* ask how much memory each process shares; takes longer */
};

struct hob_follow_options {
    const char *const *arguments;   /* ended by NULL */
    const char *const *environment; /* NULL: this process's */
    int input, output, errors;      /* become 0, 1, 2; stay open here */
    unsigned flags;
    /* Called when the command is over and processes that it left behind are not; may be NULL. */
    void (*waits)(void *data, size_t processes);
    void *data;
};

/* A program that a process was, for some time. */
struct hob_follow_image {
    uint64_t start;        /* hob_clock_now */
    struct hob_text words; /* the command line, a NUL behind each word */
};

struct hob_follow_process {
    long pid;
    size_t parent; /* index; SIZE_MAX for the command itself */
    uint64_t start, end;
    int status;                      /* as from wait; of one that was left running: 0 */
    bool left;                       /* it ran on after the command, and was not followed further */
    struct hob_follow_image *images; /* owned; none: a fork that became no other program */
    size_t image_count, image_capacity;
    double processor;                                      /* milliseconds */
    size_t peak;                                           /* bytes resident at most */
    size_t resident, shared, private_memory, proportional; /* at its end; 0 when not asked for */
    size_t opened, missing; /* files that it opened for reading, that were not there */
};

/* A file that some process opened for reading. */
struct hob_follow_file {
    size_t opened;
};

struct hob_follow {
    struct hob_arena *arena;
    struct hob_follow_process *processes; /* in order of their start; the first is the command */
    size_t count, capacity;
    struct hob_map *files; /* path -> struct hob_follow_file */
    bool files_known;      /* false: the system does not say, or they were not asked for */
};

/* Waits until the command and all that it started are over; without HOB_FOLLOW_FILES what it leaves
 * running is let go. HOB_E_NOT_FOUND, HOB_E_PERMISSION as hob_process_start; HOB_E_UNSUPPORTED
 * where processes can't be followed; HOB_E_INTERRUPTED when Ctrl-C ended a session: nothing is left
 * of it. *follow is filled either way, and is to be deinited. */
int hob_follow_run(struct hob_follow *follow, const struct hob_follow_options *options,
                   struct hob_error *error);
void hob_follow_deinit(struct hob_follow *follow);
static inline void hob_auto_follow(struct hob_follow *follow)
{
    hob_follow_deinit(follow);
}

#endif
