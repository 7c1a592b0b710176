/* environment: see environment.h. */
#include "config/environment.h"

#include <stdlib.h>

static bool is_name_character(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

/* The name behind a `$` at `at`, and where the text goes on; an empty name when there is none. */
static struct hob_text variable_at(struct hob_text text, size_t at, size_t *next)
{
    size_t start = at + 1, end = start;
    if (start < text.size && text.data[start] == '{') {
        const char *close = memchr(text.data + start, '}', text.size - start);
        if (close == NULL)
            return (struct hob_text){NULL, 0};
        *next = (size_t)(close - text.data) + 1;
        return (struct hob_text){text.data + start + 1, *next - start - 2};
    }
    while (end < text.size && is_name_character(text.data[end]))
        end++;
    *next = end;
    return (struct hob_text){text.data + start, end - start};
}

static const char *lookup(struct hob_text name)
{
    char key[256];
    if (name.size == 0 || name.size >= sizeof key || memchr(name.data, '\0', name.size) != NULL)
        return NULL;
    memcpy(key, name.data, name.size);
    key[name.size] = '\0';
    return strchr(key, '=') == NULL ? getenv(key) : NULL;
}

static void put(char *out, size_t *size, const char *data, size_t count)
{
    if (out != NULL)
        memcpy(out + *size, data, count);
    *size += count;
}

/* Writes the expanded text to `out`, which may be NULL; returns its size. */
static size_t expand(char *out, struct hob_text text)
{
    size_t at = 0, size = 0;
    while (at < text.size) {
        const char *dollar = memchr(text.data + at, '$', text.size - at);
        size_t plain = dollar != NULL ? (size_t)(dollar - text.data) : text.size;
        put(out, &size, text.data + at, plain - at);
        if (dollar == NULL)
            break;
        size_t next = plain + 1;
        const char *value = lookup(variable_at(text, plain, &next));
        if (value != NULL)
            put(out, &size, value, strlen(value));
        else
            put(out, &size, text.data + plain, next - plain);
        at = next;
    }
    return size;
}

void hob_environment_expand(struct hob_buffer *out, struct hob_text text)
{
    size_t size = expand(NULL, text);
    if (size > 0 && hob_buffer_reserve(out, size))
        out->size += expand(out->data + out->size, text);
}

struct hob_text hob_environment_expand_in(struct hob_arena *arena, struct hob_text text)
{
    if (text.size == 0 || memchr(text.data, '$', text.size) == NULL)
        return text;
    size_t size = expand(NULL, text);
    char *expanded = hob_arena_alloc(arena, size + 1);
    expand(expanded, text);
    expanded[size] = '\0';
    return (struct hob_text){expanded, size};
}

struct hob_text hob_environment_expand_home(struct hob_arena *arena, struct hob_text path)
{
    const char *home = getenv("HOME");
    if (home == NULL || path.size == 0 || path.data[0] != '~' ||
        (path.size > 1 && path.data[1] != '/'))
        return path;
    char *expanded = hob_arena_printf(arena, "%s%.*s", home, (int)path.size - 1, path.data + 1);
    return hob_text_from(expanded);
}
