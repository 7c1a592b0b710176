/* error: see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *type;
    int http;
    int exit;
} facts[] = {
    [0] = {"", 200, 0},
#define X(name, number, type, http, exit) [number] = {type, http, exit},
    HOB_ERROR_LIST(X)
#undef X
};

/* A text cut by vsnprintf may end inside a UTF-8 sequence: answers must stay valid UTF-8. */
static void trim_partial_character(char *text, size_t size)
{
    size_t end = strlen(text);
    if (end + 1 < size)
        return;
    size_t start = end;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0x80)
        text[start - 1] = '\0';
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
    trim_partial_character(message, sizeof message);
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
    trim_partial_character(error->hint, sizeof error->hint);
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
    trim_partial_character(message, sizeof message);
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

int hob_error_exit_status(int code)
{
    return facts[number_of(code)].exit;
}
