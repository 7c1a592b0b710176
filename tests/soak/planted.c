/* planted: a library to preload, which plants one bug into hobd, to see that the suite catches it.
 *
 * HOB_PLANT names the bug. None of them is in the program itself; other programs are left alone.
 *
 *   lost_write     now and then an edit is not inserted into the journal, which is told it was
 *   double_answer  now and then an answer is sent twice
 *   double_call    now and then a worker is sent a call twice
 *   memory         now and then what is to be freed stays
 *   descriptor     now and then a file stays open
 *   orphan         a process is left behind when the server ends */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The wrappers have to be seen by the program, whatever the project's default is. */
#pragma GCC visibility push(default)

struct sqlite3_stmt;

extern void __libc_free(void *memory);
int sqlite3_step(struct sqlite3_stmt *statement);

enum bug { NONE, LOST_WRITE, DOUBLE_ANSWER, DOUBLE_CALL, MEMORY, DESCRIPTOR, ORPHAN };

enum { EVERY_WRITE = 5, EVERY_ANSWER = 50, EVERY_CALL = 20, EVERY_FREE = 5, EVERY_FILE = 20 };

static enum bug planted;
static unsigned long seen;

/* True each time that the bug of this kind is to be shown. */
static bool strikes(enum bug bug, unsigned long every)
{
    return planted == bug && __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED) % every == 0;
}

static void *next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

static void leave_orphan(void)
{
    if (fork() != 0)
        return;
    setsid();
    for (int descriptor = 0; descriptor < 64; descriptor++)
        close(descriptor);
    sleep(300);
    _exit(0);
}

__attribute__((constructor)) static void choose(void)
{
    static const char *const names[] = {"",       "lost_write", "double_answer", "double_call",
                                        "memory", "descriptor", "orphan"};
    const char *name = getenv("HOB_PLANT");
    if (name == NULL || strcmp(program_invocation_short_name, "hobd") != 0)
        return;
    for (unsigned i = 1; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            planted = (enum bug)i;
    if (planted == ORPHAN)
        leave_orphan();
}

int sqlite3_step(struct sqlite3_stmt *statement)
{
    enum { SQLITE_DONE = 101 };
    int (*real)(struct sqlite3_stmt *) = next("sqlite3_step");
    const char *(*text_of)(struct sqlite3_stmt *) = next("sqlite3_sql");
    const char *text = planted == LOST_WRITE ? text_of(statement) : NULL;
    if (text != NULL && strncmp(text, "INSERT INTO edits", 17) == 0 &&
        strikes(LOST_WRITE, EVERY_WRITE))
        return SQLITE_DONE;
    return real(statement);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    ssize_t (*real)(int, const struct msghdr *, int) = next("sendmsg");
    ssize_t sent = real(descriptor, message, flags);
    size_t size = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        size += message->msg_iov[i].iov_len;
    if (sent > 0 && (size_t)sent == size && strikes(DOUBLE_ANSWER, EVERY_ANSWER))
        real(descriptor, message, flags);
    return sent;
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = next("write");
    ssize_t written = real(descriptor, data, size);
    if (written > 0 && (size_t)written == size && planted == DOUBLE_CALL &&
        memmem(data, size, "\"number\"", 8) != NULL && strikes(DOUBLE_CALL, EVERY_CALL))
        written = real(descriptor, data, size);
    return written;
}

void free(void *memory)
{
    if (memory != NULL && planted == MEMORY && malloc_usable_size(memory) > 100 &&
        strikes(MEMORY, EVERY_FREE))
        return;
    __libc_free(memory);
}

int close(int descriptor)
{
    int (*real)(int) = next("close");
    struct stat facts;
    if (planted == DESCRIPTOR && fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) &&
        strikes(DESCRIPTOR, EVERY_FILE))
        return 0;
    return real(descriptor);
}
