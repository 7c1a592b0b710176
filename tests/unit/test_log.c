/* Tests of the log: what is written by many at once, while files change places, is there whole. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/log_bound.h"

enum { PROCESSES = 3, THREADS = 4, LINES = 500, BOUND = 600 * 1000 };

static void *write_lines(void *data)
{
    char name[32], filler[81];
    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    for (int i = 0; i < LINES; i++) {
        snprintf(name, sizeof name, "%ld-%ld-%d", (long)getpid(), (long)(intptr_t)data, i);
        hob_log(HOB_LOG_ERROR, "line", "name", name, "filler", filler, NULL);
    }
    return NULL;
}

static void run_writer(const char *path)
{
    pthread_t threads[THREADS];
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(log, STDERR_FILENO);
    close(log);
    hob_log_bound(path, BOUND);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, write_lines, (void *)(intptr_t)i) != 0)
            _exit(1);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

/* The number of lines, each of which must be whole; *size is the file's. */
static size_t count_lines(const char *path, size_t *size)
{
    struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t count = 0;
    assert_true(file >= 0);
    assert_int_equal(hob_file_read(&content, file, path, SIZE_MAX, NULL), 0);
    close(file);
    const char *at = content.text.data, *end = at + content.text.size;
    for (const char *next; at < end; at = next + 1, count++) {
        next = memchr(at, '\n', (size_t)(end - at));
        assert_non_null(next);
        assert_non_null(memmem(at, (size_t)(next - at), "Z error line name=", 18));
        assert_memory_equal(next - 4, "xxxx", 4);
    }
    *size = content.text.size;
    hob_file_content_deinit(&content);
    return count;
}

static void a_full_log_is_moved_away_and_no_line_is_lost(void **state)
{
    (void)state;
    char directory[] = "/tmp/hob-log-XXXXXX", path[64], older[64];
    size_t sizes[2];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/hobd.log", directory);
    snprintf(older, sizeof older, "%s.1", path);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            run_writer(path);
    for (int i = 0, status; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    size_t count = count_lines(path, &sizes[0]) + count_lines(older, &sizes[1]);
    assert_int_equal(count, PROCESSES * THREADS * LINES);
    assert_true(sizes[1] >= BOUND);
    unlink(path);
    unlink(older);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_log_is_moved_away_and_no_line_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
