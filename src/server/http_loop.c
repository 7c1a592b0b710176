/* http_loop: see http_loop.h.
 *
 * libmicrohttpd, without a thread of its own, gives a descriptor of an epoll set that is readable
 * when one of its connections has something; it lies in the loop's poller beside those of the
 * guest. A turn: wait; let the guest hear its events first, because they are answers, which free
 * those who work and resume connections; then run the daemon once, which sends those answers and
 * reads what else came. Everything that touches the daemon happens in the loop's thread: others
 * leave what they bring in two lists, and wake it. */
#include "server/http_loop.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/poller.h"
#include "base/thread.h"

#ifndef HOB_HTTP_OWN_LOOP
#ifdef __linux__
#define HOB_HTTP_OWN_LOOP 1
#else
#define HOB_HTTP_OWN_LOOP 0
#endif
#endif

enum {
    EVENTS_AT_ONCE = 64,
    STEPS_AT_ONCE = 4, /* of the daemon; then the guest has its turn */
};

/* The guest's keys are below. */
#define DAEMON_KEY (UINT64_MAX - 1)

/* A connection on its way from the door. */
struct arrival {
    struct arrival *next;
    int descriptor;
    socklen_t size;
    struct sockaddr_storage address;
};

struct hob_http_loop {
    void *owner;
    void (*lost)(void *owner);
    struct MHD_Daemon *daemon;
    struct hob_poller *poller; /* NULL where the daemon has a thread of its own */
    struct hob_http_guest guest;
    pthread_t thread, self; /* the same: for who made it, and for itself */
    bool running;
    int connections;
    bool has_begun;   /* a connection, since this was false */
    bool has_resumed; /* the loop's thread has: the daemon is to look */
    atomic_bool ends;
    _Atomic(struct arrival *) arrivals; /* the newest first, both */
    _Atomic(struct hob_http_sleeper *) woken;
};

void *hob_http_loop_owner(const struct hob_http_loop *loop)
{
    return loop->owner;
}

struct hob_poller *hob_http_loop_poller(const struct hob_http_loop *loop)
{
    return loop->poller;
}

void *hob_http_loop_guest(const struct hob_http_loop *loop)
{
    return loop->guest.data;
}

void hob_http_loop_set_guest(struct hob_http_loop *loop, const struct hob_http_guest *guest)
{
    loop->guest = *guest;
}

void hob_http_loop_count(struct hob_http_loop *loop, int change)
{
    loop->connections += change;
    loop->has_begun = loop->has_begun || change > 0;
}

static void let_guest_go(struct hob_http_loop *loop)
{
    if (loop->guest.free != NULL)
        loop->guest.free(loop->guest.data);
    loop->guest = (struct hob_http_guest){0};
}

#if HOB_HTTP_OWN_LOOP

unsigned hob_http_loop_flags(void)
{
    return MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
}

/* ---- what others bring ---- */

static void add_new(struct hob_http_loop *loop, const struct arrival *arrival)
{
    /* What libmicrohttpd does not take it closes: it may have begun, and ended, by then. */
    loop->has_begun = false;
    if (MHD_add_connection(loop->daemon, arrival->descriptor,
                           (const struct sockaddr *)&arrival->address, arrival->size) != MHD_YES &&
        !loop->has_begun)
        loop->lost(loop->owner);
}

/* In the order in which they came. */
static void take_arrivals(struct hob_http_loop *loop)
{
    struct arrival *newest = atomic_exchange(&loop->arrivals, NULL), *oldest = NULL;
    while (newest != NULL) {
        struct arrival *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct arrival *arrival = oldest;
        oldest = arrival->next;
        add_new(loop, arrival);
        free(arrival);
    }
}

/* A sleeper is not touched after it was resumed: it may be gone then. */
static void take_woken(struct hob_http_loop *loop)
{
    struct hob_http_sleeper *sleeper = atomic_exchange(&loop->woken, NULL);
    while (sleeper != NULL) {
        struct hob_http_sleeper *next = sleeper->next;
        MHD_resume_connection(sleeper->native);
        loop->has_resumed = true;
        sleeper = next;
    }
}

void hob_http_loop_enter(struct hob_http_loop *loop, int descriptor, const struct sockaddr *address,
                         socklen_t size)
{
    struct arrival *arrival = hob_alloc_zero(1, sizeof *arrival);
    arrival->descriptor = descriptor;
    arrival->size = size < sizeof arrival->address ? size : sizeof arrival->address;
    memcpy(&arrival->address, address, arrival->size);
    arrival->next = atomic_load(&loop->arrivals);
    while (!atomic_compare_exchange_weak(&loop->arrivals, &arrival->next, arrival))
        continue;
    hob_poller_wake(loop->poller);
}

void hob_http_loop_wake(struct hob_http_sleeper *sleeper)
{
    struct hob_http_loop *loop = sleeper->loop;
    if (pthread_equal(loop->self, pthread_self())) {
        MHD_resume_connection(sleeper->native);
        loop->has_resumed = true;
        return;
    }
    sleeper->next = atomic_load(&loop->woken);
    while (!atomic_compare_exchange_weak(&loop->woken, &sleeper->next, sleeper))
        continue;
    hob_poller_wake(loop->poller);
}

/* ---- the loop ---- */

/* A wait within the daemon (hob_http_loop_await) may have heard of it, and left it to the turn. */
static bool is_wanted(struct hob_http_loop *loop)
{
    return loop->has_resumed || atomic_load(&loop->arrivals) != NULL ||
           atomic_load(&loop->woken) != NULL || atomic_load(&loop->ends);
}

/* Nanoseconds that the daemon can be left alone. */
static uint64_t patience(struct hob_http_loop *loop)
{
    MHD_UNSIGNED_LONG_LONG milliseconds;
    if (is_wanted(loop))
        return 0;
    if (MHD_get_timeout(loop->daemon, &milliseconds) != MHD_YES)
        return UINT64_MAX;
    return milliseconds < UINT64_MAX / 1000000 ? milliseconds * 1000000 : UINT64_MAX;
}

/* Moves the guest's events to the front: how many there are. */
static size_t keep_guests(struct hob_poller_event *events, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (events[i].key != DAEMON_KEY)
            events[kept++] = events[i];
    return kept;
}

/* The daemon takes a step of each connection at a time, and says that it is not done. */
static void run_daemon(struct hob_http_loop *loop)
{
    for (int i = 0; i < STEPS_AT_ONCE; i++) {
        loop->has_resumed = false;
        MHD_run(loop->daemon);
        if (patience(loop) > 0)
            return;
    }
}

static void turn(struct hob_http_loop *loop)
{
    struct hob_poller_event events[EVENTS_AT_ONCE];
    uint64_t limit = patience(loop);
    size_t count = hob_poller_wait(loop->poller, events, EVENTS_AT_ONCE, limit);
    size_t guests = keep_guests(events, count);
    bool has_work = guests < count || count == 0 || limit == 0;
    if (loop->guest.hear != NULL)
        loop->guest.hear(loop->guest.data, events, guests);
    take_arrivals(loop);
    take_woken(loop);
    if (has_work || loop->has_resumed)
        run_daemon(loop);
}

/* Without a limit of time: to set the clock for a short one, and back, takes as long as a short
 * call. Where there are more connections the daemon may know of a request of theirs already. */
void hob_http_loop_await(struct hob_http_loop *loop, bool (*done)(const void *data),
                         const void *data)
{
    struct hob_poller_event events[EVENTS_AT_ONCE];
    bool alone = loop->connections == 1 && loop->guest.hear != NULL;
    while (alone && !done(data) && !is_wanted(loop)) {
        size_t count = hob_poller_wait(loop->poller, events, EVENTS_AT_ONCE, UINT64_MAX);
        size_t guests = keep_guests(events, count);
        loop->guest.hear(loop->guest.data, events, guests);
        alone = guests == count;
    }
}

static void *run(void *data)
{
    struct hob_http_loop *loop = data;
    loop->self = pthread_self();
    while (!atomic_load_explicit(&loop->ends, memory_order_relaxed))
        turn(loop);
    /* What was answered a moment ago still goes out. */
    if (loop->guest.hear != NULL)
        loop->guest.hear(loop->guest.data, NULL, 0);
    take_arrivals(loop);
    take_woken(loop);
    MHD_run(loop->daemon);
    return NULL;
}

struct hob_http_loop *hob_http_loop_new(void *owner, void (*lost)(void *owner),
                                        struct hob_error *error)
{
    struct hob_poller *poller = hob_poller_new(error);
    if (poller == NULL)
        return NULL;
    struct hob_http_loop *loop = hob_alloc_zero(1, sizeof *loop);
    loop->owner = owner;
    loop->lost = lost;
    loop->poller = poller;
    return loop;
}

int hob_http_loop_start(struct hob_http_loop *loop, struct MHD_Daemon *daemon,
                        struct hob_error *error)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    loop->daemon = daemon;
    if (info == NULL || !hob_poller_add(loop->poller, info->epoll_fd, HOB_POLLER_READ, DAEMON_KEY))
        return hob_error_set(error, HOB_E_IO, "cannot start the HTTP server: cannot wait for it");
    int number = hob_thread_start_with_stack(&loop->thread, HOB_HTTP_STACK_SIZE, run, loop);
    loop->running = number == 0;
    return number == 0 ? 0 : hob_error_from_errno(error, number, "start a thread for", "HTTP");
}

struct hob_http_loop *hob_http_loop_stop(struct hob_http_loop *loop)
{
    if (loop == NULL)
        return NULL;
    atomic_store(&loop->ends, true);
    hob_poller_wake(loop->poller);
    if (loop->running)
        pthread_join(loop->thread, NULL);
    let_guest_go(loop);
    if (loop->daemon != NULL)
        MHD_stop_daemon(loop->daemon);
    hob_poller_free(loop->poller);
    free(loop);
    return NULL;
}

#else

unsigned hob_http_loop_flags(void)
{
    return MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
}

void hob_http_loop_enter(struct hob_http_loop *loop, int descriptor, const struct sockaddr *address,
                         socklen_t size)
{
    if (MHD_add_connection(loop->daemon, descriptor, address, size) != MHD_YES)
        loop->lost(loop->owner);
}

void hob_http_loop_wake(struct hob_http_sleeper *sleeper)
{
    MHD_resume_connection(sleeper->native);
}

void hob_http_loop_await(struct hob_http_loop *loop, bool (*done)(const void *data),
                         const void *data)
{
    (void)loop, (void)done, (void)data;
}

struct hob_http_loop *hob_http_loop_new(void *owner, void (*lost)(void *owner),
                                        struct hob_error *error)
{
    (void)error;
    struct hob_http_loop *loop = hob_alloc_zero(1, sizeof *loop);
    loop->owner = owner;
    loop->lost = lost;
    return loop;
}

int hob_http_loop_start(struct hob_http_loop *loop, struct MHD_Daemon *daemon,
                        struct hob_error *error)
{
    (void)error;
    loop->daemon = daemon;
    return 0;
}

struct hob_http_loop *hob_http_loop_stop(struct hob_http_loop *loop)
{
    if (loop == NULL)
        return NULL;
    if (loop->daemon != NULL)
        MHD_stop_daemon(loop->daemon);
    let_guest_go(loop);
    free(loop);
    return NULL;
}

#endif
