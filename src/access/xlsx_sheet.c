/* xlsx_sheet: the cells of a sheet.
 *
 * Cells are taken as they come, each in sixteen or so bytes, so that a sheet with two cells in far
 * corners costs two cells. What a number means depends on its cell format: days since the turn of
 * 1900 (with the day that Lotus invented: below 60 they are off by one) or 1904; a number below
 * one with a date's format is a time. Times and durations become text. */
#include "access/xlsx_internal.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "value/date.h"

enum cell_type {
    TYPE_NUMBER,
    TYPE_SHARED,
    TYPE_BOOL,
    TYPE_TEXT,
    TYPE_INLINE,
    TYPE_ERROR,
    TYPE_ISO
};

struct reading {
    struct hob_xlsx_book *book;
    struct hob_xlsx_sheet *sheet;
    size_t shared; /* strings that cells can refer to */
    size_t next_row, next_column;
    size_t row, column; /* of the cell that is being read */
    enum cell_type type;
    enum hob_xlsx_look look;
    bool in_cell, in_value;
    struct hob_xlsx_text text; /* of the value */
};

static int no_memory(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
}

/* "BC12" into column and row; false when it is none. Missing digits keep the row. */
static bool parse_reference(const char *reference, size_t *column, size_t *row)
{
    size_t letters = 0, number = 0;
    while (*reference >= 'A' && *reference <= 'Z' && letters <= HOB_XLSX_MAX_COLUMNS)
        letters = letters * 26 + (size_t)(*reference++ - 'A') + 1;
    const char *digits = reference;
    while (*digits >= '0' && *digits <= '9' && number <= HOB_XLSX_MAX_ROWS)
        number = number * 10 + (size_t)(*digits++ - '0');
    if (*digits != '\0' || letters == 0 || letters > HOB_XLSX_MAX_COLUMNS || number == 0 ||
        number > HOB_XLSX_MAX_ROWS)
        return false;
    *column = letters - 1;
    *row = number - 1;
    return true;
}

static enum cell_type type_of(const char *type)
{
    static const char *const names[] = {
        [TYPE_NUMBER] = "n",         [TYPE_SHARED] = "s", [TYPE_BOOL] = "b", [TYPE_TEXT] = "str",
        [TYPE_INLINE] = "inlineStr", [TYPE_ERROR] = "e",  [TYPE_ISO] = "d"};
    for (size_t i = 0; type != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i]) == 0)
            return (enum cell_type)i;
    return TYPE_NUMBER;
}

static int start_row(struct reading *reading, const char *const *attributes,
                     struct hob_error *error)
{
    const char *number = hob_xml_attribute(attributes, "r");
    int64_t row = (int64_t)reading->next_row + 1;
    if (number != NULL && hob_number_parse_int(hob_text_from(number), &row) != 0)
        row = 0;
    if (row < 1 || row > HOB_XLSX_MAX_ROWS)
        return hob_error_set(error, HOB_E_VALUE, "a sheet has no row '%.20s'",
                             number != NULL ? number : "1048577");
    reading->row = (size_t)row - 1;
    reading->next_row = (size_t)row;
    reading->next_column = 0;
    return 0;
}

static int start_cell(struct reading *reading, const char *const *attributes,
                      struct hob_error *error)
{
    const char *reference = hob_xml_attribute(attributes, "r");
    const char *style = hob_xml_attribute(attributes, "s");
    reading->column = reading->next_column;
    if ((reference != NULL && !parse_reference(reference, &reading->column, &reading->row)) ||
        reading->column >= HOB_XLSX_MAX_COLUMNS)
        return hob_error_set(error, HOB_E_VALUE, "a sheet has no cell '%.20s'",
                             reference != NULL ? reference : "XFE1");
    reading->next_column = reading->column + 1;
    reading->type = type_of(hob_xml_attribute(attributes, "t"));
    size_t format = style != NULL ? strtoul(style, NULL, 10) : 0;
    reading->look = format < reading->book->look_count
                        ? (enum hob_xlsx_look)reading->book->looks[format]
                        : HOB_XLSX_PLAIN;
    reading->in_cell = true;
    reading->text.phonetic = 0;
    hob_buffer_clear(&reading->text.buffer);
    return 0;
}

static int on_start(void *user, const char *name, const char *const *attributes,
                    struct hob_error *error)
{
    struct reading *reading = user;
    if (strcmp(name, "row") == 0)
        return start_row(reading, attributes, error);
    if (strcmp(name, "c") == 0)
        return start_cell(reading, attributes, error);
    if (strcmp(name, "v") == 0)
        reading->in_value = reading->in_cell && reading->type != TYPE_INLINE;
    if (reading->in_cell && reading->type == TYPE_INLINE)
        hob_xlsx_text_start(&reading->text, name);
    return 0;
}

static int on_text(void *user, struct hob_text piece, struct hob_error *error)
{
    struct reading *reading = user;
    bool wanted = reading->in_value || (reading->in_cell && reading->text.listening);
    return wanted ? hob_xlsx_text_put(&reading->text, piece, error) : 0;
}

/* Cells as they are found. */

static int add(struct reading *reading, struct hob_xlsx_cell cell, struct hob_error *error)
{
    struct hob_xlsx_sheet *sheet = reading->sheet;
    cell.row = (uint32_t)reading->row;
    cell.column = (uint16_t)reading->column;
    if (!HOB_TRY_GROW(sheet->cells, sheet->capacity, sheet->count + 1))
        return no_memory(error);
    sheet->cells[sheet->count++] = cell;
    if (sheet->rows <= reading->row)
        sheet->rows = reading->row + 1;
    if (sheet->columns <= reading->column)
        sheet->columns = reading->column + 1;
    return 0;
}

static int add_text(struct reading *reading, struct hob_text text, struct hob_error *error)
{
    if (text.size == 0)
        return 0;
    if (!hob_column_append_string(&reading->sheet->texts, text))
        return no_memory(error);
    return add(
        reading,
        (struct hob_xlsx_cell){.kind = HOB_XLSX_TEXT, .text = reading->sheet->texts.count - 1},
        error);
}

static int add_shared(struct reading *reading, struct hob_text text, struct hob_error *error)
{
    int64_t index;
    if (hob_number_parse_int(text, &index) != 0 || index < 0 || (size_t)index >= reading->shared)
        return hob_error_set(error, HOB_E_VALUE, "there is no shared text '%.*s'",
                             HOB_TEXT_ARG(text));
    if (hob_column_string(&reading->sheet->texts, (size_t)index).size == 0)
        return 0;
    return add(reading, (struct hob_xlsx_cell){.kind = HOB_XLSX_TEXT, .text = (size_t)index},
               error);
}

static int add_time(struct reading *reading, int64_t milliseconds, struct hob_error *error)
{
    char spelled[48];
    bool negative = milliseconds < 0;
    int64_t size = negative ? -milliseconds : milliseconds, seconds = size / 1000;
    int length = snprintf(spelled, sizeof spelled, "%s%02lld:%02lld:%02lld", negative ? "-" : "",
                          (long long)(seconds / 3600), (long long)(seconds / 60 % 60),
                          (long long)(seconds % 60));
    if (size % 1000 != 0)
        length += snprintf(spelled + length, sizeof spelled - (size_t)length, ".%03lld",
                           (long long)(size % 1000));
    return add_text(reading, (struct hob_text){spelled, (size_t)length}, error);
}

/* A number of days as date, time or duration; one that the calendar does not have is an error
 * cell. */
static int add_days(struct reading *reading, double days, struct hob_error *error)
{
    const double limit = 3000000, day = 86400000.0;
    struct hob_xlsx_cell cell = {.kind = HOB_XLSX_ERROR};
    if (!(fabs(days) < limit))
        return add(reading, cell, error);
    if (reading->look == HOB_XLSX_DURATION)
        return add_time(reading, (int64_t)nearbyint(days * day), error);
    double whole = floor(days), milliseconds = nearbyint((days - whole) * day);
    if (whole == 0 && milliseconds < day)
        return add_time(reading, (int64_t)milliseconds, error);
    if (!reading->book->from_1904 && days > 0 && days < 60)
        whole++;
    int64_t since_1970 = (int64_t)whole - (reading->book->from_1904 ? 24107 : 25569);
    if (since_1970 < -719162 || since_1970 >= 2932896)
        return add(reading, cell, error);
    cell.kind = HOB_XLSX_MOMENT;
    cell.integer = since_1970 * INT64_C(86400000000) + (int64_t)milliseconds * 1000;
    return add(reading, cell, error);
}

static int add_number(struct reading *reading, struct hob_text text, struct hob_error *error)
{
    struct hob_xlsx_cell cell = {.kind = HOB_XLSX_INT};
    double number;
    text = hob_text_strip(text);
    if (text.size == 0)
        return 0;
    bool integer = hob_number_parse_int(text, &cell.integer) == 0;
    if (!hob_number_parse_double(text, &number))
        return hob_error_set(error, HOB_E_VALUE,
                             "the cell in row %zu, column %zu has the number "
                             "'%.*s', which is none",
                             reading->row + 1, reading->column + 1,
                             (int)(text.size < 40 ? text.size : 40), text.data);
    if (reading->look != HOB_XLSX_PLAIN)
        return add_days(reading, number, error);
    if (!integer && number == floor(number) && fabs(number) < 0x1p63) {
        cell.integer = (int64_t)number;
    } else if (!integer) {
        cell.kind = isfinite(number) ? HOB_XLSX_DOUBLE : HOB_XLSX_ERROR;
        cell.number = number;
    }
    return add(reading, cell, error);
}

/* Two digits at `at`, or `size` of them; -1 for what is none. */
static int digits(struct hob_text text, size_t at, size_t size)
{
    int number = 0;
    for (size_t i = at; i < at + size; i++) {
        if (i >= text.size || text.data[i] < '0' || text.data[i] > '9')
            return -1;
        number = number * 10 + (text.data[i] - '0');
    }
    return number;
}

/* 2024-01-05, with or without T10:30:00 and fractions. False for anything else. */
static bool parse_iso(struct hob_text text, int64_t *microseconds)
{
    static const char shape[] = "____-__-__T__:__:__";
    struct hob_date date = {digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)};
    bool has_time = text.size > 10;
    if (text.size < 10 || (has_time && text.size < 19))
        return false;
    for (size_t i = 0; i < (has_time ? 19u : 10u); i++)
        if (shape[i] != '_' && text.data[i] != shape[i])
            return false;
    int hour = has_time ? digits(text, 11, 2) : 0, minute = has_time ? digits(text, 14, 2) : 0;
    int second = has_time ? digits(text, 17, 2) : 0;
    if (!hob_date_valid(date.year, date.month, date.day) || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return false;
    int64_t fraction = 0, unit = 100000;
    size_t at = 19;
    if (at < text.size && text.data[at] == '.')
        for (at++; digits(text, at, 1) >= 0; at++, unit /= 10)
            fraction += digits(text, at, 1) * unit;
    if (at < text.size && text.data[at] == 'Z')
        at++;
    int64_t seconds = hob_date_to_days(date) * 86400 + hour * 3600 + minute * 60 + second;
    *microseconds = seconds * 1000000 + fraction;
    return !has_time || at == text.size;
}

static int add_iso(struct reading *reading, struct hob_text text, struct hob_error *error)
{
    struct hob_xlsx_cell cell = {.kind = HOB_XLSX_MOMENT};
    if (!parse_iso(text, &cell.integer))
        return add_text(reading, text, error);
    return add(reading, cell, error);
}

static int end_cell(struct reading *reading, struct hob_error *error)
{
    struct hob_buffer *buffer = &reading->text.buffer;
    reading->in_cell = false;
    reading->text.listening = false;
    if (buffer->size == 0)
        return 0;
    switch (reading->type) {
    case TYPE_NUMBER:
        return add_number(reading, hob_buffer_text(buffer), error);
    case TYPE_SHARED:
        return add_shared(reading, hob_text_strip(hob_buffer_text(buffer)), error);
    case TYPE_BOOL:
        return add(reading,
                   (struct hob_xlsx_cell){.kind = HOB_XLSX_BOOL,
                                          .integer = hob_text_is(hob_buffer_text(buffer), "1") ||
                                                     hob_text_is(hob_buffer_text(buffer), "true")},
                   error);
    case TYPE_ERROR:
        return add(reading, (struct hob_xlsx_cell){.kind = HOB_XLSX_ERROR}, error);
    case TYPE_ISO:
        return add_iso(reading, hob_text_strip(hob_buffer_text(buffer)), error);
    default:
        hob_xlsx_text_unescape(buffer);
        return add_text(reading, hob_buffer_text(buffer), error);
    }
}

static int on_end(void *user, const char *name, struct hob_error *error)
{
    struct reading *reading = user;
    if (strcmp(name, "v") == 0)
        reading->in_value = false;
    if (reading->in_cell && reading->type == TYPE_INLINE)
        hob_xlsx_text_end(&reading->text, name);
    if (reading->in_cell && strcmp(name, "c") == 0)
        return end_cell(reading, error);
    if (strcmp(name, "row") == 0)
        reading->row = reading->next_row;
    return 0;
}

int hob_xlsx_read_cells(struct hob_xlsx_book *book, struct hob_xlsx_sheet *sheet,
                        struct hob_error *error)
{
    static const struct hob_xml_events events = {on_start, on_end, on_text};
    struct reading reading = {.book = book, .sheet = sheet, .shared = sheet->texts.count};
    int result = hob_xlsx_parse(book, book->sheet, &events, &reading, error);
    hob_buffer_deinit(&reading.text.buffer);
    return result;
}

void hob_xlsx_sheet_deinit(struct hob_xlsx_sheet *sheet)
{
    hob_column_deinit(&sheet->texts);
    free(sheet->cells);
    sheet->cells = NULL;
}

/* What is no archive at all: often a workbook of the kind before 2007, or a protected one. */
static int check_signature(struct hob_text file, struct hob_error *error)
{
    if (hob_text_starts_with(file, "PK"))
        return 0;
    bool old = hob_text_starts_with(file, "\xD0\xCF\x11\xE0");
    hob_error_set(error, HOB_E_VALUE, "%s",
                  old ? "it is a workbook of the old kind (.xls), or a protected one"
                      : "it is not an Excel workbook (.xlsx)");
    hob_error_hint(error, "save it as .xlsx, without a password");
    return HOB_E_VALUE;
}

static int read_book(struct hob_xlsx_book *book, struct hob_xlsx_sheet *sheet,
                     const struct hob_value *which, struct hob_error *error)
{
    int result = hob_xlsx_find_parts(book, which, error);
    if (result == 0)
        result = hob_xlsx_read_styles(book, error);
    if (result == 0)
        result = hob_xlsx_read_strings(book, &sheet->texts, error);
    return result < 0 ? result : hob_xlsx_read_cells(book, sheet, error);
}

int hob_xlsx_read(struct hob_xlsx_sheet *sheet, struct hob_text file, const struct hob_value *which,
                  struct hob_error *error)
{
    HOB_AUTO(zip) struct hob_zip *zip = NULL;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(xlsx_sheet) struct hob_xlsx_sheet made = {0};
    int result = check_signature(file, error);
    if (result == 0)
        result = hob_zip_open(&zip, file, error);
    if (result < 0)
        return result;
    struct hob_xlsx_book book = {.zip = zip, .arena = arena};
    hob_column_init(&made.texts, HOB_COLUMN_STRING);
    result = read_book(&book, &made, which, error);
    free(book.looks);
    if (result < 0)
        return result;
    *sheet = made;
    made = (struct hob_xlsx_sheet){0};
    return 0;
}
