/* pool_calls: how long a warm call takes in this process, beside the same worker behind pipes that
 * nothing stands between.
 *
 *     pool_calls COUNT COMMAND...    prints raw_p50_us, pool_p50_us, raw_again_p50_us, one a line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "pool/pool.h"

static const char params[] = "{\"name\":\"title\",\"file\":\"talk.md\",\"count\":17}";

static int by_number(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *times, size_t count)
{
    qsort(times, count, sizeof *times, by_number);
    return times[count / 2];
}

static void fail(const char *what)
{
    fprintf(stderr, "pool_calls: %s\n", what);
    exit(1);
}

static void ask_raw(int input, int output)
{
    char request[512], answer[4096];
    int size =
        snprintf(request, sizeof request,
                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":%s}\n", params);
    if (write(input, request, (size_t)size) != size)
        fail("the raw worker does not read");
    size_t got = 0;
    do {
        ssize_t part = read(output, answer + got, sizeof answer - got);
        if (part <= 0)
            fail("the raw worker does not answer");
        got += (size_t)part;
    } while (answer[got - 1] != '\n');
}

static double measure_raw(size_t count, const char *const *command, double *times)
{
    int input[2], output[2], status;
    struct hob_process process;
    struct hob_error error = HOB_ERROR_INIT;
    if (!hob_process_pipe(input) || !hob_process_pipe(output))
        fail("no pipes");
    struct hob_process_options options = {
        .arguments = command, .input = input[0], .output = output[1], .errors = 2};
    if (hob_process_start(&process, &options, &error) != 0)
        fail(error.message);
    close(input[0]);
    close(output[1]);
    for (size_t i = 0; i < count + 100; i++) {
        uint64_t start = hob_clock_now();
        ask_raw(input[1], output[0]);
        times[i < 100 ? 0 : i - 100] = (double)(hob_clock_now() - start) / 1e3;
    }
    close(input[1]);
    while (!hob_process_ended(&process, &status))
        usleep(1000);
    close(output[0]);
    return median(times, count);
}

static double measure_pool(size_t count, const char *const *command, double *times)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_pool *pool;
    struct hob_pool_options options = HOB_POOL_OPTIONS_INIT;
    struct hob_supervisor *supervisor = hob_supervisor_new(&error);
    options.command = command;
    if (supervisor == NULL || hob_pool_open(&pool, supervisor, "echo", &options, &error) != 0)
        fail(error.message);
    HOB_AUTO(buffer) struct hob_buffer result = HOB_BUFFER_INIT;
    struct hob_pool_request request = {.method = HOB_TEXT("\"echo\""),
                                       .params = hob_text_from(params)};
    for (size_t i = 0; i < count + 100; i++) {
        bool failed;
        hob_buffer_clear(&result);
        uint64_t start = hob_clock_now();
        if (hob_pool_call(pool, &request, &result, &failed, &error) != 0)
            fail(error.message);
        times[i < 100 ? 0 : i - 100] = (double)(hob_clock_now() - start) / 1e3;
    }
    hob_supervisor_free(supervisor, 1000);
    return median(times, count);
}

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (count == 0)
        fail("usage: pool_calls COUNT COMMAND...");
    double *times = hob_alloc_zero(count, sizeof *times);
    const char *const *command = (const char *const *)argv + 2;
    printf("raw_p50_us %.2f\n", measure_raw(count, command, times));
    printf("pool_p50_us %.2f\n", measure_pool(count, command, times));
    printf("raw_again_p50_us %.2f\n", measure_raw(count, command, times));
    free(times);
    return 0;
}
