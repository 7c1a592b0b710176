/* Tests of what pools are made of: framing, messages, the life of a worker, pacing, the tail of its
 * standard error, options and settings. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "config/schema.h"
#include "pool/framing.h"
#include "pool/life.h"
#include "pool/message.h"
#include "pool/options.h"
#include "pool/pacing.h"
#include "pool/settings.h"
#include "pool/tail.h"

/* ---- framing ---- */

/* What comes out, as text: M a message, N noise, L too large, each in its own line. */
static void drain(struct hob_framing *framing, struct hob_buffer *out)
{
    for (;;) {
        struct hob_text message;
        enum hob_framing_found found = hob_framing_next(framing, &message);
        if (found == HOB_FRAMING_MORE)
            return;
        if (found == HOB_FRAMING_TOO_LARGE)
            hob_buffer_put_string(out, "L\n");
        else
            hob_buffer_printf(out, "%c%.*s\n", found == HOB_FRAMING_MESSAGE ? 'M' : 'N',
                              HOB_TEXT_ARG(message));
    }
}

static void feed(struct hob_buffer *out, enum hob_framing_kind kind, size_t limit, size_t piece,
                 struct hob_text bytes)
{
    struct hob_framing framing;
    hob_framing_init(&framing, kind, limit);
    for (size_t at = 0; at < bytes.size; at += piece) {
        size_t size = bytes.size - at < piece ? bytes.size - at : piece;
        char *room = hob_framing_reserve(&framing, size);
        assert_non_null(room);
        memcpy(room, bytes.data + at, size);
        hob_framing_add(&framing, size);
        drain(&framing, out);
    }
    hob_framing_deinit(&framing);
}

static void assert_early_id(const char *beginning, const char *expected)
{
    assert_text_equal(hob_message_early_member(hob_text_from(beginning), "id"), expected);
}

static void early_members(void **state)
{
    (void)state;
    assert_early_id("{\"id\":5,\"result\":\"xxxxxx", "5");
    assert_early_id(" { \"jsonrpc\" : \"2.0\" ,\n \"id\" : \"a\\\"b\" , \"result\": [[1,",
                    "\"a\\\"b\"");
    assert_early_id("{\"meta\":{\"id\":1,\"t\":\"}]\"},\"n\":-1.5e3,\"l\":[1,[2]],\"id\":7}", "7");
    assert_early_id("{\"result\":{\"id\":1,\"text\":\"xxxx", "");
    assert_early_id("{\"id\":12", "");
    assert_early_id("{\"result\":\"xx\\", "");
    assert_early_id("{\"id\"", "");
    assert_early_id("[{\"id\":1}]", "");
    assert_early_id("", "");
    struct hob_text note = HOB_TEXT("{\"jsonrpc\":\"2.0\",\"method\":\"$/progress\",\"params\":{");
    assert_text_equal(hob_message_early_member(note, "method"), "\"$/progress\"");
    assert_text_equal(hob_message_early_member(note, "params"), "");
}

/* The pieces in which bytes come must not matter, but to how often noise without an end is told. */
static void assert_framed(enum hob_framing_kind kind, size_t limit, struct hob_text bytes,
                          const char *expected)
{
    for (size_t piece = 1; piece <= bytes.size; piece += piece < 40 ? 1 : bytes.size / 3 + 1) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        feed(&out, kind, limit, piece, bytes);
        assert_text_equal(hob_buffer_text(&out), expected);
    }
}

static void lines_in_any_pieces(void **state)
{
    (void)state;
    assert_framed(HOB_FRAMING_LINES, 100, HOB_TEXT("{}\n[1]\r\n\n\r\n  \nlast\nunfinished"),
                  "M{}\nM[1]\nM  \nMlast\n");
    assert_framed(HOB_FRAMING_LINES, 100, HOB_TEXT("a\rb\r\r\n"), "Ma\rb\r\n");
    static const char nul[] = "a\0b\n";
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    feed(&out, HOB_FRAMING_LINES, 100, 1, (struct hob_text){nul, 4});
    assert_int_equal(out.size, 3); /* printed up to the NUL */
}

static void lines_at_their_limit(void **state)
{
    (void)state;
    assert_framed(HOB_FRAMING_LINES, 5, HOB_TEXT("1234\n12345\n123456\n1\n"),
                  "M1234\nM12345\nL\nM1\n");
    assert_framed(HOB_FRAMING_LINES, 5, HOB_TEXT("1234\r\n12345\r\n123456\r\n1\r\n"),
                  "M1234\nM12345\nL\nM1\n");
    assert_framed(HOB_FRAMING_LINES, 5, HOB_TEXT("1234567890123456789\nab\n"), "L\nMab\n");
}

static void headers_in_any_pieces(void **state)
{
    (void)state;
    assert_framed(HOB_FRAMING_HEADERS, 100,
                  HOB_TEXT("Content-Length: 2\r\n\r\n{}content-LENGTH:3 \t\n\n[1]"
                           "Content-Type: x; charset=utf-8\r\nContent-Length:0\r\n\r\n"
                           "Content-Length: 1\r\nX-Other: 7\r\nContent-Type: y\r\n\r\n1"),
                  "M{}\nM[1]\nM\nM1\n");
    assert_framed(
        HOB_FRAMING_HEADERS, 100,
        HOB_TEXT("noise: here\nContent-Length: 3\r\n\r\n\n\r\n\nmore\r\nContent-Length: x\r\n"
                 "Content-Length: 2\r\n\r\n{}"),
        "Nnoise: here\nM\n\r\n\nNmore\nNContent-Length: x\nM{}\n");
}

static void headers_at_their_limit(void **state)
{
    (void)state;
    assert_framed(HOB_FRAMING_HEADERS, 5,
                  HOB_TEXT("Content-Length: 5\r\n\r\n12345Content-Length: 6\r\n\r\n123456"
                           "Content-Length: 4\r\n\r\n1234"),
                  "M12345\nL\nM1234\n");
    assert_framed(
        HOB_FRAMING_HEADERS, 5,
        HOB_TEXT("Content-Length: 99999999999999999999999999\r\nContent-Length: 1\r\n\r\n1"),
        "NContent-Length: 99999999999999999999999999\nM1\n");
}

/* What never becomes a message is not kept. */
static void nothing_grows_without_end(void **state)
{
    (void)state;
    static const struct {
        enum hob_framing_kind kind;
        const char *line;
    } floods[] = {{HOB_FRAMING_LINES, "no end of a line"},
                  {HOB_FRAMING_HEADERS, "no end of a line"},
                  {HOB_FRAMING_HEADERS, "Content-Type: no end of headers\n"},
                  {HOB_FRAMING_HEADERS, "Content-Length: 5\nX-More: and more\n"},
                  {HOB_FRAMING_HEADERS, "Content-Length: 999999999\r\n\r\n"}};
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
        struct hob_framing framing;
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        size_t size = strlen(floods[i].line);
        hob_framing_init(&framing, floods[i].kind, 4096);
        for (int n = 0; n < 100000; n++) {
            memcpy(hob_framing_reserve(&framing, size), floods[i].line, size);
            hob_framing_add(&framing, size);
            hob_buffer_clear(&out);
            drain(&framing, &out);
            assert_true(framing.bytes.capacity < 100000);
        }
        hob_framing_deinit(&framing);
    }
}

static void what_is_put_can_be_read(void **state)
{
    (void)state;
    for (int kind = HOB_FRAMING_LINES; kind <= HOB_FRAMING_HEADERS; kind++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
        hob_framing_put(&out, (enum hob_framing_kind)kind, HOB_TEXT("{\"a\":1}"));
        hob_framing_put(&out, (enum hob_framing_kind)kind, HOB_TEXT("[]"));
        assert_framed((enum hob_framing_kind)kind, 7, hob_buffer_text(&out), "M{\"a\":1}\nM[]\n");
    }
}

/* ---- messages ---- */

/* The same message with a member that is none of a message's, and needs a second look: what most
 * messages are spared. */
static void put_with_escaped_key(struct hob_buffer *out, const char *text)
{
    size_t start = strspn(text, " \t\r\n{");
    hob_buffer_put(out, text, start);
    if (start > 0 && text[start - 1] == '{' && text[start] != '}')
        hob_buffer_put_string(out, "\"\\u0078\":0,");
    hob_buffer_put_string(out, text + start);
}

static void assert_message_is(struct hob_text text, enum hob_message_kind kind, const char *id,
                              const char *method, const char *params, const char *result,
                              const char *wrong)
{
    struct hob_message message;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_message_read(&message, text, &error), 0);
    assert_int_equal(message.kind, kind);
    assert_text_equal(message.id, id);
    assert_text_equal(message.method, method);
    assert_text_equal(message.params, params);
    assert_text_equal(message.result, result);
    assert_text_equal(message.error, wrong);
    assert_false(message.inexact);
}

static void assert_message(const char *text, enum hob_message_kind kind, const char *id,
                           const char *method, const char *params, const char *result,
                           const char *wrong)
{
    HOB_AUTO(buffer) struct hob_buffer escaped = HOB_BUFFER_INIT;
    put_with_escaped_key(&escaped, text);
    assert_message_is(hob_text_from(text), kind, id, method, params, result, wrong);
    assert_message_is(hob_buffer_text(&escaped), kind, id, method, params, result, wrong);
}

static void messages_are_seen_as_they_stand_there(void **state)
{
    (void)state;
    assert_message("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a\",\"params\":{\"x\": [1, 2]}}",
                   HOB_MESSAGE_REQUEST, "7", "\"a\"", "{\"x\": [1, 2]}", "", "");
    assert_message(" { \"method\" : \"a\\\"b\" , \"params\" :\t[ ] } \n", HOB_MESSAGE_NOTIFICATION,
                   "", "\"a\\\"b\"", "[ ]", "", "");
    assert_message("{\"result\" : null ,\"id\":\"x,y\"}", HOB_MESSAGE_ANSWER, "\"x,y\"", "", "",
                   "null", "");
    assert_message("{\"id\":1e3,\"error\":{\"code\":-1,\"message\":\"}\"}}", HOB_MESSAGE_ANSWER,
                   "1e3", "", "", "", "{\"code\":-1,\"message\":\"}\"}");
    assert_message("{\"id\":1,\"result\":2,\"error\":null}", HOB_MESSAGE_ANSWER, "1", "", "", "2",
                   "null");
    assert_message("{\"id\":null,\"method\":\"m\"}", HOB_MESSAGE_REQUEST, "null", "\"m\"", "", "",
                   "");
    assert_message("{\"id\":1,\"id\":2,\"method\":\"a\",\"method\":\"b\"}", HOB_MESSAGE_REQUEST,
                   "2", "\"b\"", "", "", "");
    assert_message("{\"x\":{\"id\":1,\"result\":2},\"\\u0069d\":3,\"result\":4}",
                   HOB_MESSAGE_ANSWER, "3", "", "", "4", "");
    assert_message("{\"id\":1,\"method\":7}", HOB_MESSAGE_NONE, "1", "7", "", "", "");
    assert_message("{\"id\":1}", HOB_MESSAGE_NONE, "1", "", "", "", "");
    assert_message("{\"result\":1}", HOB_MESSAGE_NONE, "", "", "", "1", "");
    assert_message("{\"id\":1,\"error\":null}", HOB_MESSAGE_NONE, "1", "", "", "", "null");
    assert_message("[1]", HOB_MESSAGE_NONE, "", "", "", "", "");
    assert_message("7", HOB_MESSAGE_NONE, "", "", "", "", "");
}

static void what_is_no_json_is_no_message(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "}",
        "{]",
        "{\"id\":}",
        "{\"id\":1,}",
        "{\"id\":1}}",
        "{\"id\":1} 2",
        "{id:1}",
        "{\"id\":01}",
        "nul",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "[1",
        "\"",
        "{\"a\" 1}",
    };
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        HOB_AUTO(buffer) struct hob_buffer escaped = HOB_BUFFER_INIT;
        struct hob_message message;
        struct hob_error error = HOB_ERROR_INIT;
        put_with_escaped_key(&escaped, texts[i / 2]);
        struct hob_text text = i % 2 == 0 ? hob_text_from(texts[i / 2]) : hob_buffer_text(&escaped);
        assert_int_not_equal(hob_message_read(&message, text, &error), 0);
        assert_string_not_equal(error.message, "");
        assert_int_equal(message.kind, HOB_MESSAGE_NONE);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    for (unsigned depth = HOB_MESSAGE_MAX_DEPTH - 2; depth < HOB_MESSAGE_MAX_DEPTH + 2; depth++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        struct hob_message message;
        hob_buffer_put_string(&text, "{\"id\":1,\"result\":");
        for (unsigned i = 0; i < depth; i++)
            hob_buffer_put_char(&text, '[');
        for (unsigned i = 0; i < depth; i++)
            hob_buffer_put_char(&text, ']');
        hob_buffer_put_char(&text, '}');
        int code = hob_message_read(&message, hob_buffer_text(&text), NULL);
        assert_int_equal(code, depth + 1 <= HOB_MESSAGE_MAX_DEPTH ? 0 : HOB_E_LIMIT);
    }
}

static void nan_is_noticed_and_made_null(void **state)
{
    (void)state;
    static const struct {
        const char *text, *exact;
    } cases[] = {{"NaN", "null"},
                 {"[1,NaN,-Infinity,Infinity]", "[1,null,null,null]"},
                 {"{\"a\":NaN}", "{\"a\":null}"}};
    static const char *const exact[] = {"null", "[null, \"NaN\"]", "{\"Infinity\":null}",
                                        "[ null ]"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT, out = HOB_BUFFER_INIT;
        struct hob_message message;
        hob_buffer_printf(&text, "{\"id\":1,\"result\":%s}", cases[i].text);
        assert_int_equal(hob_message_read(&message, hob_buffer_text(&text), NULL), 0);
        assert_true(message.inexact);
        assert_true(hob_message_put_exact(&out, message.result));
        assert_text_equal(hob_buffer_text(&out), cases[i].exact);
    }
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        struct hob_message message;
        hob_buffer_printf(&text, "{\"id\":1,\"result\":%s}", exact[i]);
        assert_int_equal(hob_message_read(&message, hob_buffer_text(&text), NULL), 0);
        assert_false(message.inexact);
    }
}

static void batches_are_split(void **state)
{
    (void)state;
    HOB_AUTO(free) struct hob_text *items = NULL;
    size_t count;
    struct hob_error error = HOB_ERROR_INIT;
    assert_true(hob_message_is_batch(HOB_TEXT(" \n[")));
    assert_false(hob_message_is_batch(HOB_TEXT("{}")));
    assert_false(hob_message_is_batch(HOB_TEXT("")));
    assert_int_equal(
        hob_message_split(HOB_TEXT(" [ {\"a\": [1, 2]} ,3, \"x\" ,[] ] "), &items, &count, &error),
        0);
    assert_int_equal(count, 4);
    assert_text_equal(items[0], "{\"a\": [1, 2]}");
    assert_text_equal(items[1], "3");
    assert_text_equal(items[2], "\"x\"");
    assert_text_equal(items[3], "[]");
    static const char *const wrong[] = {"[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]x", "[1}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct hob_text *none = NULL;
        assert_int_equal(hob_message_split(hob_text_from(wrong[i]), &none, &count, &error),
                         HOB_E_JSON);
        assert_null(none);
    }
}

static void batches_have_a_limit(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
        HOB_AUTO(free) struct hob_text *items = NULL;
        size_t count = 0;
        for (int i = 0; i < HOB_MESSAGE_MAX_BATCH + more; i++)
            hob_buffer_put_string(&text, i == 0 ? "[1" : ",1");
        hob_buffer_put_char(&text, ']');
        assert_int_equal(hob_message_split(hob_buffer_text(&text), &items, &count, NULL),
                         more ? HOB_E_LIMIT : 0);
        assert_int_equal(count, more ? 0 : HOB_MESSAGE_MAX_BATCH);
    }
}

static void members_strings_and_numbers(void **state)
{
    (void)state;
    struct hob_text object = HOB_TEXT("{\"a\":1,\"b\":{\"a\":2},\"a\":3, \"c\" : \"x\\u00e9\\n\"}");
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    uint64_t number;
    assert_text_equal(hob_message_member(object, "a"), "3");
    assert_text_equal(hob_message_member(object, "b"), "{\"a\":2}");
    assert_text_equal(hob_message_member(object, "d"), "");
    assert_text_equal(hob_message_member(HOB_TEXT("[1]"), "a"), "");
    assert_text_equal(hob_message_member(HOB_TEXT(""), "a"), "");
    assert_text_equal(hob_message_member(HOB_TEXT("{\"a\""), "a"), "");
    assert_true(hob_message_string(&out, hob_message_member(object, "c")));
    assert_text_equal(hob_buffer_text(&out), "x\xc3\xa9\n");
    assert_false(hob_message_string(&out, HOB_TEXT("1")));
    assert_false(hob_message_string(&out, HOB_TEXT("\"a")));
    assert_true(hob_message_number(&number, HOB_TEXT("18")) && number == 18);
    assert_true(hob_message_number(&number, HOB_TEXT("\"18\"")) && number == 18);
    static const char *const none[] = {
        "", "-1", "1.0", "1e2", "null", "\"\"", "\"", "[1]", "99999999999999999999", "true"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(hob_message_number(&number, hob_text_from(none[i])));
}

static void errors_are_messages(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT, line = HOB_BUFFER_INIT;
    struct hob_error error = HOB_ERROR_INIT;
    struct hob_message message;
    hob_error_set(&error, HOB_E_BUSY, "a \"quoted\" %s", "\xff\n");
    hob_error_hint(&error, "wait");
    hob_message_put_error(&out, (struct hob_text){NULL, 0}, HOB_RPC_BUSY, &error);
    assert_int_equal(hob_message_read(&message, hob_buffer_text(&out), NULL), 0);
    assert_int_equal(message.kind, HOB_MESSAGE_ANSWER);
    assert_text_equal(message.id, "null");
    assert_text_equal(hob_message_member(message.error, "code"), "-32003");
    hob_message_put_line(&line, HOB_TEXT("{\n\"a\":\r\n1}"));
    assert_text_equal(hob_buffer_text(&line), "{ \"a\":  1}");
}

/* ---- life ---- */

/* What must hold in each state for each event, said once more and in another way. */
static bool may_follow(enum hob_life state, enum hob_life_event event, struct hob_life_step step)
{
    bool over = state == HOB_LIFE_DEAD, ending = state == HOB_LIFE_STOPPING;
    switch (event) {
    case HOB_LIFE_EXITED: /* buried, once */
        return step.next == HOB_LIFE_DEAD &&
               step.action == (over ? HOB_LIFE_IMPOSSIBLE : HOB_LIFE_BURY);
    case HOB_LIFE_TAKES: /* only those that take calls are given any, and are busy then */
        return hob_life_takes_calls(state)
                   ? step.next == HOB_LIFE_BUSY && step.action == HOB_LIFE_NOTHING
                   : step.next == state && step.action == HOB_LIFE_IMPOSSIBLE;
    case HOB_LIFE_READY: /* matters to one that starts */
        return state == HOB_LIFE_STARTING
                   ? step.next == HOB_LIFE_IDLE && step.action == HOB_LIFE_OFFER
                   : step.next == state && step.action == HOB_LIFE_NOTHING;
    case HOB_LIFE_BROKEN: /* ended, unless it ends already */
        return over || ending ? step.next == state && step.action == HOB_LIFE_NOTHING
                              : step.next == HOB_LIFE_STOPPING && step.action == HOB_LIFE_TERMINATE;
    case HOB_LIFE_TOO_LATE: /* the same, but one that ends already is made to */
        return over     ? step.next == state && step.action == HOB_LIFE_NOTHING
               : ending ? step.next == state && step.action == HOB_LIFE_KILL
                        : step.next == HOB_LIFE_STOPPING && step.action == HOB_LIFE_TERMINATE;
    case HOB_LIFE_RETIRE: /* calls that somebody waits for are finished, others are not waited for
                           */
        return state == HOB_LIFE_STARTING || state == HOB_LIFE_IDLE
                   ? step.next == HOB_LIFE_STOPPING && step.action == HOB_LIFE_STOP
               : state == HOB_LIFE_BUSY
                   ? step.next == HOB_LIFE_DRAINING && step.action == HOB_LIFE_NOTHING
               : state == HOB_LIFE_HUNG
                   ? step.next == HOB_LIFE_STOPPING && step.action == HOB_LIFE_TERMINATE
                   : step.next == state && step.action == HOB_LIFE_NOTHING;
    case HOB_LIFE_FREE: /* back to work, or home */
        return state == HOB_LIFE_IDLE || state == HOB_LIFE_BUSY || state == HOB_LIFE_HUNG
                   ? step.next == HOB_LIFE_IDLE && step.action == HOB_LIFE_OFFER
               : state == HOB_LIFE_DRAINING
                   ? step.next == HOB_LIFE_STOPPING && step.action == HOB_LIFE_STOP
               : state == HOB_LIFE_STARTING ? step.action == HOB_LIFE_IMPOSSIBLE
                                            : step.next == state && step.action == HOB_LIFE_NOTHING;
    case HOB_LIFE_OVERDUE: /* fenced: no other call before it answers */
        return state == HOB_LIFE_BUSY
                   ? step.next == HOB_LIFE_HUNG && step.action == HOB_LIFE_INTERRUPT
               : state == HOB_LIFE_DRAINING
                   ? step.next == HOB_LIFE_STOPPING && step.action == HOB_LIFE_TERMINATE
               : state == HOB_LIFE_STARTING || state == HOB_LIFE_IDLE
                   ? step.action == HOB_LIFE_IMPOSSIBLE
                   : step.next == state && step.action == HOB_LIFE_NOTHING;
    case HOB_LIFE_EVENT_COUNT:
        break;
    }
    return false;
}

static void every_step_of_life(void **state)
{
    (void)state;
    for (int life = 0; life < HOB_LIFE_COUNT; life++)
        for (int event = 0; event < HOB_LIFE_EVENT_COUNT; event++) {
            struct hob_life_step step =
                hob_life_step((enum hob_life)life, (enum hob_life_event)event);
            if (!may_follow((enum hob_life)life, (enum hob_life_event)event, step))
                fail_msg("%s, event %d: %s, action %d", hob_life_name((enum hob_life)life), event,
                         hob_life_name(step.next), step.action);
            /* What is impossible changes nothing; nobody comes back from the dead or dies twice. */
            if (step.action == HOB_LIFE_IMPOSSIBLE)
                assert_int_equal(step.next, life);
            if (life == HOB_LIFE_DEAD || life == HOB_LIFE_STOPPING)
                assert_true(step.next == HOB_LIFE_DEAD || step.next == (enum hob_life)life);
        }
}

/* ---- pacing ---- */

enum { MS = 1000000 };

static struct hob_pacing new_pacing(double jitter, unsigned failures)
{
    struct hob_pacing pacing;
    hob_pacing_init(&pacing, &(struct hob_pacing_options){.first = 100 * MS,
                                                          .most = 1000 * MS,
                                                          .factor = 2,
                                                          .jitter = jitter,
                                                          .failures = failures,
                                                          .within = 60000ull * MS});
    return pacing;
}

static void waits_grow_up_to_the_longest(void **state)
{
    (void)state;
    static const uint64_t waits[] = {100, 200, 400, 800, 1000, 1000, 1000};
    struct hob_pacing pacing = new_pacing(0, 0);
    uint64_t now = 5000ull * MS;
    assert_true(hob_pacing_allows(&pacing, now, 3));
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        hob_pacing_failed(&pacing, now, 0.5);
        assert_int_equal(pacing.not_before - now, waits[i] * MS);
        assert_false(hob_pacing_allows(&pacing, pacing.not_before - 1, 0));
        assert_true(hob_pacing_allows(&pacing, pacing.not_before, 0));
        assert_false(hob_pacing_allows(&pacing, pacing.not_before, 1)); /* one finds out */
        assert_false(hob_pacing_is_open(&pacing, now));
        now = pacing.not_before;
    }
    hob_pacing_succeeded(&pacing);
    assert_true(hob_pacing_allows(&pacing, 0, 9));
    hob_pacing_failed(&pacing, now, 0.5);
    assert_int_equal(pacing.not_before - now, 100 * MS);
}

static void jitter_stays_in_its_bounds(void **state)
{
    (void)state;
    uint64_t least = UINT64_MAX, most = 0;
    for (int i = 0; i <= 1000; i++) {
        struct hob_pacing pacing = new_pacing(0.2, 0);
        hob_pacing_failed(&pacing, 0, i / 1000.0);
        least = pacing.not_before < least ? pacing.not_before : least;
        most = pacing.not_before > most ? pacing.not_before : most;
    }
    assert_in_range(least, 80 * MS - 1, 80 * MS + 1);
    assert_in_range(most, 120 * MS - 1, 120 * MS + 1);
}

static void too_many_failures_open_the_breaker(void **state)
{
    (void)state;
    struct hob_pacing pacing = new_pacing(0, 3);
    uint64_t now = 0;
    /* Not when they are far from one another. */
    for (int i = 0; i < 10; i++) {
        now += 31000ull * MS;
        hob_pacing_failed(&pacing, now, 0.5);
        assert_false(hob_pacing_is_open(&pacing, now));
    }
    hob_pacing_failed(&pacing, now, 0.5);
    assert_true(hob_pacing_is_open(&pacing, now));
    assert_int_equal(pacing.not_before - now, 1000 * MS);
    /* Half open: one is tried; its failure opens the breaker again at once. */
    now = pacing.not_before;
    assert_false(hob_pacing_is_open(&pacing, now));
    assert_true(hob_pacing_allows(&pacing, now, 0));
    hob_pacing_started(&pacing);
    assert_true(pacing.probing);
    assert_false(hob_pacing_allows(&pacing, now, 1));
    hob_pacing_failed(&pacing, now + 600000ull * MS, 0.5);
    assert_true(hob_pacing_is_open(&pacing, now + 600000ull * MS));
    hob_pacing_succeeded(&pacing);
    assert_false(hob_pacing_is_open(&pacing, 0));
    assert_true(hob_pacing_allows(&pacing, 0, 5));
}

static void any_number_of_failures_can_be_asked_for(void **state)
{
    (void)state;
    for (unsigned failures = 1; failures <= HOB_PACING_REMEMBERED + 2; failures++) {
        struct hob_pacing pacing = new_pacing(0, failures);
        unsigned needed = failures < HOB_PACING_REMEMBERED ? failures : HOB_PACING_REMEMBERED;
        for (unsigned i = 1; i <= needed; i++) {
            hob_pacing_failed(&pacing, i, 0.5);
            assert_int_equal(hob_pacing_is_open(&pacing, i), i == needed);
        }
    }
}

/* ---- tail ---- */

static void put_numbers(struct hob_tail *tail, unsigned from, unsigned to, struct hob_buffer *all)
{
    for (unsigned i = from; i < to; i++) {
        char line[16];
        int size = snprintf(line, sizeof line, "line %u\n", i);
        hob_tail_add(tail, line, (size_t)size);
        hob_buffer_put(all, line, (size_t)size);
    }
}

static void the_tail_keeps_the_last_bytes(void **state)
{
    (void)state;
    struct hob_tail tail = HOB_TAIL_INIT;
    HOB_AUTO(buffer) struct hob_buffer all = HOB_BUFFER_INIT;
    for (unsigned i = 0; i < 40; i++) {
        HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT, lines = HOB_BUFFER_INIT;
        put_numbers(&tail, i * 500, (i + 1) * 500, &all);
        hob_tail_put(&out, &tail);
        assert_true(out.size <= HOB_TAIL_SIZE);
        assert_true(out.size == all.size || out.size > HOB_TAIL_SIZE - 20);
        assert_memory_equal(out.data, all.data + all.size - out.size, out.size);
        assert_memory_equal(out.data, "line ", 5);
        hob_tail_put_lines(&lines, &tail, 2, 600);
        HOB_AUTO(buffer) struct hob_buffer expected = HOB_BUFFER_INIT;
        hob_buffer_printf(&expected, "line %u\nline %u", i * 500 + 498, i * 500 + 499);
        assert_text_equal(hob_buffer_text(&lines), hob_buffer_string(&expected));
    }
    hob_tail_deinit(&tail);
}

/* At every place of the ring, and with pieces that are as large as it, and larger. */
static void the_tail_at_its_edges(void **state)
{
    (void)state;
    HOB_AUTO(buffer) struct hob_buffer bytes = HOB_BUFFER_INIT;
    for (size_t i = 0; i < 3 * HOB_TAIL_SIZE; i++)
        hob_buffer_put_char(&bytes, (char)('a' + i % 23));
    const size_t pieces[] = {1, HOB_TAIL_SIZE - 1, HOB_TAIL_SIZE, HOB_TAIL_SIZE + 1,
                             2 * HOB_TAIL_SIZE + 7};
    for (size_t first = 0; first < 5; first++)
        for (size_t second = 0; second < 5; second++) {
            struct hob_tail tail = HOB_TAIL_INIT;
            HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT, all = HOB_BUFFER_INIT;
            hob_tail_add(&tail, bytes.data, pieces[first]);
            hob_tail_add(&tail, bytes.data, 0);
            hob_tail_add(&tail, bytes.data, pieces[second]);
            hob_buffer_put(&all, bytes.data, pieces[first]);
            hob_buffer_put(&all, bytes.data, pieces[second]);
            hob_tail_put(&out, &tail); /* one line without an end: all that there is */
            size_t kept = all.size < HOB_TAIL_SIZE ? all.size : HOB_TAIL_SIZE;
            assert_int_equal(out.size, kept);
            assert_memory_equal(out.data, all.data + all.size - kept, kept);
            hob_buffer_clear(&out);
            hob_tail_put_lines(&out, &tail, 3, 100);
            assert_int_equal(out.size, kept < 100 ? kept : 100);
            hob_tail_deinit(&tail);
        }
    struct hob_tail none = HOB_TAIL_INIT;
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    hob_tail_put(&out, &none);
    hob_tail_put_lines(&out, &none, 5, 600);
    assert_int_equal(out.size, 0);
    hob_tail_deinit(&none);
}

/* ---- options and settings ---- */

static void options_that_make_no_sense(void **state)
{
    (void)state;
    static const char *const command[] = {"true", NULL}, *const empty[] = {NULL};
    const struct hob_pool_options good = {.command = command,
                                          .max_workers = 1,
                                          .concurrency = 1,
                                          .max_message = 1024,
                                          .restart.factor = 1,
                                          .request_timeout = 1,
                                          .start_timeout = 1};
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(hob_pool_options_check(&good, "a.B_9-", &error), 0);
    static const char *const names[] = {"", "a b", "a/b", "ü", "a\n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(hob_pool_options_check(&good, names[i], &error), HOB_E_PARAMETER);
    struct hob_pool_options bad[10];
    for (size_t i = 0; i < 10; i++)
        bad[i] = good;
    bad[0].command = NULL;
    bad[1].command = empty;
    bad[2].max_workers = 0;
    bad[3].min_workers = 2;
    bad[4].concurrency = 0;
    bad[5].max_message = 1023;
    bad[6].restart.factor = 0.9;
    bad[7].request_timeout = 0;
    bad[8].start_timeout = 0;
    bad[9].cancel_method = "a\"b";
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(hob_pool_options_check(&bad[i], "p", &error), HOB_E_PARAMETER);
        assert_non_null(strstr(error.message, "pool 'p'"));
        assert_string_not_equal(error.hint, "");
    }
}

static void the_environment_has_its_say(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool off;
    } switches[] = {
        {"HOB_POOL", "off", true},
        {"HOB_POOL", "on", false},
        {"HOB_POOL", "", false},
        {"HOB_POOL", "perhaps", false},
        {"HOB_POOL", "0", true},
        {"EXARP_PYTHON_POOL_ENABLED", "false", true},
        {"EXARP_PYTHON_POOL_ENABLED", "true", false},
    };
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        struct hob_pool_options options = HOB_POOL_OPTIONS_INIT;
        setenv(switches[i].name, switches[i].value, 1);
        hob_pool_options_from_environment(&options);
        unsetenv(switches[i].name);
        assert_int_equal(options.off, switches[i].off);
    }
    struct hob_pool_options options = HOB_POOL_OPTIONS_INIT;
    setenv("EXARP_PYTHON_POOL_IDLE_TIMEOUT", "7", 1);
    setenv("EXARP_PYTHON_POOL_HEALTH_CHECK_INTERVAL", "1500ms", 1);
    hob_pool_options_from_environment(&options);
    assert_int_equal(options.idle_timeout, 7000);
    assert_int_equal(options.health.after_idle, 1500);
    setenv("EXARP_PYTHON_POOL_IDLE_TIMEOUT", "soon", 1);
    hob_pool_options_from_environment(&options);
    assert_int_equal(options.idle_timeout, 7000);
    unsetenv("EXARP_PYTHON_POOL_IDLE_TIMEOUT");
    unsetenv("EXARP_PYTHON_POOL_HEALTH_CHECK_INTERVAL");
}

struct file {
    struct hob_setting_groups pools;
};

/* The settings of the only pool; NULL when something is wrong, which is told in *mistake. */
static const struct hob_pool_settings *read_settings(struct hob_arena *arena, const char *yaml,
                                                     const char **mistake)
{
    static const struct hob_setting rows[] = {
        {.name = "pools",
         HOB_SETTING_NAMED(struct file, pools, struct hob_pool_settings, hob_pool_settings_rows),
         .check = hob_pool_settings_check,
         .help = "pools"},
        {0},
    };
    struct file *file = hob_arena_alloc(arena, sizeof *file);
    struct hob_schema_source source = {.arena = arena, .name = "t.yml", .directory = "/d"};
    struct hob_mistakes mistakes = {.arena = arena};
    source.text = hob_text_from(yaml);
    bool good = hob_schema_read(&source, rows, file, &mistakes);
    *mistake = good ? "" : mistakes.items[0].text;
    return good ? file->pools.items[0].values : NULL;
}

static void settings_become_options(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *mistake;
    struct hob_pool_options options;
    const struct hob_pool_settings *settings = read_settings(
        arena,
        "pools: {p: {command: [python3, w.py], framing: headers, protocol: mcp, directory: sub,\n"
        "  workers: {min: 2, max: 8, concurrency: 3}, idle_timeout: 1m, request_timeout: 2s,\n"
        "  start_timeout: 3s, stop_grace: 4s, max_message: 1M, memory_limit: 1G,\n"
        "  queue: {max: 9, timeout: 5s}, cancel: {method: stop, grace: 6s},\n"
        "  recycle: {max_requests: 7, jitter: 50%, max_memory: 2M, max_age: 1d},\n"
        "  health: {every_calls: 10, after_idle: 8s, timeout: 9s},\n"
        "  restart: {backoff: {first: 1ms, max: 2ms, factor: 3, jitter: 0%},\n"
        "            intensity: {failures: 4, within: 10s}},\n"
        "  fallback: {command: [f, '{x}'], output: text}, watch: ['*.py'], env: {A: '1', B: "
        "''}}}\n",
        &mistake);
    assert_string_equal(mistake, "");
    assert_int_equal(hob_pool_settings_apply(settings, arena, &options, NULL), 0);
    assert_string_equal(options.command[0], "python3");
    assert_string_equal(options.command[1], "w.py");
    assert_null(options.command[2]);
    assert_string_equal(options.directory, "/d/sub");
    assert_int_equal(options.framing, HOB_FRAMING_HEADERS);
    assert_int_equal(options.protocol, HOB_POOL_MCP);
    assert_string_equal(options.health.method, "ping"); /* as MCP has it */
    assert_string_equal(options.cancel_method, "stop");
    assert_string_equal(options.environment[0], "A=1");
    assert_string_equal(options.environment[1], "B=");
    assert_null(options.environment[2]);
    assert_string_equal(options.fallback[1], "{x}");
    assert_true(options.fallback_text);
    assert_string_equal(options.watch[0], "*.py");
    assert_false(options.off);
    const uint64_t numbers[][2] = {
        {options.min_workers, 2},
        {options.max_workers, 8},
        {options.concurrency, 3},
        {options.idle_timeout, 60000},
        {options.request_timeout, 2000},
        {options.start_timeout, 3000},
        {options.stop_grace, 4000},
        {options.max_message, 1 << 20},
        {options.memory_limit, 1 << 30},
        {options.queue.max, 9},
        {options.queue.timeout, 5000},
        {options.cancel_grace, 6000},
        {options.recycle.max_requests, 7},
        {options.recycle.max_memory, 2 << 20},
        {options.recycle.max_age, 86400000},
        {options.health.every_calls, 10},
        {options.health.after_idle, 8000},
        {options.health.timeout, 9000},
        {options.restart.first, 1},
        {options.restart.max, 2},
        {options.restart.failures, 4},
        {options.restart.within, 10000},
        {(uint64_t)(options.recycle.jitter * 100), 50},
        {(uint64_t)options.restart.factor, 3},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_int_equal(numbers[i][0], numbers[i][1]);
    assert_int_equal(hob_pool_options_check(&options, "p", NULL), 0);
}

static void a_command_is_enough(void **state)
{
    (void)state;
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    const char *mistake;
    struct hob_pool_options options;
    const struct hob_pool_options defaults = HOB_POOL_OPTIONS_INIT;
    const struct hob_pool_settings *settings =
        read_settings(arena, "pools: {p: {command: [w]}}", &mistake);
    assert_int_equal(hob_pool_settings_apply(settings, arena, &options, NULL), 0);
    assert_int_equal(hob_pool_options_check(&options, "p", NULL), 0);
    assert_null(options.fallback);
    assert_null(options.watch);
    assert_null(options.environment);
    assert_null(options.health.method);
    /* The same as for a program that opens a pool. */
    const uint64_t numbers[][2] = {
        {options.max_workers, defaults.max_workers},
        {options.concurrency, defaults.concurrency},
        {options.idle_timeout, defaults.idle_timeout},
        {options.request_timeout, defaults.request_timeout},
        {options.start_timeout, defaults.start_timeout},
        {options.cancel_grace, defaults.cancel_grace},
        {options.stop_grace, defaults.stop_grace},
        {options.max_message, defaults.max_message},
        {options.queue.max, defaults.queue.max},
        {options.health.after_idle, defaults.health.after_idle},
        {options.health.timeout, defaults.health.timeout},
        {options.restart.first, defaults.restart.first},
        {options.restart.max, defaults.restart.max},
        {options.restart.failures, defaults.restart.failures},
        {options.restart.within, defaults.restart.within},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_int_equal(numbers[i][0], numbers[i][1]);
}

static void settings_that_contradict_each_other(void **state)
{
    (void)state;
    static const char *const pools[] = {
        "{command: [w], workers: {min: 5, max: 2}}",
        "{command: [w], isolation: fork}",
        "{command: [w, s], isolation: fork, protocol: mcp}",
        "{command: [w, s], preload: [a]}",
        "{command: []}",
        "{}",
        "{command: [w], queue: {max: 0}}",
        "{command: [w], request_timeout: 0}",
        "{command: [w], restart: {backoff: {factor: 0.5}}}",
        "{command: [w], fallback: {output: yaml}}",
    };
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
        HOB_AUTO(buffer) struct hob_buffer yaml = HOB_BUFFER_INIT;
        const char *mistake;
        hob_buffer_printf(&yaml, "pools: {p: %s}", pools[i]);
        assert_null(read_settings(arena, hob_buffer_string(&yaml), &mistake));
        assert_string_not_equal(mistake, "");
    }
}

int main(void)
{
    hob_log_set_level(HOB_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_members),
        cmocka_unit_test(lines_in_any_pieces),
        cmocka_unit_test(lines_at_their_limit),
        cmocka_unit_test(headers_in_any_pieces),
        cmocka_unit_test(headers_at_their_limit),
        cmocka_unit_test(nothing_grows_without_end),
        cmocka_unit_test(what_is_put_can_be_read),
        cmocka_unit_test(messages_are_seen_as_they_stand_there),
        cmocka_unit_test(what_is_no_json_is_no_message),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(nan_is_noticed_and_made_null),
        cmocka_unit_test(batches_are_split),
        cmocka_unit_test(batches_have_a_limit),
        cmocka_unit_test(members_strings_and_numbers),
        cmocka_unit_test(errors_are_messages),
        cmocka_unit_test(every_step_of_life),
        cmocka_unit_test(waits_grow_up_to_the_longest),
        cmocka_unit_test(jitter_stays_in_its_bounds),
        cmocka_unit_test(too_many_failures_open_the_breaker),
        cmocka_unit_test(any_number_of_failures_can_be_asked_for),
        cmocka_unit_test(the_tail_keeps_the_last_bytes),
        cmocka_unit_test(the_tail_at_its_edges),
        cmocka_unit_test(options_that_make_no_sense),
        cmocka_unit_test(the_environment_has_its_say),
        cmocka_unit_test(settings_become_options),
        cmocka_unit_test(a_command_is_enough),
        cmocka_unit_test(settings_that_contradict_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
