/* door: see door.h. */
#define _GNU_SOURCE
#include "server/door.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum {
    AT_ONCE = 16,     /* connections between two looks at whether there is room */
    PAUSE_MS = 5,     /* when there is none, or no descriptor */
    CLOSING_MS = 500, /* in which those who wait outside are let in while the door closes */
    STACK_SIZE = 128 * 1024,
};

struct hob_door {
    struct hob_door_options options;
    pthread_t thread;
    int wake[2]; /* a pipe: a byte, or its end, ends the waiting */
    atomic_bool closing, handed_over;
};

/* What one attempt came to. */
enum taken { TAKEN, NOBODY, NO_MEANS };

static enum taken take_one(struct hob_door *door)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int connection = accept4(door->options.descriptor, (struct sockaddr *)&address, &size,
                             SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection >= 0) {
        door->options.enter(door->options.context, connection, (struct sockaddr *)&address, size);
        return TAKEN;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        return NO_MEANS;
    /* Who has gone again, or met an error of the network, is no reason not to take the next. */
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINVAL || errno == EBADF ? NOBODY
                                                                                        : TAKEN;
}

/* Lets in some of those who wait; says why it ended. */
static enum taken take_some(struct hob_door *door)
{
    enum taken taken = TAKEN;
    if (!door->options.has_room(door->options.context))
        return NO_MEANS;
    for (int i = 0; i < AT_ONCE && taken == TAKEN; i++)
        taken = take_one(door);
    return taken;
}

static void *run(void *context)
{
    struct hob_door *door = context;
    struct pollfd polled[] = {{.fd = door->wake[0], .events = POLLIN},
                              {.fd = door->options.descriptor, .events = POLLIN}};
    enum taken taken = NOBODY;
    while (!atomic_load(&door->closing)) {
        /* Without means only the end is waited for, else the socket would not let it sleep. */
        bool paused = taken == NO_MEANS;
        poll(polled, paused ? 1 : 2, paused ? PAUSE_MS : -1);
        if (paused || polled[1].revents != 0)
            taken = take_some(door);
    }
    for (int waited = 0; !atomic_load(&door->handed_over) && waited < CLOSING_MS;) {
        taken = take_some(door);
        if (taken == NOBODY)
            break;
        if (taken == NO_MEANS)
            usleep(PAUSE_MS * 1000);
        waited += taken == NO_MEANS ? PAUSE_MS : 0;
    }
    return NULL;
}

static int start_thread(struct hob_door *door)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int number = pthread_create(&door->thread, &attributes, run, door);
    pthread_attr_destroy(&attributes);
    return number;
}

int hob_door_open(struct hob_door **out, const struct hob_door_options *options,
                  struct hob_error *error)
{
    struct hob_door *door = hob_alloc_zero(1, sizeof *door);
    door->options = *options;
    int number = pipe2(door->wake, O_CLOEXEC) == 0 ? start_thread(door) : errno;
    if (number == 0) {
        *out = door;
        return 0;
    }
    if (door->wake[1] > 0) {
        close(door->wake[0]);
        close(door->wake[1]);
    }
    free(door);
    return hob_error_set(error, HOB_E_IO, "cannot wait for connections: %s", strerror(number));
}

struct hob_door *hob_door_close(struct hob_door *door, bool handed_over)
{
    if (door == NULL)
        return NULL;
    atomic_store(&door->handed_over, handed_over);
    atomic_store(&door->closing, true);
    hob_file_close(door->wake[1]);
    pthread_join(door->thread, NULL);
    hob_file_close(door->options.descriptor);
    hob_file_close(door->wake[0]);
    free(door);
    return NULL;
}
