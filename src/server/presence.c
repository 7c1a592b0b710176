/* presence: see presence.h. The directory for temporary files is everybody's: links there are not
 * followed, and what belongs to somebody else is neither believed nor touched. */
#define _GNU_SOURCE
#include "server/presence.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"

char *hob_presence_pid_path(const char *socket_path)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    struct hob_text stem = hob_text_from(socket_path);
    if (hob_text_ends_with(stem, ".sock"))
        stem.size -= strlen(".sock");
    hob_buffer_put_text(&path, stem);
    hob_buffer_put_string(&path, ".pid");
    return hob_copy_string(hob_buffer_string(&path));
}

/* Where Python's tempfile would put it. */
static const char *temporary_directory(void)
{
    static const char *const names[] = {"TMPDIR", "TEMP", "TMP"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] == '/' && access(value, W_OK | X_OK) == 0)
            return value;
    }
    return "/tmp";
}

char *hob_presence_lock_path(const char *host, uint16_t port)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    hob_buffer_printf(&path, "%s/lynguine-server-%s-%u.lock", temporary_directory(), host, port);
    return hob_copy_string(hob_buffer_string(&path));
}

/* The number in a file of this user's; 0 when there is none. */
static pid_t read_process(const char *path)
{
    char text[32];
    struct stat facts;
    HOB_AUTO(descriptor)
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        facts.st_uid != geteuid())
        return 0;
    ssize_t size = read(descriptor, text, sizeof text);
    uint64_t number;
    struct hob_text digits = {text, size > 0 ? (size_t)size : 0};
    while (digits.size > 0 && text[digits.size - 1] <= ' ')
        digits.size--;
    if (hob_number_parse_unsigned(digits, &number) != 0 || number == 0 || number > INT32_MAX)
        return 0;
    return (pid_t)number;
}

void hob_presence_put(const char *path)
{
    HOB_AUTO(buffer) struct hob_buffer temporary = HOB_BUFFER_INIT;
    char number[16];
    hob_buffer_printf(&temporary, "%s.new", path); /* one name, so that only one is ever left */
    const char *name = hob_buffer_string(&temporary);
    int size = snprintf(number, sizeof number, "%ld", (long)getpid());
    unlink(name);
    HOB_AUTO(descriptor)
    int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    bool well = descriptor >= 0 && write(descriptor, number, (size_t)size) == size &&
                rename(name, path) == 0;
    if (well)
        return;
    hob_log(HOB_LOG_WARNING, "cannot say which process serves", "file", path, "reason",
            strerror(errno), NULL);
    if (descriptor >= 0)
        unlink(name);
}

void hob_presence_remove(const char *path)
{
    if (path != NULL && read_process(path) == getpid())
        unlink(path);
}

/* Numbers are used again: a process of the same number may be anything by now. Where it cannot be
 * told, it counts as a server. */
static bool is_server(pid_t process)
{
    char path[64], line[4096];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)process);
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = descriptor >= 0 ? read(descriptor, line, sizeof line - 1) : -1;
    if (size < 0)
        return access("/proc/self/cmdline", R_OK) != 0;
    line[size] = '\0';
    const char *slash = strrchr(line, '/'); /* of the first word, which a NUL ends */
    return strcmp(slash != NULL ? slash + 1 : line, "hobd") == 0 ||
           memmem(line, (size_t)size, "lynguine.server", strlen("lynguine.server")) != NULL;
}

pid_t hob_presence_server_of(const char *path)
{
    pid_t process = read_process(path);
    bool alive = process > 0 && (kill(process, 0) == 0 || errno == EPERM);
    return alive && is_server(process) ? process : 0;
}
