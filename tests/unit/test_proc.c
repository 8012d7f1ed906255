/* SPDX-License-Identifier: MIT
 *
 * test_proc: how a program starts (what it inherits and what it does not), how its exit is
 * reported, and how much of its output is read.
 */
#include "unit.h"

#include "proc.h"

#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#define SH(script)                       \
	(const char *const[])            \
	{                                \
		"sh", "-c", script, NULL \
	}

#define USUAL_PATH "/usr/bin:/bin"

/* Start a program and wait for it. Returns the exit status as a shell reports it. */
static int run_program(const struct spawn *spawn)
{
	struct child child = CHILD_NONE;
	struct error err = {0};
	int status = -1;
	assert_ok(proc_spawn(spawn, &child, &err), err);
	int pidfd = child.pidfd;
	assert_ok(proc_wait(&child, &status, &err), err);
	assert_int_equal(child.pid, -1);
	assert_int_equal(child.pidfd, -1);
	assert_int_equal(fcntl(pidfd, F_GETFD), -1);
	return status;
}

static void assert_output(const struct spawn *spawn, const char *expected)
{
	_cleanup_free_ char *out = NULL;
	struct error err = {0};
	int status = -1;
	assert_ok(proc_capture(spawn, 4096, &out, &status, &err), err);
	assert_string_equal(out, expected);
	assert_int_equal(status, 0);
}

TEST(the_exit_status_is_that_of_the_program)
{
	struct spawn good = SPAWN(SH("exit 0"));
	struct spawn bad = SPAWN(SH("exit 3"));
	assert_int_equal(run_program(&good), 0);
	assert_int_equal(run_program(&bad), 3);
}

TEST(death_by_a_signal_is_128_plus_its_number)
{
	struct spawn killed = SPAWN(SH("kill -KILL $$"));
	struct spawn ended = SPAWN(SH("kill -TERM $$"));
	assert_int_equal(run_program(&killed), 128 + SIGKILL);
	assert_int_equal(run_program(&ended), 128 + SIGTERM);
}

TEST(a_program_that_is_not_installed_is_unavailable)
{
	static const char *const argv[] = {"oss-crs-no-such-program", NULL};
	struct spawn spawn = SPAWN(argv);
	struct child child = CHILD_NONE;
	struct error err = {0};
	assert_errno(proc_spawn(&spawn, &child, &err), ENOENT, err);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_string_equal(err.msg, "start oss-crs-no-such-program: No such file or directory");
	assert_int_equal(child.pid, -1);
	assert_int_equal(child.pidfd, -1);

	_cleanup_free_ char *out = NULL;
	int status = 77;
	assert_errno(proc_capture(&spawn, 100, &out, &status, &err), ENOENT, err);
	assert_null(out);
	assert_int_equal(status, 77);
}

TEST(a_file_that_is_not_executable_has_the_status_ex_noperm)
{
	const struct unit_dir *dir = *state;
	make_file(dir->fd, "f", "text");
	char path[128];
	(void)snprintf(path, sizeof path, "%s/f", dir->path);
	const char *const argv[] = {path, NULL};
	struct spawn spawn = SPAWN(argv);
	struct child child = CHILD_NONE;
	struct error err = {0};
	assert_errno(proc_spawn(&spawn, &child, &err), EACCES, err);
	assert_int_equal(err.status, EX_NOPERM);
}

TEST(nothing_starts_in_a_directory_that_is_no_cgroup)
{
	struct spawn spawn = SPAWN(SH("exit 0"));
	spawn.cgroup = unit_dir(state);
	struct child child = CHILD_NONE;
	struct error err = {0};
	assert_errno(proc_spawn(&spawn, &child, &err), EBADF, err);
	assert_int_equal(child.pid, -1);
}

TEST(the_environment_is_the_callers_or_the_one_given)
{
	assert_return_code(setenv("OSS_CRS_UNIT", "caller", 1), errno);
	struct spawn spawn = SPAWN(SH("echo ${OSS_CRS_UNIT-none} ${OTHER-none}"));
	assert_output(&spawn, "caller none\n");
	spawn.env = (const char *const[]){"OTHER=given", NULL};
	assert_output(&spawn, "none given\n");
	(void)unsetenv("OSS_CRS_UNIT");
}

TEST(the_standard_descriptors_are_those_given)
{
	int dir = unit_dir(state);
	make_file(dir, "in", "text\n");
	make_file(dir, "out", "");
	make_file(dir, "err", "");
	_cleanup_close_ int in = openat(dir, "in", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = openat(dir, "out", O_WRONLY | O_CLOEXEC);
	_cleanup_close_ int err = openat(dir, "err", O_WRONLY | O_CLOEXEC);
	struct spawn spawn = SPAWN(SH("read x; echo out $x; echo err $x >&2"));
	spawn.in = in;
	spawn.out = out;
	spawn.err = err;
	assert_int_equal(run_program(&spawn), 0);
	assert_file(dir, "out", "out text\n");
	assert_file(dir, "err", "err text\n");
}

TEST(a_standard_descriptor_given_as_itself_stays_open)
{
	assert_return_code(fcntl(STDERR_FILENO, F_SETFD, FD_CLOEXEC), errno);
	struct spawn spawn = SPAWN(SH("test -e /proc/self/fd/2"));
	spawn.err = STDERR_FILENO;
	int status = run_program(&spawn);
	(void)fcntl(STDERR_FILENO, F_SETFD, 0);
	assert_int_equal(status, 0);
}

TEST(only_the_standard_descriptors_are_passed_on)
{
	/* Not close-on-exec, like a descriptor that this process has inherited. */
	int leaked = fcntl(STDERR_FILENO, F_DUPFD, 50);
	assert_return_code(leaked, errno);
	/* 3 is the directory that ls has open. */
	static const char *const argv[] = {"ls", "/proc/self/fd", NULL};
	struct spawn spawn = SPAWN(argv);
	_cleanup_free_ char *out = NULL;
	struct error err = {0};
	int status = -1;
	int result = proc_capture(&spawn, 4096, &out, &status, &err);
	(void)close(leaked);
	assert_ok(result, err);
	assert_string_equal(out, "0\n1\n2\n3\n");
}

TEST(keep_descriptors_passes_on_inherited_descriptors)
{
	_cleanup_close_ int own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 60);
	int leaked = fcntl(STDERR_FILENO, F_DUPFD, 50);
	assert_return_code(own, errno);
	assert_return_code(leaked, errno);
	static const char *const argv[] = {
		"sh", "-c", "test -e /proc/self/fd/50 && ! test -e /proc/self/fd/60", NULL};
	struct spawn spawn = SPAWN(argv);
	spawn.keep_descriptors = true;
	struct child child = CHILD_NONE;
	struct error err = {0};
	int status = -1;
	int result = proc_spawn(&spawn, &child, &err);
	(void)close(leaked);
	assert_ok(result, err);
	assert_ok(proc_wait(&child, &status, &err), err);
	assert_int_equal(status, 0);
}

/* Each case runs in a child process. Its standard descriptors are closed, so that it can report
 * only by its exit status. */
TEST(a_closed_standard_descriptor_is_never_reused_for_a_file)
{
	static const int subsets[][3] = {
		{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {0, 1, 1}, {1, 1, 1}};
	for (size_t i = 0; i < COUNT(subsets); i++) {
		pid_t pid = fork();
		assert_return_code(pid, errno);
		if (pid == 0) {
			struct error err = {0};
			for (int fd = 0; fd < 3; fd++)
				if (subsets[i][fd])
					(void)close(fd);
			_exit(proc_standard_descriptors(&err) == 0 && dup(0) > 2 ? 0 : 1);
		}
		int status = -1;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static void on_signal(int signal)
{
	(void)signal;
}

TEST(a_program_inherits_no_blocked_or_caught_signals)
{
	sigset_t blocked;
	sigset_t before;
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGCHLD);
	(void)sigaddset(&blocked, SIGTERM);
	assert_return_code(sigprocmask(SIG_BLOCK, &blocked, &before), errno);
	assert_ptr_not_equal(signal(SIGUSR1, on_signal), SIG_ERR);
	struct spawn spawn = SPAWN(SH("kill -USR1 $$"));
	int status = run_program(&spawn);
	struct spawn masked = SPAWN(SH("kill -TERM $$"));
	int masked_status = run_program(&masked);
	(void)signal(SIGUSR1, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(status, 128 + SIGUSR1);
	assert_int_equal(masked_status, 128 + SIGTERM);
}

TEST(sigpipe_kills_a_program_though_the_caller_ignores_it)
{
	assert_ptr_not_equal(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	struct spawn spawn = SPAWN(SH("kill -PIPE $$"));
	int status = run_program(&spawn);
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(status, 128 + SIGPIPE);
}

TEST(a_program_gets_its_own_process_group_only_on_request)
{
	struct spawn spawn =
		SPAWN(SH("set -- $(cat /proc/$$/stat); test $1 = $5 && echo own || echo shared"));
	assert_output(&spawn, "shared\n");
	spawn.own_group = true;
	assert_output(&spawn, "own\n");
}

TEST(output_up_to_the_bound_is_captured_with_the_status)
{
	struct spawn spawn = SPAWN(SH("printf 0123456789; exit 5"));
	_cleanup_free_ char *out = NULL;
	struct error err = {0};
	int status = -1;
	assert_ok(proc_capture(&spawn, 10, &out, &status, &err), err);
	assert_string_equal(out, "0123456789");
	assert_int_equal(status, 5);
}

TEST(output_beyond_the_bound_is_an_error_and_ends_the_program)
{
	struct spawn once = SPAWN(SH("printf 0123456789"));
	struct spawn forever = SPAWN(SH("while :; do echo and so on; done"));
	char *out = NULL;
	struct error err = {0};
	int status = 77;
	assert_errno(proc_capture(&once, 9, &out, &status, &err), EFBIG, err);
	assert_errno(proc_capture(&forever, 5000, &out, &status, &err), EFBIG, err);
	assert_string_equal(err.msg, "read sh: File too large");
	assert_null(out);
	assert_int_equal(status, 77);
}

TEST(a_running_program_is_signalled_and_its_pidfd_reports_the_exit)
{
	static const char *const argv[] = {"sleep", "60", NULL};
	struct spawn spawn = SPAWN(argv);
	struct child child = CHILD_NONE;
	struct error err = {0};
	int status = -1;
	assert_ok(proc_spawn(&spawn, &child, &err), err);
	struct pollfd end = {.fd = child.pidfd, .events = POLLIN};
	assert_int_equal(poll(&end, 1, 0), 0);
	assert_int_equal(fcntl(child.pidfd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_ok(proc_signal(&child, SIGTERM, &err), err);
	assert_int_equal(poll(&end, 1, 10000), 1);
	/* The program has exited but is not reaped yet: a signal to it is no error. */
	assert_ok(proc_signal(&child, SIGTERM, &err), err);
	_cleanup_close_ int pidfd = fcntl(child.pidfd, F_DUPFD_CLOEXEC, 0);
	const struct child gone = {.pid = child.pid, .pidfd = pidfd};
	assert_ok(proc_wait(&child, &status, &err), err);
	assert_int_equal(status, 128 + SIGTERM);
	assert_ok(proc_signal(&gone, SIGTERM, &err), err);
	assert_errno(proc_signal(&child, SIGTERM, &err), EBADF, err);
}

/* A user who resizes the terminal (SIGWINCH) while a program starts must not lose the program. */
TEST(a_signal_while_a_program_starts_is_no_failure)
{
	/* A long PATH to search makes the start take longer than the timer runs. */
	static char path[400000];
	static const char nowhere[] = {'/', 'x', ':'};
	size_t used = 0;
	for (; used + sizeof nowhere + sizeof USUAL_PATH <= sizeof path; used += sizeof nowhere)
		memcpy(path + used, nowhere, sizeof nowhere);
	memcpy(path + used, USUAL_PATH, sizeof USUAL_PATH);
	assert_return_code(setenv("PATH", path, 1), errno);

	const struct sigaction handler = {.sa_handler = on_signal}; /* no SA_RESTART */
	struct sigaction old;
	assert_return_code(sigaction(SIGALRM, &handler, &old), errno);
	const struct itimerval soon = {.it_value = {.tv_usec = 10000}};
	assert_return_code(setitimer(ITIMER_REAL, &soon, NULL), errno);
	struct spawn spawn = SPAWN(SH("exit 3"));
	/* execve(2) refuses an environment string as long as this PATH (E2BIG). */
	spawn.env = (const char *const[]){NULL};
	int status = run_program(&spawn);
	const struct itimerval never = {0};
	(void)setitimer(ITIMER_REAL, &never, NULL);
	(void)sigaction(SIGALRM, &old, NULL);
	(void)setenv("PATH", USUAL_PATH, 1);
	assert_int_equal(status, 3);
}

TEST(a_child_that_is_tied_to_its_parent_is_killed_with_it)
{
	int ends[2];
	char byte = 0;
	assert_int_equal(pipe(ends), 0);
	pid_t parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		struct child child = CHILD_NONE;
		struct error err = {0};
		struct spawn spawn = SPAWN(SH("echo; exec sleep 600"));
		spawn.out = ends[1];
		spawn.dies_with_parent = true;
		(void)proc_spawn(&spawn, &child, &err);
		(void)close(ends[1]);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	/* End of file: the last process that could write has exited. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	(void)close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_exit_status_is_that_of_the_program),
		RUN(death_by_a_signal_is_128_plus_its_number),
		RUN(a_program_that_is_not_installed_is_unavailable),
		RUN_IN_DIR(a_file_that_is_not_executable_has_the_status_ex_noperm),
		RUN_IN_DIR(nothing_starts_in_a_directory_that_is_no_cgroup),
		RUN(the_environment_is_the_callers_or_the_one_given),
		RUN_IN_DIR(the_standard_descriptors_are_those_given),
		RUN(a_standard_descriptor_given_as_itself_stays_open),
		RUN(only_the_standard_descriptors_are_passed_on),
		RUN(keep_descriptors_passes_on_inherited_descriptors),
		RUN(a_closed_standard_descriptor_is_never_reused_for_a_file),
		RUN(a_program_inherits_no_blocked_or_caught_signals),
		RUN(sigpipe_kills_a_program_though_the_caller_ignores_it),
		RUN(a_program_gets_its_own_process_group_only_on_request),
		RUN(output_up_to_the_bound_is_captured_with_the_status),
		RUN(output_beyond_the_bound_is_an_error_and_ends_the_program),
		RUN(a_running_program_is_signalled_and_its_pidfd_reports_the_exit),
		RUN(a_signal_while_a_program_starts_is_no_failure),
		RUN(a_child_that_is_tied_to_its_parent_is_killed_with_it),
	};
	/* If PATH had a directory that the user may not search, every missing program would fail
	 * with EACCES instead of ENOENT. */
	(void)setenv("PATH", USUAL_PATH, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
