/* say: what is said to a worker, and how much of it was read. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/internal.h"

/* Sends what the system takes. False when nobody reads any more. */
static bool send_now(struct pool_worker *worker, const char *bytes, size_t size, size_t *sent)
{
    *sent = 0;
    while (*sent < size) {
        ssize_t written = write(worker->input, bytes + *sent, size - *sent);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == EAGAIN;
        *sent += (size_t)written;
        worker->sent += (uint64_t)written;
    }
    return true;
}

static void watch_writes(struct pool_worker *worker, bool wanted)
{
    if (wanted != worker->writes_watched)
        hob_poller_change(worker->pool->supervisor->poller, worker->input,
                          wanted ? HOB_POLLER_WRITE : 0, pool_worker_key(worker, POOL_PART_INPUT));
    worker->writes_watched = wanted;
}

size_t pool_worker_unread(const struct pool_worker *worker)
{
    int unread = 0;
    if (worker->input < 0)
        return worker->unread;
#ifdef FIONREAD
    if (ioctl(worker->input, FIONREAD, &unread) != 0)
        unread = 0;
#endif
    return (size_t)unread;
}

void pool_worker_is_not_read(struct pool_worker *worker)
{
    pool_worker_why(worker, "closed its standard input");
    worker->input_refused = true;
    worker->unread = pool_worker_unread(worker);
    pool_worker_close_input(worker);
    hob_buffer_deinit(&worker->unsent);
    worker->unsent_at = 0;
    if (worker->late_at == 0 || worker->late_at > hob_clock_now() + POOL_CLOSING_MS * 1000000ull)
        worker->late_at = hob_clock_now() + POOL_CLOSING_MS * 1000000ull;
    pool_wake_by(worker->pool->supervisor, worker->late_at);
}

void pool_worker_send_rest(struct pool_worker *worker)
{
    size_t sent;
    struct hob_buffer *unsent = &worker->unsent;
    if (!send_now(worker, unsent->data + worker->unsent_at, unsent->size - worker->unsent_at,
                  &sent)) {
        pool_worker_is_not_read(worker);
        return;
    }
    worker->unsent_at += sent;
    if (worker->unsent_at == unsent->size) {
        hob_buffer_deinit(unsent);
        worker->unsent_at = 0;
        watch_writes(worker, false);
        if (worker->retired)
            pool_worker_close_input(worker); /* which waited for this */
        pool_dispatch(worker->pool);         /* it was given no more meanwhile */
    }
}

void pool_worker_say(struct pool_worker *worker, struct hob_text message)
{
    size_t sent = 0;
    if (worker->input < 0)
        return;
    if (worker->unsent.size == 0 && !send_now(worker, message.data, message.size, &sent)) {
        pool_worker_is_not_read(worker);
        return;
    }
    if (sent == message.size)
        return;
    hob_buffer_put(&worker->unsent, message.data + sent, message.size - sent);
    if (hob_buffer_failed(&worker->unsent)) {
        pool_worker_why(worker, "cannot be written to: not enough memory");
        pool_worker_event(worker, HOB_LIFE_BROKEN);
        return;
    }
    watch_writes(worker, true);
}

/* Nothing is answered: it is over when the worker has it, or else is another's. */
static void give_notification(struct pool_worker *worker, struct pool_call *call)
{
    pool_worker_say(worker, hob_buffer_text(&call->message));
    if (worker->input < 0 && ++call->unseen < POOL_MOST_UNSEEN) {
        pool_calls_add_first(&worker->pool->queue, call);
        return;
    }
    pool_call_answer(call, &(struct hob_message){.result = HOB_TEXT("null")});
    pool_call_free(call);
}

void pool_worker_give(struct pool_worker *worker, struct pool_call *call)
{
    if (call->notification) {
        give_notification(worker, call);
        return;
    }
    call->sent = hob_clock_now();
    pool_calls_add(&worker->calls, call);
    call->stream_end =
        worker->sent + (worker->unsent.size - worker->unsent_at) + call->message.size;
    if (call->kind == POOL_CALL || call->kind == POOL_PING)
        pool_worker_event(worker, HOB_LIFE_TAKES);
    if (call->kind == POOL_CALL)
        pool_worker_turn_to(worker, call->loop);
    pool_worker_say(worker, hob_buffer_text(&call->message));
}
