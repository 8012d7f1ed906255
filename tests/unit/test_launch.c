/* SPDX-License-Identifier: MIT
 *
 * test_launch: how the wait for a job ends, with real children: by themselves, by signals, by the
 * time limit and by a source. A child reports by a line on its standard output that it is ready,
 * and counts as stuck (STUCK) where only SIGKILL ends it.
 */
#include "unit.h"

#include "clock.h"
#include "launch.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define HOUR  UINT64_C(3600000)
#define STUCK "trap '' INT TERM; echo; exec sleep 60"

static int signals = -1;

/* Start a shell script in a process group of its own, and read the line that it prints first. */
static struct child start_script(const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct spawn spawn = SPAWN(argv);
	int ends[2];
	char line = 0;
	struct error err = {0};
	struct child child = CHILD_NONE;
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	_cleanup_close_ int reader = ends[0];
	_cleanup_close_ int writer = ends[1];
	spawn.out = writer;
	spawn.own_group = true;
	spawn.dies_with_parent = true;
	assert_ok(proc_spawn(&spawn, &child, &err), err);
	assert_int_equal(read(reader, &line, 1), 1);
	return child;
}

/* Wait for the script under the given limits. Returns how long that took, in milliseconds. */
static uint64_t wait_for(const char *script, struct launch launch, struct launch_end *ret)
{
	struct child child = start_script(script);
	struct error err = {0};
	launch.child = &child;
	launch.signals = signals;
	launch.worker = -1;
	uint64_t begin_ms = clock_usec() / 1000;
	assert_ok(launch_wait(&launch, ret, &err), err);
	assert_int_equal(child.pid, -1);
	return clock_usec() / 1000 - begin_ms;
}

TEST(a_child_that_ends_by_itself_has_its_own_status)
{
	struct launch_end end = {0};
	(void)wait_for("echo; exit 3", (struct launch){.grace_ms = HOUR}, &end);
	assert_int_equal(end.reason, REASON_EXITED);
	assert_int_equal(end.status, 3);
}

/* As the plugin `docker compose` outlives a docker(1) that was killed. */
TEST(what_is_left_of_the_childs_group_ends_with_it)
{
	struct launch_end end = {0};
	siginfo_t info;
	assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), errno);
	uint64_t took = wait_for("(trap '' TERM; exec sleep 60) & echo; exit 3",
		(struct launch){.grace_ms = HOUR, .ends_group = true}, &end);
	int left = waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
	assert_int_equal(left, -1);
	assert_int_equal(errno, ECHILD);
	assert_true(took < 30000);
	assert_int_equal(end.reason, REASON_EXITED);
	assert_int_equal(end.status, 3);
	assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), errno);
}

TEST(a_child_may_end_cleanly_at_the_timeout)
{
	struct launch_end end = {0};
	(void)wait_for("trap 'exit 3' TERM; echo; while :; do :; done",
		(struct launch){.timeout_ms = 10, .grace_ms = HOUR}, &end);
	assert_int_equal(end.reason, REASON_TIMEOUT);
	assert_int_equal(end.status, 3);
}

TEST(a_stuck_child_is_killed_when_the_grace_after_the_timeout_is_over)
{
	struct launch_end end = {0};
	uint64_t took = wait_for(STUCK, (struct launch){.timeout_ms = 10, .grace_ms = 200}, &end);
	assert_int_equal(end.reason, REASON_TIMEOUT);
	assert_int_equal(end.status, EX_SIGNAL + SIGKILL);
	assert_true(took >= 210);
}

TEST(a_timeout_right_after_a_signal_leaves_the_child_its_grace)
{
	struct launch_end end = {0};
	assert_return_code(raise(SIGINT), errno);
	uint64_t took = wait_for(STUCK, (struct launch){.timeout_ms = 10, .grace_ms = 500}, &end);
	assert_int_equal(end.reason, REASON_SIGNAL);
	assert_int_equal(end.signal, SIGINT);
	assert_int_equal(end.status, EX_SIGNAL + SIGKILL);
	assert_true(took >= 500);
}

TEST(a_timeout_long_after_a_signal_kills_at_once)
{
	struct launch_end end = {0};
	assert_return_code(raise(SIGINT), errno);
	(void)wait_for(STUCK, (struct launch){.timeout_ms = 200, .grace_ms = 1}, &end);
	assert_int_equal(end.reason, REASON_SIGNAL);
	assert_int_equal(end.status, EX_SIGNAL + SIGKILL);
}

TEST(a_second_signal_kills_at_once)
{
	struct launch_end end = {0};
	assert_return_code(raise(SIGINT), errno);
	assert_return_code(raise(SIGTERM), errno);
	(void)wait_for(STUCK, (struct launch){.grace_ms = HOUR}, &end);
	assert_int_equal(end.reason, REASON_SIGNAL);
	assert_int_equal(end.status, EX_SIGNAL + SIGKILL);
}

TEST(a_limit_on_signals_kills_what_a_signal_does_not_end)
{
	struct launch_end end = {0};
	assert_return_code(raise(SIGTERM), errno);
	uint64_t took =
		wait_for(STUCK, (struct launch){.grace_ms = 200, .limits_signals = true}, &end);
	assert_int_equal(end.reason, REASON_SIGNAL);
	assert_int_equal(end.signal, SIGTERM);
	assert_int_equal(end.status, EX_SIGNAL + SIGKILL);
	assert_true(took >= 200);
	assert_return_code(raise(SIGTERM), errno);
	(void)wait_for("trap 'exit 3' TERM; echo; while :; do :; done",
		(struct launch){.grace_ms = HOUR, .limits_signals = true}, &end);
	assert_int_equal(end.reason, REASON_SIGNAL);
	assert_int_equal(end.status, 3);
}

TEST(a_signal_after_the_timeout_kills_at_once)
{
	struct launch_end end = {0};
	(void)wait_for("trap 'kill -INT $PPID' TERM; echo; while :; do :; done",
		(struct launch){.timeout_ms = 10, .grace_ms = HOUR}, &end);
	assert_int_equal(end.reason, REASON_TIMEOUT);
	assert_int_equal(end.status, EX_SIGNAL + SIGKILL);
}

static int refuse(void *data, struct error *err)
{
	return fail_as(err, EX_SOFTWARE, "%s", (const char *)data);
}

TEST(a_source_that_fails_kills_at_once)
{
	char why[] = "the limit is gone";
	struct launch_end end = {0};
	_cleanup_close_ int event = eventfd(1, EFD_CLOEXEC);
	assert_return_code(event, errno);
	struct launch_source source = {.fd = event, .events = POLLIN, .ready = refuse, .data = why};
	(void)wait_for(STUCK,
		(struct launch){.grace_ms = HOUR, .sources = &source, .source_count = 1}, &end);
	assert_int_equal(end.reason, REASON_MISMATCH);
	assert_string_equal(end.problem.msg, why);
	assert_int_equal(end.status, EX_SIGNAL + SIGKILL);
}

/* The event is not taken, so the source says so again and again. */
static int stop(void *data, struct error *err)
{
	(void)data;
	(void)err;
	return LAUNCH_STOP;
}

TEST(a_source_that_says_stop_ends_the_job_cleanly)
{
	struct launch_end end = {0};
	_cleanup_close_ int event = eventfd(1, EFD_CLOEXEC);
	assert_return_code(event, errno);
	struct launch_source source = {.fd = event, .events = POLLIN, .ready = stop};
	(void)wait_for("trap 'exit 7' TERM; echo; while :; do :; done",
		(struct launch){.grace_ms = HOUR, .sources = &source, .source_count = 1}, &end);
	assert_int_equal(end.reason, REASON_EXITED);
	assert_int_equal(end.status, 7);
}

/* The children of Compose end one after the other, and the end of each would say so again. */
TEST(a_source_that_says_stop_after_a_signal_is_no_second_one)
{
	struct launch_end end = {0};
	_cleanup_close_ int event = eventfd(1, EFD_CLOEXEC);
	assert_return_code(event, errno);
	struct launch_source source = {.fd = event, .events = POLLIN, .ready = stop};
	assert_return_code(raise(SIGINT), errno);
	(void)wait_for("trap 'exit 7' INT; echo; while :; do :; done",
		(struct launch){.grace_ms = HOUR, .sources = &source, .source_count = 1}, &end);
	assert_int_equal(end.reason, REASON_SIGNAL);
	assert_int_equal(end.status, 7);
}

/* ---- without a child ----------------------------------------------------------------------- */

/* `until` counts the looks at it, and is over at the second. */
struct looks {
	int event;
	int count;
};

static int look_twice(void *data, struct error *err)
{
	(void)err;
	struct looks *looks = data;
	return ++looks->count == 2;
}

static void wait_without_child(struct launch launch, struct looks *looks, struct launch_end *ret)
{
	struct error err = {0};
	launch.until = (struct launch_source){
		.fd = looks->event, .events = POLLIN, .ready = look_twice, .data = looks};
	launch.signals = signals;
	launch.worker = -1;
	assert_ok(launch_wait(&launch, ret, &err), err);
}

TEST(without_a_child_the_wait_ends_when_its_source_says_so)
{
	struct launch_end end = {0};
	_cleanup_close_ int event = eventfd(1, EFD_CLOEXEC);
	struct looks looks = {.event = event};
	wait_without_child((struct launch){.timeout_ms = HOUR}, &looks, &end);
	assert_int_equal(looks.count, 2);
	assert_int_equal(end.reason, REASON_EXITED);
	assert_int_equal(end.status, 0);
}

TEST(without_a_child_a_signal_the_time_limit_and_a_failing_source_end_the_wait)
{
	char why[] = "the limit is gone";
	struct launch_end end = {0};
	_cleanup_close_ int event = eventfd(1, EFD_CLOEXEC);
	struct looks looks = {.event = -1};
	struct launch_source source = {.fd = event, .events = POLLIN, .ready = refuse, .data = why};
	assert_return_code(raise(SIGTERM), errno);
	wait_without_child((struct launch){.grace_ms = HOUR}, &looks, &end);
	assert_int_equal(end.reason, REASON_SIGNAL);
	assert_int_equal(end.signal, SIGTERM);
	wait_without_child((struct launch){.timeout_ms = 1, .grace_ms = HOUR}, &looks, &end);
	assert_int_equal(end.reason, REASON_TIMEOUT);
	wait_without_child((struct launch){.sources = &source, .source_count = 1}, &looks, &end);
	assert_int_equal(end.reason, REASON_MISMATCH);
	assert_string_equal(end.problem.msg, why);
	assert_int_equal(looks.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_child_that_ends_by_itself_has_its_own_status),
		RUN(what_is_left_of_the_childs_group_ends_with_it),
		RUN(a_child_may_end_cleanly_at_the_timeout),
		RUN(a_stuck_child_is_killed_when_the_grace_after_the_timeout_is_over),
		RUN(a_timeout_right_after_a_signal_leaves_the_child_its_grace),
		RUN(a_timeout_long_after_a_signal_kills_at_once),
		RUN(a_second_signal_kills_at_once),
		RUN(a_limit_on_signals_kills_what_a_signal_does_not_end),
		RUN(a_signal_after_the_timeout_kills_at_once),
		RUN(a_source_that_fails_kills_at_once),
		RUN(a_source_that_says_stop_ends_the_job_cleanly),
		RUN(without_a_child_the_wait_ends_when_its_source_says_so),
		RUN(without_a_child_a_signal_the_time_limit_and_a_failing_source_end_the_wait),
		RUN(a_source_that_says_stop_after_a_signal_is_no_second_one),
	};
	struct error err = {0};
	signals = signals_open(&err);
	if (signals < 0) {
		print_error("%s\n", err.msg);
		return EXIT_FAILURE;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
