/* Tests of the relay: how a client learns how its run ended, from whom it can. */
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "warm/relay.h"

/* The relay's side of a run; `there` is the end of the connection that the run and its zygote
 * write to. */
struct run {
    struct hob_warm_zygote zygote;
    int there;
};

static void report(int connection, char letter, uint32_t number)
{
    char bytes[8] = {letter};
    memcpy(bytes + 4, &number, sizeof number);
    assert_int_equal(send(connection, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
}

/* A process that does what it is given to do. */
static struct run start(void (*work)(int connection))
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    hob_warm_relay_prepare();
    pid_t pid = fork();
    if (pid == 0) {
        work(ends[1]);
        _exit(99);
    }
    struct run run = {.there = ends[1],
                      .zygote = {.connection = ends[0],
                                 .child = (int)syscall(SYS_pidfd_open, pid, 0),
                                 .pid = pid}};
    assert_true(run.zygote.child >= 0);
    return run;
}

static void wait_for_end(const struct run *run)
{
    struct pollfd ended = {.fd = run->zygote.child, .events = POLLIN};
    assert_int_equal(poll(&ended, 1, -1), 1);
}

static void end(struct run *run)
{
    struct hob_warm_inheritance inheritance = {0};
    sigemptyset(&inheritance.blocked);
    hob_warm_relay_cancel(&inheritance);
    waitpid(run->zygote.pid, NULL, 0);
    close(run->there);
    hob_warm_zygote_deinit(&run->zygote);
}

static void exit_with_7(int connection)
{
    (void)connection;
    _exit(7);
}

static void kill_itself(int connection)
{
    (void)connection;
    raise(SIGKILL);
}

static void refuse(int connection)
{
    report(connection, 'R', 3);
    (void)!write(connection, "no.", 3);
    _exit(0);
}

static void refuse_after_a_signal(int connection)
{
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigwait(&set, &number);
    refuse(connection);
}

static void stop(int connection)
{
    report(connection, 'S', SIGSTOP);
    raise(SIGKILL);
}

static void the_end_is_seen_before_anybody_tells_of_it(void **state)
{
    (void)state;
    int status = 0;
    struct run run = start(exit_with_7);
    wait_for_end(&run);
    assert_int_equal(hob_warm_relay(&run.zygote, &status), HOB_WARM_ENDED);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    end(&run);

    run = start(kill_itself);
    assert_int_equal(hob_warm_relay(&run.zygote, &status), HOB_WARM_ENDED);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    end(&run);
}

static void what_a_zygote_that_was_killed_cannot_tell_is_seen(void **state)
{
    (void)state;
    int status = 0;
    struct run run = start(exit_with_7);
    shutdown(run.there, SHUT_RDWR);
    assert_int_equal(hob_warm_relay(&run.zygote, &status), HOB_WARM_ENDED);
    assert_int_equal(WEXITSTATUS(status), 7);
    end(&run);
}

static void a_zygote_that_has_reaped_the_run_is_believed(void **state)
{
    (void)state;
    int status = 0;
    struct run run = start(exit_with_7);
    waitpid(run.zygote.pid, &status, 0);
    report(run.there, 'E', (uint32_t)status);
    status = 0;
    assert_int_equal(hob_warm_relay(&run.zygote, &status), HOB_WARM_ENDED);
    assert_int_equal(WEXITSTATUS(status), 7);
    end(&run);
}

static void a_refusal_is_read_before_the_end(void **state)
{
    (void)state;
    int status = 0;
    struct run run = start(refuse);
    wait_for_end(&run);
    assert_int_equal(hob_warm_relay(&run.zygote, &status), HOB_WARM_REFUSED);
    assert_string_equal(run.zygote.why, "no.");
    end(&run);
}

/* It would sleep, and nobody would wake it. */
static void nobody_stops_for_a_run_that_has_ended_since(void **state)
{
    (void)state;
    int status = 0;
    struct run run = start(stop);
    wait_for_end(&run);
    assert_int_equal(hob_warm_relay(&run.zygote, &status), HOB_WARM_ENDED);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    end(&run);
}

static volatile sig_atomic_t terminated;

static void note(int number)
{
    (void)number;
    terminated = 1;
}

static void a_signal_to_a_run_that_refuses_is_the_commands(void **state)
{
    (void)state;
    int status = 0;
    struct sigaction before, action = {.sa_handler = note};
    sigaction(SIGTERM, &action, &before);
    struct run run = start(refuse_after_a_signal);
    kill(getpid(), SIGTERM);
    assert_int_equal(hob_warm_relay(&run.zygote, &status), HOB_WARM_REFUSED);
    assert_false(terminated);
    end(&run);
    assert_true(terminated);
    sigaction(SIGTERM, &before, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_seen_before_anybody_tells_of_it),
        cmocka_unit_test(what_a_zygote_that_was_killed_cannot_tell_is_seen),
        cmocka_unit_test(a_zygote_that_has_reaped_the_run_is_believed),
        cmocka_unit_test(a_refusal_is_read_before_the_end),
        cmocka_unit_test(nobody_stops_for_a_run_that_has_ended_since),
        cmocka_unit_test(a_signal_to_a_run_that_refuses_is_the_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
