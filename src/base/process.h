/* process: programs started without a shell, each in a session and process group of its own, so
 * that what they start can be ended with them. */
#ifndef HOB_BASE_PROCESS_H
#define HOB_BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

struct hob_process_options {
    const char *const *arguments;   /* ended by NULL; the first is looked for in PATH */
    const char *const *environment; /* "NAME=value", ended by NULL; NULL: this process's */
    const char *directory;          /* NULL: this process's */
    int input, output, errors;      /* become 0, 1, 2; -1: /dev/null. Stay open here. */
    /* The system kills it when the thread that started it ends (where the system can): that thread
     * must outlive it. */
    bool dies_with_thread;
    /* 0, or a descriptor to which the new process writes its number, as a pid_t, before it becomes
     * the program, and its negative if it cannot. SIGPIPE must be ignored. */
    int announce;
    /* NULL, or a variable that the new process finds its own number in: what it starts inherits it,
     * wherever it goes, and can be found by it (hob_marked_end). */
    const char *mark;
};

struct hob_process {
    pid_t pid;
    int watch; /* a descriptor that is readable once the process has ended; -1 where there is none,
                  then hob_process_ended is to be asked from time to time */
};

#define HOB_PROCESS_INIT                                                                           \
    {                                                                                              \
        .pid = -1, .watch = -1                                                                     \
    }

/* HOB_E_NOT_FOUND for a program or directory that is not there, HOB_E_PERMISSION for one that may
 * not be run, HOB_E_IO, HOB_E_MEMORY. */
int hob_process_start(struct hob_process *process, const struct hob_process_options *options,
                      struct hob_error *error);
/* A pipe whose ends are not inherited, except as what becomes 0, 1 or 2: false and errno. */
bool hob_process_pipe(int ends[2]);
/* Whether it has ended: until it is forgotten, its number cannot become another process's. */
bool hob_process_has_ended(const struct hob_process *process);
/* True when it has ended: then *status is as from waitpid, and the process is forgotten. Waits for
 * this one only, never for others that happen to be children too. */
bool hob_process_ended(struct hob_process *process, int *status);
/* The same; *usage (may be NULL) gets what it has used, with the children that it waited for. */
bool hob_process_ended_with(struct hob_process *process, int *status, struct rusage *usage);
/* To the whole group; nothing happens when it has ended. */
void hob_process_signal(const struct hob_process *process, int number);

/* The program of this name that would be started: found in PATH of the environment (NULL: this
 * process's), or the name itself when it has a slash or is nowhere. malloc'd. */
char *hob_process_find(const char *name, const char *const *environment);
/* "exited with status 3", "was killed by signal 9 (Killed)". */
void hob_process_describe(char *text, size_t size, int status);
/* Resident memory in bytes; 0 when unknown. */
size_t hob_process_memory(pid_t pid);

#endif
