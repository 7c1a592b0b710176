/* log_bound: see log_bound.h. What is being written while the files change places goes to the old
 * one, whole: the descriptor's number stays, and only what it stands for changes. */
#define _GNU_SOURCE
#include "base/log_bound.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"

enum { MOST_TRIES = 3 };

static struct {
    char *path, *older; /* NULL: there is no bound */
    uint64_t bytes;
    pthread_mutex_t lock; /* one thread at a time changes files; the others need not wait */
} bound = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The log as it is named now, locked against other processes; -1 when there is none to be had. */
static int open_locked(struct stat *facts)
{
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        struct stat named;
        HOB_AUTO(descriptor)
        int descriptor =
            open(bound.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0 || fstat(descriptor, facts) != 0)
            return -1;
        /* Somebody may have moved it away while this process waited. */
        if (stat(bound.path, &named) == 0 && is_same(facts, &named)) {
            int result = descriptor;
            descriptor = -1;
            return result;
        }
    }
    return -1;
}

/* Standard error becomes the file of that name, and a new one if that is full. */
static void change(void)
{
    struct stat facts;
    HOB_AUTO(descriptor) int log = open_locked(&facts);
    if (log < 0)
        return;
    HOB_AUTO(descriptor) int fresh = -1;
    if ((uint64_t)facts.st_size >= bound.bytes) {
        if (rename(bound.path, bound.older) != 0)
            return;
        fresh = open(bound.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fresh < 0)
            return;
    }
    flock(log, LOCK_UN); /* what standard error is about to share would never be unlocked */
    while (dup2(fresh >= 0 ? fresh : log, STDERR_FILENO) < 0 && errno == EINTR)
        continue;
}

void hob_log_bound(const char *path, uint64_t bytes)
{
    HOB_AUTO(buffer) struct hob_buffer older = HOB_BUFFER_INIT;
    struct stat own, current, before;
    hob_buffer_printf(&older, "%s.1", path);
    bool is_older = stat(hob_buffer_string(&older), &before) == 0;
    if (path[0] != '/' || fstat(STDERR_FILENO, &own) != 0)
        return;
    bool is_current = stat(path, &current) == 0 && is_same(&own, &current);
    is_older = is_older && is_same(&own, &before);
    if (!is_current && !is_older)
        return;
    bound.path = hob_copy_string(path);
    bound.older = hob_copy_string(hob_buffer_string(&older));
    bound.bytes = bytes;
    if (is_older)
        change();
}

void hob_log_keep_bounded(void)
{
    struct stat facts;
    if (bound.path == NULL || fstat(STDERR_FILENO, &facts) != 0 ||
        (uint64_t)facts.st_size < bound.bytes || pthread_mutex_trylock(&bound.lock) != 0)
        return;
    /* Another thread may just have done it. */
    if (fstat(STDERR_FILENO, &facts) == 0 && (uint64_t)facts.st_size >= bound.bytes)
        change();
    pthread_mutex_unlock(&bound.lock);
}
