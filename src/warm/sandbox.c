/* sandbox: see sandbox.h. */
#define _GNU_SOURCE
#include "warm/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"

static int filters_of(const char *process)
{
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%s/status", process);
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = descriptor >= 0 ? read(descriptor, text, sizeof text - 1) : 0;
    text[size > 0 ? size : 0] = '\0';
    const char *mode = strstr(text, "\nSeccomp:"), *count = strstr(text, "\nSeccomp_filters:");
    if (mode != NULL && atoi(mode + strlen("\nSeccomp:")) == 0)
        return 0;
    return count != NULL ? atoi(count + strlen("\nSeccomp_filters:")) : -1;
}

int hob_warm_sandbox_filters(void)
{
    return prctl(PR_GET_SECCOMP) == 0 ? 0 : filters_of("self");
}

bool hob_warm_sandbox_is_own(void)
{
    char leader[32];
    int own = hob_warm_sandbox_filters();
    if (own == 0)
        return false;
    snprintf(leader, sizeof leader, "%d", (int)getsid(0));
    return own < 0 || (filters_of(leader) != own && filters_of("1") != own);
}

bool hob_warm_sandbox_reaches(pid_t other)
{
    char path[64], target[8];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)other);
    /* One that has just ended has no such file. */
    return readlink(path, target, sizeof target) >= 0 || (errno != EACCES && errno != EPERM);
}
