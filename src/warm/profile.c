/* profile: see profile.h. */
#define _GNU_SOURCE
#include "warm/profile.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/places.h"

enum { LARGEST_PROFILE = 1 << 20 };

static const char RULES[] = "rules 2\n"; /* also in python/warm/profile.py */

void hob_warm_names_add(struct hob_warm_names *names, const char *name)
{
    if (HOB_TRY_GROW(names->items, names->capacity, names->count + 1))
        names->items[names->count++] = name;
}

bool hob_warm_names_have(const struct hob_warm_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

/* FNV-1a, of 64 bits: the same in every process. Whoever finds something under the name compares
 * the text itself. */
void hob_warm_digest(struct hob_text text, char name[17])
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3U;
    snprintf(name, 17, "%016llx", (unsigned long long)hash);
}

char *hob_warm_profile_folder(bool make)
{
    HOB_AUTO(free) char *state = hob_places_state(NULL);
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    if (state == NULL)
        return NULL;
    hob_buffer_printf(&path, "%s/warm", state);
    if (make && hob_places_make(hob_buffer_string(&path), NULL) != 0)
        return NULL;
    return hob_copy_string(hob_buffer_string(&path));
}

/* What identifies the command: its interpreter and the script's real path, module or code. */
static void put_identity(struct hob_buffer *out, const struct hob_warm_command *command)
{
    const char *target = command->argv[command->index];
    HOB_AUTO(free) char *real = command->mode == 's' ? realpath(target, NULL) : NULL;
    hob_buffer_printf(out, "%s\n%c\n%s", command->python, command->mode,
                      real != NULL ? real : target);
}

static void take_line(struct hob_warm_profile *profile, char *line)
{
    static const struct {
        const char *word;
        size_t offset;
    } lists[] = {
        {"module ", offsetof(struct hob_warm_profile, modules)},
        {"variable ", offsetof(struct hob_warm_profile, variables)},
        {"candidate ", offsetof(struct hob_warm_profile, candidates)},
        {"refused ", offsetof(struct hob_warm_profile, refused)},
        {"failed ", offsetof(struct hob_warm_profile, failed)},
    };
    if (strncmp(line, "command ", 8) == 0)
        profile->command = line + 8;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        size_t size = strlen(lists[i].word);
        if (strncmp(line, lists[i].word, size) == 0)
            hob_warm_names_add((struct hob_warm_names *)(void *)((char *)profile + lists[i].offset),
                               line + size);
    }
}

static void read_file(struct hob_warm_profile *profile, struct hob_arena *arena)
{
    HOB_AUTO(descriptor) int descriptor = open(profile->path, O_RDONLY | O_CLOEXEC);
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    if (descriptor < 0 ||
        hob_file_read(&content, descriptor, profile->path, LARGEST_PROFILE, NULL) != 0)
        return;
    /* One that was learned by other rules may have what must not be preloaded. */
    if (!hob_text_starts_with(content.text, RULES))
        return;
    profile->exists = true;
    char *next = (char *)hob_arena_copy(arena, content.text).data;
    for (char *line = strsep(&next, "\n"); line != NULL; line = strsep(&next, "\n"))
        take_line(profile, line);
}

void hob_warm_profile_load_file(struct hob_warm_profile *profile, struct hob_arena *arena,
                                const char *path)
{
    *profile = (struct hob_warm_profile){.path = hob_copy_string(path), .command = ""};
    read_file(profile, arena);
}

void hob_warm_profile_load(struct hob_warm_profile *profile, struct hob_arena *arena,
                           const struct hob_warm_command *command)
{
    HOB_AUTO(free) char *folder = hob_warm_profile_folder(false);
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    char name[17];
    *profile = (struct hob_warm_profile){.command = ""};
    if (folder == NULL)
        return;
    put_identity(&text, command);
    hob_warm_digest(hob_buffer_text(&text), name);
    hob_buffer_clear(&text);
    hob_buffer_printf(&text, "%s/%s.profile", folder, name);
    profile->path = hob_copy_string(hob_buffer_string(&text));
    read_file(profile, arena);
}

const char *hob_warm_failure(const struct hob_warm_profile *profile, const char *module)
{
    size_t size = strlen(module);
    for (size_t i = 0; i < profile->failed.count; i++) {
        const char *item = profile->failed.items[i];
        if (strncmp(item, module, size) == 0 && item[size] == ' ')
            return item + size + 1;
    }
    return NULL;
}

void hob_warm_wanted_modules(struct hob_warm_names *modules, struct hob_arena *arena,
                             const struct hob_warm_profile *profile, const char *preload)
{
    *modules = (struct hob_warm_names){0};
    for (size_t i = 0; i < profile->modules.count; i++)
        if (hob_warm_failure(profile, profile->modules.items[i]) == NULL)
            hob_warm_names_add(modules, profile->modules.items[i]);
    if (preload == NULL)
        return;
    char *next = (char *)hob_arena_copy(arena, hob_text_from(preload)).data;
    for (char *name = strsep(&next, ","); name != NULL; name = strsep(&next, ","))
        if (name[0] != '\0' && strpbrk(name, " \t\n") == NULL &&
            !hob_warm_names_have(modules, name) && hob_warm_failure(profile, name) == NULL)
            hob_warm_names_add(modules, name);
}

void hob_warm_profile_deinit(struct hob_warm_profile *profile)
{
    free(profile->path);
    free(profile->modules.items);
    free(profile->variables.items);
    free(profile->candidates.items);
    free(profile->refused.items);
    free(profile->failed.items);
    *profile = (struct hob_warm_profile){.path = NULL};
}
