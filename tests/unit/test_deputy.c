/* SPDX-License-Identifier: MIT
 *
 * test_deputy: a deputy starts the program, but it is this process's child; if this process is
 * killed, the program ends and the deputy cleans up.
 */
#include "unit.h"

#include "deputy.h"
#include "launch.h"

#include <signal.h>
#include <sys/wait.h>

static int move_nowhere(const void *data, struct error *err)
{
	(void)data;
	(void)err;
	return 0;
}

static int fail_to_move(const void *data, struct error *err)
{
	(void)data;
	(void)fail_as(err, EX_UNAVAILABLE, "no user manager");
	return add_hint(err, "start one");
}

static void say_cleaned(const void *data)
{
	(void)!write(*(const int *)data, "c", 1);
}

static int start_shell(const struct deputy *deputy, const char *script, int out,
	struct keeper *ret_keeper, struct child *ret, struct error *err)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct spawn spawn = SPAWN(argv);
	spawn.out = out;
	return deputy_spawn(deputy, &spawn, ret_keeper, ret, err);
}

TEST(the_program_is_a_child_of_the_process_that_asked_for_it)
{
	int ends[2];
	char text[64] = "";
	int status = 0;
	struct error err = {0};
	struct keeper keeper = KEEPER_NONE;
	struct child child = CHILD_NONE;
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	const struct deputy deputy = {
		.move = move_nowhere, .clean_up = say_cleaned, .data = &ends[1]};
	assert_ok(start_shell(&deputy, "echo $PPID; exit 5", ends[1], &keeper, &child, &err), err);
	pid_t pid = child.pid;
	assert_int_not_equal(pid, keeper.pid);
	assert_ok(proc_wait(&child, &status, &err), err);
	assert_int_equal(status, 5);
	keeper_release(&keeper);
	(void)close(ends[1]);
	ssize_t n = read(ends[0], text, sizeof text - 1);
	assert_true(n > 0);
	assert_int_equal(strtol(text, NULL, 10), getpid());
	/* The deputy was let go, so it has not cleaned up. */
	assert_null(strchr(text, 'c'));
	(void)close(ends[0]);
}

TEST(a_signal_reaches_the_program)
{
	int status = 0;
	int nowhere = -1;
	struct error err = {0};
	struct keeper keeper = KEEPER_NONE;
	struct child child = CHILD_NONE;
	const struct deputy deputy = {
		.move = move_nowhere, .clean_up = say_cleaned, .data = &nowhere};
	assert_ok(start_shell(&deputy, "exec sleep 600", -1, &keeper, &child, &err), err);
	assert_ok(proc_signal(&child, SIGTERM, &err), err);
	assert_ok(proc_wait(&child, &status, &err), err);
	assert_int_equal(status, EX_SIGNAL + SIGTERM);
	keeper_release(&keeper);
}

TEST(a_program_that_cannot_be_started_is_the_error_that_it_is_without_a_deputy)
{
	const char *const argv[] = {"/nonexistent/program", NULL};
	struct spawn spawn = SPAWN(argv);
	struct error err = {0};
	struct keeper keeper = KEEPER_NONE;
	struct child child = CHILD_NONE;
	const struct deputy deputy = {.move = move_nowhere, .clean_up = say_cleaned};
	assert_int_equal(deputy_spawn(&deputy, &spawn, &keeper, &child, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "/nonexistent/program");
	assert_int_equal(keeper.pid, 0);
	assert_int_equal(child.pid, -1);
	/* Its process was this one's child, and is all there is to wait for. */
	while (waitpid(-1, NULL, 0) > 0) {
	}
	assert_int_equal(errno, ECHILD);
}

TEST(a_deputy_that_cannot_move_says_why)
{
	struct error err = {0};
	struct keeper keeper = KEEPER_NONE;
	struct child child = CHILD_NONE;
	const struct deputy deputy = {.move = fail_to_move, .clean_up = say_cleaned};
	assert_int_equal(start_shell(&deputy, "exit 0", -1, &keeper, &child, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_string_equal(err.msg, "no user manager");
	assert_string_equal(err.hint, "start one");
	assert_int_equal(keeper.pid, 0);
}

/* A runner, in a process of its own, that is killed while its program runs. The program and the
 * deputy hold the pipe until they end. */
TEST(a_runner_that_is_killed_takes_the_program_with_it_and_is_cleaned_up_after)
{
	int ends[2];
	char byte = 0;
	int status = 0;
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	pid_t runner = fork();
	assert_return_code(runner, errno);
	if (runner == 0) {
		struct error err = {0};
		struct keeper keeper = KEEPER_NONE;
		struct child child = CHILD_NONE;
		const struct deputy deputy = {
			.move = move_nowhere, .clean_up = say_cleaned, .data = &ends[1]};
		if (signals_open(&err) >= 0 &&
			start_shell(&deputy, "trap '' TERM; echo r; exec sleep 600", ends[1],
				&keeper, &child, &err) == 0)
			(void)pause();
		_exit(1);
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 'r');
	assert_return_code(kill(runner, SIGKILL), errno);
	assert_int_equal(waitpid(runner, &status, 0), runner);
	do
		assert_int_equal(read(ends[0], &byte, 1), 1);
	while (byte == '\n');
	assert_int_equal(byte, 'c');
	/* The program too has ended. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	(void)close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_program_is_a_child_of_the_process_that_asked_for_it),
		RUN(a_signal_reaches_the_program),
		RUN(a_program_that_cannot_be_started_is_the_error_that_it_is_without_a_deputy),
		RUN(a_deputy_that_cannot_move_says_why),
		RUN(a_runner_that_is_killed_takes_the_program_with_it_and_is_cleaned_up_after),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
