/* SPDX-License-Identifier: MIT
 *
 * test_log: which messages reach standard error at which level. Nothing else is written there.
 */
#include "unit.h"

#include "log.h"

static const enum log_level levels[] = {LOG_QUIET, LOG_NORMAL, LOG_VERBOSE};

/* Between divert() and restore(), standard error goes to a file in the test's directory. divert()
 * returns the descriptor that restore() takes. */
static int divert(int dir)
{
	(void)fflush(stderr);
	int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_return_code(kept, errno);
	_cleanup_close_ int fd =
		openat(dir, "stderr", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_return_code(fd, errno);
	assert_return_code(dup2(fd, STDERR_FILENO), errno);
	return kept;
}

static void restore(int kept)
{
	(void)fflush(stderr);
	assert_return_code(dup2(kept, STDERR_FILENO), errno);
	(void)close(kept);
}

TEST(an_error_is_printed_at_every_level_with_its_hint)
{
	for (size_t i = 0; i < COUNT(levels); i++) {
		struct log log = {.program = "prog", .level = levels[i]};
		struct error err = {0};
		(void)fail(&err, ENOENT, "open %s", "100%s");
		(void)add_hint(&err, "make %s", "50%d");
		int kept = divert(unit_dir(state));
		log_error(&log, &err);
		restore(kept);
		assert_file(unit_dir(state), "stderr",
			"prog: open 100%s: No such file or directory\n  hint: make 50%d\n");
	}
}

TEST(an_error_without_a_hint_is_one_line)
{
	struct log log = {.program = "prog"};
	struct error err = {0};
	(void)fail_as(&err, EX_USAGE, "no such command");
	int kept = divert(unit_dir(state));
	log_error(&log, &err);
	restore(kept);
	assert_file(unit_dir(state), "stderr", "prog: no such command\n");
}

TEST(quiet_means_no_warnings)
{
	static const char *const expected[] = {
		"", "prog: warning: CPU 3 is shared\n", "prog: warning: CPU 3 is shared\n"};
	for (size_t i = 0; i < COUNT(levels); i++) {
		struct log log = {.program = "prog", .level = levels[i]};
		int kept = divert(unit_dir(state));
		log_warning(&log, "CPU %d is shared", 3);
		restore(kept);
		assert_file(unit_dir(state), "stderr", expected[i]);
	}
}

TEST(a_note_is_printed_from_its_level_on)
{
	static const char *const expected[] = {
		"", "prog: normal 1\n", "prog: normal 1\nprog: verbose 2\n"};
	for (size_t i = 0; i < COUNT(levels); i++) {
		struct log log = {.program = "prog", .level = levels[i]};
		int kept = divert(unit_dir(state));
		log_note(&log, LOG_NORMAL, "normal %d", 1);
		log_note(&log, LOG_VERBOSE, "verbose %d", 2);
		restore(kept);
		assert_file(unit_dir(state), "stderr", expected[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(an_error_is_printed_at_every_level_with_its_hint),
		RUN_IN_DIR(an_error_without_a_hint_is_one_line),
		RUN_IN_DIR(quiet_means_no_warnings),
		RUN_IN_DIR(a_note_is_printed_from_its_level_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
