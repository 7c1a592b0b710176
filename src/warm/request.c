/* request: see request.h. The fields are read by python/warm/child.py, in this order. */
#define _GNU_SOURCE
#include "warm/request.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum { SIGNALS = 64 };

static bool is_inherited(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFD);
    return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

static void add(struct hob_warm_inheritance *inheritance, int descriptor)
{
    if (!is_inherited(descriptor))
        return;
    inheritance->too_many = inheritance->count == HOB_WARM_MOST_DESCRIPTORS;
    if (!inheritance->too_many)
        inheritance->descriptors[inheritance->count++] = descriptor;
}

static void find_descriptors(struct hob_warm_inheritance *inheritance)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        add(inheritance, descriptor);
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        inheritance->too_many = true;
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL && !inheritance->too_many;) {
        int descriptor = atoi(entry->d_name);
        if (descriptor > 2 && descriptor != dirfd(directory))
            add(inheritance, descriptor);
    }
    closedir(directory);
}

void hob_warm_inherit(struct hob_warm_inheritance *inheritance)
{
    *inheritance = (struct hob_warm_inheritance){.count = 0};
    find_descriptors(inheritance);
    sigprocmask(SIG_BLOCK, NULL, &inheritance->blocked);
    for (int number = 1; number <= SIGNALS; number++) {
        struct sigaction action;
        if (sigismember(&inheritance->blocked, number) == 1)
            inheritance->blocked_bits |= UINT64_C(1) << (number - 1);
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            inheritance->ignored_bits |= UINT64_C(1) << (number - 1);
    }
}

static mode_t current_mask(void)
{
    mode_t mask = umask(077);
    umask(mask);
    return mask;
}

static void put(struct hob_buffer *out, const char *field)
{
    hob_buffer_put(out, field, strlen(field) + 1);
}

static void put_number(struct hob_buffer *out, uint64_t number)
{
    hob_buffer_printf(out, "%llu", (unsigned long long)number);
    hob_buffer_put_char(out, '\0');
}

static void put_limit(struct hob_buffer *out, rlim_t limit)
{
    if (limit == RLIM_INFINITY)
        hob_buffer_put_string(out, "18446744073709551615"); /* most are; printf takes its time */
    else
        hob_buffer_printf(out, "%llu", (unsigned long long)limit);
}

static void put_limits(struct hob_buffer *out)
{
    _Static_assert(RLIM_INFINITY == UINT64_MAX, "as it is written above");
    for (unsigned kind = 0; kind < 16; kind++) {
        struct rlimit limit = {0};
        getrlimit(kind, &limit);
        hob_buffer_put_string(out, kind > 0 ? "," : "");
        put_limit(out, limit.rlim_cur);
        hob_buffer_put_char(out, ':');
        put_limit(out, limit.rlim_max);
    }
    hob_buffer_put_char(out, '\0');
}

void hob_warm_request_put(struct hob_buffer *out, const struct hob_warm_command *command,
                          const struct hob_warm_inheritance *inheritance, const char *profile)
{
    char mode[2] = {command->mode, '\0'};
    put(out, "run");
    put(out, mode);
    put_number(out, command->index);
    put_number(out, current_mask());
    put_number(out, inheritance->ignored_bits);
    put_number(out, inheritance->blocked_bits);
    put_limits(out);
    put(out, command->name);
    put(out, profile != NULL ? profile : "");
    for (size_t i = 0; i < inheritance->count; i++)
        hob_buffer_printf(out, i > 0 ? ",%d" : "%d", inheritance->descriptors[i]);
    hob_buffer_put_char(out, '\0');
    put_number(out, command->count);
    for (size_t i = 0; i < command->count; i++)
        put(out, command->argv[i]);
    for (char **at = environ; *at != NULL; at++)
        put(out, *at);
}
