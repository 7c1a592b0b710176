/* advice: see advice.h. Errors come from every layer, and from servers; those that know what helps
 * say so where they are made. This is for the others, in the one place that shows them to people.
 */
#include "cli/advice.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"

static const struct advice {
    int code;
    const char *text;
} by_code[] = {
    {HOB_E_NO_INTERFACE, "check the name, and in which directory you are"},
    {HOB_E_NOT_DIRECTORY, "name a directory there, or another place"},
    {HOB_E_PERMISSION, "check the permissions of the file and of the directories above it"},
    {HOB_E_UNICODE, "convert it first, as in 'iconv -f latin1 -t utf-8 OLD > NEW'"},
    {HOB_E_JSON, "correct it in that place; if it is no JSON at all, say what it is with --type"},
    {HOB_E_PARSE, "correct it in that place, or name the delimiter that it has"},
    {HOB_E_EMPTY, "there is nothing in it: see whether what makes it has worked"},
    {HOB_E_IO, "see whether the disk is full, and whether all of it can be reached"},
    {HOB_E_BUSY, "try again in a moment"},
    {HOB_E_TIMEOUT, "try again, or allow more time"},
    {HOB_E_CUT, "see in the server's log (hob serve --status says whether it runs), and try again"},
    {HOB_E_PROTOCOL, "see whether that is a server of hob at all"},
    {HOB_E_INTERNAL, "that is a fault of hob's own: please report it, with what you did"},
};

/* The path that the message is about: what it quotes last. False when it quotes none. */
static bool find_path(const char *message, char path[PATH_MAX])
{
    const char *end = message + strlen(message);
    while (end > message && *end != '\'' && *end != '"')
        end--;
    const char *start = end;
    while (start > message && start[-1] != *end)
        start--;
    size_t size = (size_t)(end - start);
    if (start == message || size == 0 || size >= PATH_MAX)
        return false;
    memcpy(path, start, size);
    path[size] = '\0';
    return true;
}

/* The entry of the directory whose name is nearest; false when none is near. */
static bool find_near(const char *directory, const char *name, char *nearest, size_t size)
{
    unsigned distance = hob_near_enough(name);
    bool found = false;
    DIR *entries = opendir(directory);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.' || !hob_nearer(name, entry->d_name, &distance))
            continue;
        snprintf(nearest, size, "%s", entry->d_name);
        found = true;
    }
    if (entries != NULL)
        closedir(entries);
    return found;
}

/* About a path that does not exist. */
static void advise_on_missing(struct hob_error *error, const char *path)
{
    char directory[PATH_MAX], nearest[NAME_MAX + 1];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    int above = slash != NULL ? (int)(name - path) : 0;
    snprintf(directory, sizeof directory, "%.*s", above, path);
    if (above > 0 && access(directory, F_OK) != 0)
        hob_error_hint(error, "there is no directory '%.200s', either: check the path", directory);
    else if (find_near(above > 0 ? directory : ".", name, nearest, sizeof nearest))
        hob_error_hint(error, "did you mean '%.200s%.100s'?", directory, nearest);
    else if (path[0] == '/')
        hob_error_hint(error, "check the path");
    else
        hob_error_hint(error, "check the name, and in which directory you are");
}

void hob_advice_add(struct hob_error *error)
{
    char path[PATH_MAX];
    if (error->hint[0] != '\0')
        return;
    bool about_file = error->code == HOB_E_NOT_FOUND || error->code == HOB_E_NO_INTERFACE;
    if (about_file && find_path(error->message, path) && access(path, F_OK) != 0) {
        advise_on_missing(error, path);
        return;
    }
    for (size_t i = 0; i < sizeof by_code / sizeof by_code[0]; i++)
        if (by_code[i].code == error->code)
            hob_error_hint(error, "%s", by_code[i].text);
}
