/* xlsx_text: texts of a workbook, and the table of those that cells share. */
#include "access/xlsx_internal.h"
#include "base/utf8.h"

enum { MAX_TEXT = 1 << 20 }; /* bytes; Excel itself stops at 32,767 characters */

void hob_xlsx_text_start(struct hob_xlsx_text *text, const char *element)
{
    if (strcmp(element, "rPh") == 0)
        text->phonetic++;
    else if (strcmp(element, "t") == 0)
        text->listening = text->phonetic == 0;
}

void hob_xlsx_text_end(struct hob_xlsx_text *text, const char *element)
{
    if (strcmp(element, "rPh") == 0)
        text->phonetic--;
    else if (strcmp(element, "t") == 0)
        text->listening = false;
}

int hob_xlsx_text_put(struct hob_xlsx_text *text, struct hob_text piece, struct hob_error *error)
{
    if (text->buffer.size + piece.size > MAX_TEXT)
        return hob_error_set(error, HOB_E_LIMIT, "a cell has more than 1 MiB of text");
    hob_buffer_put_text(&text->buffer, piece);
    return hob_buffer_failed(&text->buffer)
               ? hob_error_set(error, HOB_E_MEMORY, "not enough memory")
               : 0;
}

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The character that _xHHHH_ at `at` stands for, or -1. */
static int32_t escape_at(const char *at, size_t left)
{
    if (left < 7 || at[0] != '_' || at[1] != 'x' || at[6] != '_')
        return -1;
    int32_t character = 0;
    for (int i = 2; i < 6; i++) {
        int digit = digit_of(at[i]);
        if (digit < 0)
            return -1;
        character = character * 16 + digit;
    }
    return character;
}

/* Shrinks in place: seven bytes become three at most. */
void hob_xlsx_text_unescape(struct hob_buffer *buffer)
{
    if (buffer->size < 7 || memchr(buffer->data, '_', buffer->size) == NULL)
        return;
    size_t out = 0;
    for (size_t in = 0; in < buffer->size;) {
        int32_t character = escape_at(buffer->data + in, buffer->size - in);
        if (character < 0) {
            buffer->data[out++] = buffer->data[in++];
            continue;
        }
        char encoded[4];
        unsigned size = hob_utf8_encode((uint32_t)character, encoded);
        memcpy(buffer->data + out, encoded, size);
        out += size;
        in += 7;
    }
    buffer->size = out;
}

/* The table of shared strings. */

struct strings {
    struct hob_column *texts;
    struct hob_xlsx_text text;
    bool inside; /* an <si> */
};

static int on_start(void *user, const char *name, const char *const *attributes,
                    struct hob_error *error)
{
    struct strings *strings = user;
    (void)attributes, (void)error;
    if (strcmp(name, "si") == 0) {
        strings->inside = true;
        strings->text.phonetic = 0;
        hob_buffer_clear(&strings->text.buffer);
    }
    hob_xlsx_text_start(&strings->text, name);
    return 0;
}

static int on_end(void *user, const char *name, struct hob_error *error)
{
    struct strings *strings = user;
    hob_xlsx_text_end(&strings->text, name);
    if (strcmp(name, "si") != 0)
        return 0;
    strings->inside = false;
    hob_xlsx_text_unescape(&strings->text.buffer);
    return hob_column_append_string(strings->texts, hob_buffer_text(&strings->text.buffer))
               ? 0
               : hob_error_set(error, HOB_E_MEMORY, "not enough memory");
}

static int on_text(void *user, struct hob_text piece, struct hob_error *error)
{
    struct strings *strings = user;
    if (!strings->inside || !strings->text.listening)
        return 0;
    return hob_xlsx_text_put(&strings->text, piece, error);
}

int hob_xlsx_read_strings(struct hob_xlsx_book *book, struct hob_column *texts,
                          struct hob_error *error)
{
    static const struct hob_xml_events events = {on_start, on_end, on_text};
    if (book->strings.size == 0 || !hob_zip_has(book->zip, book->strings))
        return 0;
    struct strings strings = {.texts = texts};
    int result = hob_xlsx_parse(book, book->strings, &events, &strings, error);
    hob_buffer_deinit(&strings.text.buffer);
    return result;
}
