/* launch: starts a program that serves in the background, and waits until it says that it does.
 *
 * The program is told by `--ready-fd N` behind its words where to say so: it writes "ready\n" there
 * once it can be used, and perhaps where it serves ("at http://127.0.0.1:8765\n"), or "error\n", a
 * message, "\n" and a hint, and closes it. It is nobody's
 * child: whoever starts it never has to wait for its end. */
#ifndef HOB_BASE_LAUNCH_H
#define HOB_BASE_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

enum { HOB_LAUNCH_SOCKETS = 3, HOB_LAUNCH_WORDS = 256 };

struct hob_launch {
    const char *program;      /* path of the executable */
    const char *const *words; /* the first is the program's name; NULL ends them; at most
                                 HOB_LAUNCH_WORDS */
    /* Descriptors that it gets, listening sockets first of all, in the way of systemd's socket
     * activation (LISTEN_FDS). */
    int sockets[HOB_LAUNCH_SOCKETS];
    unsigned socket_count;
    const char *socket_names; /* LISTEN_FDNAMES: as many, with colons between them */
    bool detached;            /* a session of its own, standard input and output lead nowhere */
    const char *directory;    /* where it works; NULL: where this process does */
    int errors;               /* what becomes its standard error; -1: this process's */
    unsigned seconds;         /* that it may take until it is ready */
};

struct hob_launched {
    pid_t pid;       /* 0: not known */
    char where[160]; /* as it said; empty: it did not */
};

/* 0 when it is ready; *launched is then what is known of it. HOB_E_VALUE with what it says itself;
 * HOB_E_IO when it ends without a word, or takes too long (it is then left alone); HOB_E_NOT_FOUND
 * and others when it cannot be started. Safe in a process with threads. */
int hob_launch(struct hob_launched *launched, const struct hob_launch *launch,
               struct hob_error *error);

/* The other end: tells that this process is ready, and where it serves unless that is NULL; or why
 * not when *error is not NULL; and closes the descriptor. */
void hob_launch_tell(int descriptor, const char *where, const struct hob_error *error);

#endif
