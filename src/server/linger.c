/* linger: see linger.h. One thread reads from all of them; it is there only while there are any.
 * The numbers bound what somebody gains who sends on purpose what is refused. */
#define _GNU_SOURCE
#include "server/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
    MOST = 64,           /* connections at a time... */
    MILLISECONDS = 3000, /* ...for so long each... */
    MEGABYTES = 256,     /* ...and for so much */
    TURN = 20,           /* milliseconds until new ones are looked at */
    PIECES = 2,          /* read from one connection before it is the turn of the next */
    PIECE = 64 * 1024,
    STACK_SIZE = 256 * 1024,
};

struct guest {
    int descriptor;
    uint64_t since, received;
};

struct hob_linger {
    pthread_mutex_t mutex;
    pthread_t thread;
    bool running;  /* the thread looks at the guests, or will */
    bool joinable; /* there is or was a thread */
    bool closing;
    unsigned count;
    struct guest guests[MOST];
};

struct hob_linger *hob_linger_new(void)
{
    struct hob_linger *linger = hob_alloc_zero(1, sizeof *linger);
    pthread_mutex_init(&linger->mutex, NULL);
    return linger;
}

/* Throws away what has come; false when the connection is to be closed. */
static bool read_some(struct guest *guest, char *piece)
{
    for (int i = 0; i < PIECES; i++) {
        ssize_t got = recv(guest->descriptor, piece, PIECE, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (got <= 0)
            return false;
        guest->received += (uint64_t)got;
    }
    return guest->received >> 20 < MEGABYTES &&
           hob_clock_milliseconds_since(guest->since) < MILLISECONDS;
}

/* The mutex is held; recv does not wait. */
static void serve_guests(struct hob_linger *linger, char *piece)
{
    for (unsigned i = 0; i < linger->count;) {
        if (!linger->closing && read_some(&linger->guests[i], piece)) {
            i++;
            continue;
        }
        close(linger->guests[i].descriptor);
        linger->guests[i] = linger->guests[--linger->count];
    }
}

/* Waits without the mutex: only this thread closes guests, so that what was copied stays valid. */
static void wait_for_bytes(struct hob_linger *linger)
{
    struct pollfd polled[MOST];
    unsigned count = linger->count;
    for (unsigned i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = linger->guests[i].descriptor, .events = POLLIN};
    pthread_mutex_unlock(&linger->mutex);
    poll(polled, count, TURN);
    pthread_mutex_lock(&linger->mutex);
}

static void *run(void *context)
{
    struct hob_linger *linger = context;
    char *piece = hob_alloc(PIECE);
    pthread_mutex_lock(&linger->mutex);
    while (linger->count > 0) {
        wait_for_bytes(linger);
        serve_guests(linger, piece);
    }
    linger->running = false;
    pthread_mutex_unlock(&linger->mutex);
    free(piece);
    return NULL;
}

/* The mutex is held. A thread that runs no more has nothing left to do with it. */
static bool start_thread(struct hob_linger *linger)
{
    pthread_attr_t attributes;
    if (linger->joinable)
        pthread_join(linger->thread, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    linger->joinable = pthread_create(&linger->thread, &attributes, run, linger) == 0;
    pthread_attr_destroy(&attributes);
    return linger->joinable;
}

void hob_linger_take(struct hob_linger *linger, int descriptor)
{
    pthread_mutex_lock(&linger->mutex);
    int copy =
        linger->count < MOST && !linger->closing ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : -1;
    if (copy >= 0) {
        shutdown(copy, SHUT_WR);
        if (!linger->running)
            linger->running = start_thread(linger);
        if (linger->running)
            linger->guests[linger->count++] = (struct guest){copy, hob_clock_now(), 0};
        else
            close(copy);
    }
    pthread_mutex_unlock(&linger->mutex);
}

struct hob_linger *hob_linger_free(struct hob_linger *linger)
{
    if (linger == NULL)
        return NULL;
    pthread_mutex_lock(&linger->mutex);
    linger->closing = true;
    pthread_mutex_unlock(&linger->mutex);
    if (linger->joinable)
        pthread_join(linger->thread, NULL);
    pthread_mutex_destroy(&linger->mutex);
    free(linger);
    return NULL;
}
