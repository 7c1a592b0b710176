/* inherited: see inherited.h. */
#define _GNU_SOURCE
#include "server/inherited.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"

enum { FIRST = 3 /* SD_LISTEN_FDS_START */, MOST = 16 };

static bool read_variable(const char *name, uint64_t *number)
{
    const char *value = getenv(name);
    return value != NULL && hob_number_parse_unsigned(hob_text_from(value), number) == 0;
}

/* How many descriptors are meant for this very process. */
static unsigned count_descriptors(void)
{
    uint64_t process, count;
    if (!read_variable("LISTEN_PID", &process) || process != (uint64_t)getpid() ||
        !read_variable("LISTEN_FDS", &count))
        return 0;
    return count < MOST ? (unsigned)count : MOST;
}

/* Whether the entry with this number of a list with colons is `name`. */
static bool is_named(const char *names, unsigned number, const char *name)
{
    for (; number > 0 && names != NULL; number--) {
        names = strchr(names, ':');
        names = names != NULL ? names + 1 : NULL;
    }
    size_t size = strlen(name);
    return names != NULL && strncmp(names, name, size) == 0 &&
           (names[size] == '\0' || names[size] == ':');
}

static int option_of(int descriptor, int option)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

static int take(struct hob_inherited *inherited, int descriptor, const char *names,
                struct hob_error *error)
{
    unsigned number = (unsigned)(descriptor - FIRST);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    if (is_named(names, number, HOB_INHERITED_HOLD)) {
        inherited->hold = descriptor;
        return 0;
    }
    int family = option_of(descriptor, SO_DOMAIN);
    bool local = family == AF_UNIX;
    int *place = local ? &inherited->local : &inherited->tcp;
    if ((!local && family != AF_INET && family != AF_INET6) ||
        option_of(descriptor, SO_TYPE) != SOCK_STREAM || option_of(descriptor, SO_ACCEPTCONN) != 1)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "cannot serve at descriptor %d of LISTEN_FDS: it is no listening "
                             "stream socket",
                             descriptor);
    if (*place >= 0)
        return hob_error_set(error, HOB_E_PARAMETER,
                             "cannot serve at descriptor %d of LISTEN_FDS: one TCP and one unix "
                             "socket are the most",
                             descriptor);
    bool ours = is_named(names, number, local ? HOB_INHERITED_LOCAL : HOB_INHERITED_TCP);
    *place = descriptor;
    *(local ? &inherited->local_is_ours : &inherited->tcp_is_ours) = ours;
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    return 0;
}

int hob_inherited_take(struct hob_inherited *inherited, struct hob_error *error)
{
    *inherited = (struct hob_inherited){.tcp = -1, .local = -1, .hold = -1};
    unsigned count = count_descriptors();
    const char *names = getenv("LISTEN_FDNAMES");
    int code = 0;
    for (unsigned i = 0; code == 0 && i < count; i++)
        code = take(inherited, FIRST + (int)i, names, error);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return code;
}
