/* SPDX-License-Identifier: MIT
 *
 * test_filter: what Compose writes for a terminal does not reach a file or a pipe, however its
 * writes are cut, and all else does.
 */
#include "unit.h"

#include "filter.h"

#include <signal.h>

#define CLEAR "\033[2K"

static const struct {
	const char *text, *expected;
} lines[] = {
	{"", ""},
	{"a\nb\n", "a\nb\n"},
	/* Compose 2.26 clears the line before each line, also before one to another file. */
	{CLEAR "a-1  | one\n" CLEAR CLEAR "b-1  | two\n", "a-1  | one\nb-1  | two\n"},
	{CLEAR, ""},
	/* docker-compose 1.29 */
	{"Creating a ... \r\nCreating a ... done\r\n", "Creating a ... \nCreating a ... done\n"},
	/* What the job writes stays. */
	{"a " CLEAR "b\n", "a " CLEAR "b\n"},
	{"\033[32mgreen\033[0m\n", "\033[32mgreen\033[0m\n"},
	{"\033[2Jx\n", "\033[2Jx\n"},
	{"10 %\r20 %\r\n", "10 %\r20 %\n"},
	{"a\r", "a\r"},
	{"\033[", "\033["},
	{"\r" CLEAR "x\r\r\n", "\r" CLEAR "x\r\n"},
	{"\033\033[2K", "\033\033[2K"},
};

TEST(what_is_for_a_terminal_goes_and_all_else_stays_however_it_is_cut)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		size_t len = strlen(lines[i].text);
		for (size_t cut = 1; cut <= len + 1; cut++) {
			struct filter_state stream = {.inside = false};
			char out[128] = "";
			size_t n = 0;
			for (size_t at = 0; at < len; at += cut)
				n += filter_text(&stream, lines[i].text + at,
					len - at < cut ? len - at : cut, out + n);
			n += filter_text(&stream, "", 0, out + n);
			out[n] = '\0';
			assert_string_equal(out, lines[i].expected);
		}
	}
}

/* Let a shell script write through a filter, and read what comes out. */
static void run_script(void **state, const char *script, bool one_file, char *out, char *errors)
{
	struct error err = {0};
	struct filter filter = FILTER_NONE;
	struct child child = CHILD_NONE;
	int status = 0;
	int dir = unit_dir(state);
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct spawn spawn = SPAWN(argv);
	const int flags = O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
	_cleanup_close_ int first = openat(dir, "out", flags, 0644);
	_cleanup_close_ int second = openat(dir, one_file ? "out" : "errors", flags, 0644);
	spawn.out = first;
	spawn.err = second;
	assert_ok(filter_begin(&spawn, &filter, &err), err);
	assert_ok(proc_spawn(&spawn, &child, &err), err);
	filter_started(&filter);
	assert_int_equal(filter.pids[1] == 0, one_file);
	assert_ok(proc_wait(&child, &status, &err), err);
	filter_end(&filter);
	ssize_t n = pread(first, out, 4095, 0);
	ssize_t m = pread(second, errors, 4095, 0);
	assert_true(n >= 0 && m >= 0);
	out[n] = errors[m] = '\0';
}

TEST(all_that_a_program_wrote_is_there_when_it_has_ended)
{
	char out[4096];
	char errors[4096];
	run_script(state, "printf '\\033[2Kone\\n'; printf 'two\\r\\n' >&2; printf 'last'", false,
		out, errors);
	assert_string_equal(out, "one\nlast");
	assert_string_equal(errors, "two\n");
	run_script(state, "printf 'one\\r\\n' >&2; printf '\\033[2Ktwo\\n'; printf 'three\\n' >&2",
		true, out, errors);
	assert_string_equal(out, "one\ntwo\nthree\n");
}

/* A process that keeps the program's output open does not keep the run from ending. */
TEST(who_holds_the_output_open_is_not_waited_for)
{
	char out[4096];
	char errors[4096];
	run_script(state, "echo one; sleep 60 & echo $!", true, out, errors);
	assert_memory_equal(out, "one\n", 4);
	assert_return_code(kill((pid_t)strtol(out + 4, NULL, 10), SIGKILL), errno);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(what_is_for_a_terminal_goes_and_all_else_stays_however_it_is_cut),
		RUN_IN_DIR(all_that_a_program_wrote_is_there_when_it_has_ended),
		RUN_IN_DIR(who_holds_the_output_open_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
