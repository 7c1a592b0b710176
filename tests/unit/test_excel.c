/* Tests of type excel: workbooks that are packed here, part by part. */
#include "check.h"

#include <math.h>

#include "access/excel.h"
#include "access/zip.h"
#include "frame/build.h"
#include "frame/records.h"
#include "value/json.h"

static const char root[] =
    "<Relationships><Relationship Id='a' Type='x/officeDocument' Target='/xl/workbook.xml'/>"
    "</Relationships>";
static const char workbook[] =
    "<workbook xmlns:r='x'><workbookPr/><sheets><sheet name='Cover' r:id='c'/>"
    "<sheet name='Chart' r:id='h'/><sheet name='Sheet1' r:id='s'/></sheets></workbook>";
static const char relations[] =
    "<Relationships><Relationship Id='s' Type='x/worksheet' Target='sheets/../one.xml'/>"
    "<Relationship Id='c' Type='x/worksheet' Target='cover.xml'/>"
    "<Relationship Id='h' Type='x/chartsheet' Target='chart.xml'/>"
    "<Relationship Id='t' Type='x/sharedStrings' Target='texts.xml'/>"
    "<Relationship Id='y' Type='x/styles' Target='styles.xml'/></Relationships>";
static const char texts[] = "<sst><si><t>plain</t></si>"
                            "<si><r><t>ri</t></r><r><t xml:space='preserve'>ch </t></r>"
                            "<rPh><t>no</t></rPh></si><si><t>a_x000A_b_x005F_</t></si></sst>";
static const char styles[] =
    "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='[Red]0.0 &quot;days&quot;'/>"
    "<numFmt numFmtId='165' formatCode='d\\-mmm'/></numFmts>"
    "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
    "<cellXfs><xf numFmtId='0'/><xf numFmtId='165'/><xf numFmtId='46'/><xf numFmtId='164'/>"
    "</cellXfs></styleSheet>";
static const char cover[] = "<worksheet><sheetData><row><c t='inlineStr'><is><t>c</t></is></c>"
                            "</row></sheetData></worksheet>";

static void pack(struct hob_buffer *out, const char *book, const char *rows)
{
    HOB_AUTO(zip_writer) struct hob_zip_writer *writer = hob_zip_writer_new(out);
    HOB_AUTO(buffer) struct hob_buffer sheet = HOB_BUFFER_INIT;
    hob_buffer_printf(&sheet, "<worksheet><sheetData>%s</sheetData></worksheet>", rows);
    const char *const parts[][2] = {{"_rels/.rels", root},
                                    {"xl/workbook.xml", book},
                                    {"xl/_rels/workbook.xml.rels", relations},
                                    {"xl/texts.xml", texts},
                                    {"xl/styles.xml", styles},
                                    {"xl/cover.xml", cover},
                                    {"xl/one.xml", hob_buffer_string(&sheet)}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hob_zip_writer_begin(writer, parts[i][0]);
        hob_zip_writer_put(writer, hob_text_from(parts[i][1]));
        hob_zip_writer_end(writer);
    }
    assert_int_equal(hob_zip_writer_finish(writer, NULL), 0);
}

static int read_bytes(struct hob_text file, const char *flow, struct hob_buffer *out,
                      struct hob_error *error)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, hob_text_from(flow), &value, error), 0);
    int result = hob_excel_read(&frame, file, value, error);
    return result < 0 ? result : hob_frame_put_answer(out, frame, error);
}

static void assert_sheet(const char *rows, const char *flow, const char *answer)
{
    HOB_AUTO(buffer) struct hob_buffer file = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    pack(&file, workbook, rows);
    int result = read_bytes(hob_buffer_text(&file), flow, &out, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(result, 0);
    assert_text_equal(hob_buffer_text(&out), answer);
}

static void assert_refused(const char *rows, const char *flow, int code, const char *part)
{
    HOB_AUTO(buffer) struct hob_buffer file = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    pack(&file, workbook, rows);
    assert_int_equal(read_bytes(hob_buffer_text(&file), flow, &out, &error), code);
    if (strstr(error.message, part) == NULL && strstr(error.hint, part) == NULL)
        fail_msg("'%s' is neither in '%s' nor in '%s'", part, error.message, error.hint);
}

#define HEAD_A "<row r='1'><c r='A1' t='inlineStr'><is><t>a</t></is></c></row>"

static void texts_come_from_the_table_from_the_cell_and_from_formulas(void **state)
{
    (void)state;
    assert_sheet(HEAD_A "<row><c t='s'><v>0</v></c></row><row><c t='s'><v>1</v></c></row>"
                        "<row><c t='str'><f>X</f><v>f</v></c></row>"
                        "<row><c t='s'><v>2</v></c></row>",
                 "{}",
                 "{\"records\":[{\"a\":\"plain\"},{\"a\":\"rich \"},{\"a\":\"f\"},"
                 "{\"a\":\"a\\nb_\"}],\"columns\":[\"a\"],\"shape\":[4,1],"
                 "\"dtypes\":{\"a\":\"object\"}}");
}

static void dates_are_numbers_with_a_dates_format(void **state)
{
    (void)state;
    assert_sheet(
        HEAD_A "<row><c s='1'><v>45296.4375</v></c></row><row><c s='1'><v>59</v></c></row>", "{}",
        "{\"records\":[{\"a\":\"2024-01-05T10:30:00\"},{\"a\":\"1900-02-28T00:00:00\"}],"
        "\"columns\":[\"a\"],\"shape\":[2,1],\"dtypes\":{\"a\":\"datetime64[ns]\"}}");
    assert_sheet(HEAD_A "<row><c s='1'><v>0.5</v></c></row><row><c s='2'><v>1.25</v></c></row>",
                 "{}",
                 "{\"records\":[{\"a\":\"12:00:00\"},{\"a\":\"30:00:00\"}],"
                 "\"columns\":[\"a\"],\"shape\":[2,1],\"dtypes\":{\"a\":\"object\"}}");
    assert_sheet(HEAD_A "<row><c s='3'><v>2.5</v></c></row>", "{}",
                 "{\"records\":[{\"a\":2.5}],\"columns\":[\"a\"],\"shape\":[1,1],"
                 "\"dtypes\":{\"a\":\"float64\"}}");
}

static void the_calendar_may_start_in_1904(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer file = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    pack(&file,
         "<workbook><workbookPr date1904='1'/><sheets><sheet name='Sheet1' id='s'/></sheets>"
         "</workbook>",
         HEAD_A "<row><c s='1'><v>1</v></c></row>");
    assert_int_equal(read_bytes(hob_buffer_text(&file), "{}", &out, NULL), 0);
    assert_non_null(strstr(hob_buffer_string(&out), "1904-01-02T00:00:00"));
}

static void a_column_is_typed_as_a_whole(void **state)
{
    (void)state;
    assert_sheet("<row><c t='inlineStr'><is><t>n</t></is></c><c><v>7</v></c></row>"
                 "<row><c><v>1</v></c><c t='inlineStr'><is><t> 2 </t></is></c></row>"
                 "<row><c t='e'><v>#N/A</v></c><c><v>3.0</v></c></row>",
                 "{}",
                 "{\"records\":[{\"n\":1.0,\"7\":2},{\"n\":null,\"7\":3}],\"columns\":[\"n\",7],"
                 "\"shape\":[2,2],\"dtypes\":{\"n\":\"float64\",\"7\":\"int64\"}}");
    assert_sheet(HEAD_A "<row><c t='b'><v>1</v></c></row><row><c t='str'><v>false</v></c></row>",
                 "{}",
                 "{\"records\":[{\"a\":true},{\"a\":false}],\"columns\":[\"a\"],\"shape\":[2,1],"
                 "\"dtypes\":{\"a\":\"bool\"}}");
    assert_sheet(HEAD_A "<row><c><v>2.0</v></c></row><row><c t='str'><v>1x</v></c></row>", "{}",
                 "{\"records\":[{\"a\":2},{\"a\":\"1x\"}],\"columns\":[\"a\"],\"shape\":[2,1],"
                 "\"dtypes\":{\"a\":\"object\"}}");
}

static void gaps_are_empty_and_columns_without_a_name_get_one(void **state)
{
    (void)state;
    assert_sheet(HEAD_A "<row r='3'><c r='C3'><v>1</v></c></row><row r='9'><c r='D9'/></row>", "{}",
                 "{\"records\":[{\"a\":null,\"Unnamed: 1\":null,\"Unnamed: 2\":null},"
                 "{\"a\":null,\"Unnamed: 1\":null,\"Unnamed: 2\":1.0}],"
                 "\"columns\":[\"a\",\"Unnamed: 1\",\"Unnamed: 2\"],\"shape\":[2,3],\"dtypes\":"
                 "{\"a\":\"float64\",\"Unnamed: 1\":\"float64\",\"Unnamed: 2\":\"float64\"}}");
    assert_sheet("", "{}", "{\"records\":[],\"columns\":[],\"shape\":[0,0],\"dtypes\":{}}");
}

static void header_and_dtypes_are_heeded(void **state)
{
    (void)state;
    assert_sheet(HEAD_A "<row><c><v>7</v></c></row>", "{\"header\":null}",
                 "{\"records\":[{\"0\":\"a\"},{\"0\":7}],\"columns\":[0],\"shape\":[2,1],"
                 "\"dtypes\":{\"0\":\"object\"}}");
    assert_sheet(HEAD_A "<row><c><v>7.0</v></c></row>",
                 "{\"dtypes\":[{\"field\":\"a\",\"type\":\"str_type\"}]}",
                 "{\"records\":[{\"a\":\"7\"}],\"columns\":[\"a\"],\"shape\":[1,1],"
                 "\"dtypes\":{\"a\":\"object\"}}");
    assert_sheet("<row><c t='inlineStr'><is><t>a</t></is></c><c t='inlineStr'><is><t>a</t></is></c>"
                 "</row><row><c><v>7</v></c><c><v>8</v></c></row>",
                 "{\"dtypes\":[{\"field\":\"a\",\"type\":\"str_type\"}]}",
                 "{\"records\":[{\"a\":\"7\",\"a.1\":\"8\"}],\"columns\":[\"a\",\"a.1\"],"
                 "\"shape\":[1,2],\"dtypes\":{\"a\":\"object\",\"a.1\":\"object\"}}");
    assert_refused(HEAD_A, "{\"header\":4}", HOB_E_VALUE, "only 1 lines");
    assert_refused(HEAD_A "<row><c s='1'><v>7</v></c></row>",
                   "{\"dtypes\":[{\"field\":\"a\",\"type\":\"int_type\"}]}", HOB_E_VALUE,
                   "column 'a', row 2");
}

static void assert_asked(const char *type, const char *cells, const char *records,
                         const char *dtype)
{
    HOB_AUTO(buffer) struct hob_buffer rows = HOB_BUFFER_INIT, flow = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    hob_buffer_printf(&rows, HEAD_A "<row>%s</row>", cells);
    hob_buffer_printf(&flow, "{\"dtypes\":[{\"field\":\"a\",\"type\":\"%s\"}]}", type);
    if (dtype == NULL) {
        assert_refused(hob_buffer_string(&rows), hob_buffer_string(&flow), HOB_E_VALUE,
                       "column 'a'");
        return;
    }
    hob_buffer_printf(&expected,
                      "{\"records\":[{\"a\":%s}],\"columns\":[\"a\"],\"shape\":[1,1],"
                      "\"dtypes\":{\"a\":\"%s\"}}",
                      records, dtype);
    assert_sheet(hob_buffer_string(&rows), hob_buffer_string(&flow), hob_buffer_string(&expected));
}

static void boolean_cells_are_numbers_where_those_are_asked_for(void **state)
{
    (void)state;
    static const char yes[] = "<c t='b'><v>1</v></c>", one[] = "<c><v>1</v></c>";
    static const char word[] = "<c t='inlineStr'><is><t>true</t></is></c>";
    static const char odd[] = "<c t='inlineStr'><is><t>01</t></is></c>";
    assert_asked("int_type", yes, "1", "Int32");
    assert_asked("float_type", yes, "1.0", "Float64");
    assert_asked("bool_type", yes, "true", "boolean");
    assert_asked("bool_type", one, "true", "boolean");
    assert_asked("bool_type", word, "true", "boolean");
    assert_asked("int_type", word, NULL, NULL);
    assert_asked("float_type", word, NULL, NULL);
    assert_asked("int_type", odd, "1", "Int32");
    assert_asked("bool_type", odd, NULL, NULL);
}

static void sheets_are_found_by_name_and_number_charts_not_counted(void **state)
{
    (void)state;
    static const char only_c[] = "{\"records\":[],\"columns\":[\"c\"],\"shape\":[0,1],"
                                 "\"dtypes\":{\"c\":\"object\"}}";
    assert_sheet(HEAD_A, "{\"sheet\":\"Cover\"}", only_c);
    assert_sheet(HEAD_A, "{\"sheet\":0}", only_c);
    assert_refused("", "{\"sheet\":2}", HOB_E_VALUE, "2 worksheets");
    assert_sheet(HEAD_A, "{\"sheet\":-2}", only_c);
    assert_sheet(HEAD_A "<row><c><v>1</v></c></row>", "{\"sheet\":-1}",
                 "{\"records\":[{\"a\":1}],\"columns\":[\"a\"],\"shape\":[1,1],"
                 "\"dtypes\":{\"a\":\"int64\"}}");
    assert_refused("", "{\"sheet\":-3}", HOB_E_VALUE, "-3");
    assert_refused("", "{\"sheet\":\"Chart\"}", HOB_E_VALUE, "'Cover', 'Sheet1'");
    assert_refused("", "{\"sheet\":[\"Cover\"]}", HOB_E_PARAMETER, "list");
}

static void what_is_damaged_is_refused(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer file = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    pack(&file, workbook, HEAD_A);
    for (size_t size = 0; size < file.size; size++)
        assert_int_equal(read_bytes((struct hob_text){file.data, size}, "{}", &out, &error),
                         HOB_E_VALUE);
    for (size_t at = 0; at < file.size; at++) {
        hob_buffer_clear(&out);
        file.data[at] = (char)(file.data[at] ^ 0x55);
        (void)read_bytes(hob_buffer_text(&file), "{}", &out, &error); /* must only not crash */
        file.data[at] = (char)(file.data[at] ^ 0x55);
    }
    assert_refused("<row><c><v>seven</v></c></row>", "{}", HOB_E_VALUE, "seven");
    assert_refused("<row><c t='s'><v>3</v></c></row>", "{}", HOB_E_VALUE, "no shared text '3'");
    assert_refused("<row><c r='XFE1'><v>3</v></c></row>", "{}", HOB_E_VALUE, "XFE1");
    assert_refused("<row r='1048577'/>", "{}", HOB_E_VALUE, "1048577");
    assert_refused("<row>", "{}", HOB_E_VALUE, "XML");
}

static void what_would_exhaust_memory_is_refused(void **state)
{
    (void)state;
    assert_refused("<row><c r='XFD1048576'><v>3</v></c></row>", "{}", HOB_E_LIMIT, "too large");
    HOB_AUTO(buffer) struct hob_buffer rows = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&rows, ' ', 40 << 20);
    assert_refused(hob_buffer_string(&rows), "{}", HOB_E_LIMIT, "400-fold");
    hob_buffer_clear(&rows);
    for (int i = 0; i < 300; i++)
        hob_buffer_put_string(&rows, "<x>");
    assert_refused(hob_buffer_string(&rows), "{}", HOB_E_LIMIT, "nested");
}

/* Writing. */

static struct hob_frame *frame_of(const char *records)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_frame *frame = NULL;
    const struct hob_value *value;
    assert_int_equal(hob_json_read(arena, hob_text_from(records), &value, NULL), 0);
    assert_int_equal(hob_frame_from_value(&frame, value, 0, NULL, NULL), 0);
    return frame;
}

static void assert_round_trip(const char *records, const char *expected)
{
    HOB_AUTO(frame) struct hob_frame *frame = frame_of(records);
    HOB_AUTO(buffer) struct hob_buffer file = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    HOB_AUTO(frame) struct hob_frame *again = NULL;
    assert_int_equal(hob_excel_write(&file, frame, NULL, NULL), 0);
    assert_int_equal(hob_excel_read(&again, hob_buffer_text(&file), &hob_value_empty_map, NULL), 0);
    assert_int_equal(hob_frame_put_records(&out, again, HOB_JSON_COMPACT, NULL), 0);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void what_is_written_reads_the_same(void **state)
{
    (void)state;
    assert_round_trip("[{\"a\":1,\"b\":0.1,\"c\":true,\"d\":\"=1+1\",\"e\":null},"
                      "{\"a\":9007199254740993,\"b\":2.0,\"c\":false,\"d\":\" x<&>\\\"\\n\","
                      "\"e\":\"y\"}]",
                      "[{\"a\":1,\"b\":0.1,\"c\":true,\"d\":\"=1+1\",\"e\":null},"
                      "{\"a\":9007199254740993,\"b\":2.0,\"c\":false,\"d\":\" x<&>\\\"\\n\","
                      "\"e\":\"y\"}]");
    assert_round_trip("[{\"a\":\"\\r\\u0001_x0041_\"}]", "[{\"a\":\"\\r\\u0001_x0041_\"}]");
    assert_round_trip("[{\"a\":[1,\"b\"]}]", "[{\"a\":\"[1, 'b']\"}]");
}

static void dates_are_written_as_dates(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    HOB_AUTO(frame) struct hob_frame *again = NULL;
    HOB_AUTO(buffer) struct hob_buffer file = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_DATETIME);
    hob_column_append_int(&column, INT64_C(1704412800000000));
    hob_column_append_int(&column, INT64_C(1704450601250000));
    hob_column_append_missing(&column);
    hob_frame_add_named(frame, HOB_TEXT("d"), &column);
    assert_int_equal(hob_excel_write(&file, frame, NULL, NULL), 0);
    assert_int_equal(hob_excel_read(&again, hob_buffer_text(&file), &hob_value_empty_map, NULL), 0);
    assert_int_equal(hob_frame_put_records(&out, again, HOB_JSON_COMPACT, NULL), 0);
    assert_text_equal(hob_buffer_text(&out), "[{\"d\":\"2024-01-05T00:00:00\"},"
                                             "{\"d\":\"2024-01-05T10:30:01.250000\"}]");
}

static void equal_tables_make_equal_files(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = frame_of("[{\"a\":1},{\"a\":\"x\"}]");
    HOB_AUTO(buffer) struct hob_buffer first = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer second = HOB_BUFFER_INIT;
    assert_int_equal(hob_excel_write(&first, frame, NULL, NULL), 0);
    assert_int_equal(hob_excel_write(&second, frame, NULL, NULL), 0);
    assert_true(hob_text_equal(hob_buffer_text(&first), hob_buffer_text(&second)));
}

static void assert_unwritable(const struct hob_frame *frame, const char *sheet, int code)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer file = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_value *name =
        sheet == NULL ? NULL : hob_value_new_string(arena, hob_text_from(sheet));
    assert_int_equal(hob_excel_write(&file, frame, name, &error), code);
    assert_true(error.message[0] != '\0');
    assert_int_equal(file.size, 0);
}

static void what_excel_does_not_hold_is_refused(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    hob_buffer_put_string(&records, "[{\"a\":\"");
    hob_buffer_put_repeated(&records, 'x', 32768);
    hob_buffer_put_string(&records, "\"}]");
    HOB_AUTO(frame) struct hob_frame *frame = frame_of(hob_buffer_string(&records));
    assert_unwritable(frame, NULL, HOB_E_LIMIT);
    HOB_AUTO(frame) struct hob_frame *tall = hob_frame_new();
    struct hob_column column;
    hob_column_init(&column, HOB_COLUMN_BOOL);
    for (int i = 0; i < 1048576; i++)
        hob_column_append_bool(&column, true);
    hob_frame_add_named(tall, HOB_TEXT("a"), &column);
    assert_unwritable(tall, NULL, HOB_E_LIMIT);
    HOB_AUTO(frame) struct hob_frame *small = frame_of("[{\"a\":1}]");
    assert_unwritable(small, "", HOB_E_VALUE);
    assert_unwritable(small, "a/b", HOB_E_VALUE);
    assert_unwritable(small, "'a", HOB_E_VALUE);
    assert_unwritable(small, "a name of more than thirty-one characters", HOB_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_from_the_table_from_the_cell_and_from_formulas),
        cmocka_unit_test(dates_are_numbers_with_a_dates_format),
        cmocka_unit_test(the_calendar_may_start_in_1904),
        cmocka_unit_test(a_column_is_typed_as_a_whole),
        cmocka_unit_test(gaps_are_empty_and_columns_without_a_name_get_one),
        cmocka_unit_test(header_and_dtypes_are_heeded),
        cmocka_unit_test(boolean_cells_are_numbers_where_those_are_asked_for),
        cmocka_unit_test(sheets_are_found_by_name_and_number_charts_not_counted),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(what_would_exhaust_memory_is_refused),
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(dates_are_written_as_dates),
        cmocka_unit_test(equal_tables_make_equal_files),
        cmocka_unit_test(what_excel_does_not_hold_is_refused),
    };
    return cmocka_run_group_tests_name("excel", tests, NULL, NULL);
}
