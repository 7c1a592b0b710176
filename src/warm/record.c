/* record: see record.h. The lines "command", "ran" and "why", then the text of the key. */
#define _GNU_SOURCE
#include "warm/record.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "warm/zygote.h"

enum { LARGEST_RECORD = 1 << 22, LONGEST_COMMAND = 400 };

void hob_warm_put_words(struct hob_buffer *out, char *const *words)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    size_t start = out->size;
    for (; *words != NULL && out->size - start < LONGEST_COMMAND; words++) {
        if (out->size > start)
            hob_buffer_put_char(out, ' ');
        bool quote = **words == '\0' || (*words)[strspn(*words, plain)] != '\0';
        hob_buffer_put_string(out, quote ? "'" : "");
        for (const char *at = *words; *at != '\0' && out->size - start < LONGEST_COMMAND; at++)
            hob_buffer_put_string(out, *at == '\''   ? "'\\''"
                                       : *at == '\n' ? "\\n"
                                                     : (char[]){*at, '\0'});
        hob_buffer_put_string(out, quote ? "'" : "");
    }
}

static char *record_path(const char *folder, const char *suffix)
{
    HOB_AUTO(buffer) struct hob_buffer path = HOB_BUFFER_INIT;
    hob_buffer_printf(&path, "%s/warm.last%s", folder, suffix);
    return hob_copy_string(hob_buffer_string(&path));
}

/* Most runs are as the last one was: a file is read in a tenth of the time that replacing it takes.
 */
static bool is_there_already(const char *path, struct hob_text text)
{
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    HOB_AUTO(free) char *there = descriptor >= 0 ? malloc(text.size + 1) : NULL;
    return there != NULL && read(descriptor, there, text.size + 1) == (ssize_t)text.size &&
           memcmp(there, text.data, text.size) == 0;
}

static void write_record(const char *folder, const struct hob_warm_record *record)
{
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    char suffix[32];
    snprintf(suffix, sizeof suffix, ".%d", (int)getpid());
    HOB_AUTO(free) char *fresh = record_path(folder, suffix);
    HOB_AUTO(free) char *path = record_path(folder, "");
    hob_buffer_printf(&text, "command %s\nran %s\nwhy %s\n", record->command,
                      record->warm ? "warm" : "cold", record->why);
    if (record->key != NULL)
        hob_buffer_put_text(&text, hob_buffer_text(&record->key->text));
    if (is_there_already(path, hob_buffer_text(&text)))
        return;
    HOB_AUTO(descriptor)
    int descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return;
    if (write(descriptor, text.data, text.size) != (ssize_t)text.size || rename(fresh, path) != 0)
        unlink(fresh);
}

/* The command has not begun: a limit on the size of its files must not end it. */
void hob_warm_record_write(const char *folder, const struct hob_warm_record *record)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    bool changed = sigaction(SIGXFSZ, &ignore, &before) == 0;
    write_record(folder, record);
    if (changed)
        sigaction(SIGXFSZ, &before, NULL);
}

/* --- explaining --- */

/* Takes "WORD rest" off the front of the text. */
static struct hob_text take_line(struct hob_text *text, const char *word)
{
    const char *end = memchr(text->data, '\n', text->size);
    struct hob_text line = {text->data, end != NULL ? (size_t)(end - text->data) : text->size};
    size_t skip = strlen(word) + 1, taken = line.size + (end != NULL);
    *text = (struct hob_text){text->data + taken, text->size - taken};
    return skip <= line.size ? (struct hob_text){line.data + skip, line.size - skip}
                             : (struct hob_text){line.data, 0};
}

/* The warm process whose key differs least from this one, and in what. */
static void put_nearest(struct hob_buffer *out, const char *folder, struct hob_text key)
{
    struct hob_warm_names names;
    HOB_AUTO(buffer) struct hob_buffer nearest = HOB_BUFFER_INIT;
    size_t least = SIZE_MAX;
    hob_warm_zygote_list(folder, "sock", &names);
    for (size_t i = 0; i < names.count; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        if (!hob_warm_zygote_read(folder, names.items[i], "key", &text))
            continue;
        size_t distance = hob_warm_key_distance(hob_buffer_text(&text), key);
        if (distance >= least)
            continue;
        least = distance;
        hob_buffer_clear(&nearest);
        hob_buffer_put_text(&nearest, hob_buffer_text(&text));
    }
    hob_warm_zygote_list_free(&names);
    if (least == SIZE_MAX)
        return;
    if (least == 0) {
        hob_buffer_put_string(out, "There is a warm process for it now.\n");
        return;
    }
    hob_buffer_put_string(out, "The nearest warm process differs in:\n");
    hob_warm_key_put_differences(out, hob_buffer_text(&nearest), key);
}

bool hob_warm_record_explain(struct hob_buffer *out, const char *folder)
{
    HOB_AUTO(free) char *path = record_path(folder, "");
    HOB_AUTO(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    HOB_AUTO(file_content) struct hob_file_content content = HOB_FILE_CONTENT_INIT;
    if (descriptor < 0 || hob_file_read(&content, descriptor, path, LARGEST_RECORD, NULL) != 0)
        return false;
    struct hob_text rest = content.text;
    struct hob_text command = take_line(&rest, "command");
    struct hob_text ran = take_line(&rest, "ran");
    struct hob_text why = take_line(&rest, "why");
    hob_buffer_printf(out, "%.*s\nran %.*s: %.*s\n", HOB_TEXT_ARG(command), HOB_TEXT_ARG(ran),
                      HOB_TEXT_ARG(why));
    if (hob_text_is(ran, "cold") && rest.size > 0)
        put_nearest(out, folder, rest);
    return true;
}
