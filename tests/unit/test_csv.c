/* Tests of reading and writing CSV. */
#include "check.h"

#include <math.h>
#include <stdio.h>

#include "access/csv_internal.h"
#include "base/log.h"

/* The frame in few words: "name:type" of each column, then the rows as they are written. */
static void describe(struct hob_buffer *out, const struct hob_frame *frame)
{
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        const struct hob_value *name = hob_frame_name(frame, i);
        if (i > 0)
            hob_buffer_put_char(out, ' ');
        if (name->kind == HOB_INT)
            hob_buffer_printf(out, "#%d", (int)name->integer);
        hob_buffer_put_text(out, hob_value_text(name));
        hob_buffer_put_char(out, ':');
        hob_column_put_dtype(out, hob_frame_column(frame, i));
    }
    HOB_AUTO(buffer) struct hob_buffer rows = HOB_BUFFER_INIT;
    assert_int_equal(hob_csv_write(&rows, frame, ',', '"', NULL), 0);
    struct hob_text text = hob_buffer_text(&rows);
    const char *body = memchr(text.data, '\n', text.size);
    /* A header of several lines stays. */
    for (size_t i = 0; i < hob_frame_columns(frame); i++) {
        struct hob_text name = hob_value_text(hob_frame_name(frame, i));
        if (name.size > 0 && memchr(name.data, '\n', name.size) != NULL)
            body = text.data;
    }
    hob_buffer_put(out, body, (size_t)(text.data + text.size - body));
}

/* A file without a name that holds the text. */
static FILE *file_of(struct hob_text text)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
    assert_int_equal(fflush(file), 0);
    rewind(file);
    return file;
}

static int read_from_file(struct hob_frame **frame, FILE *opened,
                          const struct hob_csv_options *options, struct hob_csv_tuning tuning,
                          struct hob_error *error)
{
    rewind(opened);
    struct hob_csv_file file = {fileno(opened), "the file", 1 << 30};
    return hob_csv_read_file_tuned(frame, &file, options, &tuning, error);
}

static void check_read(int status, const struct hob_error *error, struct hob_frame *frame,
                       const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    if (status != 0)
        hob_buffer_put_string(&out, error->message);
    else
        describe(&out, frame);
    hob_frame_free(frame);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void check_as(struct hob_text text, const struct hob_csv_options *options,
                     struct hob_csv_tuning tuning, const char *expected)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_frame *frame = NULL;
    int status = hob_csv_read_tuned(&frame, text, options, &tuning, &error);
    check_read(status, &error, frame, expected);
}

static void check_file_as(FILE *file, const struct hob_csv_options *options,
                          struct hob_csv_tuning tuning, const char *expected)
{
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_frame *frame = NULL;
    int status = read_from_file(&frame, file, options, tuning, &error);
    check_read(status, &error, frame, expected);
}

/* Reads the text in every way there is. */
static void check_with(struct hob_text text, const struct hob_csv_options *options,
                       const char *expected)
{
    check_as(text, options, (struct hob_csv_tuning){0}, expected);
    check_as(text, options, (struct hob_csv_tuning){.portable = true}, expected);
    check_as(text, options, (struct hob_csv_tuning){.plodding = true}, expected);
    FILE *file = file_of(text);
    check_file_as(file, options, (struct hob_csv_tuning){0}, expected);
    for (size_t size = 1; size < 40; size = size * 2 + 1) {
        struct hob_csv_tuning tuning = {.threads = 2, .piece_size = size};
        check_as(text, options, tuning, expected);
        check_file_as(file, options, tuning, expected);
        tuning.rows_guess = 1;
        check_as(text, options, tuning, expected);
    }
    fclose(file);
}

static void check(const char *text, const char *expected)
{
    static const struct hob_csv_options plain = {0};
    check_with(hob_text_from(text), &plain, expected);
}

static void columns_are_typed_as_a_whole(void **state)
{
    (void)state;
    check("a,b,c,d\n1,1.5,True,x\n2,2,false,1\n", "a:int64 b:float64 c:bool d:object\n"
                                                  "1,1.5,True,x\n2,2.0,False,1\n");
    check("a\n1\n02\nx\n", "a:object\n1\n02\nx\n");
    check("a\n1\n2.5\n3\n", "a:float64\n1.0\n2.5\n3.0\n");
    check("a\nTrue\n1\n", "a:object\nTrue\n1\n");
    check("a,b\ntRUE,yes\nfALSE,no\n", "a:bool b:object\nTrue,yes\nFalse,no\n");
}

static void numbers_have_many_spellings(void **state)
{
    (void)state;
    check("a\n+1\n007\n 5 \n", "a:int64\n1\n7\n5\n");
    check("a\n.5\n5.\n1e3\n+1.5\n 2 \n-0\n", "a:float64\n0.5\n5.0\n1000.0\n1.5\n2.0\n-0.0\n");
    check("a,b\n-0,-0\n000.0,NA\n", "a:float64 b:float64\n-0.0,0.0\n0.0,\n");
    check("a\ninf\n-Infinity\n+INF\n", "a:float64\ninf\n-inf\ninf\n");
    check("a\n1_000\n", "a:object\n1_000\n");
    check("a\n1e\n", "a:object\n1e\n");
    check("a\n0x10\n", "a:object\n0x10\n");
    check("a\n1e400\n", "a:object\n1e400\n");
    check("a\n1e-400\n", "a:float64\n0.0\n");
    check("a\n.\n", "a:object\n.\n");
    check("a\n-\n", "a:object\n-\n");
    check("a\n1.2.3\n", "a:object\n1.2.3\n");
}

static void floats_are_rounded_correctly(void **state)
{
    (void)state;
    check("a\n0.30000000000000004\n3.141592653589793238\n9007199254740993.0\n-123456.789\n"
          "1234567.8901234\n0.1234567\n-0.000001\n12345678.5\n",
          "a:float64\n0.30000000000000004\n3.141592653589793\n9007199254740992.0\n-123456.789\n"
          "1234567.8901234\n0.1234567\n-1e-06\n12345678.5\n");
}

static void integers_of_every_length_are_read(void **state)
{
    (void)state;
    check("a\n1\n12\n123\n1234\n12345\n123456\n1234567\n12345678\n123456789\n-1234567890\n"
          "12345678901\n1234567890123456\n-12345678901234567\n9223372036854775807\n"
          "-9223372036854775808\n",
          "a:int64\n1\n12\n123\n1234\n12345\n123456\n1234567\n12345678\n123456789\n-1234567890\n"
          "12345678901\n1234567890123456\n-12345678901234567\n9223372036854775807\n"
          "-9223372036854775808\n");
}

static void integers_beyond_int64_widen(void **state)
{
    (void)state;
    hob_log_set_level(HOB_LOG_ERROR);
    check("a\n18446744073709551615\n1\n", "a:uint64\n18446744073709551615\n1\n");
    check("a\n1\n9223372036854775808\n", "a:uint64\n1\n9223372036854775808\n");
    check("a\n9223372036854775808\n-1\n", "a:float64\n9.223372036854776e+18\n-1.0\n");
    check("a,b\n9223372036854775808,1\n,2\n", "a:float64 b:int64\n9.223372036854776e+18,1\n,2\n");
    check("a\n18446744073709551616\n1\n", "a:float64\n1.8446744073709552e+19\n1.0\n");
    check("a\n18446744073709551616\nx\n", "a:object\n18446744073709551616\nx\n");
    hob_log_set_level(HOB_LOG_INFO);
}

static void holes_make_integers_floats_and_booleans_objects(void **state)
{
    (void)state;
    check("n,ok,t,e\n1,True,x,\n,,,NA\n3,False,z,\n",
          "n:float64 ok:object t:object e:float64\n1.0,True,x,\n,,,\n3.0,False,z,\n");
    check("a\n-0\nNA\n", "a:float64\n0.0\n\"\"\n");
}

static void missing_words_count_exactly(void **state)
{
    (void)state;
    static const char *const words[] = {"#N/A", "#N/A N/A", "#NA",    "-1.#IND", "-1.#QNAN",
                                        "-NaN", "-nan",     "1.#IND", "1.#QNAN", "<NA>",
                                        "N/A",  "NA",       "NULL",   "NaN",     "n/a",
                                        "nan",  "null",     "\"\"",   "\"NA\""};
    static const char *const others[] = {"None", "none", "Null", "NAN", "na", "-", " NA", "NA "};
    char text[64], expected[64];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        snprintf(text, sizeof text, "a\nx\n%s\n", words[i]);
        check(text, "a:object\nx\n\"\"\n");
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(text, sizeof text, "a\n%s\n", others[i]);
        snprintf(expected, sizeof expected, "a:object\n%s\n", others[i]);
        check(text, expected);
    }
}

static void quotes_follow_the_rules(void **state)
{
    (void)state;
    check("a,b\n\"x,y\",\"1\"\n", "a:object b:int64\n\"x,y\",1\n");
    check("a\n\"say \"\"hi\"\"\"\n", "a:object\n\"say \"\"hi\"\"\"\n");
    check("a,b\n\"p\"q,1\n", "a:object b:int64\npq,1\n");
    check("a,b\nx\"y,1\n", "a:object b:int64\n\"x\"\"y\",1\n");
    check("a,b\n1, \"y\"\n", "a:int64 b:object\n1,\" \"\"y\"\"\"\n");
    check("a\n\"line\none\"\n\"two\r\n\"\n", "a:object\n\"line\none\"\n\"two\r\n\"\n");
    check("a,b\n1,\"never\n2,x\n",
          "Error tokenizing data. C error: EOF inside string starting at row 1");
    /* Long enough to be read in blocks: the row has too many cells, but never ends. */
    check("a,b\n1,2\n1,2,3,4,\"never\n2,x\n3,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
          "4,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
          "Error tokenizing data. C error: EOF inside string starting at row 2");
}

static void line_ends_of_all_kinds_end_lines(void **state)
{
    (void)state;
    const char *expected = "a:int64 b:object\n1,x\n2,y\n";
    check("a,b\n1,x\n2,y\n", expected);
    check("a,b\r\n1,x\r\n2,y\r\n", expected);
    check("a,b\r1,x\r2,y", expected);
    check("\n \t\n\na,b\r\n\n1,x\n   \n\r\n2,y\n\n", expected);
}

static void rows_are_as_long_as_the_header(void **state)
{
    (void)state;
    check("a,b,c\n1,2,3\n4,5\n6\n", "a:int64 b:float64 c:float64\n1,2.0,3.0\n4,5.0,\n6,,\n");
    check("a,b\n1,2,\n3,4,\n5,6\n", "a:int64 b:int64\n1,2\n3,4\n5,6\n");
    check("a,b\n1,2,3\n", "Error tokenizing data. C error: Expected 2 fields in line 2, saw 3\n");
    check("a,b\n\n1,2\n3,4,5,6\n",
          "Error tokenizing data. C error: Expected 2 fields in line 4, saw 4\n");
    check("a,b\n1,2\n3,4,\n",
          "Error tokenizing data. C error: Expected 2 fields in line 3, saw 3\n");
}

static void names_are_made_unique(void **state)
{
    (void)state;
    check("a,a,a.1\n1,2,3\n", "a:int64 a.2:int64 a.1:int64\n1,2,3\n");
    check(",x,\n1,2,3\n", "Unnamed: 0:int64 x:int64 Unnamed: 2:int64\n1,2,3\n");
    check(" a ,\"b\n\"\n1,2\n", " a :int64 b\n:int64 a ,\"b\n\"\n1,2\n");
    check("\xEF\xBB\xBF\"a\",b\n1,2\n", "a:int64 b:int64\n1,2\n");
}

static void an_empty_text_has_no_columns(void **state)
{
    (void)state;
    check("", "No columns to parse from file");
    check(" \n\r\n\t\n", "No columns to parse from file");
    check("a,b", "a:object b:object\n");
}

static void a_nul_ends_its_field(void **state)
{
    (void)state;
    struct hob_csv_options plain = {0};
    check_with(HOB_TEXT("a,b\n1\0x,\"y\0\nz\"\n"), &plain, "a:int64 b:object\n1,y\n");
}

static void bytes_that_are_no_utf8_are_placed(void **state)
{
    (void)state;
    check("a,b\n\xFF,1\n",
          "'utf-8' codec can't decode byte 0xff in position 4: invalid start byte");
    check("caf\xE9,b\n1,2\n",
          "'utf-8' codec can't decode byte 0xe9 in position 3: invalid continuation byte");
    check("a\n\xE6\x9D",
          "'utf-8' codec can't decode bytes in position 2-3: unexpected end of data");
    check("a\n\xED\xA0\x80\n",
          "'utf-8' codec can't decode byte 0xed in position 2: invalid continuation byte");
    check("a\nZo\xC3\xAB\n\xE6\x9D\xB1\n", "a:object\nZo\xC3\xAB\n\xE6\x9D\xB1\n");
}

static void delimiters_can_be_chosen(void **state)
{
    (void)state;
    check_with(HOB_TEXT("a;b\n1,5;x\n"), &(struct hob_csv_options){.delimiter = ";"},
               "a:object b:object\n\"1,5\",x\n");
    check_with(HOB_TEXT("a   b\tc\n  1 2  \"3 4\"  \n"),
               &(struct hob_csv_options){.delimiter = "\\s+"},
               "a:int64 b:int64 c:object\n1,2,3 4\n");
    check_with(HOB_TEXT("a::b\n1::2\n"), &(struct hob_csv_options){.delimiter = "::"},
               "a:int64 b:int64\n1,2\n");
    check_with(HOB_TEXT("a, b;c\n1,2; 3\n"), &(struct hob_csv_options){.delimiter = "[,;] *"},
               "a:int64 b:int64 c:int64\n1,2,3\n");
    check_with(HOB_TEXT("aéb\n1é\"2é\"\n"), &(struct hob_csv_options){.delimiter = "é"},
               "a:int64 b:object\n1,2é\n");
    check_with(HOB_TEXT("a\tb\n\t1\n"), &(struct hob_csv_options){.delimiter = "\t"},
               "a:float64 b:int64\n,1\n");
    check_with(HOB_TEXT("'a,b';c\n1;2\n"),
               &(struct hob_csv_options){.delimiter = ";", .quote = '\''},
               "a,b:int64 c:int64\n1,2\n");
}

static void a_delimiter_can_be_guessed(void **state)
{
    (void)state;
    struct hob_csv_options sniffing = {.sniff = true};
    check_with(HOB_TEXT("a,b\n1,2\n"), &sniffing, "a:int64 b:int64\n1,2\n");
    check_with(HOB_TEXT("a;b\n\"1,5\";2\n"), &sniffing, "a:object b:int64\n\"1,5\",2\n");
    check_with(HOB_TEXT("a|b\n1|2\n"), &sniffing, "a:int64 b:int64\n1,2\n");
    check_with(HOB_TEXT("a\tb c\n1\t2\n"), &sniffing, "a:int64 b c:int64\n1,2\n");
    check_with(HOB_TEXT("one\n1\n"), &sniffing, "one:int64\n1\n");
}

static void a_hostile_pattern_ends(void **state)
{
    (void)state;
    struct hob_csv_options options = {.delimiter = "(a+)+$"};
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&text, 'a', 5000);
    hob_buffer_put_string(&text, "b\n");
    struct hob_frame *frame = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_csv_read(&frame, hob_buffer_text(&text), &options, &error), HOB_E_LIMIT);
    options.delimiter = "(unclosed";
    assert_int_equal(hob_csv_read(&frame, hob_buffer_text(&text), &options, &error), HOB_E_PATTERN);
    assert_null(frame);
}

static void the_header_may_be_elsewhere_or_nowhere(void **state)
{
    (void)state;
    struct hob_text text = HOB_TEXT("top,,\n\nx,y\n1,2\n");
    check_with(text, &(struct hob_csv_options){.header = 1}, "x:int64 y:int64\n1,2\n");
    check_with(HOB_TEXT("Ann,33\nBob,44\n"), &(struct hob_csv_options){.no_header = true},
               "#0:object #1:int64\nAnn,33\nBob,44\n");
    check_with(text, &(struct hob_csv_options){.header = 5},
               "Passed header=5 but only 3 lines in file");
    /* pandas' Python engine, which reads these, has another type for it. */
    const struct hob_csv_options plain = {.header = 5}, sniffing = {.header = 5, .sniff = true};
    const struct hob_csv_options pattern = {.header = 5, .delimiter = ",+"};
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    assert_int_equal(hob_csv_read(&frame, text, &plain, NULL), HOB_E_PARSE);
    assert_int_equal(hob_csv_read(&frame, text, &sniffing, NULL), HOB_E_VALUE);
    assert_int_equal(hob_csv_read(&frame, text, &pattern, NULL), HOB_E_VALUE);
}

static struct hob_value *map_of(struct hob_arena *arena, const char *key, const char *value,
                                struct hob_value *map)
{
    if (map == NULL)
        map = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, map, key, hob_value_new_string(arena, hob_text_from(value)));
    return map;
}

static struct hob_value *dtypes_of(struct hob_arena *arena, const char *field, const char *type)
{
    struct hob_value *list = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, list, map_of(arena, "type", type, map_of(arena, "field", field, NULL)));
    return list;
}

static void types_can_be_asked_for(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_text text = HOB_TEXT("n,x,code,ok\n1,1.5,007,True\n,2,8,\n3.0,,NA,false\n");
    static const char *const types[][3] = {
        {"n", "int_type",
         "n:Int32 x:float64 code:float64 ok:object\n"
         "1,1.5,7.0,True\n,2.0,8.0,\n3,,,False\n"},
        {"n", "float_type",
         "n:Float64 x:float64 code:float64 ok:object\n"
         "1.0,1.5,7.0,True\n,2.0,8.0,\n3.0,,,False\n"},
        {"code", "str_type",
         "n:float64 x:float64 code:object ok:object\n"
         "1.0,1.5,007,True\n,2.0,8,\n3.0,,,False\n"},
        {"ok", "bool_type",
         "n:float64 x:float64 code:float64 ok:boolean\n"
         "1.0,1.5,7.0,True\n,2.0,8.0,\n3.0,,,False\n"},
        {"zz", "int_type",
         "n:float64 x:float64 code:float64 ok:object\n"
         "1.0,1.5,7.0,True\n,2.0,8.0,\n3.0,,,False\n"},
        {"x", "int_type", "column 'x', row 1: '1.5' is not an integer of 32 bits"},
        {"code", "bool_type", "column 'code', row 1: '007' is not true or false"},
        {"ok", "float_type", "column 'ok', row 1: 'True' is not a number"},
        {"n", "date_type", "'date_type'"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        check_with(text,
                   &(struct hob_csv_options){.dtypes = dtypes_of(arena, types[i][0], types[i][1])},
                   types[i][2]);
}

static void booleans_have_ten_spellings(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_csv_options options = {.dtypes = dtypes_of(arena, "a", "bool_type")};
    static const char *const others[] = {"00",  "01", "1.",    ".0",   "-0",     "+1",  "1e0",
                                         "1\t", " 1", "1.00",  "tRUE", "fALSE",  "yes", "2",
                                         "t",   "1 ", "True ", "-1",   "1e-400", "inf"};
    check_with(HOB_TEXT("a,b\nTrue,\nTRUE,\ntrue,\n1,\n1.0,\nNA,\n,\n"), &options,
               "a:boolean b:float64\nTrue,\nTrue,\nTrue,\nTrue,\nTrue,\n,\n,\n");
    check_with(HOB_TEXT("a\nFalse\nFALSE\nfalse\n0\n0.0\n"), &options,
               "a:boolean\nFalse\nFalse\nFalse\nFalse\nFalse\n");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT, expected = HOB_BUFFER_INIT;
        hob_buffer_printf(&text, "a\nTrue\n%s\n", others[i]);
        hob_buffer_printf(&expected, "column 'a', row 2: '%s' is not true or false", others[i]);
        check_with(hob_buffer_text(&text), &options, hob_buffer_string(&expected));
    }
}

static void a_type_reaches_the_repetitions_of_its_name(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *both = dtypes_of(arena, "a", "str_type");
    hob_value_append(arena, both,
                     map_of(arena, "type", "int_type", map_of(arena, "field", "a.1", NULL)));
    const struct {
        const char *text;
        const struct hob_value *dtypes;
        const char *expected;
    } cases[] = {
        {"a,a,a.1\n007,008,009\n", dtypes_of(arena, "a", "str_type"),
         "a:object a.2:object a.1:int64\n007,008,9\n"},
        {"a,a\n007,008\n", both, "a:object a.1:Int32\n007,8\n"},
        {"a,a,a.1\n007,008,009\n", dtypes_of(arena, "a.1", "str_type"),
         "a:int64 a.2:int64 a.1:object\n7,8,009\n"},
        {",b,Unnamed: 0\n01,02,03\n", dtypes_of(arena, "Unnamed: 0", "str_type"),
         "Unnamed: 0.1:object b:int64 Unnamed: 0:object\n01,2,03\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_with(hob_text_from(cases[i].text),
                   &(struct hob_csv_options){.dtypes = cases[i].dtypes}, cases[i].expected);
}

static int options_status(const char *key, const struct hob_value *value,
                          struct hob_csv_options *options)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *flow = hob_value_new(arena, HOB_MAP);
    hob_value_put_string(arena, flow, key, value);
    return hob_csv_options_from_flow(options, flow, NULL);
}

static void a_flow_says_how_to_read(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_value *two = hob_value_new_int(arena, 2), *minus = hob_value_new_int(arena, -1);
    struct hob_value *semicolon = hob_value_new_string(arena, HOB_TEXT(";"));
    struct hob_value *infer = hob_value_new_string(arena, HOB_TEXT("infer"));
    struct hob_value *ab = hob_value_new_string(arena, HOB_TEXT("ab"));
    struct hob_csv_options options;
    assert_int_equal(options_status("delimiter", semicolon, &options), 0);
    assert_string_equal(options.delimiter, ";");
    assert_int_equal(options_status("delimiter", &hob_value_null, &options), 0);
    assert_true(options.sniff);
    assert_int_equal(options_status("delimiter", &hob_value_empty_string, &options), HOB_E_VALUE);
    assert_int_equal(options_status("delimiter", two, &options), HOB_E_TYPE);
    assert_int_equal(options_status("quotechar", semicolon, &options), 0);
    assert_int_equal(options.quote, ';');
    assert_int_equal(options_status("quotechar", &hob_value_empty_string, &options), HOB_E_TYPE);
    assert_int_equal(options_status("quotechar", ab, &options), HOB_E_TYPE);
    assert_int_equal(options_status("header", two, &options), 0);
    assert_int_equal(options.header, 2);
    assert_int_equal(options_status("header", &hob_value_null, &options), 0);
    assert_true(options.no_header);
    assert_int_equal(options_status("header", infer, &options), 0);
    assert_false(options.no_header);
    assert_int_equal(options_status("header", minus, &options), HOB_E_VALUE);
    assert_int_equal(options_status("header", ab, &options), HOB_E_VALUE);
    assert_int_equal(options_status("dtypes", ab, &options), HOB_E_TYPE);
    assert_int_equal(options_status("dtypes", dtypes_of(arena, "a", "date_type"), &options),
                     HOB_E_KEY);
    struct hob_value *no_type = hob_value_new(arena, HOB_LIST);
    hob_value_append(arena, no_type, map_of(arena, "field", "a", NULL));
    assert_int_equal(options_status("dtypes", no_type, &options), HOB_E_KEY);
}

/* Rows that are hard to cut: quoted line ends and delimiters, doubled quotes, blank lines, CRLF,
 * cells of all lengths, and types that change at row `change`. */
static void put_tricky(struct hob_buffer *out, int rows, int change)
{
    hob_buffer_put_string(out, "id,late,holes,text,flag,long\r\n");
    for (int i = 0; i < rows; i++) {
        hob_buffer_printf(out, "%d,", i - 50);
        hob_buffer_printf(out, i < change ? "%d," : "v%d,", i);
        hob_buffer_put_string(out, i % 5 == 0 ? "," : i < change ? "7," : "0.25,");
        hob_buffer_printf(out, i % 3 == 0 ? "\"a,%d\n\"\"b\"\"\r\n\"," : "plain %d,", i);
        hob_buffer_put_string(out, i % 2 ? "True,\"" : "false,\"");
        hob_buffer_put_repeated(out, i % 4 ? 'x' : '\n', (size_t)(i % 71));
        hob_buffer_put_string(out, i % 6 ? "\"\n" : "\"\r\n");
        if (i % 11 == 0)
            hob_buffer_put_string(out, "\n  \n");
    }
}

static void check_all_ways_agree(struct hob_text text)
{
    static const struct hob_csv_tuning ways[] = {
        {.threads = 1},
        {.threads = 2},
        {.threads = 1, .portable = true},
        {.threads = 2, .piece_size = 100},
        {.threads = 3, .piece_size = 1000},
        {.threads = 2, .piece_size = 20000},
        {.threads = 2, .piece_size = 3000, .rows_guess = 1},
        {.threads = 2, .piece_size = 5000, .rows_guess = 3000},
    };
    struct hob_csv_options options = {0};
    struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    struct hob_csv_tuning by_bytes = {.plodding = true};
    assert_int_equal(hob_csv_read_tuned(&frame, text, &options, &by_bytes, NULL), 0);
    describe(&expected, frame);
    hob_frame_free(frame);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        assert_int_equal(hob_csv_read_tuned(&frame, text, &options, &ways[i], NULL), 0);
        describe(&out, frame);
        hob_frame_free(frame);
        assert_true(hob_text_equal(hob_buffer_text(&out), hob_buffer_text(&expected)));
        hob_buffer_clear(&out);
        FILE *file = file_of(text);
        assert_int_equal(read_from_file(&frame, file, &options, ways[i], NULL), 0);
        fclose(file);
        describe(&out, frame);
        hob_frame_free(frame);
        assert_true(hob_text_equal(hob_buffer_text(&out), hob_buffer_text(&expected)));
    }
}

/* With pieces of one size after another, their borders come to lie at each byte of the text. */
static void check_all_borders(struct hob_text text, const struct hob_csv_options *options)
{
    struct hob_error error = HOB_ERROR_INIT;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    struct hob_csv_tuning by_bytes = {.plodding = true};
    if (hob_csv_read_tuned(&frame, text, options, &by_bytes, &error) != 0)
        hob_buffer_put_string(&expected, error.message);
    else
        describe(&expected, frame);
    FILE *file = file_of(text);
    for (size_t size = 1; size <= text.size + 1; size++) {
        for (size_t threads = 1; threads <= 2; threads++) {
            struct hob_csv_tuning tuning = {.threads = threads, .piece_size = size};
            check_as(text, options, tuning, hob_buffer_string(&expected));
            check_file_as(file, options, tuning, hob_buffer_string(&expected));
        }
    }
    fclose(file);
}

static void borders_of_pieces_may_be_anywhere(void **state)
{
    (void)state;
    static const char *const texts[] = {
        /* Quotes with line ends, delimiters and quotes in them; all kinds of line ends; runs. */
        "a,b,c\n1,\"x\",2.5\n2,\"x,y\n\n,z\",3\r\n3,\"\"\"q\"\" \"\"\",4\r4,\"\",\n\n\r\n "
        "\n5,\"\"\"\",6\n",
        "\xEF\xBB\xBFname,\"c\n,\"\nZ\xC3\xBCrich,\xE2\x82\xAC\n\"\xF0\x9F\x98\x80,\r\n\","
        "\xE6\x97\xA5\xE6\x9C\xAC\n",
        /* The type of a column, decided by its last row. */
        "a,b,c,d\n1,2,True,\n2,3.5,False,\n3,,True,\n4,5,NA,\nx,1e3,maybe,7\n",
        "a,b\n-0,18446744073709551615\n1,2\n2,3\n1.5,-1\n",
        "a,b\n,x\n,\n,\n,y\n",
        /* Rows that are too short and blank ones; no line end at the end. */
        "\n\na,b,c\n\n1\n1,2\n\n\n1,2,3\n,,\n \n7",
        /* What is wrong: quotes within text, a quote that never closes, bytes that are no UTF-8, a
         * row that is too long, a NUL. */
        "a,b\nit\"s,1\n2\",3\n\"4\" ,5\n\"6\"7,8\n",
        "a,b\n1,2\n\"3,4\n5,6\n",
        "a,b\n1,2\n3,\xC3\n4,5\n6,\xBC\n",
        "a,b\n1,2\n3,4\n5,6,7\n8,9\n",
        "a\n1\n\"2\n3\"\n\"\"\n4\n",
    };
    static const struct hob_csv_options plain = {0}, headless = {.no_header = true};
    hob_log_set_level(HOB_LOG_ERROR);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_all_borders(hob_text_from(texts[i]), &plain);
        check_all_borders(hob_text_from(texts[i]), &headless);
    }
    static const char nul[] = "a,b\n1,x\0y\n2,z\n3,\0\n";
    check_all_borders((struct hob_text){nul, sizeof nul - 1}, &plain);
    hob_log_set_level(HOB_LOG_INFO);
}

static void a_file_that_became_shorter_is_noticed(void **state)
{
    (void)state;
    FILE *file = file_of(HOB_TEXT("0123456789"));
    struct hob_csv_source source = {.size = 20, .descriptor = fileno(file)};
    struct hob_csv_window window = {.source = &source};
    assert_int_equal(hob_csv_window_move(&window, 4, 6), 0);
    assert_memory_equal(window.data, "456789", 6);
    assert_int_equal(hob_csv_window_grow(&window, 7), HOB_CSV_CHANGED);
    assert_int_equal(hob_csv_window_move(&window, 12, 3), HOB_CSV_CHANGED);
    hob_csv_window_deinit(&window);
    fclose(file);
}

static void threads_and_pieces_make_no_difference(void **state)
{
    (void)state;
    static const int changes[] = {5000, 4999, 2500, 1, 0};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        put_tricky(&text, 5000, changes[i]);
        check_all_ways_agree(hob_buffer_text(&text));
        /* A quote that opens nothing misleads the counting of quotes. */
        hob_buffer_put_string(&text, "1,2,,stray \" quote,True,\"x\ny\"\n1,2,3,4,True,6\n");
        check_all_ways_agree(hob_buffer_text(&text));
    }
}

static void a_cell_may_be_longer_than_any_window(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_put_string(&text, "a,b\n1,");
    hob_buffer_put_repeated(&text, 'y', 100000);
    hob_buffer_put_string(&text, "\n2,\"");
    hob_buffer_put_repeated(&text, '\n', 100000);
    hob_buffer_put_string(&text, "\"\n3,z\n");
    struct hob_frame *frame = NULL;
    struct hob_csv_options options = {0};
    assert_int_equal(hob_csv_read(&frame, hob_buffer_text(&text), &options, NULL), 0);
    assert_int_equal(hob_frame_rows(frame), 3);
    assert_int_equal(hob_column_string(hob_frame_column(frame, 1), 0).size, 100000);
    assert_int_equal(hob_column_string(hob_frame_column(frame, 1), 1).size, 100000);
    assert_text_equal(hob_column_string(hob_frame_column(frame, 1), 2), "z");
    hob_frame_free(frame);
    check_all_ways_agree(hob_buffer_text(&text));
}

static void too_many_columns_or_empty_cells_are_refused(void **state)
{
    (void)state;
    struct hob_csv_options options = {0};
    struct hob_frame *frame = NULL;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_put_repeated(&text, ',', 50000);
    for (int i = 0; i < 50000; i++)
        hob_buffer_put_string(&text, "\n1");
    assert_int_equal(hob_csv_read(&frame, hob_buffer_text(&text), &options, NULL), HOB_E_LIMIT);
    hob_buffer_clear(&text);
    hob_buffer_put_repeated(&text, ',', 200000);
    assert_int_equal(hob_csv_read(&frame, hob_buffer_text(&text), &options, NULL), HOB_E_LIMIT);
}

static void check_written(const struct hob_frame *frame, char delimiter, char quote,
                          const char *expected)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_csv_write(&out, frame, delimiter, quote, NULL), 0);
    assert_text_equal(hob_buffer_text(&out), expected);
}

static void writing_quotes_only_where_needed(void **state)
{
    (void)state;
    struct hob_csv_options options = {0};
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    assert_int_equal(
        hob_csv_read(&frame, HOB_TEXT("a,\"b;\"\nit's,1.5\n\"x,y\",-2\n"), &options, NULL), 0);
    check_written(frame, ',', '"', "a,b;\nit's,1.5\n\"x,y\",-2.0\n");
    check_written(frame, ';', '\'', "a;'b;'\n'it''s';1.5\nx,y;-2.0\n");
    check_written(frame, '.', '"', "a.b;\nit's.\"1.5\"\nx,y.\"-2.0\"\n");
}

static void a_table_without_columns_is_one_empty_line(void **state)
{
    (void)state;
    HOB_AUTO(frame) struct hob_frame *frame = hob_frame_new();
    check_written(frame, ',', '"', "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_typed_as_a_whole),
        cmocka_unit_test(numbers_have_many_spellings),
        cmocka_unit_test(floats_are_rounded_correctly),
        cmocka_unit_test(integers_of_every_length_are_read),
        cmocka_unit_test(integers_beyond_int64_widen),
        cmocka_unit_test(holes_make_integers_floats_and_booleans_objects),
        cmocka_unit_test(missing_words_count_exactly),
        cmocka_unit_test(quotes_follow_the_rules),
        cmocka_unit_test(line_ends_of_all_kinds_end_lines),
        cmocka_unit_test(rows_are_as_long_as_the_header),
        cmocka_unit_test(names_are_made_unique),
        cmocka_unit_test(an_empty_text_has_no_columns),
        cmocka_unit_test(a_nul_ends_its_field),
        cmocka_unit_test(bytes_that_are_no_utf8_are_placed),
        cmocka_unit_test(delimiters_can_be_chosen),
        cmocka_unit_test(a_delimiter_can_be_guessed),
        cmocka_unit_test(a_hostile_pattern_ends),
        cmocka_unit_test(the_header_may_be_elsewhere_or_nowhere),
        cmocka_unit_test(types_can_be_asked_for),
        cmocka_unit_test(booleans_have_ten_spellings),
        cmocka_unit_test(a_type_reaches_the_repetitions_of_its_name),
        cmocka_unit_test(a_flow_says_how_to_read),
        cmocka_unit_test(threads_and_pieces_make_no_difference),
        cmocka_unit_test(borders_of_pieces_may_be_anywhere),
        cmocka_unit_test(a_file_that_became_shorter_is_noticed),
        cmocka_unit_test(a_cell_may_be_longer_than_any_window),
        cmocka_unit_test(too_many_columns_or_empty_cells_are_refused),
        cmocka_unit_test(writing_quotes_only_where_needed),
        cmocka_unit_test(a_table_without_columns_is_one_empty_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
