/* error: see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
    const char *type;
    int http;
    int exit;
} facts[] = {[0] = {"", 200, 0},
#define X(name, number, type, http, exit) [number] = {type, http, exit},
             HOB_ERROR_LIST(X)
#undef X
};

/* Messages quote paths and data, which may be any bytes, and are cut where they are too long; but
 * answers must be valid UTF-8. Bytes that are not become question marks. */
static void make_valid(char *text)
{
    size_t size = strlen(text), at = 0;
    while ((at += hob_utf8_valid_prefix((struct hob_text){text + at, size - at})) < size)
        text[at] = '?';
}

int hob_error_set(struct hob_error *error, int code, const char *format, ...)
{
    if (error == NULL)
        return code;
    char message[HOB_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    make_valid(message);
    error->code = code;
    error->hint[0] = '\0';
    memcpy(error->message, message, sizeof message);
    return code;
}

void hob_error_hint(struct hob_error *error, const char *format, ...)
{
    if (error == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->hint, sizeof error->hint, format, arguments);
    va_end(arguments);
    make_valid(error->hint);
}

int hob_error_context(struct hob_error *error, const char *format, ...)
{
    if (error == NULL)
        return HOB_E_INTERNAL;
    char message[HOB_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof message)
        snprintf(message + used, sizeof message - (size_t)used, ": %s", error->message);
    make_valid(message);
    memcpy(error->message, message, sizeof message);
    return error->code;
}

int hob_error_from_errno(struct hob_error *error, int number, const char *doing, const char *path)
{
    int code = HOB_E_IO;
    const char *hint = "";
    switch (number) {
    case ENOENT:
        code = HOB_E_NOT_FOUND;
        break;
    case ENOTDIR:
        code = HOB_E_NOT_DIRECTORY;
        break;
    case EISDIR:
        code = HOB_E_IS_DIRECTORY;
        hint = "name a file, not a directory";
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        code = HOB_E_PERMISSION;
        hint = "check the permissions of the file and of the directories above it";
        break;
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
        code = HOB_E_VALUE;
        break;
    case ENOSPC:
    case EDQUOT:
        hint = "free some disk space; the old file, if there was one, is as it was";
        break;
    case ENOMEM:
        code = HOB_E_MEMORY;
        break;
    default:
        break;
    }
    hob_error_set(error, code, "cannot %s '%s': %s", doing, path, strerror(number));
    if (hint[0] != '\0')
        hob_error_hint(error, "%s", hint);
    return code;
}

static int number_of(int code)
{
    int number = -code;
    int known = (int)(sizeof facts / sizeof facts[0]);
    return number >= 0 && number < known ? number : -HOB_E_INTERNAL;
}

const char *hob_error_type(int code)
{
    return facts[number_of(code)].type;
}

int hob_error_http_status(int code)
{
    return facts[number_of(code)].http;
}

int hob_error_code_of(const char *type, int http_status)
{
    int known = (int)(sizeof facts / sizeof facts[0]), same_type = HOB_E_INTERNAL;
    for (int number = known - 1; number > 0; number--) {
        if (facts[number].type == NULL || strcmp(facts[number].type, type) != 0)
            continue;
        same_type = -number;
        if (facts[number].http == http_status)
            return same_type;
    }
    return same_type;
}

int hob_error_exit_status(int code)
{
    return facts[number_of(code)].exit;
}
