/* spawn: how long whole processes take, several commands in turn.
 *
 *     spawn COUNT COMMAND... -- COMMAND... [-- COMMAND...]
 *
 * Runs each command COUNT times, one of each in every round, so that drift of the machine meets all
 * of them alike, after a few rounds to warm up. Prints one JSON line per command: {"command",
 * "count", "median_us", "low_us", "high_us"}, the last two its quartiles. Their output goes to
 * /dev/null. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { MAX_COMMANDS = 8 };

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double run(char **argv, posix_spawn_file_actions_t *actions)
{
    pid_t pid;
    int status;
    double start = now_us();
    if (posix_spawnp(&pid, argv[0], actions, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "spawn: %s failed\n", argv[0]);
        exit(1);
    }
    return now_us() - start;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

int main(int argc, char **argv)
{
    char **commands[MAX_COMMANDS];
    int count = 0, rounds = argc > 2 ? atoi(argv[1]) : 0;
    for (int i = 2; i < argc && count < MAX_COMMANDS; i++) {
        commands[count++] = argv + i;
        while (i < argc && strcmp(argv[i], "--") != 0)
            i++;
        if (i < argc)
            argv[i] = NULL;
    }
    if (rounds < 1 || count == 0) {
        fprintf(stderr, "usage: spawn COUNT COMMAND... [-- COMMAND...]\n");
        return 2;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    double *times = malloc(sizeof *times * (size_t)rounds * (size_t)count);
    if (times == NULL)
        return 1;
    int warm_up = rounds < 50 ? rounds / 5 + 1 : 10;
    for (int round = -warm_up; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
            double took = run(commands[i], &actions);
            if (round >= 0)
                times[i * rounds + round] = took;
        }
    }
    for (int i = 0; i < count; i++) {
        double *own = times + (size_t)i * (size_t)rounds;
        qsort(own, (size_t)rounds, sizeof *own, compare);
        printf("{\"command\": \"%s\", \"count\": %d, \"median_us\": %.1f, \"low_us\": %.1f, "
               "\"high_us\": %.1f}\n",
               commands[i][0], rounds, own[rounds / 2], own[rounds / 4], own[rounds * 3 / 4]);
    }
    free(times);
    return 0;
}
