/* docx: flows of type docx: a Word document as one record, its metadata and `content` as markdown.
 *
 * The conversion is pandoc's, when it is installed. hob reads the file itself, within the roots and
 * limits of the request, and gives pandoc its bytes as standard input: pandoc never sees a path.
 * It runs without a shell, in a process group of its own, with limits on time, memory and
 * output. */
#define _GNU_SOURCE
#include "access/formats.h"
#include "access/front_matter.h"
#include "frame/build.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { TIME_LIMIT_SECONDS = 60, OUTPUT_LIMIT = 64 << 20 };

extern char **environ;

struct conversion {
    FILE *input, *complaints; /* temporary files: what goes in, and what pandoc says on stderr */
    int output[2];            /* pipe */
    pid_t process;
    uint64_t deadline;
    struct hob_buffer text;
    struct hob_error *error;
};

static int system_trouble(struct conversion *conversion, const char *doing)
{
    return hob_error_from_errno(conversion->error, errno, doing, "pandoc");
}

/* Writes the document where pandoc can read it from the start. */
static int prepare(struct conversion *conversion, struct hob_text document)
{
    conversion->input = tmpfile();
    conversion->complaints = tmpfile();
    if (conversion->input == NULL || conversion->complaints == NULL ||
        pipe2(conversion->output, O_CLOEXEC) != 0)
        return system_trouble(conversion, "make room for");
    if (fwrite(document.data, 1, document.size, conversion->input) != document.size ||
        fflush(conversion->input) != 0 || lseek(fileno(conversion->input), 0, SEEK_SET) != 0)
        return system_trouble(conversion, "hand the document to");
    return 0;
}

static int spawn_with(struct conversion *conversion, posix_spawn_file_actions_t *files,
                      posix_spawnattr_t *attributes)
{
    static const char *const words[] = {"pandoc",      "+RTS",          "-M1g",         "-RTS",
                                        "--from=docx", "--to=markdown", "--standalone", NULL};
    char *arguments[sizeof words / sizeof *words];
    memcpy(arguments, words, sizeof words);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_adddup2(files, fileno(conversion->input), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(files, conversion->output[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(files, fileno(conversion->complaints), STDERR_FILENO);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    return posix_spawnp(&conversion->process, arguments[0], files, attributes, arguments, environ);
}

static int start(struct conversion *conversion)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    errno = spawn_with(conversion, &files, &attributes);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    hob_file_close(conversion->output[1]);
    conversion->output[1] = -1;
    if (errno == 0)
        return 0;
    conversion->process = 0;
    if (errno != ENOENT && errno != EACCES)
        return system_trouble(conversion, "start");
    hob_error_set(conversion->error, HOB_E_UNSUPPORTED,
                  "type docx needs pandoc, which is not installed");
    hob_error_hint(conversion->error, "install it: apt-get install pandoc, dnf install pandoc or "
                                      "brew install pandoc");
    return HOB_E_UNSUPPORTED;
}

static int too_slow(struct conversion *conversion)
{
    return hob_error_set(conversion->error, HOB_E_LIMIT, "pandoc took more than %d seconds",
                         (int)TIME_LIMIT_SECONDS);
}

/* Milliseconds that are left, 0 for none. */
static int time_left(const struct conversion *conversion)
{
    uint64_t now = hob_clock_now();
    return now >= conversion->deadline ? 0 : (int)((conversion->deadline - now) / 1000000) + 1;
}

/* Reads what pandoc writes until it ends. */
static int collect(struct conversion *conversion)
{
    struct pollfd waiting = {.fd = conversion->output[0], .events = POLLIN};
    for (;;) {
        int ready = poll(&waiting, 1, time_left(conversion));
        if (ready == 0)
            return too_slow(conversion);
        if (ready < 0 && errno != EINTR)
            return system_trouble(conversion, "wait for");
        if (ready < 0)
            continue;
        char piece[1 << 14];
        ssize_t size = read(conversion->output[0], piece, sizeof piece);
        if (size == 0)
            return 0;
        if (size < 0 && errno != EINTR)
            return system_trouble(conversion, "read from");
        if (size > 0)
            hob_buffer_put(&conversion->text, piece, (size_t)size);
        if (conversion->text.size > OUTPUT_LIMIT)
            return hob_error_set(conversion->error, HOB_E_LIMIT,
                                 "the document is more than %d MiB of markdown",
                                 OUTPUT_LIMIT >> 20);
    }
}

/* What pandoc said first, as one line. */
static int complain(struct conversion *conversion)
{
    char line[256];
    ssize_t size = pread(fileno(conversion->complaints), line, sizeof line - 1, 0);
    line[size > 0 ? size : 0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    hob_error_set(conversion->error, HOB_E_VALUE, "pandoc cannot convert it: %s",
                  line[0] != '\0' ? line : "it does not say why");
    hob_error_hint(conversion->error, "is it a Word document (.docx)?");
    return HOB_E_VALUE;
}

/* Waits for the end of the process, which has closed its output; it is gone in any case. */
static int finish(struct conversion *conversion)
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(conversion->process, &status, WNOHANG)) == 0) {
        if (time_left(conversion) == 0)
            return too_slow(conversion);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    conversion->process = 0;
    bool fine = ended < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (!fine)
        return complain(conversion);
    return hob_buffer_failed(&conversion->text)
               ? hob_error_set(conversion->error, HOB_E_MEMORY, "not enough memory")
               : 0;
}

static void clean_up(struct conversion *conversion)
{
    if (conversion->process > 0) {
        kill(-conversion->process, SIGKILL);
        while (waitpid(conversion->process, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (conversion->input != NULL)
        fclose(conversion->input);
    if (conversion->complaints != NULL)
        fclose(conversion->complaints);
    for (int i = 0; i < 2; i++)
        if (conversion->output[i] >= 0)
            hob_file_close(conversion->output[i]);
}

/* The document as markdown, with a front matter if it has metadata. */
static int convert(struct hob_text document, struct hob_buffer *markdown, struct hob_error *error)
{
    struct conversion conversion = {.output = {-1, -1}, .error = error};
    conversion.deadline = hob_clock_now() + (uint64_t)TIME_LIMIT_SECONDS * UINT64_C(1000000000);
    int result = prepare(&conversion, document);
    if (result == 0)
        result = start(&conversion);
    if (result == 0)
        result = collect(&conversion);
    if (result == 0)
        result = finish(&conversion);
    clean_up(&conversion);
    if (result == 0)
        *markdown = conversion.text;
    else
        hob_buffer_deinit(&conversion.text);
    return result;
}

static int read_docx(struct hob_frame **frame, const struct hob_flow_file *file,
                     struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer markdown = HOB_BUFFER_INIT;
    int result = convert(file->text, &markdown, error);
    struct hob_flow_file converted = {hob_buffer_text(&markdown), file->path, file->flow};
    return result < 0 ? result : hob_markdown_read(frame, &converted, error);
}

int hob_docx_read_flow(struct hob_frame **frame, const struct hob_scope *scope,
                       const struct hob_value *flow, struct hob_error *error)
{
    return hob_flow_read(frame, scope, flow, "docx", read_docx, error);
}
