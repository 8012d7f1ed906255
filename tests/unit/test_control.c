/* SPDX-License-Identifier: MIT
 *
 * test_control: what holds a run for another program: where a config on standard input ends, and
 * that the run is over when the pipe is closed or the caller has ended, and not before.
 */
#include "unit.h"

#include "control.h"
#include "launch.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

struct pipe_ends {
	int reader, writer;
};

static struct pipe_ends make_pipe(void)
{
	int ends[2];
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	return (struct pipe_ends){.reader = ends[0], .writer = ends[1]};
}

static void put_text(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Whether the descriptor is readable, after at most so many milliseconds. */
static bool is_readable(int fd, int ms)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	return poll(&polled, 1, ms) == 1;
}

/* ---- the config on standard input ---------------------------------------------------------- */

/* Wherever the text is cut in two, the end is found at the same place. */
TEST(a_config_ends_at_a_line_of_three_dots)
{
	static const struct {
		const char *text;
		bool found; /* before the text has ended */
		bool found_at_end;
		size_t at;
	} table[] = {
		{"a: 1\n...\n", true, true, 5},
		{"a: 1\n...\nb: 2\n", true, true, 5},
		{"...\n", true, true, 0},
		{"a: 1\n...\r\nrest", true, true, 5},
		{"a: 1\n... # end\n", true, true, 5},
		{"a: 1\n...", false, true, 5},
		{"a: 1\n..", false, false, 0},
		{"a: 1\n....\n", false, false, 0},
		{"a: 1\n ...\n", false, false, 0},
		{"a: ...\n", false, false, 0},
		{"", false, false, 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		size_t len = strlen(table[i].text);
		for (size_t cut = 0; cut <= len; cut++) {
			size_t line = 0;
			bool found = control_find_end(table[i].text, cut, false, &line) ||
				     control_find_end(table[i].text, len, false, &line);
			assert_int_equal(found, table[i].found);
			found = found || control_find_end(table[i].text, len, true, &line);
			assert_int_equal(found, table[i].found_at_end);
			if (found)
				assert_int_equal(line, table[i].at);
		}
	}
}

TEST(a_config_is_read_up_to_its_end_while_the_pipe_stays_open)
{
	struct error err = {0};
	struct pipe_ends ends = make_pipe();
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	put_text(ends.writer, "a: 1\n...\nwhat follows\n");
	assert_ok(control_read_config(ends.reader, false, 64, &text, &len, &err), err);
	assert_string_equal(text, "a: 1\n");
	assert_int_equal(len, 5);
	(void)close(ends.writer);
	(void)close(ends.reader);
}

TEST(a_config_may_end_with_the_input_only_if_something_else_holds_the_run)
{
	struct error err = {0};
	for (int to_end = 0; to_end < 2; to_end++) {
		struct pipe_ends ends = make_pipe();
		_cleanup_free_ char *text = NULL;
		size_t len = 0;
		put_text(ends.writer, "a: 1\n");
		(void)close(ends.writer);
		int result = control_read_config(ends.reader, to_end, 64, &text, &len, &err);
		assert_int_equal(result, to_end ? 0 : -1);
		if (to_end)
			assert_string_equal(text, "a: 1\n");
		else
			assert_int_equal(err.status, EX_USAGE);
		(void)close(ends.reader);
	}
}

TEST(a_config_that_is_too_long_is_refused)
{
	static const struct {
		const char *text;
		int status; /* 0: accepted */
	} table[] = {
		{"12345678\n...\n", EX_CONFIG},
		{"1234567\n...\n", 0},
		{"1234567890123456789012345678901234567890", EX_CONFIG},
		{"123456789", EX_CONFIG},
		{"12345678", 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		struct pipe_ends ends = make_pipe();
		_cleanup_free_ char *text = NULL;
		size_t len = 0;
		put_text(ends.writer, table[i].text);
		(void)close(ends.writer);
		int result = control_read_config(ends.reader, true, 8, &text, &len, &err);
		assert_int_equal(result, table[i].status ? -1 : 0);
		assert_int_equal(err.status, table[i].status);
		(void)close(ends.reader);
	}
}

/* ---- the end of the run -------------------------------------------------------------------- */

TEST(the_run_is_over_when_the_other_end_is_closed_and_not_when_data_comes)
{
	struct error err = {0};
	struct control control = CONTROL_NONE;
	struct pipe_ends ends = make_pipe();
	assert_ok(control_open(ends.reader, &control, &err), err);
	put_text(ends.writer, "x");
	assert_false(is_readable(control.ended, 0));
	assert_ok(control_take_data(&control, &err), err);
	assert_true(is_readable(control.ended, 0));
	assert_false(control_is_over(&control));
	assert_false(is_readable(control.ended, 0));
	(void)close(ends.writer);
	assert_true(is_readable(control.ended, 0));
	assert_true(control_is_over(&control));
	control_close(&control);
	(void)close(ends.reader);
}

TEST(a_pipe_that_closes_with_data_in_it_ends_the_wait_before_the_run)
{
	struct error err = {0};
	struct control control = CONTROL_NONE;
	struct pipe_ends ends = make_pipe();
	assert_ok(control_open(ends.reader, &control, &err), err);
	put_text(ends.writer, "x");
	(void)close(ends.writer);
	assert_true(is_readable(control.ended, 0));
	assert_false(control_is_over(&control)); /* it takes the data */
	assert_true(control_is_over(&control));
	control_close(&control);
	(void)close(ends.reader);
}

TEST(a_signal_ends_the_wait_and_is_still_there)
{
	struct error err = {0};
	struct control control = CONTROL_NONE;
	struct pipe_ends ends = make_pipe();
	_cleanup_close_ int signals = signals_open(&err);
	assert_return_code(signals, errno);
	assert_ok(control_open(ends.reader, &control, &err), err);
	assert_ok(control_add_signals(&control, signals, &err), err);
	assert_false(is_readable(control.ended, 0));
	assert_return_code(raise(SIGTERM), errno);
	assert_true(is_readable(control.ended, 0));
	assert_false(control_is_over(&control));
	assert_int_equal(signals_pending(signals), SIGTERM);
	control_close(&control);
	(void)close(ends.writer);
	(void)close(ends.reader);
}

TEST(what_never_closes_or_is_not_open_is_refused)
{
	struct error err = {0};
	struct control control = CONTROL_NONE;
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	const int fds[] = {null, file, 999};
	for (size_t i = 0; i < COUNT(fds); i++) {
		assert_int_equal(control_open(fds[i], &control, &err), -1);
		assert_int_equal(err.status, EX_USAGE);
	}
	assert_contains(err.msg, "999 is not open");
}

/* A process between the test and the one that waits is the caller. It ends while the test still
 * has the pipe open. */
TEST(the_run_is_over_when_the_caller_ends_though_the_pipe_is_open)
{
	struct pipe_ends control_pipe = make_pipe();
	struct pipe_ends ready = make_pipe();
	struct pipe_ends caller_ends = make_pipe();
	char byte = 0;
	pid_t caller = fork();
	assert_return_code(caller, errno);
	if (caller == 0) {
		struct error err = {0};
		struct control control = CONTROL_NONE;
		if (fork() != 0) {
			(void)close(caller_ends.writer);
			_exit(read(caller_ends.reader, &byte, 1) == 0 ? 0 : 1);
		}
		(void)close(caller_ends.writer);
		bool open = control_open(control_pipe.reader, &control, &err) == 0;
		byte = open && !is_readable(control.ended, 0) ? 'r' : 'f';
		(void)!write(ready.writer, &byte, 1);
		byte = is_readable(control.ended, -1) && control_is_over(&control) ? 'o' : 'f';
		(void)!write(ready.writer, &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(ready.reader, &byte, 1), 1);
	assert_int_equal(byte, 'r');
	assert_false(is_readable(ready.reader, 0));
	(void)close(caller_ends.writer);
	assert_int_equal(waitpid(caller, NULL, 0), caller);
	assert_int_equal(read(ready.reader, &byte, 1), 1);
	assert_int_equal(byte, 'o');
	(void)close(caller_ends.reader);
	(void)close(control_pipe.reader);
	(void)close(control_pipe.writer);
	(void)close(ready.reader);
	(void)close(ready.writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_config_ends_at_a_line_of_three_dots),
		RUN(a_config_is_read_up_to_its_end_while_the_pipe_stays_open),
		RUN(a_config_may_end_with_the_input_only_if_something_else_holds_the_run),
		RUN(a_config_that_is_too_long_is_refused),
		RUN(the_run_is_over_when_the_other_end_is_closed_and_not_when_data_comes),
		RUN(a_pipe_that_closes_with_data_in_it_ends_the_wait_before_the_run),
		RUN(a_signal_ends_the_wait_and_is_still_there),
		RUN(what_never_closes_or_is_not_open_is_refused),
		RUN(the_run_is_over_when_the_caller_ends_though_the_pipe_is_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
