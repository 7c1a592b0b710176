/* csv_options: what a flow's keys ask of the CSV reader, and the guess at a delimiter. */
#include "access/csv_internal.h"

#include "base/utf8.h"

static int read_delimiter(struct hob_csv_options *options, const struct hob_value *value,
                          struct hob_error *error)
{
    options->sniff = value != NULL && value->kind == HOB_NULL;
    if (value == NULL || options->sniff)
        return 0;
    if (value->kind != HOB_STRING)
        return hob_error_set(error, HOB_E_TYPE, "delimiter must be text, not a %s",
                             hob_value_kind_name(value));
    options->delimiter = hob_value_string(value);
    if (options->delimiter == NULL || options->delimiter[0] == 0) {
        hob_error_set(error, HOB_E_VALUE, "delimiter is empty");
        hob_error_hint(error, "Leave it out for ',', or give null to have it guessed.");
        return HOB_E_VALUE;
    }
    return 0;
}

static int read_quote(struct hob_csv_options *options, const struct hob_value *value,
                      struct hob_error *error)
{
    if (value == NULL)
        return 0;
    if (value->kind == HOB_NULL || (value->kind == HOB_STRING && value->text.size == 0))
        return hob_error_set(error, HOB_E_TYPE, "quotechar must be set if quoting enabled");
    if (value->kind != HOB_STRING || hob_utf8_count(value->text) != 1)
        return hob_error_set(error, HOB_E_TYPE, "\"quotechar\" must be a 1-character string");
    char quote = value->text.data[0];
    if (value->text.size != 1 || quote == 0 || quote == '\n' || quote == '\r')
        return hob_error_set(error, HOB_E_VALUE,
                             "quotechar must be an ASCII character other than a line end");
    options->quote = quote;
    return 0;
}

static int read_header(struct hob_csv_options *options, const struct hob_value *value,
                       struct hob_error *error)
{
    if (value == NULL || hob_text_is(hob_value_text(value), "infer"))
        return 0;
    options->no_header = value->kind == HOB_NULL;
    if (options->no_header)
        return 0;
    if (value->kind == HOB_BOOL)
        return hob_error_set(error, HOB_E_TYPE,
                             "Passing a bool to header is invalid. Use header=None for no header "
                             "or header=int to specify the row(s) making up the column names");
    if (value->kind != HOB_INT)
        return hob_error_set(error, HOB_E_VALUE,
                             "`header` must be the number of one line, or null for none");
    if (value->integer < 0)
        return hob_error_set(error, HOB_E_VALUE,
                             "Passing negative integer to header is invalid. For no header, use "
                             "header=None instead");
    options->header = (size_t)value->integer;
    return 0;
}

int hob_csv_options_from_flow(struct hob_csv_options *options, const struct hob_value *flow,
                              struct hob_error *error)
{
    *options = (struct hob_csv_options){0};
    int status = read_delimiter(options, hob_value_get(flow, "delimiter"), error);
    if (status == 0)
        status = read_quote(options, hob_value_get(flow, "quotechar"), error);
    if (status == 0)
        status = read_header(options, hob_value_get(flow, "header"), error);
    const struct hob_value *dtypes = hob_value_get(flow, "dtypes");
    if (status == 0 && !hob_value_is_null(dtypes)) {
        options->dtypes = dtypes;
        status = hob_csv_check_dtypes(dtypes, error);
    }
    return status;
}

/* The delimiter. */

enum { SNIFF_LINES = 20, SNIFF_BYTES = 65536 };

/* How many of the first lines have as many of `delimiter`, outside quotes, as the first one; 0 when
 * that has none. */
static size_t agreement(struct hob_text text, char delimiter, char quote)
{
    size_t first = 0, here = 0, lines = 0, agreeing = 0;
    bool quoted = false, content = false;
    for (size_t i = 0; i <= text.size && i < SNIFF_BYTES && lines < SNIFF_LINES; i++) {
        char byte = i < text.size ? text.data[i] : '\n';
        if (byte == quote)
            quoted = !quoted;
        here += !quoted && byte == delimiter;
        bool ends = i == text.size || (!quoted && (byte == '\n' || byte == '\r'));
        content |= !ends;
        if (!ends || !content)
            continue;
        if (lines++ == 0)
            first = here;
        agreeing += here == first;
        here = 0;
        content = false;
    }
    return first > 0 ? agreeing : 0;
}

static char guess_delimiter(struct hob_text text, char quote)
{
    static const char candidates[] = {',', ';', '\t', '|', ':', ' '};
    char best = ',';
    size_t most = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t agreeing = agreement(text, candidates[i], quote);
        if (agreeing > most) {
            most = agreeing;
            best = candidates[i];
        }
    }
    return best;
}

int hob_csv_dialect_init(struct hob_csv_dialect *dialect, struct hob_text text,
                         const struct hob_csv_options *options, struct hob_error *error)
{
    *dialect = (struct hob_csv_dialect){.quote = options->quote != 0 ? options->quote : '"'};
    const char *delimiter = options->delimiter;
    if (delimiter == NULL) {
        dialect->delimiter[0] = options->sniff ? guess_delimiter(text, dialect->quote) : ',';
        dialect->delimiter_size = 1;
        return 0;
    }
    if (strcmp(delimiter, "\\s+") == 0)
        return 0;
    struct hob_text given = hob_text_from(delimiter);
    if (given.size == 0 || given.data[0] == '\n' || given.data[0] == '\r')
        return hob_error_set(error, HOB_E_VALUE, "delimiter is empty or a line end");
    if (hob_utf8_valid_prefix(given) < given.size)
        return hob_error_set(error, HOB_E_VALUE, "delimiter is not valid UTF-8");
    if (hob_utf8_count(given) > 1)
        return hob_csv_regex_new(&dialect->pattern, delimiter, error);
    memcpy(dialect->delimiter, given.data, given.size);
    dialect->delimiter_size = given.size;
    return 0;
}

void hob_csv_dialect_deinit(struct hob_csv_dialect *dialect)
{
    dialect->pattern = hob_csv_regex_free(dialect->pattern);
}
