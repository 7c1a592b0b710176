/* csv_error: telling where a text is wrong, in the reference's words.
 *
 * Nobody counts lines while reading; the text before the trouble is gone through once more. */
#include "access/csv_internal.h"
#include "base/utf8.h"

/* Whether the second byte is one that the first allows, beyond being a continuation. */
static bool may_follow(unsigned char first, unsigned char second)
{
    return !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F) &&
           !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second > 0x8F);
}

int hob_csv_refuse_bytes(struct hob_error *error, struct hob_text rest, size_t at)
{
    const unsigned char *data = (const unsigned char *)rest.data;
    size_t wanted = 4, length = 1;
    if (data[0] < 0xC2 || data[0] > 0xF4)
        wanted = 0;
    else if (data[0] < 0xF0)
        wanted = data[0] < 0xE0 ? 2 : 3;
    while (length < wanted && length < rest.size && (data[length] & 0xC0) == 0x80 &&
           (length > 1 || may_follow(data[0], data[1])))
        length++;
    const char *why = "invalid continuation byte";
    if (wanted == 0)
        why = "invalid start byte";
    else if (length == rest.size)
        why = "unexpected end of data";
    const char *remedy = at == 0 ? hob_utf8_remedy(rest) : NULL;
    if (length > 1)
        hob_error_set(error, HOB_E_UNICODE,
                      "'utf-8' codec can't decode bytes in position %zu-%zu: %s", at,
                      at + length - 1, why);
    else
        hob_error_set(error, HOB_E_UNICODE,
                      "'utf-8' codec can't decode byte 0x%02x in position %zu: %s", data[0], at,
                      why);
    if (remedy != NULL)
        hob_error_hint(error, "%s", remedy);
    return HOB_E_UNICODE;
}

static size_t lines_before(struct hob_text text, const struct hob_csv_splitter *splitter)
{
    struct hob_csv_splitter counter = {.dialect = splitter->dialect,
                                       .at = text.data,
                                       .end = splitter->trouble,
                                       .text_end = text.data + text.size,
                                       .lone = true};
    while (counter.at < counter.end && hob_csv_split_row(&counter, NULL) == 0)
        ;
    hob_csv_splitter_deinit(&counter);
    return counter.line;
}

int hob_csv_refuse_row(struct hob_error *error, struct hob_text text,
                       const struct hob_csv_splitter *splitter)
{
    size_t line = lines_before(text, splitter);
    if (splitter->trouble_size == 0) {
        hob_error_set(error, HOB_E_PARSE,
                      "Error tokenizing data. C error: EOF inside string starting at row %zu",
                      line);
        hob_error_hint(error, "A quote opens in line %zu and never closes.", line + 1);
        return HOB_E_PARSE;
    }
    hob_error_set(error, HOB_E_PARSE,
                  "Error tokenizing data. C error: Expected %zu fields in line %zu, saw %zu\n",
                  splitter->columns, line + 1, splitter->trouble_size);
    hob_error_hint(error, "Name the extra columns in the header, or quote fields that hold the "
                          "delimiter.");
    return HOB_E_PARSE;
}
