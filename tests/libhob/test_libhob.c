/* libhob: frames, fields and sessions, by one thread and by several. */
#include "check.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static const char csv[] = "name,born,height,active,joined\n"
                          "Aubracque,1951,1.5,True,2020-01-02\n"
                          "Ravndal,1960,,False,2021-03-04\n"
                          "\xc3\x98stby,1972,1.75,True,\n";

static const char interface[] = "title: People\n"
                                "note: [a, b]\n"
                                "input:\n"
                                "  type: csv\n"
                                "  filename: people.csv\n"
                                "  index: name\n";

struct place {
    char directory[64];
    struct libhob_context *context;
};

static int enter(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct libhob_error error;
    snprintf(place->directory, sizeof place->directory, "/tmp/hob-libhob-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    assert_int_equal(chdir(place->directory), 0);
    write_file("people.csv", csv);
    write_file("people.yml", interface);
    write_file("talk.md", "---\ntitle: Leaky Rivers\nyear: 2014\n---\nText\n");
    write_file("_lamd.yml", "venue: Lindenau\n");
    assert_works(libhob_context_open(&place->context, NULL, &error));
    *state = place;
    return 0;
}

static int leave(void **state)
{
    struct place *place = *state;
    char command[128];
    libhob_context_close(place->context);
    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    assert_int_equal(system(command), 0);
    free(place);
    return 0;
}

/* ---- frames ---- */

static struct libhob_frame *read_people(const struct place *place)
{
    struct libhob_frame *frame = NULL;
    struct libhob_error error;
    assert_works(libhob_frame_read(&frame, place->context, "people.csv", NULL, &error));
    return frame;
}

static void test_shape(void **state)
{
    struct libhob_frame *frame = read_people(*state);
    assert_int_equal(libhob_frame_rows(frame), 3);
    assert_int_equal(libhob_frame_columns(frame), 5);
    assert_string_equal(libhob_frame_name(frame, 1), "born");
    assert_string_equal(libhob_frame_dtype(frame, 1), "int64");
    assert_string_equal(libhob_frame_dtype(frame, 2), "float64");
    assert_null(libhob_frame_name(frame, 5));
    assert_null(libhob_frame_dtype(frame, 5));
    assert_int_equal(libhob_frame_find(frame, "active"), 3);
    assert_int_equal(libhob_frame_find(frame, "none"), SIZE_MAX);
    assert_null(libhob_frame_free(frame));
    assert_null(libhob_frame_free(NULL));
}

static void test_columns(void **state)
{
    struct libhob_frame *frame = read_people(*state);
    struct libhob_column column;
    struct libhob_error error;
    assert_works(libhob_frame_column(frame, 1, &column, &error));
    assert_int_equal(column.type, LIBHOB_INT64);
    assert_int_equal(column.rows, 3);
    assert_int_equal(column.integers[2], 1972);
    assert_null(column.doubles);
    assert_works(libhob_frame_column(frame, 2, &column, &error));
    assert_int_equal(column.type, LIBHOB_DOUBLE);
    assert_true(column.doubles[0] == 1.5 && isnan(column.doubles[1]));
    assert_works(libhob_frame_column(frame, 3, &column, &error));
    assert_int_equal(column.type, LIBHOB_BOOL);
    assert_true(column.booleans[0] && !column.booleans[1]);
    assert_works(libhob_frame_column(frame, 0, &column, &error));
    assert_int_equal(column.type, LIBHOB_STRING);
    size_t start = column.ends[1];
    assert_int_equal(column.ends[2] - start, 6);
    assert_memory_equal(column.bytes + start, "\xc3\x98stby", 6);
    assert_works(libhob_frame_column(frame, 4, &column, &error));
    assert_int_equal(column.missing[0], 1 << 2);
    assert_true(libhob_frame_is_missing(frame, 2, 4));
    assert_true(libhob_frame_is_missing(frame, 1, 2));
    assert_false(libhob_frame_is_missing(frame, 0, 4));
    assert_true(libhob_frame_is_missing(frame, 3, 4));
    assert_true(libhob_frame_is_missing(frame, 0, 5));
    assert_int_equal(libhob_frame_column(frame, 5, &column, &error), LIBHOB_E_NO_KEY);
    assert_int_equal(libhob_frame_column(frame, SIZE_MAX, &column, NULL), LIBHOB_E_NO_KEY);
    libhob_frame_free(frame);
}

static void test_cells(void **state)
{
    struct libhob_frame *frame = read_people(*state);
    struct libhob_bytes cell;
    struct libhob_error error;
    assert_works(libhob_frame_cell(frame, 0, 1, &cell, &error));
    assert_bytes_equal(cell, "1951");
    assert_works(libhob_frame_cell(frame, 2, 0, &cell, &error));
    assert_bytes_equal(cell, "\"\xc3\x98stby\"");
    assert_works(libhob_frame_cell(frame, 1, 2, &cell, &error));
    assert_bytes_equal(cell, "null");
    assert_int_equal(libhob_frame_cell(frame, 3, 0, &cell, &error), LIBHOB_E_NO_KEY);
    assert_string_equal(error.type, "KeyError");
    assert_int_equal(libhob_frame_cell(frame, 0, 9, &cell, &error), LIBHOB_E_NO_KEY);
    libhob_frame_free(frame);
}

static void test_from_json(void **state)
{
    static const char json[] = "[{\"a\":1,\"b\":[1,2]},{\"a\":\"x\",\"b\":null}]";
    struct libhob_frame *frame;
    struct libhob_column column;
    struct libhob_bytes out;
    struct libhob_error error;
    (void)state;
    assert_works(libhob_frame_from_json(&frame, json, strlen(json), &error));
    assert_works(libhob_frame_column(frame, 0, &column, &error));
    assert_int_equal(column.type, LIBHOB_VALUE);
    assert_true(libhob_frame_is_missing(frame, 1, 1));
    assert_works(libhob_frame_cell(frame, 0, 1, &out, &error));
    assert_bytes_equal(out, "[1,2]");
    assert_works(libhob_frame_print(frame, LIBHOB_JSON, &out, &error));
    assert_bytes_equal(out, json);
    libhob_frame_free(frame);
    assert_int_equal(libhob_frame_from_json(&frame, "[{", 2, &error), LIBHOB_E_JSON);
    assert_int_equal(libhob_frame_from_json(&frame, "{\"a\":1}", 7, &error), LIBHOB_E_VALUE);
}

static void test_print(void **state)
{
    struct libhob_frame *frame = read_people(*state);
    struct libhob_bytes out;
    struct libhob_error error;
    assert_works(libhob_frame_print(frame, LIBHOB_CSV, &out, &error));
    assert_bytes_equal(out, csv);
    assert_works(libhob_frame_print(frame, LIBHOB_NDJSON, &out, &error));
    assert_non_null(strstr(out.data, "{\"name\":\"Ravndal\",\"born\":1960,\"height\":null"));
    libhob_bytes_free(&out);
    assert_null(out.data);
    assert_works(libhob_frame_print(frame, LIBHOB_YAML, &out, &error));
    assert_non_null(strstr(out.data, "born: 1951"));
    libhob_bytes_free(&out);
    assert_works(libhob_frame_print(frame, LIBHOB_ARROW, &out, &error));
    assert_memory_equal(out.data, "\xff\xff\xff\xff", 4);
    libhob_bytes_free(&out);
    assert_int_equal(libhob_frame_print(frame, (enum libhob_format)99, &out, &error),
                     LIBHOB_E_PARAMETER);
    libhob_frame_free(frame);
}

static void test_print_to(void **state)
{
    struct libhob_frame *frame = read_people(*state);
    struct libhob_error error;
    char text[sizeof csv];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_works(libhob_frame_print_to(frame, LIBHOB_CSV, ends[1], &error));
    assert_int_equal(read(ends[0], text, sizeof text), sizeof csv - 1);
    assert_memory_equal(text, csv, sizeof csv - 1);
    close(ends[0]);
    /* SIGPIPE would end this process. */
    assert_int_equal(libhob_frame_print_to(frame, LIBHOB_CSV, ends[1], &error), LIBHOB_E_IO);
    assert_non_null(strstr(error.message, "Broken pipe"));
    close(ends[1]);
    libhob_frame_free(frame);
}

/* Reads slowly what somebody writes to a pipe that does not block. */
static void *drain(void *data)
{
    char text[4096];
    size_t *sum = data;
    ssize_t size;
    while ((size = read((int)sum[0], text, sizeof text)) > 0)
        sum[1] += (size_t)size;
    return NULL;
}

static void test_print_waits(void **state)
{
    struct libhob_frame *frame;
    struct libhob_error error;
    size_t rows = 200000, size = 1, sum[2];
    char *json = malloc(rows * 16 + 3);
    pthread_t reader;
    int ends[2];
    (void)state;
    json[0] = '[';
    for (size_t i = 0; i < rows; i++)
        size += (size_t)sprintf(json + size, "{\"a\":%zu},", i);
    json[size - 1] = ']';
    assert_works(libhob_frame_from_json(&frame, json, size, &error));
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    sum[0] = (size_t)ends[0];
    sum[1] = 0;
    assert_int_equal(pthread_create(&reader, NULL, drain, sum), 0);
    assert_works(libhob_frame_print_to(frame, LIBHOB_JSON, ends[1], &error));
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
    assert_int_equal(sum[1], size);
    libhob_frame_free(frame);
    free(json);
}

static void test_write(void **state)
{
    struct place *place = *state;
    struct libhob_frame *frame = read_people(place), *again;
    struct libhob_error error;
    assert_works(libhob_frame_write(frame, place->context, "out.json", NULL, &error));
    assert_works(libhob_frame_read(&again, place->context, "out.json", NULL, &error));
    assert_int_equal(libhob_frame_rows(again), 3);
    libhob_frame_free(again);
    assert_works(libhob_frame_write(frame, place->context, "out", "csv", &error));
    assert_int_equal(libhob_frame_write(frame, place->context, "out.odd", NULL, &error),
                     LIBHOB_E_VALUE);
    assert_int_equal(libhob_frame_write(frame, place->context, "none/out.csv", NULL, &error),
                     LIBHOB_E_NOT_FOUND);
    libhob_frame_free(frame);
}

static void test_reading_fails(void **state)
{
    struct place *place = *state;
    struct libhob_frame *frame = NULL;
    struct libhob_error error;
    struct libhob_read_options wrong = {.reserved = {0, 1}};
    assert_int_equal(libhob_frame_read(&frame, place->context, "none.csv", NULL, &error),
                     LIBHOB_E_NOT_FOUND);
    assert_int_equal(error.code, LIBHOB_E_NOT_FOUND);
    assert_string_equal(error.type, "FileNotFoundError");
    assert_string_equal(libhob_error_type(error.code), error.type);
    assert_non_null(strstr(error.message, "none.csv"));
    assert_int_equal(libhob_frame_read(&frame, place->context, "people.odd", NULL, &error),
                     LIBHOB_E_VALUE);
    assert_int_equal(libhob_frame_read(&frame, place->context, "people.csv", &wrong, NULL),
                     LIBHOB_E_PARAMETER);
    assert_int_equal(libhob_frame_read_flow(&frame, place->context, "[]", &error),
                     LIBHOB_E_PARAMETER);
    assert_null(frame);
}

static void test_limits(void **state)
{
    struct libhob_context *context;
    struct libhob_frame *frame;
    struct libhob_bytes out;
    struct libhob_error error;
    const char *roots[] = {".", NULL}, *nowhere[] = {"nowhere", NULL};
    struct libhob_context_options options = {.roots = roots, .max_file_size = 20};
    (void)state;
    assert_works(libhob_context_open(&context, &options, &error));
    assert_int_equal(libhob_frame_read(&frame, context, "people.csv", NULL, &error),
                     LIBHOB_E_LIMIT);
    assert_int_equal(libhob_frame_read(&frame, context, "/etc/hosts.csv", NULL, &error),
                     LIBHOB_E_OUTSIDE);
    assert_int_equal(
        libhob_talk_field(context, "../talk.md", "title", NULL, LIBHOB_AS_TEXT, &out, &error),
        LIBHOB_E_OUTSIDE);
    libhob_context_close(context);
    options.roots = nowhere;
    assert_int_equal(libhob_context_open(&context, &options, &error), LIBHOB_E_NOT_FOUND);
    options = (struct libhob_context_options){.reserved = {7}};
    assert_int_equal(libhob_context_open(&context, &options, &error), LIBHOB_E_PARAMETER);
}

static void test_outlives_context(void **state)
{
    struct libhob_context *context;
    struct libhob_frame *frame;
    struct libhob_bytes out;
    struct libhob_error error;
    struct libhob_read_options options = {.type = "csv", .delimiter = ","};
    (void)state;
    assert_works(libhob_context_open(&context, NULL, &error));
    assert_works(libhob_frame_read(&frame, context, "people.csv", &options, &error));
    libhob_context_close(context);
    assert_works(libhob_frame_print(frame, LIBHOB_CSV, &out, &error));
    assert_bytes_equal(out, csv);
    libhob_frame_free(frame);
}

/* ---- interfaces and fields ---- */

static void test_interface(void **state)
{
    struct place *place = *state;
    struct libhob_frame *frame;
    struct libhob_bytes out;
    struct libhob_error error;
    assert_works(libhob_frame_read_interface(&frame, place->context, "people.yml", &error));
    assert_int_equal(libhob_frame_rows(frame), 3);
    libhob_frame_free(frame);
    assert_works(libhob_interface_field(place->context, "people.yml", "title", LIBHOB_AS_TEXT, &out,
                                        &error));
    assert_bytes_equal(out, "People");
    assert_works(
        libhob_interface_field(place->context, "people.yml", "note", LIBHOB_AS_JSON, &out, &error));
    assert_bytes_equal(out, "[\"a\",\"b\"]");
    assert_int_equal(
        libhob_interface_field(place->context, "people.yml", "none", LIBHOB_AS_JSON, &out, &error),
        LIBHOB_E_KEY);
    assert_int_equal(libhob_frame_read_interface(&frame, place->context, "none.yml", &error),
                     LIBHOB_E_NO_INTERFACE);
}

static void test_flow_computes(void **state)
{
    struct place *place = *state;
    struct libhob_frame *frame;
    struct libhob_bytes out;
    struct libhob_error error;
    assert_works(libhob_frame_read_flow(
        &frame, place->context,
        "{\"type\": \"csv\", \"filename\": \"people.csv\", \"compute\": {\"field\": \"label\","
        " \"function\": \"render_liquid\", \"args\": {\"template\": \"{{ x | upcase }}\"},"
        " \"row_args\": {\"x\": \"name\"}}}",
        &error));
    assert_works(libhob_frame_cell(frame, 1, libhob_frame_find(frame, "label"), &out, &error));
    assert_bytes_equal(out, "\"RAVNDAL\"");
    libhob_frame_free(frame);
}

static void test_talk(void **state)
{
    struct place *place = *state;
    struct libhob_bytes out;
    struct libhob_error error;
    const char *configs[] = {"none.yml", NULL};
#define FIELD(talk, field, configs, form)                                                          \
    assert_works(libhob_talk_field(place->context, talk, field, configs, form, &out, &error))
    FIELD("talk.md", "title", NULL, LIBHOB_AS_TEXT);
    assert_bytes_equal(out, "Leaky Rivers");
    FIELD("talk.md", "year", NULL, LIBHOB_AS_JSON);
    assert_bytes_equal(out, "2014");
    FIELD("talk.md", "venue", NULL, LIBHOB_AS_TEXT);
    assert_bytes_equal(out, "Lindenau");
    FIELD("talk.md", "venue", configs, LIBHOB_AS_TEXT);
    assert_bytes_equal(out, "");
    FIELD("talk.md", "venue", configs, LIBHOB_AS_JSON);
    assert_bytes_equal(out, "null");
    FIELD("none.md", "title", NULL, LIBHOB_AS_JSON);
    assert_bytes_equal(out, "null");
#undef FIELD
}

/* ---- sessions ---- */

#define DO(session, operation, parameters, expected)                                               \
    do {                                                                                           \
        struct libhob_bytes answer_;                                                               \
        assert_works(libhob_session_do(session, operation, parameters, &answer_, &error));         \
        if (strstr(answer_.data, expected) == NULL)                                                \
            fail_msg("%s is not in %s", expected, answer_.data);                                   \
        libhob_bytes_free(&answer_);                                                               \
    } while (0)

static void test_session(void **state)
{
    struct place *place = *state;
    struct libhob_session *session, *same;
    struct libhob_bytes out = {0};
    struct libhob_error error;
    assert_works(libhob_session_open(&session, place->context,
                                     "{\"interface_file\": \"people.yml\"}", &error));
    DO(session, "get_shape", NULL, "[3,");
    DO(session, "add_column", "{\"column\": \"note\", \"value\": \"\"}", "success");
    DO(session, "set_value_at", "{\"index\": \"Ravndal\", \"column\": \"note\", \"value\": 7}",
       "success");
    assert_works(
        libhob_session_attach(&same, place->context, NULL, libhob_session_id(session), &error));
    DO(same, "get_value_at", "{\"index\": \"Ravndal\", \"column\": \"note\"}", "\"value\":7");
    DO(same, "undo", NULL, "success");
    DO(session, "get_value_at", "{\"index\": \"Ravndal\", \"column\": \"note\"}", "\"value\":\"\"");
    assert_int_equal(libhob_session_do(session, "jump", NULL, &out, &error), LIBHOB_E_ROUTE);
    assert_int_equal(libhob_session_do(session, "get_shape", "{", &out, &error), LIBHOB_E_JSON);
    assert_int_equal(libhob_session_do(session, "get_shape", "[1]", &out, &error),
                     LIBHOB_E_PARAMETER);
    assert_null(out.data);
    assert_works(libhob_session_delete(session, &error));
    assert_int_equal(libhob_session_do(same, "get_shape", NULL, &out, &error), LIBHOB_E_NO_KEY);
    assert_int_equal(libhob_session_attach(&same, place->context, NULL, "../x", &error),
                     LIBHOB_E_NO_KEY);
    assert_int_equal(libhob_session_attach(&session, NULL, NULL, "x", &error), LIBHOB_E_PARAMETER);
    assert_int_equal(libhob_session_open(&session, place->context, "{}", &error),
                     LIBHOB_E_PARAMETER);
    libhob_session_close(same);
    libhob_session_close(session);
}

static void test_session_is_kept(void **state)
{
    struct libhob_context *context;
    struct libhob_session *session;
    struct libhob_error error;
    struct libhob_context_options options = {.state = "state"};
    char id[64];
    (void)state;
    assert_int_equal(mkdir("state", 0700), 0);
    assert_works(libhob_context_open(&context, &options, &error));
    assert_works(
        libhob_session_open(&session, context, "{\"interface_file\": \"people.yml\"}", &error));
    DO(session, "add_column", "{\"column\": \"note\", \"value\": 5}", "success");
    snprintf(id, sizeof id, "%s", libhob_session_id(session));
    libhob_session_close(session);
    libhob_context_close(context);
    assert_works(libhob_context_open(&context, &options, &error));
    assert_works(libhob_session_attach(&session, context, NULL, id, &error));
    DO(session, "get_value_at", "{\"index\": \"Ravndal\", \"column\": \"note\"}", "\"value\":5");
    libhob_session_close(session);
    libhob_context_close(context);
}

/* ---- threads ---- */

struct work {
    const struct place *place;
    const struct libhob_frame *frame;
    struct libhob_session *session;
    int failed;
};

/* Everything that may be shared is. */
static void *work(void *data)
{
    struct work *work = data;
    struct libhob_frame *own;
    struct libhob_bytes out;
    for (int i = 0; i < 20; i++) {
        work->failed +=
            libhob_frame_read(&own, work->place->context, "people.csv", NULL, NULL) != 0;
        libhob_frame_free(own);
        work->failed += libhob_frame_print(work->frame, LIBHOB_JSON, &out, NULL) != 0;
        libhob_bytes_free(&out);
        work->failed += libhob_session_do(work->session, "set_value_at",
                                          "{\"index\": \"Ravndal\", \"column\": \"note\","
                                          " \"value\": 1}",
                                          &out, NULL) != 0;
        libhob_bytes_free(&out);
        work->failed += libhob_interface_field(work->place->context, "people.yml", "title",
                                               LIBHOB_AS_TEXT, &out, NULL) != 0;
        libhob_bytes_free(&out);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct place *place = *state;
    struct libhob_frame *frame = read_people(place);
    struct libhob_session *session;
    struct libhob_error error;
    struct work works[4];
    pthread_t threads[4];
    assert_works(libhob_session_open(&session, place->context,
                                     "{\"interface_file\": \"people.yml\"}", &error));
    DO(session, "add_column", "{\"column\": \"note\", \"value\": 0}", "success");
    for (int i = 0; i < 4; i++) {
        works[i] = (struct work){place, frame, session, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &works[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(works[i].failed, 0);
    }
    libhob_session_close(session);
    libhob_frame_free(frame);
}

/* ---- what is left ---- */

static void test_odds(void **state)
{
    struct sigaction action;
    (void)state;
    assert_string_equal(libhob_version(), HOB_VERSION);
    assert_string_equal(libhob_error_type(-4711), "RuntimeError");
    libhob_bytes_free(NULL);
    assert_null(libhob_context_close(NULL));
    assert_null(libhob_session_close(NULL));
    assert_null(libhob_server_close(NULL));
    assert_null(libhob_pool_close(NULL, 0));
    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_DFL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(test_shape),
        TEST(test_columns),
        TEST(test_cells),
        TEST(test_from_json),
        TEST(test_print),
        TEST(test_print_to),
        TEST(test_print_waits),
        TEST(test_write),
        TEST(test_reading_fails),
        TEST(test_limits),
        TEST(test_outlives_context),
        TEST(test_interface),
        TEST(test_flow_computes),
        TEST(test_talk),
        TEST(test_session),
        TEST(test_session_is_kept),
        TEST(test_threads),
        TEST(test_odds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
