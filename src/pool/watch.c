/* watch: whether files that workers were made from have changed.
 *
 * Looked at from time to time while there are workers, never by watching directories: one number is
 * made of the names and states of all files, and a different number is a change. A look that takes
 * long makes the next one wait longer. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "config/glob.h"
#include "pool/internal.h"

enum { MOST_FILES = 20000, MOST_DEPTH = 32, LEAST_MS = 1000, COST_FACTOR = 100 };

struct look {
    uint64_t number;
    unsigned files;
};

static void add_file(struct look *look, const char *path, const struct stat *facts)
{
    char text[4400];
    int size = snprintf(text, sizeof text, "%s|%llu|%lld|%lld.%09ld|%lld.%09ld", path,
                        (unsigned long long)facts->st_ino, (long long)facts->st_size,
                        (long long)facts->st_mtim.tv_sec, facts->st_mtim.tv_nsec,
                        (long long)facts->st_ctim.tv_sec, facts->st_ctim.tv_nsec);
    size_t used = (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
    look->number += hob_text_hash((struct hob_text){text, used}); /* the order does not matter */
    look->files++;
}

static void walk(struct look *look, const char *directory, const char *pattern, unsigned depth);

/* What a name in the directory means for the parts of the pattern: this one, and the rest. */
static void visit(struct look *look, const char *path, const char *rest, unsigned depth)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return;
    if (*rest != '\0' && S_ISDIR(facts.st_mode))
        walk(look, path, rest, depth + 1);
    else if (*rest == '\0' && S_ISREG(facts.st_mode))
        add_file(look, path, &facts);
}

static void visit_matches(struct look *look, const char *directory, struct hob_text part,
                          const char *rest, bool any_depth, const char *pattern, unsigned depth)
{
    DIR *open = opendir(directory);
    struct dirent *entry;
    while (open != NULL && look->files < MOST_FILES && (entry = readdir(open)) != NULL) {
        char path[4096];
        struct stat facts;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (!any_depth && hob_glob_match(part, hob_text_from(entry->d_name)))
            visit(look, path, rest, depth);
        if (any_depth && lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
            walk(look, path, pattern, depth + 1);
    }
    if (open != NULL)
        closedir(open);
}

/* `**` is any number of directories; links are not followed there, so that there is an end. */
static void walk(struct look *look, const char *directory, const char *pattern, unsigned depth)
{
    struct hob_text part = {pattern, strcspn(pattern, "/")};
    const char *rest = pattern + part.size + strspn(pattern + part.size, "/");
    char path[4096];
    if (depth > MOST_DEPTH || look->files >= MOST_FILES)
        return;
    if (hob_text_is(part, "**")) {
        walk(look, directory, *rest != '\0' ? rest : "*", depth + 1);
        visit_matches(look, directory, part, rest, true, pattern, depth);
    } else if (memchr(part.data, '*', part.size) == NULL &&
               memchr(part.data, '?', part.size) == NULL &&
               memchr(part.data, '[', part.size) == NULL) {
        snprintf(path, sizeof path, "%s/%.*s", directory, (int)part.size, part.data);
        visit(look, path, rest, depth);
    } else {
        visit_matches(look, directory, part, rest, false, pattern, depth);
    }
}

static uint64_t look_at_all(const struct hob_pool *pool)
{
    struct look look = {0};
    const char *directory = pool->options.directory != NULL ? pool->options.directory : ".";
    for (const char *const *pattern = pool->options.watch; *pattern != NULL; pattern++) {
        bool absolute = (*pattern)[0] == '/';
        walk(&look, absolute ? "" : directory, *pattern + (absolute ? 1 : 0), 0);
    }
    return look.number + look.files + 1;
}

bool pool_watch_changed(struct hob_pool *pool, uint64_t now)
{
    if (pool->watch_interval != 0 && now < pool->watch_checked + pool->watch_interval)
        return false;
    uint64_t before = pool->fingerprint;
    pool->fingerprint = look_at_all(pool);
    uint64_t cost = hob_clock_now() - now, least = (uint64_t)LEAST_MS * 1000000;
    pool->watch_checked = hob_clock_now();
    pool->watch_interval = cost * COST_FACTOR > least ? cost * COST_FACTOR : least;
    return before != 0 && before != pool->fingerprint;
}
