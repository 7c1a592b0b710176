/* excel_write: flows of type excel, written: one sheet, made straight from the columns.
 *
 * Texts stand in their cells, not in a shared table, and always as texts: nothing becomes a
 * formula. Equal tables make equal files, byte for byte. Everything that Excel limits is checked
 * before anything is written. */
#include "access/excel.h"
#include "access/formats.h"
#include "access/xlsx.h"
#include "access/zip.h"

#include <math.h>

#include "base/number.h"
#include "base/utf8.h"
#include "value/python.h"

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN_SPACE "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELATION_SPACE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE_SPACE "http://schemas.openxmlformats.org/package/2006/"
#define PART_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

static const char content_types[] =
    XML_HEAD "<Types xmlns=\"" PACKAGE_SPACE "content-types\">"
             "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package."
             "relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
             "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" PART_TYPE
             "sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" "
             "ContentType=\"" PART_TYPE "worksheet+xml\"/><Override PartName=\"/xl/styles.xml\" "
             "ContentType=\"" PART_TYPE "styles+xml\"/></Types>";

static const char root_relations[] =
    XML_HEAD "<Relationships xmlns=\"" PACKAGE_SPACE "relationships\"><Relationship Id=\"rId1\" "
             "Type=\"" RELATION_SPACE "/officeDocument\" Target=\"xl/workbook.xml\"/>"
             "</Relationships>";

static const char book_relations[] =
    XML_HEAD "<Relationships xmlns=\"" PACKAGE_SPACE "relationships\"><Relationship Id=\"rId1\" "
             "Type=\"" RELATION_SPACE "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
             "<Relationship Id=\"rId2\" Type=\"" RELATION_SPACE
             "/styles\" Target=\"styles.xml\"/></Relationships>";

/* Cell formats: 0 plain, 1 a date, 2 a date and a time. */
enum { STYLE_DATE = 1, STYLE_MOMENT = 2 };

static const char styles[] =
    XML_HEAD "<styleSheet xmlns=\"" MAIN_SPACE "\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" "
             "formatCode=\"yyyy\\-mm\\-dd\"/><numFmt numFmtId=\"165\" "
             "formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts><fonts count=\"1\"><font>"
             "<sz val=\"11\"/><name val=\"Calibri\"/></font></fonts><fills count=\"2\"><fill>"
             "<patternFill patternType=\"none\"/></fill><fill>"
             "<patternFill patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border>"
             "<left/><right/><top/><bottom/><diagonal/></border></borders>"
             "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" "
             "borderId=\"0\"/></cellStyleXfs><cellXfs count=\"3\"><xf numFmtId=\"0\" "
             "fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/><xf numFmtId=\"164\" "
             "fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>"
             "<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" "
             "applyNumberFormat=\"1\"/></cellXfs><cellStyles count=\"1\"><cellStyle "
             "name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";

struct writer {
    const struct hob_frame *frame;
    struct hob_text sheet_name;
    struct hob_buffer xml; /* the piece of the sheet that is being made */
    struct hob_buffer spelled;
    struct hob_error *error;
};

/* Characters: XML's own five, those that XML cannot hold as _xHHHH_, and `_` before what would read
 * as such an escape. */

static bool reads_as_escape(struct hob_text text, size_t at)
{
    if (text.size - at < 7 || text.data[at + 1] != 'x' || text.data[at + 6] != '_')
        return false;
    for (size_t i = at + 2; i < at + 6; i++) {
        char digit = (char)(text.data[i] | 0x20);
        if (!(text.data[i] >= '0' && text.data[i] <= '9') && !(digit >= 'a' && digit <= 'f'))
            return false;
    }
    return true;
}

static void put_beyond_ascii(struct hob_buffer *out, const char *data, unsigned size,
                             uint32_t character)
{
    if (character >= 0xD800 && character <= 0xDFFF)
        hob_buffer_put_string(out, "\xEF\xBF\xBD");
    else if (character == 0xFFFE || character == 0xFFFF)
        hob_buffer_printf(out, "_x%04X_", (unsigned)character);
    else
        hob_buffer_put(out, data, size);
}

static void put_escaped(struct hob_buffer *out, struct hob_text text)
{
    for (size_t i = 0; i < text.size;) {
        uint32_t character;
        unsigned size = hob_utf8_decode(text.data + i, &character);
        if (character == '&')
            hob_buffer_put_string(out, "&amp;");
        else if (character == '<')
            hob_buffer_put_string(out, "&lt;");
        else if (character == '>')
            hob_buffer_put_string(out, "&gt;");
        else if (character == '"')
            hob_buffer_put_string(out, "&quot;");
        else if (character == '_' && reads_as_escape(text, i))
            hob_buffer_put_string(out, "_x005F_");
        else if (character < ' ' && character != '\n' && character != '\t')
            hob_buffer_printf(out, "_x%04X_", (unsigned)character);
        else
            put_beyond_ascii(out, text.data + i, size, character);
        i += size;
    }
}

/* Cells. */

static void put_text_cell(struct writer *writer, struct hob_text text)
{
    if (text.size == 0)
        return;
    hob_buffer_put_string(&writer->xml, " t=\"inlineStr\"><is><t xml:space=\"preserve\">");
    put_escaped(&writer->xml, text);
    hob_buffer_put_string(&writer->xml, "</t></is></c>");
}

static void put_number_cell(struct writer *writer, const char *digits, size_t size)
{
    hob_buffer_put_string(&writer->xml, "><v>");
    hob_buffer_put(&writer->xml, digits, size);
    hob_buffer_put_string(&writer->xml, "</v></c>");
}

static void put_double_cell(struct writer *writer, double number)
{
    char digits[HOB_NUMBER_SIZE];
    size_t size = hob_number_print_double(digits, number);
    if (!isfinite(number))
        put_text_cell(writer, (struct hob_text){digits, size});
    else
        put_number_cell(writer, digits, size);
}

static void put_bool_cell(struct writer *writer, bool boolean)
{
    hob_buffer_put_string(&writer->xml, " t=\"b\"><v>");
    hob_buffer_put_char(&writer->xml, boolean ? '1' : '0');
    hob_buffer_put_string(&writer->xml, "</v></c>");
}

/* Days since the turn of 1900, or false for what Excel's calendar does not have. A zone is dropped:
 * a cell holds wall time. */
static bool days_of(int64_t microseconds, double *days)
{
    const int64_t day = INT64_C(86400000000);
    int64_t whole = microseconds / day - (microseconds % day < 0);
    *days = (double)(whole + 25569) + (double)(microseconds - whole * day) / (double)day;
    return *days >= 61 && *days < 2958466; /* from March 1900, when the two calendars agree */
}

static void put_moment_cell(struct writer *writer, const struct hob_value *value)
{
    const int64_t day = INT64_C(86400000000);
    int64_t microseconds = value->kind == HOB_DATE ? value->days * day : value->microseconds;
    double days;
    if (!days_of(microseconds, &days)) {
        hob_buffer_clear(&writer->spelled);
        hob_python_str(&writer->spelled, value);
        put_text_cell(writer, hob_buffer_text(&writer->spelled));
        return;
    }
    char digits[HOB_NUMBER_SIZE];
    size_t size = microseconds % day == 0 ? hob_number_print_int(digits, (int64_t)days)
                                          : hob_number_print_double(digits, days);
    hob_buffer_printf(&writer->xml, " s=\"%d\"",
                      microseconds % day == 0 ? STYLE_DATE : STYLE_MOMENT);
    put_number_cell(writer, digits, size);
}

/* What a cell of a kind without a place in Excel is written as. */
static struct hob_text spell(struct writer *writer, const struct hob_value *value)
{
    if (value->kind == HOB_STRING)
        return value->text;
    hob_buffer_clear(&writer->spelled);
    hob_python_str(&writer->spelled, value);
    return hob_buffer_text(&writer->spelled);
}

static void put_value_cell(struct writer *writer, const struct hob_value *value)
{
    char digits[HOB_NUMBER_SIZE];
    switch (value->kind) {
    case HOB_BOOL:
        put_bool_cell(writer, value->boolean);
        break;
    case HOB_INT:
        put_number_cell(writer, digits, hob_number_print_int(digits, value->integer));
        break;
    case HOB_BIG_INT:
        put_number_cell(writer, value->text.data, value->text.size);
        break;
    case HOB_DOUBLE:
        put_double_cell(writer, value->number);
        break;
    case HOB_DATE:
    case HOB_DATETIME:
        put_moment_cell(writer, value);
        break;
    default:
        put_text_cell(writer, spell(writer, value));
    }
}

static bool is_empty(const struct hob_column *column, size_t row)
{
    if (hob_column_is_missing(column, row))
        return true;
    if (column->type == HOB_COLUMN_STRING)
        return hob_column_string(column, row).size == 0;
    const struct hob_value *value =
        column->type == HOB_COLUMN_VALUE ? column->values[row] : &hob_value_true;
    return value->kind == HOB_NULL || (value->kind == HOB_STRING && value->text.size == 0) ||
           (value->kind == HOB_DOUBLE && isnan(value->number));
}

static size_t column_letters(char letters[4], size_t column)
{
    size_t size = 0;
    for (size_t rest = column + 1; rest > 0; rest = (rest - 1) / 26)
        size++;
    size_t at = size;
    for (size_t rest = column + 1; rest > 0; rest = (rest - 1) / 26)
        letters[--at] = (char)('A' + (rest - 1) % 26);
    return size;
}

static void start_cell(struct writer *writer, size_t column, size_t row)
{
    char letters[4], digits[HOB_NUMBER_SIZE];
    hob_buffer_put_string(&writer->xml, "<c r=\"");
    hob_buffer_put(&writer->xml, letters, column_letters(letters, column));
    hob_buffer_put(&writer->xml, digits, hob_number_print_unsigned(digits, row + 1));
    hob_buffer_put_char(&writer->xml, '"');
}

static void put_cell(struct writer *writer, const struct hob_column *column, size_t row)
{
    char digits[HOB_NUMBER_SIZE];
    struct hob_value moment = {.kind = HOB_DATETIME};
    switch (column->type) {
    case HOB_COLUMN_INT64:
        put_number_cell(writer, digits, hob_number_print_int(digits, column->integers[row]));
        break;
    case HOB_COLUMN_UINT64:
        put_number_cell(writer, digits, hob_number_print_unsigned(digits, column->unsigneds[row]));
        break;
    case HOB_COLUMN_FLOAT64:
        put_double_cell(writer, column->numbers[row]);
        break;
    case HOB_COLUMN_BOOL:
        put_bool_cell(writer, column->booleans[row]);
        break;
    case HOB_COLUMN_STRING:
        put_text_cell(writer, hob_column_string(column, row));
        break;
    case HOB_COLUMN_DATETIME:
        moment.microseconds = column->integers[row];
        put_moment_cell(writer, &moment);
        break;
    case HOB_COLUMN_VALUE:
        put_value_cell(writer, column->values[row]);
        break;
    }
}

static void put_header(struct writer *writer)
{
    hob_buffer_put_string(&writer->xml, "<row r=\"1\">");
    for (size_t i = 0; i < hob_frame_columns(writer->frame); i++) {
        const struct hob_value *name = hob_frame_name(writer->frame, i);
        if (hob_value_is_null(name) || (name->kind == HOB_STRING && name->text.size == 0))
            continue;
        start_cell(writer, i, 0);
        put_value_cell(writer, name);
    }
    hob_buffer_put_string(&writer->xml, "</row>");
}

static void put_row(struct writer *writer, size_t row)
{
    char digits[HOB_NUMBER_SIZE];
    hob_buffer_put_string(&writer->xml, "<row r=\"");
    hob_buffer_put(&writer->xml, digits, hob_number_print_unsigned(digits, row + 2));
    hob_buffer_put_string(&writer->xml, "\">");
    for (size_t i = 0; i < hob_frame_columns(writer->frame); i++) {
        const struct hob_column *column = hob_frame_column(writer->frame, i);
        if (is_empty(column, row))
            continue;
        start_cell(writer, i, row + 1);
        put_cell(writer, column, row);
    }
    hob_buffer_put_string(&writer->xml, "</row>");
}

/* Parts. */

static void put_part(struct hob_zip_writer *zip, const char *name, struct hob_text text)
{
    hob_zip_writer_begin(zip, name);
    hob_zip_writer_put(zip, text);
    hob_zip_writer_end(zip);
}

static void put_workbook(struct writer *writer, struct hob_zip_writer *zip)
{
    hob_buffer_clear(&writer->xml);
    hob_buffer_put_string(&writer->xml,
                          XML_HEAD "<workbook xmlns=\"" MAIN_SPACE "\" xmlns:r=\"" RELATION_SPACE
                                   "\"><sheets><sheet name=\"");
    put_escaped(&writer->xml, writer->sheet_name);
    hob_buffer_put_string(&writer->xml, "\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
    put_part(zip, "xl/workbook.xml", hob_buffer_text(&writer->xml));
}

/* The sheet goes into the archive piece by piece: as XML it is many times what it is packed. */
static void put_sheet(struct writer *writer, struct hob_zip_writer *zip)
{
    const size_t piece = 1 << 16;
    hob_zip_writer_begin(zip, "xl/worksheets/sheet1.xml");
    hob_buffer_clear(&writer->xml);
    hob_buffer_put_string(&writer->xml, XML_HEAD "<worksheet xmlns=\"" MAIN_SPACE "\"><sheetData>");
    if (hob_frame_columns(writer->frame) > 0)
        put_header(writer);
    for (size_t row = 0; row < hob_frame_rows(writer->frame); row++) {
        put_row(writer, row);
        if (writer->xml.size < piece)
            continue;
        hob_zip_writer_put(zip, hob_buffer_text(&writer->xml));
        if (hob_buffer_failed(&writer->xml))
            break;
        hob_buffer_clear(&writer->xml);
    }
    hob_buffer_put_string(&writer->xml, "</sheetData></worksheet>");
    hob_zip_writer_put(zip, hob_buffer_text(&writer->xml));
    hob_zip_writer_end(zip);
}

static int write_book(struct writer *writer, struct hob_buffer *out)
{
    HOB_AUTO(zip_writer) struct hob_zip_writer *zip = hob_zip_writer_new(out);
    put_part(zip, "[Content_Types].xml", hob_text_from(content_types));
    put_part(zip, "_rels/.rels", hob_text_from(root_relations));
    put_workbook(writer, zip);
    put_part(zip, "xl/_rels/workbook.xml.rels", hob_text_from(book_relations));
    put_part(zip, "xl/styles.xml", hob_text_from(styles));
    put_sheet(writer, zip);
    if (hob_buffer_failed(&writer->xml) || hob_buffer_failed(&writer->spelled))
        return hob_error_set(writer->error, HOB_E_MEMORY, "not enough memory");
    return hob_zip_writer_finish(zip, writer->error);
}

/* What Excel limits. */

static int check_length(struct writer *writer, struct hob_text text, size_t column, size_t row)
{
    if (text.size <= HOB_XLSX_MAX_TEXT || hob_utf8_count(text) <= HOB_XLSX_MAX_TEXT)
        return 0;
    char letters[4];
    size_t size = column_letters(letters, column);
    hob_error_set(writer->error, HOB_E_LIMIT,
                  "the text for cell %.*s%zu has more than the %d characters that a cell of Excel "
                  "holds",
                  (int)size, letters, row + 1, (int)HOB_XLSX_MAX_TEXT);
    hob_error_hint(writer->error, "shorten it, or write csv");
    return HOB_E_LIMIT;
}

static int check_column(struct writer *writer, size_t position)
{
    const struct hob_column *column = hob_frame_column(writer->frame, position);
    int result =
        check_length(writer, spell(writer, hob_frame_name(writer->frame, position)), position, 0);
    if (column->type != HOB_COLUMN_STRING && column->type != HOB_COLUMN_VALUE)
        return result;
    for (size_t row = 0; result == 0 && row < column->count; row++) {
        struct hob_text text = {NULL, 0};
        if (column->type == HOB_COLUMN_STRING)
            text = hob_column_string(column, row);
        else if (column->values[row]->kind >= HOB_STRING)
            text = spell(writer, column->values[row]);
        result = check_length(writer, text, position, row + 1);
    }
    return result;
}

static int check_size(struct writer *writer)
{
    size_t rows = hob_frame_rows(writer->frame), columns = hob_frame_columns(writer->frame);
    if (rows >= HOB_XLSX_MAX_ROWS || columns > HOB_XLSX_MAX_COLUMNS) {
        hob_error_set(writer->error, HOB_E_LIMIT,
                      "the table has %zu rows and %zu columns; a sheet of Excel holds %d rows, the "
                      "header among them, and %d columns",
                      rows, columns, (int)HOB_XLSX_MAX_ROWS, (int)HOB_XLSX_MAX_COLUMNS);
        hob_error_hint(writer->error, "write it in parts, or as csv");
        return HOB_E_LIMIT;
    }
    int result = 0;
    for (size_t i = 0; result == 0 && i < columns; i++)
        result = check_column(writer, i);
    return result;
}

static int check_sheet_name(struct writer *writer, const struct hob_value *name)
{
    writer->sheet_name = hob_value_is_null(name) ? HOB_TEXT("Sheet1") : hob_value_text(name);
    struct hob_text text = writer->sheet_name;
    if (text.data == NULL)
        return hob_error_set(writer->error, HOB_E_PARAMETER,
                             "`sheet` must be the name of the sheet, not a %s",
                             hob_value_kind_name(name));
    bool fine = text.size > 0 && hob_utf8_count(text) <= 31 && text.data[0] != '\'' &&
                text.data[text.size - 1] != '\'';
    for (size_t i = 0; i < text.size; i++)
        fine =
            fine && (unsigned char)text.data[i] >= ' ' && strchr("[]:*?/\\", text.data[i]) == NULL;
    if (fine)
        return 0;
    hob_error_set(writer->error, HOB_E_VALUE, "Excel does not accept '%.*s' as the name of a sheet",
                  HOB_TEXT_ARG(text));
    hob_error_hint(writer->error, "it has 1 to 31 characters, none of [ ] : * ? / \\, and no ' at "
                                  "its ends");
    return HOB_E_VALUE;
}

int hob_excel_write(struct hob_buffer *out, const struct hob_frame *frame,
                    const struct hob_value *sheet, struct hob_error *error)
{
    struct writer writer = {.frame = frame, .error = error};
    int result = check_sheet_name(&writer, sheet);
    if (result == 0)
        result = check_size(&writer);
    if (result == 0)
        result = write_book(&writer, out);
    hob_buffer_deinit(&writer.xml);
    hob_buffer_deinit(&writer.spelled);
    return result;
}

int hob_excel_write_flow(const struct hob_scope *scope, const struct hob_value *flow,
                         const struct hob_frame *frame, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int result = hob_excel_write(&out, frame, hob_value_get(flow, "sheet"), error);
    if (result < 0)
        return hob_error_context(error, "writing excel");
    return hob_flow_write_file(scope, flow, &out, error);
}
