/* xlsx_styles: which cell formats show numbers as dates.
 *
 * A workbook knows no dates: they are numbers of days whose cell format has a number format with
 * letters for years, months, days, hours or seconds. The number formats below 164 are built in. */
#include "access/xlsx_internal.h"
#include "base/map.h"

enum { MAX_FORMATS = 1 << 20 };

struct styles {
    struct hob_xlsx_book *book;
    struct hob_map *codes; /* number of a custom format -> what it looks like, 1 + enum */
    bool in_cell_formats;
};

/* The end of a part of a format code that is no letter of a date: "text", \x, _x, *x, [Red]. */
static const char *skip_literal(const char *at)
{
    if (*at == '"' || *at == '[') {
        const char *end = strchr(at + 1, *at == '"' ? '"' : ']');
        return end != NULL ? end + 1 : at + strlen(at);
    }
    if ((*at == '\\' || *at == '_' || *at == '*') && at[1] != '\0')
        return at + 2;
    return NULL;
}

/* [h], [mm], [s]...: hours that do not start again after 24. */
static bool is_elapsed(const char *at)
{
    if (*at != '[' || at[1] == '\0' || strchr("hmsHMS", at[1]) == NULL)
        return false;
    const char *end = at + 1;
    while (*end == at[1])
        end++;
    return *end == ']';
}

enum hob_xlsx_look hob_xlsx_look_of_format(const char *code)
{
    enum hob_xlsx_look look = HOB_XLSX_PLAIN;
    while (*code != '\0' && *code != ';') {
        if (is_elapsed(code))
            return HOB_XLSX_DURATION;
        const char *after = skip_literal(code);
        if (after == NULL && strchr("dmhysDMHYS", *code) != NULL)
            look = HOB_XLSX_DATE;
        code = after != NULL ? after : code + 1;
    }
    return look;
}

static enum hob_xlsx_look look_of_number(const struct styles *styles, const char *number)
{
    const uint8_t *custom = hob_map_get(styles->codes, hob_text_from(number));
    if (custom != NULL)
        return (enum hob_xlsx_look) * custom;
    unsigned long id = strtoul(number, NULL, 10);
    if (id == 46)
        return HOB_XLSX_DURATION;
    bool date = (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || id == 45 || id == 47 ||
                (id >= 50 && id <= 58);
    return date ? HOB_XLSX_DATE : HOB_XLSX_PLAIN;
}

static int add_code(struct styles *styles, const char *const *attributes, struct hob_error *error)
{
    const char *id = hob_xml_attribute(attributes, "numFmtId");
    const char *code = hob_xml_attribute(attributes, "formatCode");
    if (id == NULL || code == NULL)
        return 0;
    uint8_t *look = hob_arena_alloc(styles->book->arena, 1);
    *look = (uint8_t)hob_xlsx_look_of_format(code);
    struct hob_text key = hob_arena_copy(styles->book->arena, hob_text_from(id));
    return hob_map_put(styles->codes, key, look)
               ? 0
               : hob_error_set(error, HOB_E_MEMORY, "not enough memory");
}

static int add_look(struct styles *styles, const char *const *attributes, struct hob_error *error)
{
    struct hob_xlsx_book *book = styles->book;
    const char *id = hob_xml_attribute(attributes, "numFmtId");
    if (book->look_count == MAX_FORMATS)
        return hob_error_set(error, HOB_E_LIMIT, "more than %d cell formats", (int)MAX_FORMATS);
    if (!HOB_TRY_GROW(book->looks, book->look_capacity, book->look_count + 1))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    book->looks[book->look_count++] =
        (uint8_t)(id != NULL ? look_of_number(styles, id) : HOB_XLSX_PLAIN);
    return 0;
}

static int on_start(void *user, const char *name, const char *const *attributes,
                    struct hob_error *error)
{
    struct styles *styles = user;
    if (strcmp(name, "numFmt") == 0)
        return add_code(styles, attributes, error);
    if (strcmp(name, "cellXfs") == 0)
        styles->in_cell_formats = true;
    if (styles->in_cell_formats && strcmp(name, "xf") == 0)
        return add_look(styles, attributes, error);
    return 0;
}

static int on_end(void *user, const char *name, struct hob_error *error)
{
    struct styles *styles = user;
    (void)error;
    if (strcmp(name, "cellXfs") == 0)
        styles->in_cell_formats = false;
    return 0;
}

static int on_text(void *user, struct hob_text text, struct hob_error *error)
{
    (void)user, (void)text, (void)error;
    return 0;
}

int hob_xlsx_read_styles(struct hob_xlsx_book *book, struct hob_error *error)
{
    static const struct hob_xml_events events = {on_start, on_end, on_text};
    if (book->styles.size == 0 || !hob_zip_has(book->zip, book->styles))
        return 0;
    struct styles styles = {.book = book, .codes = hob_map_new()};
    int result = hob_xlsx_parse(book, book->styles, &events, &styles, error);
    hob_map_free(styles.codes);
    return result;
}
