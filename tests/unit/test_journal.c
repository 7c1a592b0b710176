/* Tests of the journal of sessions: who waits for what, and who is told of a loss. */
#define _GNU_SOURCE
#include "check.h"

#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "session/journal.h"

static char scratch[] = "/tmp/hob-test-journal-XXXXXX";

static int make_scratch(void **state)
{
    (void)state;
    return mkdtemp(scratch) == NULL || chdir(scratch) != 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts, (void)kind, (void)where;
    return remove(path);
}

static int remove_scratch(void **state)
{
    (void)state;
    return chdir("/") | nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct hob_journal *open_journal(const char *place)
{
    struct hob_journal *journal = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_journal_open(&journal, "state", place, 0, &error) != 0)
        fail_msg("%s", error.message);
    return journal;
}

static uint64_t put(struct hob_journal *journal, enum hob_journal_kind kind, const char *id)
{
    struct hob_journal_entry *entry = hob_alloc_zero(1, sizeof *entry);
    entry->kind = kind;
    snprintf(entry->id, sizeof entry->id, "%s", id);
    if (kind == HOB_JOURNAL_EDIT)
        entry->records = hob_copy_string("{}\n");
    return hob_journal_put(journal, entry);
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
        written[i] = put(journal, HOB_JOURNAL_EDIT, "twice");
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

/* ---- the flush ---- */

struct pusher {
    struct hob_journal *journal;
    atomic_bool stop, stopped;
    atomic_int pushed;
};

static void *push(void *context)
{
    enum { MOST = 20000 };
    struct pusher *pusher = context;
    while (!pusher->stop && pusher->pushed < MOST) {
        put(pusher->journal, HOB_JOURNAL_EDIT, "pushed");
        pusher->pushed++;
        usleep(50);
    }
    pusher->stopped = true;
    return NULL;
}

static void a_flush_does_not_wait_for_what_is_put_meanwhile(void **state)
{
    (void)state;
    struct pusher pusher = {.journal = open_journal("flush")};
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push, &pusher), 0);
    while (pusher.pushed < 100)
        usleep(100);
    for (int i = 0; i < 20; i++)
        hob_journal_flush(pusher.journal);
    assert_false(pusher.stopped);
    pusher.stop = true;
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    hob_journal_close(pusher.journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_is_told_also_after_later_ones),
        cmocka_unit_test(a_flush_does_not_wait_for_what_is_put_meanwhile),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
