/* client: see client.h. */
#define _GNU_SOURCE
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/start.h"

enum {
    MOST_TRIES = 5,
    FIRST_PAUSE_MS = 20, /* then 40, 80, 160: a third of a second in all */
};

/* A number that is different in processes which started together. */
static uint64_t some_number(unsigned tries)
{
    const uint64_t seeds[] = {hob_clock_now(), (uint64_t)getpid(), tries};
    return hob_text_hash((struct hob_text){(const char *)seeds, sizeof seeds});
}

/* Half of the pause to all of it. False when Ctrl-C ended it. */
static bool pause_before(unsigned tries, bool interruptible)
{
    uint64_t whole = (uint64_t)FIRST_PAUSE_MS << (tries - 1), half = whole * 1000000 / 2;
    uint64_t pause = half + some_number(tries) % (half + 1);
    struct timespec time = {0, (long)pause};
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    if (interruptible)
        sigdelset(&mask, SIGINT);
    return ppoll(NULL, 0, &time, &mask) == 0 || errno != EINTR || !interruptible;
}

static int interrupted(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_INTERRUPTED, "interrupted");
}

int hob_client_open(struct hob_connection **connection, const struct hob_client_options *options,
                    struct hob_error *error)
{
    struct hob_endpoint endpoint;
    int code = hob_endpoint_find(&endpoint, options->server, error);
    if (code != 0)
        return code;
    endpoint.may_start = endpoint.is_default && !options->no_start && hob_start_is_allowed();
    for (unsigned tries = 1;; tries++) {
        code = hob_connection_open(connection, &endpoint, options->budget_ms, error);
        bool starts = code == HOB_E_NO_SERVER && endpoint.may_start;
        if (tries == MOST_TRIES || (code != HOB_E_BUSY && !starts)) {
            if (code == HOB_E_NO_SERVER && endpoint.is_default && !hob_start_is_allowed())
                hob_error_hint(error, "HOB_AUTOSTART=0 keeps it from being started: 'hob serve "
                                      "--daemon' does, or unset that");
            return code;
        }
        if (starts && (code = hob_start(&endpoint, 0, error)) != 0)
            return code;
        if (starts && tries == 1)
            continue; /* one that ends again just before we come is given time to */
        if (!pause_before(tries, options->interruptible))
            return interrupted(error);
    }
}

static bool is_worth_another_try(const struct hob_connection *connection,
                                 const struct hob_request *request, const struct hob_reply *reply,
                                 int code)
{
    bool nothing_done = !hob_connection_reached(connection);
    switch (code) {
    case 0:
        return reply->status == 503;
    case HOB_E_BUSY:
        return nothing_done;
    case HOB_E_CUT:
        return nothing_done || strcmp(request->method, "GET") == 0;
    default:
        return false;
    }
}

int hob_client_ask(struct hob_connection *connection, const struct hob_request *request,
                   struct hob_reply *reply, struct hob_error *error)
{
    uint64_t started = hob_clock_now();
    for (unsigned tries = 1;; tries++) {
        struct hob_request now = *request;
        double passed = hob_clock_milliseconds_since(started);
        bool last = tries == MOST_TRIES;
        if (request->deadline_ms > 0) {
            bool over = passed + 1 >= request->deadline_ms;
            last |= over;
            now.deadline_ms = over ? 1 : request->deadline_ms - (unsigned)passed;
        }
        int code = hob_connection_exchange(connection, &now, reply, error);
        const struct hob_endpoint *endpoint = hob_connection_endpoint(connection);
        if (code == HOB_E_NO_SERVER && endpoint->may_start && !last) {
            code = hob_start(endpoint, 0, error); /* it has ended since we connected */
            if (code != 0)
                return code;
            continue;
        }
        if (last || !is_worth_another_try(connection, request, reply, code))
            return code == 0 ? hob_reply_check(reply, error) : code;
        if (!pause_before(tries, request->interruptible))
            return interrupted(error);
    }
}
