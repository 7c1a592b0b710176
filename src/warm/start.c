/* start: see start.h.
 *
 * Single-flight: who starts a zygote holds the lock of its key, and the zygote inherits it and
 * holds it as long as it lives. Nothing is concluded from a file's being there. */
#define _GNU_SOURCE
#include "warm/start.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/number.h"
#include "warm/zygote.h"

enum { DEFAULT_IDLE_SECONDS = 900, DEFAULT_LIMIT = 8, MOST_LOG = 1 << 20, LOCK_DESCRIPTOR = 3 };

static unsigned setting(const char *name, unsigned otherwise)
{
    int64_t number;
    const char *value = getenv(name);
    if (value == NULL || hob_number_parse_int(hob_text_from(value), &number) != 0 || number < 1 ||
        number > 1000000)
        return otherwise;
    return (unsigned)number;
}

/* --- in the background --- */

/* Nothing of the caller is kept: its terminal, pipes, signals and mask. */
static void detach(const char *folder)
{
    char path[PATH_MAX];
    struct stat facts;
    sigset_t none;
    setsid();
    for (int number = 1; number <= 64; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(077);
    closefrom(0);
    snprintf(path, sizeof path, "%s/warm.log", folder);
    if (stat(path, &facts) == 0 && facts.st_size > MOST_LOG)
        unlink(path);
    int input = open("/dev/null", O_RDWR);
    int output = dup(input);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    if (input != 0 || output != 1 || (log < 0 && dup(input) < 0))
        _exit(1);
}

/* Locks the file, and makes sure that it is still the one of that name. */
static int lock(const char *path)
{
    for (;;) {
        struct stat mine, there;
        int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) != 0 ||
            fstat(descriptor, &mine) != 0) {
            hob_file_close(descriptor);
            return -1;
        }
        if (stat(path, &there) == 0 && there.st_ino == mine.st_ino)
            return descriptor;
        close(descriptor);
    }
}

static bool write_file(const char *path, struct hob_text text)
{
    HOB_AUTO(buffer) struct hob_buffer fresh = HOB_BUFFER_INIT;
    hob_buffer_printf(&fresh, "%s.%d", path, (int)getpid());
    HOB_AUTO(descriptor)
    int descriptor = open(hob_buffer_string(&fresh),
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (descriptor >= 0 && text.size > 0) {
        ssize_t written = write(descriptor, text.data, text.size);
        if (written <= 0)
            break;
        text = (struct hob_text){text.data + written, text.size - (size_t)written};
    }
    if (descriptor >= 0 && text.size == 0 && rename(hob_buffer_string(&fresh), path) == 0)
        return true;
    unlink(hob_buffer_string(&fresh));
    return false;
}

/* The interpreter with the options of the command, and then these words. */
static char **interpreter_words(struct hob_arena *arena, const struct hob_warm_command *command,
                                const char *const *words)
{
    size_t options = command->index - (command->mode != 's'), count = 0;
    while (words[count] != NULL)
        count++;
    char **all = hob_arena_alloc(arena, (options + count + 1) * sizeof *all);
    memcpy(all, command->argv, options * sizeof *all);
    memcpy(all + options, words, (count + 1) * sizeof *all);
    return all;
}

static void learn(const struct hob_warm_wish *wish, struct hob_arena *arena, const char *profile)
{
    const struct hob_warm_command *command = wish->command;
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    char mode[2] = {command->mode, '\0'};
    hob_buffer_printf(&path, "%s.lock", profile);
    HOB_AUTO(descriptor) int held = lock(hob_buffer_string(&path));
    if (held < 0)
        return;
    const char *words[] = {hob_arena_printf(arena, "%s/learn.py", wish->libexec), profile, mode,
                           command->argv[command->index], NULL};
    char **all = interpreter_words(arena, command, words);
    pid_t pid = fork();
    if (pid == 0) {
        execv(command->python, all);
        _exit(1);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
    unlink(hob_buffer_string(&path));
}

/* Becomes the zygote, unless there is one. */
static void become(const struct hob_warm_wish *wish, struct hob_arena *arena,
                   const struct hob_warm_profile *profile, const struct hob_warm_key *key)
{
    HOB_AUTO(free) char *lock_path = hob_warm_zygote_path(wish->folder, key->name, "lock");
    HOB_AUTO(free) char *key_path = hob_warm_zygote_path(wish->folder, key->name, "key");
    int held = lock(lock_path);
    if (held < 0)
        return;
    hob_warm_evict(wish->folder, setting("HOB_WARM_LIMIT", DEFAULT_LIMIT) - 1);
    if (held != LOCK_DESCRIPTOR)
        dup2(held, LOCK_DESCRIPTOR);
    fcntl(LOCK_DESCRIPTOR, F_SETFD, 0);
    const char *words[] = {
        hob_arena_printf(arena, "%s/start.py", wish->libexec),
        wish->command->python,
        wish->folder,
        key->name,
        profile->path != NULL ? profile->path : "none",
        hob_arena_printf(arena, "%u", setting("HOB_WARM_IDLE", DEFAULT_IDLE_SECONDS)),
        NULL};
    if (write_file(key_path, hob_buffer_text(&key->text)))
        execv(wish->command->python, interpreter_words(arena, wish->command, words));
    unlink(lock_path);
}

static void work(const struct hob_warm_wish *wish)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(warm_profile) struct hob_warm_profile profile;
    struct hob_warm_names modules;
    HOB_AUTO(warm_key) struct hob_warm_key key = {.text = HOB_BUFFER_INIT};
    free(hob_warm_profile_folder(true));
    hob_warm_profile_load(&profile, arena, wish->command);
    if (profile.path != NULL && (!profile.exists || profile.candidates.count > 0)) {
        HOB_AUTO(free) char *path = hob_copy_string(profile.path);
        learn(wish, arena, path);
        hob_warm_profile_deinit(&profile);
        hob_warm_profile_load(&profile, arena, wish->command);
    }
    hob_warm_wanted_modules(&modules, arena, &profile, wish->preload);
    hob_warm_key_make(&key, wish->command, &modules, &profile.variables);
    free(modules.items);
    become(wish, arena, &profile, &key);
}

void hob_warm_start(const struct hob_warm_wish *wish)
{
    pid_t pid = fork();
    if (pid == 0) {
        detach(wish->folder);
        if (fork() == 0)
            work(wish);
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* --- not too many --- */

static int64_t last_use(const char *folder, const char *name)
{
    struct stat facts;
    HOB_AUTO(free) char *path = hob_warm_zygote_path(folder, name, "lock");
    return stat(path, &facts) == 0
               ? (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec
               : 0;
}

/* Unlinks every file of the zygote of this name: nobody may be holding its lock. */
static void remove_files(const char *folder, const char *name)
{
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strncmp(entry->d_name, "warm-", 5) == 0 && strncmp(entry->d_name + 5, name, 16) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

/* What zygotes left that were killed: their locks can be had. */
static void sweep(const char *folder)
{
    struct hob_warm_names names;
    hob_warm_zygote_list(folder, "", &names);
    for (size_t i = 0; i < names.count; i++) {
        HOB_AUTO(free) char *path = hob_warm_zygote_path(folder, names.items[i], "lock");
        HOB_AUTO(descriptor) int held = lock(path);
        if (held >= 0)
            remove_files(folder, names.items[i]);
    }
    hob_warm_zygote_list_free(&names);
}

void hob_warm_evict(const char *folder, size_t keep)
{
    struct hob_warm_names names;
    sweep(folder);
    hob_warm_zygote_list(folder, "sock", &names);
    for (size_t left = names.count; left > keep; left--) {
        size_t oldest = 0;
        for (size_t i = 1; i < names.count; i++)
            if (names.items[oldest] == NULL ||
                (names.items[i] != NULL &&
                 last_use(folder, names.items[i]) < last_use(folder, names.items[oldest])))
                oldest = i;
        hob_warm_zygote_stop(folder, names.items[oldest]);
        free((char *)names.items[oldest]);
        names.items[oldest] = NULL;
    }
    hob_warm_zygote_list_free(&names);
}
