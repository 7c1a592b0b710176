/* http_loop: a thread with an event loop, in which a daemon of libmicrohttpd runs among others.
 *
 * The daemon has no thread of its own: its descriptor is one of those that the loop waits for. So
 * what a request waits for can be heard by the thread that read the request and sends its answer,
 * and nobody has to be woken in between. Where libmicrohttpd has no such descriptor it runs a
 * thread of its own, and the loop has no poller and no guest. */
#ifndef HOB_SERVER_HTTP_LOOP_H
#define HOB_SERVER_HTTP_LOOP_H

#include <sys/socket.h>

#include "server/http.h"

struct MHD_Connection;
struct MHD_Daemon;

/* Documents are read by recursion, up to HOB_VALUE_MAX_DEPTH. */
enum { HOB_HTTP_STACK_SIZE = 1024 * 1024 };

/* A connection that may be put to sleep; part of something that lives as long as it does. */
struct hob_http_sleeper {
    struct hob_http_sleeper *next; /* among those that are to be woken */
    struct hob_http_loop *loop;
    struct MHD_Connection *native;
};

/* NULL with *error filled. `owner` is for whoever asks; `lost` is told of a connection that entered
 * and never began, because libmicrohttpd did not take it. */
struct hob_http_loop *hob_http_loop_new(void *owner, void (*lost)(void *owner),
                                        struct hob_error *error);
void *hob_http_loop_owner(const struct hob_http_loop *loop);
/* What a daemon that is to run in a loop is started with. */
unsigned hob_http_loop_flags(void);
/* The daemon is taken over, also when this fails. */
int hob_http_loop_start(struct hob_http_loop *loop, struct MHD_Daemon *daemon,
                        struct hob_error *error);
/* From any thread: a new connection, which is taken over. */
void hob_http_loop_enter(struct hob_http_loop *loop, int descriptor, const struct sockaddr *address,
                         socklen_t size);
/* From any thread, once for each time that it was suspended. */
void hob_http_loop_wake(struct hob_http_sleeper *sleeper);
/* By the loop's thread: a connection begins (1) or ends (-1). */
void hob_http_loop_count(struct hob_http_loop *loop, int change);
/* In a callback of the daemon: hears for the guest until it is done, as long as this is the loop's
 * only connection and nobody has anything else for the loop. */
void hob_http_loop_await(struct hob_http_loop *loop, bool (*done)(const void *data),
                         const void *data);
/* Ends the thread, lets the guest go, and closes all connections; none may sleep any more. Takes
 * NULL, returns NULL. */
struct hob_http_loop *hob_http_loop_stop(struct hob_http_loop *loop);

#endif
