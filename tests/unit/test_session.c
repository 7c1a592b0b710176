/* Tests of session: focus, edits, undo, records, and the store in memory and on disk. */
#define _GNU_SOURCE
#include "check.h"
#include "scratch.h"

#include <sys/stat.h>

#include "session/store.h"
#include "value/json.h"

/* The allocator says what it gave out; a sanitizer's does not. */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TELLS_MEMORY
#include <malloc.h>
#endif

static int make_scratch(void **state)
{
    (void)state;
    if (enter_scratch() != 0)
        return -1;
    put_file("people.csv", "name,age,ok\nAda,36,True\nAlan,41,False\nAda,1,True\n");
    put_file("out.csv", "name,score\nAda,1\nZed,9\n");
    put_file("talks.csv", "name,date,title\nAda,1,A\nAda,2,B\nAda,2,C\n");
    put_file("i.yml", "input: {type: csv, filename: people.csv, directory: ., index: name}\n"
                      "output: {type: csv, filename: out.csv, directory: ., index: name}\n"
                      "series: {type: csv, filename: talks.csv, directory: ., index: name,"
                      " selector: date}\n"
                      "constants: {type: local, index: k, data: {limit: 10}}\n"
                      "parameters: {type: local, index: k, data: {rate: 0.5}}\n");
    put_file("bad_name.yml", "input: {type: local, index: k, data: [{k: a, '9': 1}]}\n");
    put_file("twins.yml", "input: {type: local, index: k, data: [{k: a, v: 1}]}\n"
                          "cache: {type: local, index: k, data: [{k: a, v: 1}]}\n");
    put_file("large.yml", "input: {type: csv, filename: large.csv, directory: ., index: id}\n"
                          "output: {type: csv, filename: marks.csv, directory: ., index: id,"
                          " columns: [mark]}\n");
    FILE *large = fopen("large.csv", "w");
    fputs("id,name,size\n", large);
    for (int i = 0; i < 20000; i++)
        fprintf(large, "%d,somebody %d,%d.5\n", i, i * 7, i % 100);
    fclose(large);
    put_file("wide.yml", "input: {type: local, index: k, data: [{k: a, first name: 1, a/b: 2}]}\n");
    return 0;
}

static struct hob_session *open_session(const char *interface)
{
    struct hob_scope scope = {0};
    struct hob_session_source source = {.interface_file = interface};
    struct hob_session *session = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_session_open(&session, &scope, &source, &error) != 0)
        fail_msg("%s", error.message);
    return session;
}

static int code_of_open(const char *interface)
{
    struct hob_scope scope = {0};
    struct hob_session_source source = {.interface_file = interface};
    struct hob_session *session = NULL;
    return hob_session_open(&session, &scope, &source, NULL);
}

/* Runs an operation; the answer's members, or the error's code as a text. */
static void run(struct hob_buffer *out, struct hob_session *session, const char *name,
                const char *parameters)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const struct hob_session_operation *operation = hob_session_operation_find(hob_text_from(name));
    const struct hob_value *value;
    struct hob_scope scope = {0};
    struct hob_error error = HOB_ERROR_INIT;
    assert_non_null(operation);
    assert_int_equal(hob_json_read(arena, hob_text_from(parameters), &value, NULL), 0);
    hob_buffer_clear(out);
    int code = operation->run(session, value, &scope, out, &error);
    if (code == 0)
        return;
    hob_buffer_clear(out);
    hob_buffer_printf(out, "%s", hob_error_type(code));
}

#define assert_run(session, name, parameters, expected)                                            \
    do {                                                                                           \
        HOB_AUTO(buffer) struct hob_buffer out_ = HOB_BUFFER_INIT;                                 \
        run(&out_, session, name, parameters);                                                     \
        assert_string_equal(hob_buffer_string(&out_), expected);                                   \
    } while (0)

/* ---- sessions ---- */

static void columns_come_in_the_order_of_their_types(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "get_columns", "{}",
               ",\"columns\":[\"age\",\"ok\",\"limit\",\"score\",\"date\",\"title\",\"rate\"]");
    /* Ada (three entries), Alan, Zed (of the output alone). */
    assert_run(session, "get_shape", "{}", ",\"shape\":[5,7]");
    assert_run(session, "get_indices", "{}", ",\"indices\":[\"Ada\",\"Alan\"]");
    assert_run(session, "get_value_at", "{\"index\":\"Alan\",\"column\":\"limit\"}",
               ",\"value\":10");
}

static void interfaces_that_cannot_be_sessions_are_refused(void **state)
{
    (void)state;
    assert_int_equal(code_of_open("nothing.yml"), HOB_E_NOT_FOUND);
    assert_int_equal(code_of_open("bad_name.yml"), HOB_E_VALUE);
    assert_int_equal(code_of_open("twins.yml"), HOB_E_VALUE);
    HOB_AUTO(session) struct hob_session *session = open_session("wide.yml");
    assert_run(session, "get_columns", "{}", ",\"columns\":[\"first name\",\"a/b\"]");
}

static void a_failed_move_leaves_the_focus(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "set_index", "{\"index\":\"Alan\"}", "");
    assert_run(session, "set_index", "{\"index\":\"Zed\"}", "KeyError");
    assert_run(session, "set_index", "{\"index\":null}", "ValueError");
    assert_run(session, "set_column", "{\"column\":\"zz\"}", "KeyError");
    assert_run(session, "get_value_at", "{\"index\":\"Ada\",\"column\":\"zz\"}", "KeyError");
    assert_run(session, "get_index", "{}", ",\"index\":\"Alan\"");
    assert_run(session, "get_value", "{}", ",\"value\":41");
    assert_run(session, "set_column", "{\"column\":\"name\"}", "");
    assert_run(session, "get_value", "{}", ",\"value\":\"Alan\"");
    assert_run(session, "set_value", "{\"value\":1}", "KeyError");
}

static void what_is_immutable_stays(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "set_value_at", "{\"index\":\"Ada\",\"column\":\"age\",\"value\":1}",
               "KeyError");
    assert_run(session, "set_value_at", "{\"index\":\"Ada\",\"column\":\"limit\",\"value\":1}",
               "KeyError");
    assert_run(session, "set_value_at", "{\"index\":\"Ada\",\"column\":\"rate\",\"value\":1}",
               "KeyError");
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    hob_session_take_records(session, &records);
    assert_int_equal(records.size, 0);
}

static void a_column_of_integers_takes_what_it_is_given_as_pandas_does(void **state)
{
    (void)state;
    static const char ada[] = "{\"index\":\"Ada\",\"column\":\"score\"}";
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "set_value_at", "{\"index\":\"Ada\",\"column\":\"score\",\"value\":7.0}",
               "");
    assert_run(session, "get_value_at", ada, ",\"value\":7");
    assert_run(session, "set_value_at", "{\"index\":\"Alan\",\"column\":\"score\",\"value\":2}",
               "");
    assert_run(session, "get_value_at", "{\"index\":\"Alan\",\"column\":\"score\"}",
               ",\"value\":2.0");
    assert_run(session, "undo", "{}", ",\"remaining\":1");
    assert_run(session, "undo", "{}", ",\"remaining\":0");
    assert_run(session, "get_value_at", ada, ",\"value\":1");
    assert_run(session, "get_value_at", "{\"index\":\"Alan\",\"column\":\"score\"}",
               ",\"value\":null");
    assert_run(session, "set_value_at", "{\"index\":\"Alan\",\"column\":\"score\",\"value\":\"x\"}",
               "");
    assert_run(session, "get_value_at", ada, ",\"value\":1.0");
    assert_run(session, "set_value_at", "{\"index\":\"Ada\",\"column\":\"score\",\"value\":3}", "");
    assert_run(session, "get_value_at", ada, ",\"value\":3");
}

static void a_series_is_read_and_written_where_the_subindex_points(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "get_subindex", "{}", ",\"subindex\":2");
    assert_run(session, "set_column", "{\"column\":\"title\"}", "");
    assert_run(session, "get_value", "{}", ",\"value\":\"C\"");
    assert_run(session, "set_subindex", "{\"value\":1.0}", "");
    assert_run(session, "get_subindex", "{}", ",\"subindex\":1.0");
    assert_run(session, "set_value", "{\"value\":\"A2\"}", "");
    assert_run(session, "set_subindex", "{\"value\":3}", "KeyError");
    assert_run(session, "get_subseries", "{}",
               ",\"subseries\":{\"records\":[{\"date\":1,\"title\":\"A2\"},{\"date\":2,\"title\":"
               "\"B\"},{\"date\":2,\"title\":\"C\"}],\"shape\":[3,2]}");
    assert_run(session, "set_index", "{\"index\":\"Alan\"}", "");
    assert_run(session, "get_value", "{}", ",\"value\":null");
    assert_run(session, "set_value", "{\"value\":\"new\"}", "");
    assert_run(session, "get_subseries", "{}",
               ",\"subseries\":{\"records\":[{\"date\":1.0,\"title\":\"new\"}],\"shape\":[1,2]}");
    assert_run(session, "get_shape", "{}", ",\"shape\":[5,7]");
    assert_run(session, "undo", "{}", ",\"remaining\":1");
    assert_run(session, "get_value", "{}", ",\"value\":null");
}

static void many_edits_are_undone_one_by_one_up_to_a_limit(void **state)
{
    (void)state;
    enum { EDITS = 3000 };
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    size_t before = 0;
    for (int i = 0; i < EDITS; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        hob_buffer_printf(&text, "{\"index\":\"Ada\",\"column\":\"score\",\"value\":%d}", i + 1000);
        assert_run(session, "set_value_at", hob_buffer_string(&text), "");
        HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
        hob_session_take_records(session, &records);
        assert_true(records.size > 0);
        if (i == EDITS / 2)
            before = hob_session_size(session);
    }
    assert_true(hob_session_size(session) < before + 100000);
    int undone = 0;
    for (;; undone++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        run(&out, session, "undo", "{}");
        if (strcmp(hob_buffer_string(&out), "ValueError") == 0)
            break;
    }
    assert_in_range(undone, 1000, 1250);
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    hob_buffer_printf(&expected, ",\"value\":%d", EDITS - undone + 999);
    assert_run(session, "get_value_at", "{\"index\":\"Ada\",\"column\":\"score\"}",
               hob_buffer_string(&expected));
}

static void records_make_the_same_session_again_also_when_applied_twice(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "add_column", "{\"column\":\"extra\",\"value\":[1]}", "");
    assert_run(session, "add_row", "{\"index\":\"New\",\"values\":{\"score\":1.5,\"extra\":2}}",
               "");
    assert_run(session, "add_row", "{\"index\":\"Alan\",\"values\":{\"title\":\"T\"}}", "");
    assert_run(session, "set_value_at", "{\"index\":\"Ada\",\"column\":\"title\",\"value\":\"X\"}",
               "");
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    hob_session_take_records(session, &records);
    run(&expected, session, "get_slice", "{}");
    HOB_AUTO(session) struct hob_session *again = open_session("i.yml");
    for (int times = 0; times < 2; times++) {
        size_t lost = 0;
        assert_int_equal(hob_session_apply(again, hob_buffer_text(&records), &lost, NULL), 0);
        assert_int_equal(lost, 0);
        assert_run(again, "get_slice", "{}", hob_buffer_string(&expected));
    }
}

static void an_edit_that_fails_half_way_leaves_nothing_behind(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    run(&expected, session, "get_slice", "{}");
    assert_run(session, "add_row", "{\"index\":\"New\",\"values\":{\"score\":1,\"age\":2}}",
               "KeyError");
    assert_run(session, "get_slice", "{}", hob_buffer_string(&expected));
    assert_run(session, "get_shape", "{}", ",\"shape\":[5,7]");
    assert_run(session, "undo", "{}", "ValueError");
}

static void a_snapshot_stands_for_all_edits(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "set_value_at", "{\"index\":\"Alan\",\"column\":\"score\",\"value\":2}",
               "");
    assert_run(session, "drop_column", "{\"column\":\"title\"}", "");
    assert_run(session, "add_column", "{\"column\":\"title\",\"value\":{\"a\":1}}", "");
    assert_run(session, "add_column", "{\"column\":\"brief\"}", "");
    assert_run(session, "drop_column", "{\"column\":\"brief\"}", "");
    assert_run(session, "add_row", "{\"index\":\"New\",\"values\":{\"title\":[1]}}", "");
    assert_run(session, "add_row", "{\"index\":\"Ada\",\"values\":{\"date\":7}}", "");
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer shape = HOB_BUFFER_INIT;
    hob_session_compact(session, &records);
    run(&expected, session, "get_slice", "{}");
    run(&shape, session, "get_shape", "{}");
    assert_run(session, "undo", "{}", "ValueError");
    HOB_AUTO(session) struct hob_session *again = open_session("i.yml");
    size_t lost = 0;
    assert_int_equal(hob_session_apply(again, hob_buffer_text(&records), &lost, NULL), 0);
    assert_int_equal(lost, 0);
    assert_run(again, "get_slice", "{}", hob_buffer_string(&expected));
    assert_run(again, "get_shape", "{}", hob_buffer_string(&shape));
    assert_run(again, "get_value_at", "{\"index\":\"Ada\",\"column\":\"score\"}", ",\"value\":1.0");
}

static void an_undo_in_the_journal_means_the_edit_before_it_even_if_that_is_lost(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    const char *records = "{\"op\":\"set\",\"column\":\"score\",\"index\":\"Ada\",\"value\":100}\n"
                          "{\"op\":\"set\",\"column\":\"gone\",\"index\":\"Ada\",\"value\":200}\n"
                          "{\"op\":\"undo\"}\n";
    size_t lost = 0;
    assert_int_equal(hob_session_apply(session, hob_text_from(records), &lost, NULL), 0);
    assert_int_equal(lost, 1);
    assert_run(session, "get_value_at", "{\"index\":\"Ada\",\"column\":\"score\"}",
               ",\"value\":100");
    assert_run(session, "undo", "{}", ",\"remaining\":0");
    assert_run(session, "undo", "{}", "ValueError");
}

static void numbers_that_json_cannot_say_are_refused(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    assert_run(session, "set_value_at", "{\"index\":\"Ada\",\"column\":\"score\",\"value\":1e999}",
               "ValueError");
    assert_run(session, "set_value_at",
               "{\"index\":\"Ada\",\"column\":\"score\",\"value\":[1,[-1e999]]}", "ValueError");
}

/* ---- the store ---- */

static int create(struct hob_store *store, char id[37])
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_scope scope = {0};
    struct hob_store_call call = {.scope = &scope, .may_wait = true, .out = &out};
    const struct hob_value *parameters, *answer;
    struct hob_error error = HOB_ERROR_INIT;
    hob_json_read(arena, HOB_TEXT("{\"interface_file\":\"i.yml\"}"), &parameters, NULL);
    int code = hob_store_create(store, &call, parameters, &error);
    if (code != 0)
        return code;
    /* Members start with a comma. */
    out.data[0] = '{';
    hob_buffer_put_char(&out, '}');
    assert_int_equal(hob_json_read(arena, hob_buffer_text(&out), &answer, NULL), 0);
    const char *made =
        hob_value_string(hob_value_get(hob_value_get(answer, "session"), "session_id"));
    assert_non_null(made);
    assert_int_equal(strlen(made), 36);
    memcpy(id, made, 37);
    return 0;
}

static int operate(struct hob_store *store, const char *id, const char *name,
                   const char *parameters, struct hob_buffer *out, bool may_wait)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    struct hob_scope scope = {0};
    struct hob_store_call call = {.scope = &scope, .may_wait = may_wait, .out = out};
    const struct hob_value *value;
    struct hob_error error = HOB_ERROR_INIT;
    hob_json_read(arena, hob_text_from(parameters), &value, NULL);
    return hob_store_operate(store, &call, id, hob_session_operation_find(hob_text_from(name)),
                             value, &error);
}

static void a_store_on_disk_gives_everything_back(void **state)
{
    (void)state;
    char id[37];
    struct hob_store_options options = {.state = "state"};
    struct hob_store *store = hob_store_new(&options);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(create(store, id), 0);
    assert_int_equal(operate(store, id, "set_index", "{\"index\":\"Alan\"}", &out, false), 0);
    assert_int_equal(operate(store, id, "set_value_at",
                             "{\"index\":\"Alan\",\"column\":\"score\",\"value\":\"x\"}", &out,
                             false),
                     0);
    assert_int_equal(operate(store, id, "save", "{}", &out, false), HOB_STORE_WOULD_WAIT);
    hob_store_free(store);

    store = hob_store_new(&options);
    assert_int_equal(operate(store, id, "get_index", "{}", &out, false), HOB_STORE_WOULD_WAIT);
    hob_buffer_clear(&out);
    assert_int_equal(operate(store, id, "get_index", "{}", &out, true), 0);
    assert_string_equal(hob_buffer_string(&out), ",\"index\":\"Alan\"");
    hob_buffer_clear(&out);
    assert_int_equal(operate(store, id, "get_value_at", "{\"index\":\"Alan\",\"column\":\"score\"}",
                             &out, false),
                     0);
    assert_string_equal(hob_buffer_string(&out), ",\"value\":\"x\"");
    hob_store_free(store);
}

static void a_store_keeps_to_its_limits(void **state)
{
    (void)state;
    char id[37];
    struct hob_store_options options = {.state = "none", .max_sessions = 2};
    struct hob_store *store = hob_store_new(&options);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(create(store, id), 0);
    assert_int_equal(create(store, id), 0);
    char third[37];
    assert_int_equal(create(store, third), HOB_E_BUSY);
    struct hob_store_call call = {.may_wait = true, .out = &out};
    assert_int_equal(hob_store_delete(store, &call, id, NULL), 0);
    assert_int_equal(hob_store_delete(store, &call, id, NULL), HOB_E_NO_KEY);
    assert_int_equal(create(store, id), 0);
    hob_store_free(store);
}

/* An operation that lists the sessions while it has its own. */
static struct hob_store *listed_store;

static int list_meanwhile(struct hob_session *session, const struct hob_value *parameters,
                          const struct hob_scope *scope, struct hob_buffer *out,
                          struct hob_error *error)
{
    (void)session, (void)parameters;
    struct hob_store_call call = {.scope = scope, .may_wait = true, .out = out};
    return hob_store_list(listed_store, &call, error);
}

/* The same with a description of itself. */
static int describe_meanwhile(struct hob_session *session, const struct hob_value *parameters,
                              const struct hob_scope *scope, struct hob_buffer *out,
                              struct hob_error *error)
{
    (void)session;
    struct hob_store_call call = {.scope = scope, .may_wait = true, .out = out};
    return hob_store_info(listed_store, &call, hob_value_string(parameters), error);
}

static void a_description_does_not_wait_for_operations(void **state)
{
    (void)state;
    char id[37];
    const struct hob_session_operation slow = {.name = "slow", .run = describe_meanwhile};
    struct hob_store_options options = {.state = "none"};
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_scope scope = {0};
    struct hob_store_call call = {.scope = &scope, .may_wait = true, .out = &out};
    listed_store = hob_store_new(&options);
    assert_int_equal(create(listed_store, id), 0);
    const struct hob_value self = {.kind = HOB_STRING, .text = hob_text_from(id)};
    assert_int_equal(hob_store_operate(listed_store, &call, id, &slow, &self, NULL), 0);
    assert_non_null(strstr(hob_buffer_string(&out), ",\"shape\":["));
    assert_non_null(strstr(hob_buffer_string(&out), ",\"columns\":[\"age\",\"ok\",\"limit\","));
    assert_non_null(strstr(hob_buffer_string(&out), ",\"busy\":true}"));
    hob_buffer_clear(&out);
    assert_int_equal(hob_store_info(listed_store, &call, id, NULL), 0);
    assert_null(strstr(hob_buffer_string(&out), "busy"));
    hob_store_free(listed_store);
}

/* ---- memory ---- */

static void set_cell(struct hob_session *session, const char *column, char letter, size_t size)
{
    HOB_AUTO(buffer) struct hob_buffer parameters = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    hob_buffer_printf(&parameters, "{\"index\":\"Ada\",\"column\":\"%s\",\"value\":\"", column);
    hob_buffer_put_repeated(&parameters, letter, size);
    hob_buffer_put_string(&parameters, "\"}");
    run(&out, session, "set_value_at", hob_buffer_string(&parameters));
    assert_string_equal(hob_buffer_string(&out), "");
    hob_session_take_records(session, &records);
}

static void undo_keeps_so_many_bytes_and_says_when_they_are_used_up(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, LIMIT = 4 << 20 };
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    hob_session_limit_undo(session, LIMIT);
    size_t before = hob_session_size(session);
    for (int i = 0; i < 20; i++) {
        set_cell(session, "score", (char)('a' + i), SIZE);
        size_t size = hob_session_size(session) - before;
        assert_true(size < (size_t)LIMIT + SIZE + SIZE / 8);
        assert_true(i == 0 || size > (size_t)SIZE * 2 - SIZE / 8);
    }
    assert_run(session, "undo", "{}", ",\"remaining\":2");
    assert_run(session, "undo", "{}", ",\"remaining\":1");
    assert_run(session, "undo", "{}", ",\"remaining\":0");
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    const struct hob_session_operation *undo = hob_session_operation_find(HOB_TEXT("undo"));
    assert_int_equal(undo->run(session, &hob_value_empty_map, NULL, &out, &error), HOB_E_VALUE);
    assert_non_null(strstr(error.message, "nothing further to undo"));
    assert_non_null(strstr(error.hint, "4.0 MB"));
    assert_true(hob_session_size(session) - before < SIZE + SIZE / 8);
}

static void an_edit_that_replaces_more_than_undo_keeps_cannot_be_taken_back(void **state)
{
    (void)state;
    HOB_AUTO(session) struct hob_session *session = open_session("i.yml");
    hob_session_limit_undo(session, 1 << 20);
    set_cell(session, "score", 'a', 2 << 20);
    set_cell(session, "score", 'b', 10);
    assert_run(session, "undo", "{}", "ValueError");
    set_cell(session, "score", 'c', 10);
    assert_run(session, "undo", "{}", ",\"remaining\":0");
    assert_run(session, "get_value_at", "{\"index\":\"Ada\",\"column\":\"score\"}",
               ",\"value\":\"bbbbbbbbbb\"");
}

#ifdef TELLS_MEMORY
/* What a session says of itself is what the allocator gave it, within a tenth. */
static void the_size_of_a_session_is_what_it_takes(void **state)
{
    (void)state;
    struct mallinfo2 before = mallinfo2();
    if (before.uordblks == 0)
        return; /* another allocator, valgrind's perhaps, which tells nothing */
    HOB_AUTO(session) struct hob_session *session = open_session("large.yml");
    struct mallinfo2 opened = mallinfo2();
    size_t real = opened.uordblks + opened.hblkhd - before.uordblks - before.hblkhd;
    size_t told = hob_session_size(session);
    assert_in_range(told, real - real / 10, real + real / 10);
    HOB_AUTO(buffer) struct hob_buffer records = HOB_BUFFER_INIT;
    for (int i = 0; i < 20000; i++) {
        char edit[100];
        size_t lost = 0;
        snprintf(edit, sizeof edit,
                 "{\"op\":\"set\",\"column\":\"mark\",\"index\":%d,\"value\":%d}\n", i, i);
        assert_int_equal(hob_session_apply(session, hob_text_from(edit), &lost, NULL), 0);
        assert_int_equal(lost, 0);
    }
    struct mallinfo2 edited = mallinfo2();
    real = edited.uordblks + edited.hblkhd - opened.uordblks - opened.hblkhd;
    told = hob_session_size(session) - told;
    assert_in_range(told, real - real / 10, real + real / 10);
}
#endif

/* Does it until that is refused, at most a hundred times; behind `begin` comes the number of the
 * turn, and at the end a value of 200 KB. */
static int edit_often(struct hob_store *store, const char *id, const char *operation,
                      const char *begin, const char *value)
{
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    int code = 0;
    for (int i = 0; i < 100 && code == 0; i++) {
        HOB_AUTO(buffer) struct hob_buffer edit = HOB_BUFFER_INIT;
        hob_buffer_printf(&edit, "%s%d%s", begin, i, value);
        hob_buffer_put_repeated(&edit, 'x', 200 << 10);
        hob_buffer_put_string(&edit, "\"}");
        code = operate(store, id, operation, hob_buffer_string(&edit), &out, true);
    }
    return code;
}

static void a_store_without_a_disk_refuses_edits_beyond_its_memory(void **state)
{
    (void)state;
    char id[37];
    struct hob_store_options options = {.state = "none", .max_memory = 2 << 20};
    struct hob_store *store = hob_store_new(&options);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(create(store, id), 0);
    /* What is replaced is let go of; what has come to stay is not. */
    assert_int_equal(
        edit_often(store, id, "set_value_at",
                   "{\"index\":\"Ada\",\"column\":\"score\",\"turn\":", ",\"value\":\""),
        0);
    assert_int_equal(edit_often(store, id, "add_column", "{\"column\":\"c", "\",\"value\":\""),
                     HOB_E_BUSY);
    assert_int_equal(operate(store, id, "get_index", "{}", &out, true), 0);
    assert_int_equal(operate(store, id, "reload", "{\"keep\":true}", &out, true), 0);
    hob_buffer_clear(&out);
    assert_int_equal(
        operate(store, id, "get_value_at", "{\"index\":\"Ada\",\"column\":\"c2\"}", &out, true), 0);
    assert_true(out.size > (size_t)200 << 10);
    hob_store_free(store);
}

static void a_list_does_not_wait_for_operations(void **state)
{
    (void)state;
    char id[37];
    const struct hob_session_operation slow = {.name = "slow", .run = list_meanwhile};
    struct hob_store_options options = {.state = "none"};
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    struct hob_scope scope = {0};
    struct hob_store_call call = {.scope = &scope, .may_wait = true, .out = &out};
    listed_store = hob_store_new(&options);
    assert_int_equal(create(listed_store, id), 0);
    assert_int_equal(hob_store_operate(listed_store, &call, id, &slow, NULL, NULL), 0);
    assert_non_null(strstr(hob_buffer_string(&out), "\"columns\":[\"age\",\"ok\",\"limit\","));
    assert_null(strstr(hob_buffer_string(&out), "extra"));
    assert_null(strstr(hob_buffer_string(&out), "\"memory_mb\":0.000000"));
    assert_int_equal(operate(listed_store, id, "add_column", "{\"column\":\"extra\"}", &out, false),
                     0);
    hob_buffer_clear(&out);
    assert_int_equal(hob_store_operate(listed_store, &call, id, &slow, NULL, NULL), 0);
    assert_non_null(strstr(hob_buffer_string(&out), ",\"extra\"]"));
    hob_store_free(listed_store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_in_the_order_of_their_types),
        cmocka_unit_test(interfaces_that_cannot_be_sessions_are_refused),
        cmocka_unit_test(a_failed_move_leaves_the_focus),
        cmocka_unit_test(what_is_immutable_stays),
        cmocka_unit_test(a_column_of_integers_takes_what_it_is_given_as_pandas_does),
        cmocka_unit_test(a_series_is_read_and_written_where_the_subindex_points),
        cmocka_unit_test(many_edits_are_undone_one_by_one_up_to_a_limit),
        cmocka_unit_test(records_make_the_same_session_again_also_when_applied_twice),
        cmocka_unit_test(an_edit_that_fails_half_way_leaves_nothing_behind),
        cmocka_unit_test(a_snapshot_stands_for_all_edits),
        cmocka_unit_test(an_undo_in_the_journal_means_the_edit_before_it_even_if_that_is_lost),
        cmocka_unit_test(numbers_that_json_cannot_say_are_refused),
        cmocka_unit_test(a_store_on_disk_gives_everything_back),
        cmocka_unit_test(a_store_keeps_to_its_limits),
        cmocka_unit_test(a_list_does_not_wait_for_operations),
        cmocka_unit_test(a_description_does_not_wait_for_operations),
        cmocka_unit_test(undo_keeps_so_many_bytes_and_says_when_they_are_used_up),
        cmocka_unit_test(an_edit_that_replaces_more_than_undo_keeps_cannot_be_taken_back),
#ifdef TELLS_MEMORY
        cmocka_unit_test(the_size_of_a_session_is_what_it_takes),
#endif
        cmocka_unit_test(a_store_without_a_disk_refuses_edits_beyond_its_memory),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
