/* zygote: see zygote.h. */
#define _GNU_SOURCE
#include "warm/zygote.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/peer.h"
#include "warm/sandbox.h"

enum { BUDGET_MS = 250, LARGEST_FILE = 64 << 20, MOST_DESCRIPTORS = 250, REPORT_SIZE = 8 };

char *hob_warm_zygote_path(const char *folder, const char *name, const char *kind)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    hob_buffer_printf(&path, "%s/warm-%s.%s", folder, name, kind);
    return hob_copy_string(hob_buffer_string(&path));
}

bool hob_warm_zygote_read(const char *folder, const char *name, const char *kind,
                          struct hob_buffer *out)
{
    HOB_AUTO(free) char *path = hob_warm_zygote_path(folder, name, kind);
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    if (descriptor < 0 || hob_file_read(&content, descriptor, path, LARGEST_FILE, NULL) != 0)
        return false;
    hob_buffer_put_text(out, content.text);
    return !hob_buffer_failed(out);
}

/* --- what was loaded --- */

/* A record of the manifest; the path follows, with its NUL. Zeros: there was no such file. */
struct record {
    uint64_t device, inode, size, modified_ns, path_size;
};

static bool is_as_before(const struct record *record, const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return record->inode == 0;
    return record->inode == facts.st_ino && record->device == facts.st_dev &&
           record->size == (uint64_t)facts.st_size &&
           record->modified_ns ==
               (uint64_t)facts.st_mtim.tv_sec * 1000000000U + (uint64_t)facts.st_mtim.tv_nsec;
}

const char *hob_warm_manifest_check(struct hob_text manifest)
{
    while (manifest.size > 0) {
        struct record record;
        if (manifest.size < sizeof record)
            return "";
        memcpy(&record, manifest.data, sizeof record);
        const char *path = manifest.data + sizeof record;
        size_t left = manifest.size - sizeof record;
        if (record.path_size == 0 || record.path_size > left || path[record.path_size - 1] != '\0')
            return "";
        if (!is_as_before(&record, path))
            return path;
        manifest = (struct hob_text){path + record.path_size, left - record.path_size};
    }
    return NULL;
}

/* --- talking --- */

static int connect_to(const char *folder, const char *name)
{
    HOB_AUTO(free) char *path = hob_warm_zygote_path(folder, name, "sock");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uid_t user;
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    HOB_AUTO(descriptor) int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval budget = {.tv_usec = BUDGET_MS * 1000};
    if (descriptor < 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &budget, sizeof budget) != 0 ||
        connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    if (hob_peer_look_up(descriptor, &user) != HOB_PEER_USER || user != geteuid())
        return -1;
    int connection = descriptor;
    descriptor = -1;
    return connection;
}

static void take_descriptor(struct msghdr *message, int *descriptor)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        hob_file_close(*descriptor);
        memcpy(descriptor, CMSG_DATA(part), sizeof *descriptor);
    }
}

static ssize_t receive(int connection, char *into, size_t size, int *descriptor)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } extra;
    struct iovec part = {.iov_base = into, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &extra, .msg_controllen = sizeof extra};
    ssize_t got;
    do
        got = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        take_descriptor(&message, descriptor);
    return got;
}

bool hob_warm_report_read(int connection, struct hob_warm_report *report, int milliseconds)
{
    char bytes[REPORT_SIZE];
    size_t have = 0;
    *report = (struct hob_warm_report){.descriptor = -1};
    while (have < sizeof bytes) {
        struct pollfd watched = {.fd = connection, .events = POLLIN};
        int ready = poll(&watched, 1, milliseconds);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        ssize_t got = receive(connection, bytes + have, sizeof bytes - have, &report->descriptor);
        if (got <= 0)
            return true;
        have += (size_t)got;
    }
    int32_t number;
    memcpy(&number, bytes + 4, sizeof number);
    report->letter = bytes[0];
    report->number = number;
    return true;
}

/* The size of the body and as much of it as the socket takes, with the descriptors; the bytes that
 * went out, or -1. */
static ssize_t send_first(int connection, struct hob_text body, const int *descriptors,
                          size_t count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
    } extra;
    unsigned char size[] = {(unsigned char)body.size, (unsigned char)(body.size >> 8),
                            (unsigned char)(body.size >> 16), (unsigned char)(body.size >> 24)};
    struct iovec parts[] = {{size, sizeof size}, {(char *)body.data, body.size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (count > MOST_DESCRIPTORS)
        return -1;
    if (count > 0) {
        memset(&extra, 0, sizeof extra);
        message.msg_control = &extra;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    ssize_t sent = sendmsg(connection, &message, MSG_NOSIGNAL);
    return sent < (ssize_t)sizeof size ? -1 : sent - (ssize_t)sizeof size;
}

static bool send_request(int connection, const struct hob_warm_request *request)
{
    struct hob_text body = request->fields;
    if (body.size > LARGEST_FILE)
        return false;
    ssize_t sent = send_first(connection, body, request->descriptors, request->count);
    if (sent < 0)
        return false;
    size_t at = (size_t)sent;
    while (at < body.size) {
        sent = send(connection, body.data + at, body.size - at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

/* The process that listens is on the other end, so its id is nobody else's yet. */
static bool stop_peer(int connection)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 1 &&
           kill(peer.pid, SIGTERM) == 0;
}

/* --- finding --- */

static enum hob_warm_state wait_for_child(struct hob_warm_zygote *zygote, uint64_t start)
{
    struct hob_warm_report report;
    double left = BUDGET_MS - hob_clock_milliseconds_since(start);
    if (!hob_warm_report_read(zygote->connection, &report, left > 1 ? (int)left : 1)) {
        snprintf(zygote->why, sizeof zygote->why, "the warm process did not answer within %d ms",
                 BUDGET_MS);
        return HOB_WARM_DEAF;
    }
    if (report.letter != 'P' || report.descriptor < 0) {
        hob_file_close(report.descriptor);
        snprintf(zygote->why, sizeof zygote->why, "the warm process could not fork");
        return HOB_WARM_DEAF;
    }
    zygote->pid = report.number;
    zygote->child = report.descriptor;
    if (hob_warm_sandbox_reaches(zygote->pid))
        return HOB_WARM_READY;
    snprintf(zygote->why, sizeof zygote->why,
             "it is in a sandbox of its own: it cannot look at the warm process");
    return HOB_WARM_DEAF;
}

static bool is_fresh(struct hob_warm_zygote *zygote, const char *folder,
                     const struct hob_warm_key *key)
{
    HOB_AUTO(buffer) struct hob_buffer files = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    if (!hob_warm_zygote_read(folder, key->name, "key", &text) ||
        !hob_text_equal(hob_buffer_text(&text), hob_buffer_text(&key->text)) ||
        !hob_warm_zygote_read(folder, key->name, "files", &files)) {
        snprintf(zygote->why, sizeof zygote->why, "the files of the warm process are damaged");
        return false;
    }
    const char *changed = hob_warm_manifest_check(hob_buffer_text(&files));
    if (changed != NULL)
        snprintf(zygote->why, sizeof zygote->why, "'%s' has changed since it was loaded", changed);
    return changed == NULL;
}

enum hob_warm_state hob_warm_zygote_find(struct hob_warm_zygote *zygote, const char *folder,
                                         const struct hob_warm_key *key,
                                         const struct hob_warm_request *request)
{
    uint64_t start = hob_clock_now();
    zygote->connection = connect_to(folder, key->name);
    if (zygote->connection < 0) {
        snprintf(zygote->why, sizeof zygote->why, "there is no warm process for it yet");
        return HOB_WARM_ABSENT;
    }
    /* A child accepts meanwhile, and gets ready; it does not begin before it is told to. */
    enum hob_warm_state state = HOB_WARM_STALE;
    if (request != NULL && !send_request(zygote->connection, request)) {
        snprintf(zygote->why, sizeof zygote->why, "the warm process does not take the request");
        state = HOB_WARM_DEAF;
    } else if (is_fresh(zygote, folder, key)) {
        state = wait_for_child(zygote, start);
    }
    if (state != HOB_WARM_READY) {
        char why[sizeof zygote->why];
        memcpy(why, zygote->why, sizeof why);
        hob_warm_zygote_deinit(zygote);
        memcpy(zygote->why, why, sizeof why);
    }
    return state;
}

void hob_warm_zygote_read_refusal(struct hob_warm_zygote *zygote, int size)
{
    size_t have = 0, wanted = sizeof zygote->why - 1;
    if (size >= 0 && (size_t)size < wanted)
        wanted = (size_t)size;
    while (have < wanted) {
        ssize_t got = read(zygote->connection, zygote->why + have, wanted - have);
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    zygote->why[have] = '\0';
}

bool hob_warm_zygote_begin(struct hob_warm_zygote *zygote)
{
    struct hob_warm_report report;
    if (send(zygote->connection, "G", 1, MSG_NOSIGNAL) == 1)
        return true;
    snprintf(zygote->why, sizeof zygote->why, "the warm process went away");
    if (!hob_warm_report_read(zygote->connection, &report, 0))
        return false;
    hob_file_close(report.descriptor);
    if (report.letter == 'R')
        hob_warm_zygote_read_refusal(zygote, report.number);
    return false;
}

void hob_warm_zygote_deinit(struct hob_warm_zygote *zygote)
{
    hob_file_close(zygote->connection);
    hob_file_close(zygote->child);
    *zygote = (struct hob_warm_zygote)HOB_WARM_ZYGOTE_INIT;
}

/* --- about all of them --- */

/* Connects, waits for the child that reads requests, and sends it one of a single word. */
static int send_word(const char *folder, const char *name, struct hob_text word)
{
    struct hob_warm_report report = {.descriptor = -1};
    HOB_AUTO(descriptor) int connection = connect_to(folder, name);
    if (connection < 0 || !hob_warm_report_read(connection, &report, 4 * BUDGET_MS))
        return -1;
    hob_file_close(report.descriptor);
    if (report.letter != 'P' ||
        !send_request(connection, &(struct hob_warm_request){.fields = word}))
        return -1;
    int open = connection;
    connection = -1;
    return open;
}

bool hob_warm_zygote_stop(const char *folder, const char *name)
{
    HOB_AUTO(descriptor) int connection = connect_to(folder, name);
    return connection >= 0 && stop_peer(connection);
}

bool hob_warm_zygote_ask(const char *folder, const char *name, struct hob_buffer *answer)
{
    HOB_AUTO(descriptor)
    int connection = send_word(folder, name, (struct hob_text){"state", sizeof "state"});
    char bytes[512];
    if (connection < 0)
        return false;
    for (;;) {
        struct pollfd watched = {.fd = connection, .events = POLLIN};
        ssize_t got = poll(&watched, 1, 4 * BUDGET_MS) > 0 ? read(connection, bytes, 512) : -1;
        const char *end = got > 0 ? memchr(bytes, '\0', (size_t)got) : NULL;
        /* The report of the child's end, a letter and zeros, follows what was asked. */
        hob_buffer_put(answer, bytes,
                       got <= 0      ? 0
                       : end == NULL ? (size_t)got
                       : end > bytes ? (size_t)(end - bytes - 1)
                                     : 0);
        if (got <= 0 || end != NULL)
            return got >= 0;
    }
}

void hob_warm_zygote_list(const char *folder, const char *kind, struct hob_warm_names *names)
{
    enum { NAME = 16, BEFORE = sizeof "warm-" - 1 };
    *names = (struct hob_warm_names){0};
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char name[NAME + 1] = "";
        if (strncmp(entry->d_name, "warm-", BEFORE) != 0 ||
            strspn(entry->d_name + BEFORE, "0123456789abcdef") != NAME ||
            entry->d_name[BEFORE + NAME] != '.' ||
            (kind[0] != '\0' && strcmp(entry->d_name + BEFORE + NAME + 1, kind) != 0))
            continue;
        memcpy(name, entry->d_name + BEFORE, NAME);
        if (!hob_warm_names_have(names, name))
            hob_warm_names_add(names, hob_copy_string(name));
    }
    closedir(directory);
}

void hob_warm_zygote_list_free(struct hob_warm_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free((char *)names->items[i]);
    free(names->items);
    *names = (struct hob_warm_names){0};
}
