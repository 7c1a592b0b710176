/* status: what operators are shown of pools and workers. */
#include "base/clock.h"
#include "pool/internal.h"
#include "value/json.h"

static void put_text(struct hob_buffer *out, const char *text)
{
    hob_json_put_string(out, hob_text_from(text), HOB_JSON_COMPACT);
}

static double seconds_since(uint64_t time, uint64_t now)
{
    return time == 0 || time > now ? 0 : (double)(now - time) / 1e9;
}

static void put_worker(struct hob_buffer *out, const struct pool_worker *worker, uint64_t now)
{
    size_t memory = worker->process.pid > 0 ? hob_process_memory(worker->process.pid) : 0;
    hob_buffer_printf(out,
                      "{\"worker\":%u,\"pid\":%ld,\"state\":\"%s\",\"calls\":%zu,\"served\":%u,"
                      "\"memory_bytes\":%zu,\"age_seconds\":%.3f,\"idle_seconds\":%.3f",
                      worker->number, (long)worker->pid, hob_life_name(worker->life),
                      worker->calls.count, worker->served, memory,
                      seconds_since(worker->started, now),
                      worker->life == HOB_LIFE_IDLE ? seconds_since(worker->idle_since, now) : 0);
    if (worker->replace != NULL) {
        hob_buffer_put_string(out, ",\"to_be_replaced\":");
        put_text(out, worker->replace);
    }
    hob_buffer_put_char(out, '}');
}

static void put_counts(struct hob_buffer *out, const struct hob_pool *pool)
{
    const struct {
        const char *name;
        uint64_t number;
    } counts[] = {
        {"calls", pool->calls},         {"failures", pool->failures},
        {"timeouts", pool->timeouts},   {"cancelled", pool->cancelled},
        {"refused", pool->refused},     {"worker_failures", pool->restarts},
        {"recycled", pool->recycled},   {"noise_lines", pool->noise},
        {"fallbacks", pool->fallbacks},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        hob_buffer_printf(out, ",\"%s\":%llu", counts[i].name,
                          (unsigned long long)counts[i].number);
}

static const char *state_of(const struct hob_pool *pool, uint64_t now)
{
    if (pool->options.off)
        return "off";
    if (pool->draining)
        return "drained";
    return hob_pacing_is_open(&pool->pacing, now) ? "resting" : "ready";
}

static void put_status(struct hob_buffer *out, const struct hob_pool *pool)
{
    uint64_t now = hob_clock_now();
    const struct pool_call *oldest = pool->queue.first;
    hob_buffer_put_string(out, "{\"name\":");
    put_text(out, pool->name);
    hob_buffer_printf(out, ",\"state\":\"%s\",\"queued\":%zu,\"oldest_queued_seconds\":%.3f",
                      state_of(pool, now), pool->queue.count,
                      oldest != NULL ? seconds_since(oldest->submitted, now) : 0);
    hob_buffer_printf(out, ",\"min_workers\":%u,\"max_workers\":%u,\"concurrency\":%u",
                      pool->options.min_workers, pool->options.max_workers,
                      pool->options.concurrency);
    put_counts(out, pool);
    if (pool->cause[0] != '\0') {
        hob_buffer_put_string(out, ",\"last_failure\":");
        put_text(out, pool->cause);
    }
    hob_buffer_put_string(out, ",\"workers\":[");
    bool first = true;
    for (const struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
        if (worker->life == HOB_LIFE_DEAD)
            continue;
        hob_buffer_put_string(out, first ? "" : ",");
        put_worker(out, worker, now);
        first = false;
    }
    hob_buffer_put_string(out, "]}");
}

/* Numbers alone, for those who look at everything. */
static void put_summary(struct hob_buffer *out, const struct hob_pool *pool)
{
    unsigned workers = 0, busy = 0;
    for (const struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
        workers += worker->life != HOB_LIFE_DEAD;
        busy += worker->life != HOB_LIFE_DEAD && worker->calls.count > 0;
    }
    hob_buffer_put_string(out, "{\"name\":");
    put_text(out, pool->name);
    hob_buffer_printf(out,
                      ",\"state\":\"%s\",\"workers\":%u,\"busy\":%u,\"queued\":%zu,"
                      "\"calls\":%llu,\"failures\":%llu,\"restarts\":%llu}",
                      state_of(pool, hob_clock_now()), workers, busy, pool->queue.count,
                      (unsigned long long)pool->calls, (unsigned long long)pool->failures,
                      (unsigned long long)pool->restarts);
}

/* The first of the list that is not closed. */
static const struct hob_pool *shown(const struct hob_pool *pool)
{
    while (pool != NULL && atomic_load(&pool->closed))
        pool = pool->next;
    return pool;
}

void hob_supervisor_put_summary(struct hob_buffer *out, struct hob_supervisor *supervisor)
{
    pool_lock(supervisor);
    hob_buffer_put_char(out, '[');
    for (const struct hob_pool *pool = shown(supervisor->pools); pool != NULL;) {
        put_summary(out, pool);
        pool = shown(pool->next);
        hob_buffer_put_string(out, pool != NULL ? "," : "");
    }
    hob_buffer_put_char(out, ']');
    pool_unlock(supervisor);
}

void hob_pool_put_status(struct hob_buffer *out, struct hob_pool *pool)
{
    pool_lock(pool->supervisor);
    put_status(out, pool);
    pool_unlock(pool->supervisor);
}

void hob_supervisor_put_status(struct hob_buffer *out, struct hob_supervisor *supervisor)
{
    pool_lock(supervisor);
    hob_buffer_put_char(out, '[');
    for (const struct hob_pool *pool = shown(supervisor->pools); pool != NULL;) {
        put_status(out, pool);
        pool = shown(pool->next);
        hob_buffer_put_string(out, pool != NULL ? "," : "");
    }
    hob_buffer_put_char(out, ']');
    pool_unlock(supervisor);
}

static void put_tail(struct hob_buffer *out, const char *title, const struct hob_tail *tail)
{
    if (tail->seen == 0)
        return;
    hob_buffer_printf(out, "==> %s <==\n", title);
    hob_tail_put(out, tail);
    if (out->size > 0 && out->data[out->size - 1] != '\n')
        hob_buffer_put_char(out, '\n');
}

void hob_pool_put_logs(struct hob_buffer *out, struct hob_pool *pool)
{
    HOB_AUTO(buffer) struct hob_buffer title = HOB_BUFFER_INIT;
    pool_lock(pool->supervisor);
    put_tail(out, "the worker that ended last", &pool->last_words);
    for (const struct pool_worker *worker = pool->workers; worker != NULL; worker = worker->next) {
        hob_buffer_clear(&title);
        hob_buffer_printf(&title, "worker %u (pid %ld)", worker->number, (long)worker->pid);
        put_tail(out, hob_buffer_string(&title), &worker->tail);
    }
    pool_unlock(pool->supervisor);
}
