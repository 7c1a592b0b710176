/* Tests of the journal of sessions: who waits for what, and who is told of a loss. */
#define _GNU_SOURCE
#include "check.h"
#include "scratch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "session/journal.h"

static int make_scratch(void **state)
{
    (void)state;
    return enter_scratch();
}

static struct hob_journal *open_as(const char *place, enum hob_durability durability)
{
    struct hob_journal *journal = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_journal_open(&journal, "state", place, durability, 0, &error) != 0)
        fail_msg("%s", error.message);
    return journal;
}

static struct hob_journal *open_journal(const char *place)
{
    return open_as(place, HOB_DURABLE_POWER);
}

static uint64_t put_text(struct hob_journal *journal, enum hob_journal_kind kind, const char *id,
                         const char *records, bool awaited)
{
    struct hob_journal_entry *entry = hob_alloc_zero(1, sizeof *entry);
    entry->kind = kind;
    snprintf(entry->id, sizeof entry->id, "%s", id);
    entry->awaited = awaited;
    if (kind == HOB_JOURNAL_UPDATE)
        entry->records = hob_copy_string(records);
    return hob_journal_put(journal, entry);
}

static uint64_t put(struct hob_journal *journal, enum hob_journal_kind kind, const char *id)
{
    return put_text(journal, kind, id, "{}\n", false);
}

/* ---- losses ---- */

struct asked {
    struct hob_journal_wait wait;
    int code;
};

static void note_code(struct hob_journal_wait *wait, int code)
{
    ((struct asked *)wait)->code = code;
}

/* What somebody is told who asks when it is over. */
static int code_of(struct hob_journal *journal, uint64_t ticket)
{
    struct asked asked = {.wait = {.ticket = ticket, .done = note_code}, .code = 1};
    if (hob_journal_when_safe(journal, &asked.wait))
        return 0;
    return asked.code;
}

static void every_loss_is_told_also_after_later_ones(void **state)
{
    (void)state;
    enum { ROUNDS = 50 };
    uint64_t lost[ROUNDS], written[ROUNDS];
    struct hob_journal *journal = open_journal("losses");
    put(journal, HOB_JOURNAL_CREATE, "twice");
    hob_journal_flush(journal);
    for (int i = 0; i < ROUNDS; i++) {
        lost[i] = put(journal, HOB_JOURNAL_CREATE, "twice"); /* refused: it is there already */
        hob_journal_flush(journal);
        written[i] = put(journal, HOB_JOURNAL_UPDATE, "twice");
        hob_journal_flush(journal);
        assert_int_equal(code_of(journal, lost[i]), HOB_E_IO);
        assert_int_equal(code_of(journal, written[i]), 0);
    }
    assert_int_equal(hob_journal_failures(journal), ROUNDS);
    for (int i = 0; i < ROUNDS; i++)
        assert_int_equal(code_of(journal, lost[i]), HOB_E_IO);
    for (int i = ROUNDS - 10; i < ROUNDS; i++)
        assert_int_equal(code_of(journal, written[i]), 0);
    hob_journal_close(journal);
}

/* ---- who writes ---- */

static int count_records(void *context, struct hob_text records, struct hob_error *error)
{
    (void)records, (void)error;
    ++*(int *)context;
    return 0;
}

static void an_awaited_entry_is_written_by_whoever_asks_where_that_takes_no_flush(void **state)
{
    (void)state;
    struct hob_journal *journal = open_as("settled", HOB_DURABLE_PROCESS);
    put_text(journal, HOB_JOURNAL_CREATE, "settled", NULL, true);
    uint64_t ticket = put_text(journal, HOB_JOURNAL_UPDATE, "settled", "{}\n", true);
    assert_true(hob_journal_settle(journal, ticket));
    assert_true(hob_journal_settle(journal, ticket));
    uint64_t refused = put_text(journal, HOB_JOURNAL_CREATE, "settled", NULL, true);
    assert_false(hob_journal_settle(journal, refused));
    assert_int_equal(code_of(journal, refused), HOB_E_IO);
    int count = 0;
    assert_int_equal(hob_journal_edits(journal, "settled", count_records, &count, NULL), 0);
    assert_int_equal(count, 1);
    hob_journal_close(journal);
}

struct waiting {
    struct hob_journal_wait wait;
    atomic_int code;
};

static void note_late(struct hob_journal_wait *wait, int code)
{
    ((struct waiting *)wait)->code = code;
}

static void a_large_entry_is_left_to_the_thread_of_the_journal(void **state)
{
    (void)state;
    struct hob_journal *journal = open_as("large", HOB_DURABLE_PROCESS);
    char *records = hob_alloc_zero(1, 200001);
    memset(records, ' ', 200000);
    put_text(journal, HOB_JOURNAL_CREATE, "large", NULL, true);
    struct waiting waiting = {.wait = {.done = note_late}, .code = 1};
    waiting.wait.ticket = put_text(journal, HOB_JOURNAL_UPDATE, "large", records, true);
    if (!hob_journal_settle(journal, waiting.wait.ticket) &&
        !hob_journal_when_safe(journal, &waiting.wait))
        while (waiting.code == 1)
            usleep(100);
    assert_true(hob_journal_settle(journal, waiting.wait.ticket));
    free(records);
    hob_journal_close(journal);
}

/* ---- what is stored ---- */

static void note_stored(void *context, const struct hob_journal_session *session)
{
    struct hob_buffer *out = context;
    hob_buffer_printf(out, "%s|%s|%s|%s%s", session->focus, session->shape, session->sources,
                      session->columns, session->changes);
}

static void an_update_changes_what_it_names_and_columns_one_by_one(void **state)
{
    (void)state;
    struct hob_journal *journal = open_journal("update");
    struct hob_journal_entry *entry = hob_alloc_zero(1, sizeof *entry);
    *entry = (struct hob_journal_entry){.kind = HOB_JOURNAL_CREATE, .id = "update"};
    entry->focus = hob_copy_string("{}");
    entry->shape = hob_copy_string("[1,2]");
    entry->columns = hob_copy_string("0 \"a\"\n1 \"b\"\n");
    hob_journal_put(journal, entry);
    for (int i = 0; i < 2; i++) {
        entry = hob_alloc_zero(1, sizeof *entry);
        *entry = (struct hob_journal_entry){.kind = HOB_JOURNAL_UPDATE, .id = "update"};
        entry->records = hob_copy_string("{}\n");
        entry->shape = hob_copy_string("[1,3]");
        entry->changes = hob_copy_string(i == 0 ? "2 \"c\"\n0 null\n" : "2 \"d e\"\n");
        hob_journal_put(journal, entry);
    }
    hob_journal_flush(journal);
    HOB_AUTO(buffer) struct hob_buffer out = HOB_BUFFER_INIT;
    assert_int_equal(hob_journal_list(journal, note_stored, &out, NULL), 0);
    assert_string_equal(hob_buffer_string(&out), "{}|[1,3]||0 \"a\"\n1 \"b\"\n0 null\n2 \"d e\"\n");
    entry = hob_alloc_zero(1, sizeof *entry);
    *entry = (struct hob_journal_entry){.kind = HOB_JOURNAL_UPDATE, .id = "update"};
    entry->columns = hob_copy_string("0 \"z\"\n");
    entry->sources = hob_copy_string("[]");
    hob_journal_put(journal, entry);
    hob_journal_flush(journal);
    hob_buffer_clear(&out);
    assert_int_equal(hob_journal_list(journal, note_stored, &out, NULL), 0);
    assert_string_equal(hob_buffer_string(&out), "{}|[1,3]|[]|0 \"z\"\n");
    hob_journal_close(journal);
}

/* ---- the flush ---- */

struct pusher {
    struct hob_journal *journal;
    atomic_bool stop, stopped;
    atomic_int pushed;
};

static void *push(void *context)
{
    enum { MOST = 1000000 };
    struct pusher *pusher = context;
    while (!pusher->stop && pusher->pushed < MOST) {
        put(pusher->journal, HOB_JOURNAL_UPDATE, "pushed");
        pusher->pushed++;
        usleep(50);
    }
    pusher->stopped = true;
    return NULL;
}

/* Few at once: on a slow machine more of them would outrun the journal by far. */
static void a_flush_does_not_wait_for_what_is_put_meanwhile(void **state)
{
    (void)state;
    enum { PUSHERS = 2, FLUSHES = 3 };
    struct pusher pusher = {.journal = open_journal("flush")};
    pthread_t threads[PUSHERS];
    put(pusher.journal, HOB_JOURNAL_CREATE, "pushed");
    for (size_t i = 0; i < PUSHERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push, &pusher), 0);
    while (pusher.pushed < 100)
        usleep(100);
    for (int i = 0; i < FLUSHES; i++)
        hob_journal_flush(pusher.journal);
    bool stopped = pusher.stopped;
    pusher.stop = true;
    for (size_t i = 0; i < PUSHERS; i++)
        pthread_join(threads[i], NULL);
    hob_journal_close(pusher.journal);
    assert_false(stopped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_is_told_also_after_later_ones),
        cmocka_unit_test(an_awaited_entry_is_written_by_whoever_asks_where_that_takes_no_flush),
        cmocka_unit_test(a_large_entry_is_left_to_the_thread_of_the_journal),
        cmocka_unit_test(an_update_changes_what_it_names_and_columns_one_by_one),
        cmocka_unit_test(a_flush_does_not_wait_for_what_is_put_meanwhile),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
