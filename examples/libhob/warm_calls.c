/* warm_calls: Python workers that stay warm, called from C: one call, eight at once, a batch.
 *
 *     cc warm_calls.c $(pkg-config --cflags --libs hob) -pthread -o warm_calls
 *     ./warm_calls worker.py */
#include <hob/libhob.h>
#include <pthread.h>
#include <stdio.h>

static int complain(const struct libhob_error *error)
{
    fprintf(stderr, "warm_calls: %s\n", error->message);
    if (error->hint[0] != '\0')
        fprintf(stderr, "warm_calls: %s\n", error->hint);
    return 1;
}

/* What callbacks, which come from some thread, leave for the one that waits. */
struct tally {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int open, failed;
};

static void answered(void *data, const struct libhob_answer *answer)
{
    struct tally *tally = data;
    pthread_mutex_lock(&tally->lock);
    if (answer->code != 0)
        tally->failed += complain(answer->error);
    tally->open--;
    pthread_cond_signal(&tally->changed);
    pthread_mutex_unlock(&tally->lock);
}

static int one_call(struct libhob_pool *pool)
{
    struct libhob_error error;
    struct libhob_bytes answer;
    int code = libhob_pool_call(pool, "square", "{\"number\": 7}", NULL, &answer, &error);
    if (code < 0)
        return complain(&error);
    printf("square of 7: %s\n", answer.data);
    libhob_bytes_free(&answer);
    return code == 0 ? 0 : complain(&error);
}

static int eight_calls(struct libhob_pool *pool)
{
    struct tally tally = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    struct libhob_error error;
    char params[32];
    for (int i = 0; i < 8; i++) {
        snprintf(params, sizeof params, "{\"number\": %d}", i);
        pthread_mutex_lock(&tally.lock);
        tally.open++;
        pthread_mutex_unlock(&tally.lock);
        if (libhob_pool_submit(pool, "square", params, NULL, answered, &tally, NULL, &error) == 0)
            continue;
        pthread_mutex_lock(&tally.lock);
        tally.open--; /* its callback never comes */
        tally.failed += complain(&error);
        pthread_mutex_unlock(&tally.lock);
    }
    pthread_mutex_lock(&tally.lock);
    while (tally.open > 0)
        pthread_cond_wait(&tally.changed, &tally.lock);
    pthread_mutex_unlock(&tally.lock);
    printf("eight calls at once: %d failed\n", tally.failed);
    return tally.failed;
}

static int one_batch(struct libhob_pool *pool)
{
    static const char document[] = "[{\"jsonrpc\": \"2.0\", \"id\": \"a\", \"method\": \"square\", "
                                   "\"params\": {\"number\": 3}},"
                                   " {\"jsonrpc\": \"2.0\", \"id\": \"b\", \"method\": \"square\", "
                                   "\"params\": {\"number\": 4}}]";
    struct libhob_error error;
    struct libhob_bytes answer;
    if (libhob_pool_batch(pool, document, NULL, &answer, &error) != 0)
        return complain(&error);
    printf("batch: %s\n", answer.data);
    libhob_bytes_free(&answer);
    return 0;
}

int main(int argc, char **argv)
{
    struct libhob_error error;
    struct libhob_pool *pool;
    if (argc != 2) {
        fprintf(stderr, "usage: warm_calls WORKER.py\n");
        return 2;
    }
    const char *command[] = {"python3", argv[1], NULL};
    struct libhob_pool_options options = {.command = command, .max_workers = 2};
    if (libhob_pool_open(&pool, "tools", &options, &error) != 0)
        return complain(&error);
    int failed = one_call(pool) + eight_calls(pool) + one_batch(pool);
    libhob_pool_close(pool, 1000);
    return failed > 0;
}
