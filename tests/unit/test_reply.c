/* Tests of reading answers in HTTP: whole, byte by byte, cut anywhere, and such as no honest server
 * would send. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "client/reply.h"

enum { ROOM = 1 << 20 };

/* Feeds `text` in pieces of `piece` bytes, then, if `ended`, the end of the connection; as
 * hob_reply_feed answers. */
static int feed(struct hob_reply *reply, struct hob_text text, size_t piece, bool ended,
                struct hob_error *error)
{
    int code = HOB_REPLY_MORE;
    size_t used = 0;
    hob_reply_begin(reply, "GET", ROOM);
    for (size_t at = 0; code == HOB_REPLY_MORE && at < text.size; at += used) {
        size_t size = text.size - at < piece ? text.size - at : piece;
        code = hob_reply_feed(reply, (struct hob_text){text.data + at, size}, &used, error);
        assert_true(code != HOB_REPLY_MORE || used == size);
    }
    return code == HOB_REPLY_MORE && ended ? hob_reply_end(reply, error) : code;
}

static int feed_whole(struct hob_reply *reply, const char *text, struct hob_error *error)
{
    return feed(reply, hob_text_from(text), strlen(text), true, error);
}

static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "Content-Length: 11\r\n\r\nhello\nworld";
static const char chunked[] = "HTTP/1.1 404 Not Found\r\ntransfer-encoding:  Chunked \r\n\r\n"
                              "5\r\nhello\r\n00001;name=\"x\"\r\n\n\r\n5\r\nworld\r\n0\r\n"
                              "Trailer: yes\r\n\r\n";
static const char endless[] = "HTTP/1.0 200\r\n\r\nhello\nworld";
static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
                              "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nConnection: x , CLOSE\r\n"
                              "Content-Length: 11\r\n\r\nhello\nworld";

static void each_way_of_telling_the_length_gives_the_same_body_in_pieces_of_any_size(void **state)
{
    (void)state;
    const char *const answers[] = {plain, chunked, endless, interim};
    const int statuses[] = {200, 404, 200, 503};
    const bool alive[] = {true, true, false, false};
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    for (size_t i = 0; i < 4; i++) {
        for (size_t piece = 1; piece <= strlen(answers[i]); piece++) {
            struct hob_error error = HOB_ERROR_INIT;
            int code = feed(&reply, hob_text_from(answers[i]), piece, true, &error);
            assert_string_equal(error.message, "");
            assert_int_equal(code, 0);
            assert_int_equal(reply.status, statuses[i]);
            assert_int_equal(reply.keeps_alive, alive[i]);
            assert_text_equal(hob_buffer_text(&reply.body), "hello\nworld");
        }
    }
    assert_int_equal(reply.retry_after, 7);
    assert_int_equal(feed_whole(&reply, plain, NULL), 0);
    assert_string_equal(reply.content_type, "application/json");
}

static void an_answer_that_is_cut_anywhere_is_told_as_such(void **state)
{
    (void)state;
    const char *const answers[] = {plain, chunked, interim};
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 0; size < strlen(answers[i]); size++) {
            struct hob_error error = HOB_ERROR_INIT;
            struct hob_text text = {answers[i], size};
            assert_int_equal(feed(&reply, text, 7, true, &error), HOB_E_CUT);
            assert_non_null(strstr(error.message, "the connection ended"));
        }
    }
}

static void nothing_behind_an_answer_is_taken(void **state)
{
    (void)state;
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(buffer) struct hob_buffer two = HOB_BUFFER_INIT;
    const char *const answers[] = {plain, chunked};
    for (size_t i = 0; i < 2; i++) {
        size_t used;
        hob_buffer_clear(&two);
        hob_buffer_put_string(&two, answers[i]);
        hob_buffer_put_string(&two, plain);
        hob_reply_begin(&reply, "GET", ROOM);
        assert_int_equal(hob_reply_feed(&reply, hob_buffer_text(&two), &used, NULL), 0);
        assert_int_equal(used, strlen(answers[i]));
    }
}

static void some_answers_have_no_body_whatever_they_say(void **state)
{
    (void)state;
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    size_t used;
    assert_int_equal(feed_whole(&reply, "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", NULL), 0);
    assert_int_equal(feed_whole(&reply, "HTTP/1.1 304 No\r\nETag: x\r\n\r\n", NULL), 0);
    assert_int_equal(feed_whole(&reply, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL), 0);
    hob_reply_begin(&reply, "HEAD", ROOM);
    struct hob_text head = HOB_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
    assert_int_equal(hob_reply_feed(&reply, head, &used, NULL), 0);
    assert_int_equal(reply.body.size, 0);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 200 O\x01K\r\n",
        "HTTP/1.1 200 OK\n",
        "\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\nX: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n more\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 5\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0000000000000005\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
    };
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct hob_text text = hob_text_from(hostile[i]);
        for (size_t piece = 1; piece <= text.size; piece += text.size - 1) {
            struct hob_error error = HOB_ERROR_INIT;
            if (feed(&reply, text, piece, true, &error) != HOB_E_PROTOCOL)
                fail_msg("taken for an answer: %s", hostile[i]);
            assert_non_null(strstr(error.message, "no proper HTTP"));
        }
    }
    struct hob_text nul = HOB_TEXT("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n");
    assert_int_equal(feed(&reply, nul, nul.size, true, NULL), HOB_E_PROTOCOL);
}

/* ---- limits ---- */

static void put_large_head(struct hob_buffer *out, size_t size)
{
    hob_buffer_clear(out);
    hob_buffer_put_string(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ");
    hob_buffer_put_repeated(out, 'x', size - out->size - 4);
    hob_buffer_put_string(out, "\r\n\r\n");
}

static void a_head_has_a_limit_also_in_many_small_parts(void **state)
{
    (void)state;
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    put_large_head(&text, HOB_REPLY_MAX_HEAD);
    assert_int_equal(feed(&reply, hob_buffer_text(&text), 1000, true, NULL), 0);
    put_large_head(&text, HOB_REPLY_MAX_HEAD + 1);
    assert_int_equal(feed(&reply, hob_buffer_text(&text), 1000, true, NULL), HOB_E_PROTOCOL);
    hob_buffer_clear(&text);
    while (text.size <= HOB_REPLY_MAX_HEAD)
        hob_buffer_put_string(&text, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(feed(&reply, hob_buffer_text(&text), 1000, false, NULL), HOB_E_PROTOCOL);
    hob_buffer_clear(&text);
    hob_buffer_put_string(&text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    while (text.size <= HOB_REPLY_MAX_HEAD + 100)
        hob_buffer_put_string(&text, "Trailer: of many\r\n");
    assert_int_equal(feed(&reply, hob_buffer_text(&text), 1000, false, NULL), HOB_E_PROTOCOL);
    hob_buffer_clear(&text);
    hob_buffer_put_string(&text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;");
    hob_buffer_put_repeated(&text, 'x', 1000);
    assert_int_equal(feed(&reply, hob_buffer_text(&text), 10, false, NULL), HOB_E_PROTOCOL);
}

static int feed_body_of(size_t size, const char *head, const char *before, size_t limit)
{
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    size_t used;
    hob_buffer_printf(&text, "HTTP/1.1 200 OK\r\n%s\r\n\r\n%s", head, before);
    hob_buffer_put_repeated(&text, 'x', size);
    hob_reply_begin(&reply, "GET", limit);
    return hob_reply_feed(&reply, hob_buffer_text(&text), &used, NULL);
}

static void a_body_has_a_limit_that_is_known_before_memory_is_taken(void **state)
{
    (void)state;
    assert_int_equal(feed_body_of(100, "Content-Length: 100", "", 100), 0);
    assert_int_equal(feed_body_of(0, "Content-Length: 101", "", 100), HOB_E_LIMIT);
    assert_int_equal(feed_body_of(0, "Content-Length: 18446744073709551615", "", SIZE_MAX),
                     HOB_REPLY_MORE);
    assert_int_equal(feed_body_of(100, "Server: x", "", 100), HOB_REPLY_MORE);
    assert_int_equal(feed_body_of(101, "Server: x", "", 100), HOB_E_LIMIT);
    assert_int_equal(feed_body_of(100, "Transfer-Encoding: chunked", "64\r\n", 100),
                     HOB_REPLY_MORE);
    assert_int_equal(feed_body_of(0, "Transfer-Encoding: chunked", "65\r\n", 100), HOB_E_LIMIT);
    assert_int_equal(feed_body_of(0, "Transfer-Encoding: chunked", "1\r\nx\r\n64\r\n", 100),
                     HOB_E_LIMIT);
    assert_int_equal(feed_body_of(0, "Transfer-Encoding: chunked", "1\r\nx\r\nfffffffffffffff\r\n",
                                  SIZE_MAX / 32),
                     HOB_E_LIMIT);
}

/* ---- errors ---- */

static int check(const char *status, const char *body, struct hob_error *error)
{
    HOB_AUTO(reply) struct hob_reply reply = HOB_REPLY_INIT;
    HOB_AUTO(buffer) struct hob_buffer text = HOB_BUFFER_INIT;
    hob_buffer_printf(&text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body),
                      body);
    assert_int_equal(feed(&reply, hob_buffer_text(&text), 100, true, NULL), 0);
    return hob_reply_check(&reply, error);
}

static void errors_of_the_server_become_errors_here(void **state)
{
    (void)state;
    struct hob_error error = HOB_ERROR_INIT;
    assert_int_equal(check("200 OK", "{}", &error), 0);
    assert_int_equal(check("404 No",
                           "{\"status\":\"error\",\"error_type\":\"KeyError\","
                           "\"error_message\":\"no row 'x'\",\"hint\":\"see y\"}",
                           &error),
                     HOB_E_NO_KEY);
    assert_string_equal(error.message, "no row 'x'");
    assert_string_equal(error.hint, "see y");
    assert_int_equal(
        check("422 No", "{\"error_type\":\"KeyError\",\"error_message\":\"m\"}", &error),
        HOB_E_KEY);
    assert_int_equal(
        check("400 No", "{\"error_type\":\"ValueError\",\"error_message\":\"m\"}", &error),
        HOB_E_PARAMETER);
    assert_int_equal(check("500 No", "{\"error_type\":\"Unheard\",\"error\":\"m\"}", &error),
                     HOB_E_INTERNAL);
    assert_string_equal(error.message, "m");
    assert_int_equal(check("418 Teapot", "<html>", &error), HOB_E_PROTOCOL);
    assert_string_equal(error.message, "the server answered with status 418");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_of_telling_the_length_gives_the_same_body_in_pieces_of_any_size),
        cmocka_unit_test(an_answer_that_is_cut_anywhere_is_told_as_such),
        cmocka_unit_test(nothing_behind_an_answer_is_taken),
        cmocka_unit_test(some_answers_have_no_body_whatever_they_say),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(a_head_has_a_limit_also_in_many_small_parts),
        cmocka_unit_test(a_body_has_a_limit_that_is_known_before_memory_is_taken),
        cmocka_unit_test(errors_of_the_server_become_errors_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
