/* poller: see poller.h. epoll where there is one, else poll with a table under a lock; a pipe wakes
 * the thread that waits. */
#define _GNU_SOURCE
#include "base/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#ifndef HOB_POLLER_EPOLL
#ifdef __linux__
#define HOB_POLLER_EPOLL 1
#else
#define HOB_POLLER_EPOLL 0
#endif
#endif

#if HOB_POLLER_EPOLL
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

/* Where poll can say that the other side has closed, and this one has not. */
#ifdef POLLRDHUP
#define CLOSED POLLRDHUP
#else
#define CLOSED 0
#endif

#if HOB_POLLER_EPOLL
enum { MOST_EVENTS = 64 };

static const uint64_t wake_key = UINT64_MAX;
#else
struct known {
    int descriptor;
    unsigned what;
    uint64_t key;
    bool told; /* its hangup was, and nothing more is looked for */
};
#endif

struct hob_poller {
    int waker[2]; /* read end, write end; the same descriptor where there are eventfds */
    atomic_bool woken;
#if HOB_POLLER_EPOLL
    int epoll;
#else
    pthread_mutex_t lock;
    struct known *known;
    size_t count, capacity;
    size_t turn; /* where the next look at the events begins: all have theirs */
#endif
};

static int to_milliseconds(uint64_t nanoseconds)
{
    if (nanoseconds == UINT64_MAX)
        return -1;
    uint64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
    return milliseconds > 3600000 ? 3600000 : (int)milliseconds;
}

static void swallow_wakes(struct hob_poller *poller)
{
    char bytes[64];
    while (read(poller->waker[0], bytes, sizeof bytes) > 0)
        continue;
    /* Last: a wake that was skipped until now is heard by this wait, which is about to return. */
    atomic_store(&poller->woken, false);
}

void hob_poller_wake(struct hob_poller *poller)
{
    static const uint64_t one = 1;
    if (atomic_exchange(&poller->woken, true))
        return;
    /* A full pipe wakes too; nothing else can fail. */
    ssize_t written = write(poller->waker[1], &one, sizeof one);
    (void)written;
}

#if HOB_POLLER_EPOLL

static uint32_t to_epoll(unsigned what)
{
    uint32_t events = 0;
    if (what & HOB_POLLER_READ)
        events |= EPOLLIN;
    if (what & HOB_POLLER_WRITE)
        events |= EPOLLOUT;
    if (what & HOB_POLLER_HANGUP)
        events |= EPOLLRDHUP | EPOLLONESHOT;
    return events;
}

static unsigned from_epoll(uint32_t events)
{
    unsigned what = 0;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        what |= HOB_POLLER_READ;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        what |= HOB_POLLER_WRITE;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        what |= HOB_POLLER_HANGUP;
    return what;
}

struct hob_poller *hob_poller_new(struct hob_error *error)
{
    struct hob_poller *poller = hob_alloc_zero(1, sizeof *poller);
    poller->epoll = epoll_create1(EPOLL_CLOEXEC);
    poller->waker[0] = poller->waker[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poller->epoll >= 0 && poller->waker[0] >= 0 &&
        hob_poller_add(poller, poller->waker[0], HOB_POLLER_READ, wake_key))
        return poller;
    hob_error_from_errno(error, errno, "wait for", "descriptors");
    return hob_poller_free(poller);
}

struct hob_poller *hob_poller_free(struct hob_poller *poller)
{
    if (poller == NULL)
        return NULL;
    hob_file_close(poller->waker[0]);
    hob_file_close(poller->epoll);
    free(poller);
    return NULL;
}

bool hob_poller_add(struct hob_poller *poller, int descriptor, unsigned what, uint64_t key)
{
    struct epoll_event event = {.events = to_epoll(what), .data.u64 = key};
    return epoll_ctl(poller->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void hob_poller_change(struct hob_poller *poller, int descriptor, unsigned what, uint64_t key)
{
    struct epoll_event event = {.events = to_epoll(what), .data.u64 = key};
    epoll_ctl(poller->epoll, EPOLL_CTL_MOD, descriptor, &event);
}

void hob_poller_remove(struct hob_poller *poller, int descriptor)
{
    epoll_ctl(poller->epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

size_t hob_poller_wait(struct hob_poller *poller, struct hob_poller_event *events, size_t most,
                       uint64_t nanoseconds)
{
    struct epoll_event found[MOST_EVENTS];
    size_t count = 0;
    int ready = epoll_wait(poller->epoll, found, most < MOST_EVENTS ? (int)most : MOST_EVENTS,
                           to_milliseconds(nanoseconds));
    for (int i = 0; i < ready; i++) {
        if (found[i].data.u64 == wake_key)
            swallow_wakes(poller);
        else
            events[count++] =
                (struct hob_poller_event){found[i].data.u64, from_epoll(found[i].events)};
    }
    return count;
}

#else

struct hob_poller *hob_poller_new(struct hob_error *error)
{
    struct hob_poller *poller = hob_alloc_zero(1, sizeof *poller);
    poller->waker[0] = poller->waker[1] = -1;
    pthread_mutex_init(&poller->lock, NULL);
    if (pipe(poller->waker) != 0) {
        hob_error_from_errno(error, errno, "wait for", "descriptors");
        return hob_poller_free(poller);
    }
    for (int i = 0; i < 2; i++) {
        fcntl(poller->waker[i], F_SETFD, FD_CLOEXEC);
        fcntl(poller->waker[i], F_SETFL, O_NONBLOCK);
    }
    return poller;
}

struct hob_poller *hob_poller_free(struct hob_poller *poller)
{
    if (poller == NULL)
        return NULL;
    hob_file_close(poller->waker[0]);
    hob_file_close(poller->waker[1]);
    pthread_mutex_destroy(&poller->lock);
    free(poller->known);
    free(poller);
    return NULL;
}

static struct known *find(struct hob_poller *poller, int descriptor)
{
    for (size_t i = 0; i < poller->count; i++)
        if (poller->known[i].descriptor == descriptor)
            return &poller->known[i];
    return NULL;
}

bool hob_poller_add(struct hob_poller *poller, int descriptor, unsigned what, uint64_t key)
{
    pthread_mutex_lock(&poller->lock);
    bool added = find(poller, descriptor) == NULL &&
                 HOB_TRY_GROW(poller->known, poller->capacity, poller->count + 1);
    if (added)
        poller->known[poller->count++] = (struct known){descriptor, what, key, false};
    pthread_mutex_unlock(&poller->lock);
    hob_poller_wake(poller);
    return added;
}

void hob_poller_change(struct hob_poller *poller, int descriptor, unsigned what, uint64_t key)
{
    pthread_mutex_lock(&poller->lock);
    struct known *known = find(poller, descriptor);
    if (known != NULL)
        *known = (struct known){descriptor, what, key, false};
    pthread_mutex_unlock(&poller->lock);
    hob_poller_wake(poller);
}

void hob_poller_remove(struct hob_poller *poller, int descriptor)
{
    pthread_mutex_lock(&poller->lock);
    struct known *known = find(poller, descriptor);
    if (known != NULL)
        *known = poller->known[--poller->count];
    pthread_mutex_unlock(&poller->lock);
}

static short to_poll(unsigned what)
{
    return (short)((what & HOB_POLLER_READ ? POLLIN : 0) | (what & HOB_POLLER_WRITE ? POLLOUT : 0) |
                   (what & HOB_POLLER_HANGUP ? CLOSED : 0));
}

static unsigned from_poll(short events)
{
    const short end = POLLHUP | POLLERR | POLLNVAL;
    return (events & (POLLIN | end) ? HOB_POLLER_READ : 0u) |
           (events & (POLLOUT | end) ? HOB_POLLER_WRITE : 0u) |
           (events & (CLOSED | end) ? HOB_POLLER_HANGUP : 0u);
}

/* Copies of the table, so that others can change it while this thread waits. A hangup that was told
 * is not looked for any more. */
static size_t copy_known(struct hob_poller *poller, struct pollfd **polled, struct known **known)
{
    pthread_mutex_lock(&poller->lock);
    size_t count = poller->count;
    *polled = hob_alloc_zero(count + 1, sizeof **polled);
    *known = hob_alloc_zero(count + 1, sizeof **known);
    for (size_t i = 0; i < count; i++) {
        (*known)[i] = poller->known[i];
        (*polled)[i].fd = (*known)[i].told ? -1 : (*known)[i].descriptor;
        (*polled)[i].events = to_poll((*known)[i].what);
    }
    pthread_mutex_unlock(&poller->lock);
    (*polled)[count] = (struct pollfd){.fd = poller->waker[0], .events = POLLIN};
    return count;
}

static void hangup_was_told(struct hob_poller *poller, const struct known *told)
{
    pthread_mutex_lock(&poller->lock);
    struct known *known = find(poller, told->descriptor);
    if (known != NULL && known->key == told->key)
        known->told = true;
    pthread_mutex_unlock(&poller->lock);
}

size_t hob_poller_wait(struct hob_poller *poller, struct hob_poller_event *events, size_t most,
                       uint64_t nanoseconds)
{
    HOB_AUTO(free) struct pollfd *polled = NULL;
    HOB_AUTO(free) struct known *known = NULL;
    size_t count = copy_known(poller, &polled, &known), found = 0, looked = 0;
    if (poll(polled, (nfds_t)count + 1, to_milliseconds(nanoseconds)) <= 0)
        return 0;
    if (polled[count].revents != 0)
        swallow_wakes(poller);
    for (; looked < count && found < most; looked++) {
        size_t i = (poller->turn + looked) % count;
        unsigned what = from_poll(polled[i].revents);
        if (what != 0)
            events[found++] = (struct hob_poller_event){known[i].key, what};
        if (what & known[i].what & HOB_POLLER_HANGUP)
            hangup_was_told(poller, &known[i]);
    }
    poller->turn += looked;
    return found;
}

#endif
