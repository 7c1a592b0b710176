/* start: see start.h. */
#define _GNU_SOURCE
#include "client/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/launch.h"
#include "base/places.h"

enum {
    FIRST_PAUSE_US = 1000, /* while another client starts the daemon; doubles... */
    LAST_PAUSE_US = 20000, /* ...up to this */
    LOG_TAIL = 700,        /* bytes of the log that an error shows */
};

bool hob_start_is_allowed(void)
{
    const char *value = getenv("HOB_AUTOSTART");
    return value == NULL || (strcmp(value, "0") != 0 && strcasecmp(value, "off") != 0 &&
                             strcasecmp(value, "no") != 0 && strcasecmp(value, "false") != 0);
}

char *hob_start_program(struct hob_error *error)
{
    char *path = hob_places_program("hobd");
    if (path == NULL) {
        hob_error_set(error, HOB_E_NO_SERVER,
                      "cannot start the server: there is no program 'hobd'");
        hob_error_hint(error, "it is installed together with hob: is it in PATH?");
    }
    return path;
}

/* Whether somebody listens; a queue that is full is somebody, too. */
static bool is_listening(const struct hob_endpoint *endpoint)
{
    HOB_AUTO(descriptor)
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return descriptor >= 0 &&
           (connect(descriptor, &endpoint->address.as.any, endpoint->address.size) == 0 ||
            errno == EAGAIN);
}

/* ---- the log ---- */

/* hobd.log in the state directory, which is made; *path is malloc'd, NULL where there is no place
 * for one. The descriptor, or -1. */
static int open_log(char **path)
{
    HOB_AUTO(free) char *state = hob_places_state(NULL);
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    *path = NULL;
    if (state == NULL || hob_places_make(state, NULL) != 0)
        return open("/dev/null", O_WRONLY | O_CLOEXEC);
    hob_buffer_printf(&name, "%s/hobd.log", state);
    int log = open(hob_buffer_string(&name), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0)
        return open("/dev/null", O_WRONLY | O_CLOEXEC);
    *path = hob_copy_string(hob_buffer_string(&name));
    return log;
}

/* The words, and where that log is, so that the server keeps it within bounds. */
static const char **with_log(const char *const *words, const char *log_path)
{
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    const char **all = hob_alloc_zero(count + 3, sizeof *all);
    memcpy(all, words, count * sizeof *words);
    if (log_path != NULL) {
        all[count++] = "--bounded-log";
        all[count++] = log_path;
    }
    return all;
}

/* Adds what was logged since `start` to the error: all of one line or, when that is long, its end.
 */
static void add_log(struct hob_error *error, int log, off_t start)
{
    char tail[LOG_TAIL];
    off_t end = lseek(log, 0, SEEK_END);
    if (end <= start)
        return;
    off_t from = end - start > LOG_TAIL ? end - LOG_TAIL : start;
    ssize_t size = pread(log, tail, sizeof tail, from);
    while (size > 0 && tail[size - 1] == '\n')
        size--;
    for (ssize_t i = 0; i < size; i++)
        if (tail[i] == '\n')
            tail[i] = ' ';
    if (size > 0)
        hob_error_set(error, error->code, "%.700s; its log says: %.*s", error->message, (int)size,
                      tail);
}

/* ---- one attempt ---- */

/* Words are complete: the first is the program's name. */
static int launch(const char *const *words, const char *directory, unsigned milliseconds,
                  struct hob_launched *launched, struct hob_error *error)
{
    int wrong = hob_places_check_state(error);
    if (wrong < 0)
        return wrong;
    HOB_AUTO(free) char *program = hob_start_program(error);
    if (program == NULL)
        return HOB_E_NO_SERVER;
    HOB_AUTO(free) char *log_path = NULL;
    HOB_AUTO(descriptor) int log = open_log(&log_path);
    off_t start = lseek(log, 0, SEEK_END);
    HOB_AUTO(free) const char **all = with_log(words, log_path);
    struct hob_error reason = HOB_ERROR_INIT;
    int code = hob_launch(launched,
                          &(struct hob_launch){.program = program,
                                               .words = all,
                                               .detached = true,
                                               .directory = directory,
                                               .errors = log,
                                               .seconds = milliseconds / 1000 + 1},
                          &reason);
    if (code == 0)
        return 0;
    if (code != HOB_E_VALUE && log_path != NULL)
        add_log(&reason, log, start);
    hob_error_set(error, HOB_E_NO_SERVER, "cannot start the server: %s", reason.message);
    if (reason.hint[0] != '\0')
        hob_error_hint(error, "%s", reason.hint);
    else if (code != HOB_E_VALUE && log_path != NULL)
        hob_error_hint(error, "'%.250s' may say more", log_path);
    return HOB_E_NO_SERVER;
}

static int launch_own(const struct hob_endpoint *endpoint, unsigned milliseconds,
                      struct hob_error *error)
{
    char idle[16];
    struct hob_launched launched;
    snprintf(idle, sizeof idle, "%d", HOB_START_IDLE_SECONDS);
    const char *words[] = {"hobd",   "--socket",       endpoint->address.as.local.sun_path,
                           "--host", "none",           "--working-root",
                           "no",     "--idle-timeout", idle,
                           NULL};
    return launch(words, "/", milliseconds, &launched, error);
}

int hob_start_words(const char *const *words, unsigned deadline_ms, struct hob_launched *launched,
                    struct hob_error *error)
{
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    HOB_AUTO(free) const char **all = hob_alloc_zero(count + 2, sizeof *all);
    all[0] = "hobd";
    memcpy(all + 1, words, count * sizeof *words);
    return launch(all, NULL, deadline_ms != 0 ? deadline_ms : HOB_START_MS, launched, error);
}

/* ---- of many clients, one ---- */

static int open_lock(const struct hob_endpoint *endpoint, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    hob_buffer_printf(&path, "%s.start", endpoint->address.as.local.sun_path);
    int lock = open(hob_buffer_string(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return lock >= 0 ? lock
                     : hob_error_from_errno(error, errno, "start the server: open",
                                            hob_buffer_string(&path));
}

/* Who holds the lock starts the daemon, unless somebody did so just before. */
static int start_alone(const struct hob_endpoint *endpoint, const char *const *words,
                       unsigned milliseconds, struct hob_launched *launched,
                       struct hob_error *error)
{
    if (is_listening(endpoint))
        return 0;
    int code = words != NULL ? hob_start_words(words, milliseconds, launched, error)
                             : launch_own(endpoint, milliseconds, error);
    /* Somebody may have started one in another way: it is the socket that counts. */
    return code != 0 && is_listening(endpoint) ? 0 : code;
}

int hob_start(const struct hob_endpoint *endpoint, unsigned deadline_ms, struct hob_error *error)
{
    struct hob_launched launched;
    return hob_start_once(endpoint, NULL, deadline_ms, &launched, error);
}

int hob_start_once(const struct hob_endpoint *endpoint, const char *const *words,
                   unsigned deadline_ms, struct hob_launched *launched, struct hob_error *error)
{
    *launched = (struct hob_launched){0};
    uint64_t started = hob_clock_now();
    unsigned limit = deadline_ms != 0 ? deadline_ms : HOB_START_MS;
    HOB_AUTO(descriptor) int lock = open_lock(endpoint, error);
    if (lock < 0)
        return lock;
    for (unsigned pause = FIRST_PAUSE_US;; pause = pause < LAST_PAUSE_US / 2 ? pause * 2 : pause) {
        double passed = hob_clock_milliseconds_since(started);
        if (flock(lock, LOCK_EX | LOCK_NB) == 0)
            return start_alone(endpoint, words, passed < limit ? limit - (unsigned)passed : 1,
                               launched, error);
        if (is_listening(endpoint))
            return 0;
        if (passed > limit)
            break;
        /* Somewhat different in each process, so that they don't all look at once. */
        usleep(pause + (unsigned)(hob_clock_now() / 1000 + (uint64_t)getpid()) % pause);
    }
    return hob_error_set(error, HOB_E_TIMEOUT,
                         "another program has been starting the server for more than %u ms", limit);
}
