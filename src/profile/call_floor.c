/* call_floor: see call_floor.h. */
#include "profile/call_floor.h"

#include "base/clock.h"
#include "pool/pool.h"

enum { FIRST_CALLS = 20, DRAIN_MILLISECONDS = 1000 };

static const char echo[] = "import json, sys\n"
                           "for line in sys.stdin:\n"
                           "    ask = json.loads(line)\n"
                           "    answer = {'jsonrpc': '2.0', 'id': ask.get('id'),\n"
                           "              'result': ask.get('params')}\n"
                           "    sys.stdout.write(json.dumps(answer) + '\\n')\n"
                           "    sys.stdout.flush()\n";

static int call_often(struct hob_times *times, struct hob_pool *pool, unsigned count,
                      struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer result = HOB_BUFFER_INIT;
    const struct hob_pool_request request = {
        .method = HOB_TEXT("\"echo\""),
        .params = HOB_TEXT("{\"name\":\"title\",\"file\":\"talk.md\"}"),
    };
    for (unsigned i = 0; i < count + FIRST_CALLS; i++) {
        bool refused = false;
        hob_buffer_clear(&result);
        uint64_t start = hob_clock_now();
        int code = hob_pool_call(pool, &request, &result, &refused, error);
        if (code != 0)
            return code;
        if (refused || hob_buffer_text(&result).size + 2 < request.params.size)
            return hob_error_set(error, HOB_E_WORKER, "the worker did not give back what it got");
        if (i >= FIRST_CALLS)
            hob_times_add(times, hob_clock_milliseconds_since(start));
    }
    hob_times_sort(times);
    return 0;
}

int hob_call_floor(struct hob_times *times, const char *interpreter, unsigned count,
                   struct hob_error *error)
{
    const char *const command[] = {interpreter, "-u", "-c", echo, NULL};
    struct hob_pool_options options = HOB_POOL_OPTIONS_INIT;
    struct hob_pool *pool;
    struct hob_supervisor *supervisor = hob_supervisor_new(error);
    if (supervisor == NULL)
        return error != NULL ? error->code : HOB_E_IO;
    options.command = command;
    options.max_workers = 1;
    int code = hob_pool_open(&pool, supervisor, "echo", &options, error);
    if (code == 0)
        code = call_often(times, pool, count, error);
    hob_supervisor_free(supervisor, DRAIN_MILLISECONDS);
    return code;
}
