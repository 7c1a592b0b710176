/* key: see key.h. */
#define _GNU_SOURCE
#include "warm/key.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/file.h"
#include "warm/sandbox.h"

extern char **environ;

/* Read by the interpreter, the C library or the dynamic linker when a process starts, or by C code
 * of libraries whenever it likes. Those that Python code reads while it is imported are learned. */
static const char *const known_prefixes[] = {
    "PYTHON", "LD_",  "LC_",   "OMP_",     "GOMP_", "KMP_",    "MKL_",    "OPENBLAS_",
    "GOTO_",  "BLIS", "ATLAS", "NUMEXPR_", "NPY_",  "VECLIB_", "MALLOC_", "COV_CORE_",
};
static const char *const known_names[] = {
    "LANG",  "LANGUAGE",      "LOCPATH",         "NLSPATH",         "GCONV_PATH",
    "HOME",  "VIRTUAL_ENV",   "GLIBC_TUNABLES",  "OPENSSL_CONF",    "COVERAGE_PROCESS_START",
    "TZDIR", "SSLKEYLOGFILE", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SETUPTOOLS_USE_DISTUTILS"};

bool hob_warm_key_has_variable(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof known_prefixes / sizeof known_prefixes[0]; i++)
        if (strncmp(name, known_prefixes[i], strlen(known_prefixes[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof known_names / sizeof known_names[0]; i++)
        if (strlen(known_names[i]) == size && strncmp(name, known_names[i], size) == 0)
            return true;
    return false;
}

/* A field is one line: what would break it is written as an escape. */
static void put_value(struct hob_buffer *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            hob_buffer_put_string(out, "\\n");
        else if (*value == '\\')
            hob_buffer_put_string(out, "\\\\");
        else
            hob_buffer_put_char(out, *value);
    }
    hob_buffer_put_char(out, '\n');
}

static void put_field(struct hob_buffer *out, const char *name, const char *value)
{
    hob_buffer_put_string(out, name);
    hob_buffer_put_char(out, '=');
    put_value(out, value);
}

static void put_file(struct hob_buffer *out, const char *name, const char *path)
{
    char text[4096];
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = descriptor >= 0 ? read(descriptor, text, sizeof text - 1) : 0;
    text[size > 0 ? size : 0] = '\0';
    put_field(out, name, text);
}

/* --- the fields --- */

static void put_command(struct hob_buffer *out, const struct hob_warm_command *command)
{
    struct stat facts;
    put_field(out, "interpreter", command->python);
    put_field(out, "called", command->argv[0]);
    hob_buffer_put_string(out, "options=");
    size_t end = command->index - (command->mode != 's');
    for (size_t i = 1; i < end; i++) {
        hob_buffer_put_string(out, i > 1 ? " " : "");
        hob_buffer_put_string(out, command->argv[i]);
    }
    hob_buffer_put_char(out, '\n');
    if (stat(command->python, &facts) == 0)
        hob_buffer_printf(out, "interpreter file=%llu:%llu:%lld.%09ld\n",
                          (unsigned long long)facts.st_dev, (unsigned long long)facts.st_ino,
                          (long long)facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
}

static int compare_names(const char *one, const char *other)
{
    size_t size = strcspn(one, "="), other_size = strcspn(other, "=");
    int order = memcmp(one, other, size < other_size ? size : other_size);
    return order != 0 ? order : (size > other_size) - (size < other_size);
}

/* By name, and those of the same name, of which the first counts, as they are. There are few. */
static void sort_variables(struct hob_warm_names *variables)
{
    for (size_t i = 1; i < variables->count; i++) {
        const char *one = variables->items[i];
        size_t at = i;
        for (; at > 0 && compare_names(variables->items[at - 1], one) > 0; at--)
            variables->items[at] = variables->items[at - 1];
        variables->items[at] = one;
    }
}

/* Sorted: the shell and make have the same variables in another order. */
static void put_variables(struct hob_buffer *out, const struct hob_warm_names *learned)
{
    struct hob_warm_names known = {0};
    for (char **at = environ; *at != NULL; at++)
        if (hob_warm_key_has_variable(*at, strcspn(*at, "=")))
            hob_warm_names_add(&known, *at);
    sort_variables(&known);
    for (size_t i = 0; i < known.count; i++)
        put_value(out, known.items[i]);
    free(known.items);
    for (size_t i = 0; i < learned->count; i++) {
        const char *name = learned->items[i], *value = getenv(name);
        if (hob_warm_key_has_variable(name, strlen(name)))
            continue;
        if (value != NULL)
            put_field(out, name, value);
        else
            hob_buffer_printf(out, "%s is not set\n", name);
    }
}

/* A path that is looked at from the working directory makes that a part of the key. */
static void put_relative_places(struct hob_buffer *out)
{
    const char *path = getenv("PYTHONPATH");
    if (path == NULL || path[0] == '\0')
        return;
    for (const char *part = path;; part++) {
        if (part[0] != '/') {
            HOB_AUTO(free) char *here = getcwd(NULL, 0);
            put_field(out, "working directory", here != NULL ? here : "");
            return;
        }
        part += strcspn(part, ":");
        if (*part == '\0')
            return;
    }
}

static void put_user(struct hob_buffer *out)
{
    gid_t groups[256];
    int count = getgroups(256, groups);
    hob_buffer_printf(out, "user=%u %u %u %u\ngroups=", (unsigned)getuid(), (unsigned)geteuid(),
                      (unsigned)getgid(), (unsigned)getegid());
    for (int i = 0; i < count; i++)
        hob_buffer_printf(out, i > 0 ? " %u" : "%u", (unsigned)groups[i]);
    hob_buffer_put_char(out, '\n');
}

/* Hard limits can't be raised again, and the stack is laid out when a process starts. */
static void put_limits(struct hob_buffer *out)
{
    struct rlimit limit;
    hob_buffer_put_string(out, "hard limits=");
    for (unsigned kind = 0; kind < RLIMIT_NLIMITS; kind++)
        if (getrlimit(kind, &limit) == 0)
            hob_buffer_printf(out, "%llx ", (unsigned long long)limit.rlim_max);
    if (getrlimit(RLIMIT_STACK, &limit) == 0)
        hob_buffer_printf(out, "\nstack=%llx\n", (unsigned long long)limit.rlim_cur);
}

static void put_scheduling(struct hob_buffer *out)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    hob_buffer_printf(out, "nice=%d\nscheduler=%d\ncores=", getpriority(PRIO_PROCESS, 0),
                      (int)syscall(SYS_sched_getscheduler, 0));
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        for (size_t core = 0; core < CPU_SETSIZE; core++)
            if (CPU_ISSET(core, &cores))
                hob_buffer_printf(out, "%zu ", core);
    hob_buffer_printf(out, "\nio priority=%ld\n", syscall(SYS_ioprio_get, 1, 0));
    put_file(out, "oom score", "/proc/self/oom_score_adj");
    put_file(out, "control groups", "/proc/self/cgroup");
}

static void put_powers(struct hob_buffer *out)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) == 0)
        hob_buffer_printf(out, "capabilities=%08x%08x %08x%08x %08x%08x\n", data[1].effective,
                          data[0].effective, data[1].permitted, data[0].permitted,
                          data[1].inheritable, data[0].inheritable);
    hob_buffer_printf(out, "no new privileges=%d\nseccomp filters=%d\npersonality=%x\n",
                      prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), hob_warm_sandbox_filters(),
                      (unsigned)personality(0xffffffff));
}

static void put_world(struct hob_buffer *out)
{
    static const char *const spaces[] = {
        "/proc/self/ns/mnt", "/proc/self/ns/net", "/proc/self/ns/pid",  "/proc/self/ns/user",
        "/proc/self/ns/uts", "/proc/self/ns/ipc", "/proc/self/ns/time", "/"};
    struct stat facts;
    hob_buffer_put_string(out, "namespaces=");
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
        if (stat(spaces[i], &facts) == 0)
            hob_buffer_printf(out, "%llu ", (unsigned long long)facts.st_ino);
    hob_buffer_put_char(out, '\n');
}

void hob_warm_key_make(struct hob_warm_key *key, const struct hob_warm_command *command,
                       const struct hob_warm_names *modules, const struct hob_warm_names *variables)
{
    *key = (struct hob_warm_key){.text = HOB_BUFFER_INIT};
    for (size_t i = 0; i < modules->count; i++) {
        hob_buffer_put_string(&key->text, "module ");
        hob_buffer_put_string(&key->text, modules->items[i]);
        hob_buffer_put_char(&key->text, '\n');
    }
    hob_buffer_put_string(&key->text, "hob=" HOB_VERSION "\n");
    put_command(&key->text, command);
    put_variables(&key->text, variables);
    put_relative_places(&key->text);
    put_user(&key->text);
    put_limits(&key->text);
    put_scheduling(&key->text);
    put_powers(&key->text);
    put_world(&key->text);
    hob_warm_digest(hob_buffer_text(&key->text), key->name);
}

void hob_warm_key_deinit(struct hob_warm_key *key)
{
    hob_buffer_deinit(&key->text);
}

/* --- comparing --- */

static struct hob_text next_line(struct hob_text *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    struct hob_text line = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->size};
    size_t taken = line.size + (end != NULL);
    *rest = (struct hob_text){rest->data + taken, rest->size - taken};
    return line;
}

static bool has_line(struct hob_text text, struct hob_text line)
{
    while (text.size > 0)
        if (hob_text_equal(next_line(&text), line))
            return true;
    return false;
}

static size_t lines_only_in(struct hob_text text, struct hob_text other)
{
    size_t count = 0;
    while (text.size > 0)
        count += !has_line(other, next_line(&text));
    return count;
}

size_t hob_warm_key_distance(struct hob_text before, struct hob_text now)
{
    return lines_only_in(before, now) + lines_only_in(now, before);
}

/* The field's name: up to '=', or all of a line without. */
static size_t name_size(struct hob_text line)
{
    const char *equals = memchr(line.data, '=', line.size);
    return equals != NULL ? (size_t)(equals - line.data) : line.size;
}

static bool find_field(struct hob_text text, struct hob_text name, struct hob_text *value)
{
    while (text.size > 0) {
        struct hob_text line = next_line(&text);
        size_t size = name_size(line);
        if (size == line.size || !hob_text_equal((struct hob_text){line.data, size}, name))
            continue;
        *value = (struct hob_text){line.data + size + 1, line.size - size - 1};
        return true;
    }
    return false;
}

static void put_difference(struct hob_buffer *out, struct hob_text line, struct hob_text other,
                           bool is_now)
{
    struct hob_text value, name = {line.data, name_size(line)};
    if (name.size == line.size) {
        hob_buffer_printf(out, "  %s %.*s\n", is_now ? "now:" : "before:", HOB_TEXT_ARG(line));
        return;
    }
    bool both = find_field(other, name, &value);
    struct hob_text own = {line.data + name.size + 1, line.size - name.size - 1};
    if (both && !is_now)
        hob_buffer_printf(out, "  %.*s was '%.*s', is '%.*s'\n", HOB_TEXT_ARG(name),
                          HOB_TEXT_ARG(own), HOB_TEXT_ARG(value));
    else if (!both)
        hob_buffer_printf(out, "  %.*s %s '%.*s', %s\n", HOB_TEXT_ARG(name), is_now ? "is" : "was",
                          HOB_TEXT_ARG(own), is_now ? "was not there" : "is not there");
}

void hob_warm_key_put_differences(struct hob_buffer *out, struct hob_text before,
                                  struct hob_text now)
{
    struct hob_text rest = before;
    while (rest.size > 0) {
        struct hob_text line = next_line(&rest);
        if (!has_line(now, line))
            put_difference(out, line, now, false);
    }
    rest = now;
    while (rest.size > 0) {
        struct hob_text line = next_line(&rest);
        if (!has_line(before, line))
            put_difference(out, line, before, true);
    }
}
