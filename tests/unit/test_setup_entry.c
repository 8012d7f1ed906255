/* SPDX-License-Identifier: MIT
 *
 * test_setup_entry: inherited process state has no effect. Each test forks a child, which sets up
 * some odd state, enters the program as main() does and checks what is left of it. The exit status
 * of the child encodes the line of the check that failed.
 */
#include "unit.h"

#include "confine.h"
#include "entry.h"
#include "fs.h"
#include "privs.h"

#include <linux/openat2.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* In the child: exit with the encoded line unless the condition holds. */
#define HOLDS(condition)                           \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 251 + 1); \
	} while (0)

static int enter_program(void)
{
	struct error err = {0};
	return entry_descriptors(&err) < 0 || entry_refuse_secure(&err) < 0 ||
			       entry_signals(&err) < 0 || entry_limits(&err) < 0 ||
			       entry_environment(&err) < 0
		       ? -1
		       : 0;
}

static void in_child(void (*work)(void))
{
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		work();
		_exit(0);
	}
	int status = 0;
	assert_return_code(waitpid(pid, &status, 0), errno);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_test("the child's status is 0x%x (line %% 251 + 1 of what does not hold)",
			status);
}

/* Close the standard descriptors whose bits are set in `which`, and enter. */
static void closed(unsigned which)
{
	for (int fd = 0; fd < 3; fd++)
		if (which & 1U << fd)
			(void)close(fd);
	HOLDS(enter_program() == 0);
	for (int fd = 0; fd < 3; fd++)
		HOLDS(fcntl(fd, F_GETFD) >= 0);
	HOLDS(open("/dev/null", O_RDONLY | O_CLOEXEC) > 2);
}

TEST(no_file_becomes_a_standard_descriptor_whichever_are_closed)
{
	for (unsigned which = 0; which < 8; which++) {
		pid_t pid = fork();
		assert_return_code(pid, errno);
		if (pid == 0) {
			closed(which);
			_exit(0);
		}
		int status = 0;
		assert_return_code(waitpid(pid, &status, 0), errno);
		if (status != 0)
			fail_test("subset %u: status 0x%x", which, status);
	}
}

static void leaked(void)
{
	struct rlimit many = {2000, 4096};
	HOLDS(setrlimit(RLIMIT_NOFILE, &many) == 0);
	for (int i = 0; i < 1000; i++)
		/* NOLINTNEXTLINE(android-cloexec-open): the descriptor must leak */
		HOLDS(open("/dev/null", O_RDONLY) >= 0);
	HOLDS(enter_program() == 0);
	for (int fd = 3; fd < 1100; fd++)
		HOLDS(fcntl(fd, F_GETFD) < 0);
}

TEST(a_thousand_leaked_descriptors_are_closed)
{
	in_child(leaked);
}

static void poisoned(void)
{
	static const char *const names[] = {"LD_PRELOAD", "LD_LIBRARY_PATH", "GCONV_PATH",
		"SYSTEMD_LOG_LEVEL", "DBUS_SYSTEM_BUS_ADDRESS", "LC_ALL", "LANGUAGE", "TMPDIR",
		"HOME", "IFS", "POSIXLY_CORRECT"};
	for (size_t i = 0; i < COUNT(names); i++)
		HOLDS(setenv(names[i], "/nowhere", 1) == 0);
	HOLDS(enter_program() == 0);
	HOLDS(strncmp(environ[0], "PATH=/usr/sbin:/usr/bin", strlen("PATH=/usr/sbin:/usr/bin")) ==
		0);
	HOLDS(strcmp(environ[1], "LC_ALL=C") == 0);
	HOLDS(!environ[2]);
}

TEST(a_poisoned_environment_is_replaced)
{
	in_child(poisoned);
}

static void deaf(void)
{
	sigset_t all;
	(void)sigfillset(&all);
	HOLDS(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	for (int signal_number = 1; signal_number <= SIGRTMAX; signal_number++)
		(void)signal(signal_number, SIG_IGN);
	HOLDS(enter_program() == 0);
	for (int signal_number = 1; signal_number <= SIGRTMAX; signal_number++) {
		struct sigaction now;
		if (sigaction(signal_number, NULL, &now) < 0)
			continue;
		bool to_be_ignored = signal_number == SIGPIPE || signal_number == SIGXFSZ;
		HOLDS(now.sa_handler == (to_be_ignored ? SIG_IGN : SIG_DFL));
	}
	HOLDS(sigprocmask(SIG_SETMASK, NULL, &all) == 0);
	for (int signal_number = 1; signal_number <= SIGRTMAX; signal_number++)
		HOLDS(sigismember(&all, signal_number) == 0);
	/* The parent sees the exit status of a child: SIGCHLD is not ignored. */
	pid_t pid = fork();
	if (pid == 0)
		_exit(7);
	int status = 0;
	HOLDS(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
}

TEST(ignored_and_blocked_signals_are_reset)
{
	in_child(deaf);
}

static void timed(void)
{
	const struct itimerval soon = {.it_value = {.tv_sec = 3600}};
	struct itimerval now;
	int death = -1;
	HOLDS(setitimer(ITIMER_REAL, &soon, NULL) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	HOLDS(enter_program() == 0);
	HOLDS(getitimer(ITIMER_REAL, &now) == 0 && now.it_value.tv_sec == 0 &&
		now.it_value.tv_usec == 0);
	HOLDS(prctl(PR_GET_PDEATHSIG, &death) == 0 && death == 0);
}

TEST(an_inherited_timer_and_parent_death_signal_are_cleared)
{
	in_child(timed);
}

static void cramped(void)
{
	static const int resources[] = {RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_STACK};
	static const rlim_t values[] = {0, 4, 1 << 16};
	for (size_t i = 0; i < COUNT(resources); i++) {
		struct rlimit limit;
		HOLDS(getrlimit(resources[i], &limit) == 0);
		limit.rlim_cur = values[i];
		HOLDS(setrlimit(resources[i], &limit) == 0);
	}
	(void)umask(0777);
	char here[] = "/tmp/oss-crs-unit-XXXXXX";
	HOLDS(mkdtemp(here) && chdir(here) == 0 && rmdir(here) == 0);
	HOLDS(enter_program() == 0);
	struct rlimit limit;
	HOLDS(getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == limit.rlim_max);
	HOLDS(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256);
	HOLDS(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0);
	HOLDS(umask(0) == 022);
	char cwd[PATH_MAX];
	HOLDS(getcwd(cwd, sizeof cwd) && strcmp(cwd, "/") == 0);
}

TEST(limits_umask_and_directory_are_set)
{
	in_child(cramped);
}

static void check_landlock(void)
{
	HOLDS(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
	HOLDS(open("/tmp/oss-crs-unit", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 &&
		errno == EACCES);
	HOLDS(mkdir("/tmp/oss-crs-unit", 0700) < 0 && errno == EACCES);
}

/* EPERM must come from the seccomp filter, not from a lack of privilege: without the filter, these
 * calls would succeed or fail with another errno. */
static void check_files(int file)
{
	HOLDS(chmod("/nowhere", 0755) < 0 && errno == EPERM);
	HOLDS(fchmodat(AT_FDCWD, "/nowhere", 0755, 0) < 0 && errno == EPERM);
	HOLDS(fchmod(file, 04755) < 0 && errno == EPERM);
	HOLDS(setxattr("/nowhere", "user.a", "b", 1, 0) < 0 && errno == EPERM);
	HOLDS(truncate("/nowhere", 0) < 0 && errno == EPERM);
	HOLDS(mknod("/nowhere", S_IFREG | 0600, 0) < 0 && errno == EPERM);
}

static void check_processes(void)
{
	char *none[] = {NULL};
	HOLDS(execve("/nowhere", none, none) < 0 && errno == EPERM);
	HOLDS(kill(getppid(), 0) < 0 && errno == EPERM);
	HOLDS(syscall(SYS_pidfd_open, getppid(), 0) < 0 && errno == EPERM);
	HOLDS(syscall(SYS_pidfd_send_signal, -1, SIGKILL, NULL, 0) < 0 && errno == EPERM);
	HOLDS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM);
}

/* Returns whether there is seccomp. */
static bool confined_as(enum confine_role role)
{
	struct confined is = {0};
	struct error err = {0};
	HOLDS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	HOLDS(confine_files(NULL, 0, &is, &err) == 0);
	if (is.landlock)
		check_landlock();
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	HOLDS(file >= 0 && confine_calls(role, &is, &err) == 0);
	if (!is.seccomp)
		return false;
	check_files(file);
	check_processes();
	HOLDS(role != CONFINE_CHECK || (open("/", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM));
	HOLDS((role == CONFINE_CONNECTOR) == (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0));
	return true;
}

/* Root opens files component by component: no filter could see the mode that openat2(2) takes. */
static void check_opening(int dir)
{
	static const struct {
		const char *path;
		int flags;
		int errnum;
	} refused[] = {
		{"..", O_PATH, EXDEV},
		{"a/../../x", O_PATH, EXDEV},
		{"/etc", O_PATH, EXDEV},
		{"", O_PATH, ENOENT},
		{"to-dir/f", O_RDONLY, ELOOP},
		{"to-dir", O_PATH, ELOOP},
		{"to-dir", O_PATH | O_DIRECTORY, ELOOP},
		{"to-dir", O_RDONLY | O_DIRECTORY, ELOOP},
		{"a/to-file", O_RDONLY, ELOOP},
		{"a/to-file", O_PATH, ELOOP},
		{"a/f/g", O_PATH, ENOTDIR},
		{"a/f", O_PATH | O_DIRECTORY, ENOTDIR},
		{"a/new", O_WRONLY | O_CREAT | O_EXCL, EPERM}, /* with mode 04755 */
		{"a", O_WRONLY | O_TMPFILE, EPERM},
	};
	struct error err = {0};
	for (size_t i = 0; i < COUNT(refused); i++)
		HOLDS(fs_open(dir, refused[i].path, refused[i].flags, 04755, &err) < 0 &&
			err.code == refused[i].errnum);
	_cleanup_close_ int file = fs_open(dir, "a//f", O_RDONLY, 0, &err);
	HOLDS(file >= 0 && fcntl(file, F_GETFD) == FD_CLOEXEC);
	HOLDS(fs_replace(dir, "new", "x", 1, 0644, &err) == 0);
	HOLDS(syscall(SYS_openat2, dir, "a", &(struct open_how){.flags = O_PATH},
		      sizeof(struct open_how)) < 0 &&
		errno == ENOSYS);
	HOLDS(mkdirat(dir, "b", 02755) < 0 && errno == EPERM);
	HOLDS(mkdir("/nowhere/b", 0755) < 0 && errno == EPERM);
	HOLDS(creat("/nowhere/b", 0755) < 0 && errno == EPERM);
}

static int opening_at;

static void opens_as_root(void)
{
	struct confined is = {0};
	struct error err = {0};
	HOLDS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	HOLDS(confine_calls(CONFINE_ROOT, &is, &err) == 0);
	if (is.seccomp)
		check_opening(opening_at);
}

TEST(root_makes_no_file_with_a_special_mode_and_follows_no_link)
{
	opening_at = unit_dir(state);
	make_dir(opening_at, "a");
	make_file(opening_at, "a/f", "x");
	assert_return_code(symlinkat("a", opening_at, "to-dir"), errno);
	assert_return_code(symlinkat("f", opening_at, "a/to-file"), errno);
	in_child(opens_as_root);
}

static void confined_root(void)
{
	(void)confined_as(CONFINE_ROOT);
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	HOLDS(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

static void confined_connector(void)
{
	(void)confined_as(CONFINE_CONNECTOR);
}

static void confined_worker(void)
{
	(void)confined_as(CONFINE_WORKER);
}

static void confined_check(void)
{
	(void)confined_as(CONFINE_CHECK);
}

/* It may give up more, but not the signal that ends it with its parent. */
static void confined_look(void)
{
	struct confined is = {0};
	struct error err = {0};
	if (!confined_as(CONFINE_LOOK))
		return;
	HOLDS(fs_open(AT_FDCWD, "nowhere", O_PATH, 0, &err) < 0 && err.code == ENOENT);
	HOLDS(open("/", O_RDONLY | O_CLOEXEC) >= 0);
	HOLDS(open("/dev/null", O_WRONLY | O_CLOEXEC) < 0 && errno == EPERM);
	HOLDS(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0 && errno == EPERM);
	HOLDS(confine_calls(CONFINE_CHECK, &is, &err) == 0 && is.seccomp);
	HOLDS(open("/", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM);
}

TEST(no_process_of_the_program_can_run_signal_chmod_or_truncate)
{
	in_child(confined_root);
	in_child(confined_connector);
	in_child(confined_worker);
	in_child(confined_check);
	in_child(confined_look);
}

static int never_end(void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	while (pause() < 0)
		;
	return 0;
}

/* The child has the other end of this pipe. */
static void leave_a_child(int fd)
{
	struct error err = {0};
	const struct privs_child child = {.uid = PRIVS_NOBODY,
		.gid = PRIVS_NOBODY,
		.group = PRIVS_NOBODY,
		.keep = {fd},
		.timeout_ms = 50};
	HOLDS(privs_in_child(&child, never_end, NULL, &err) < 0 && err.status == EX_TEMPFAIL);
}

TEST(a_child_that_does_not_end_is_not_waited_for_and_dies_with_the_program)
{
	int ends[2];
	int status = 0;
	char byte;
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		leave_a_child(ends[1]);
		_exit(0);
	}
	assert_return_code(close(ends[1]), errno);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The end of file comes when no process has the other end any more. */
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_return_code(close(ends[0]), errno);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(no_file_becomes_a_standard_descriptor_whichever_are_closed),
		RUN(a_thousand_leaked_descriptors_are_closed),
		RUN(a_poisoned_environment_is_replaced),
		RUN(ignored_and_blocked_signals_are_reset),
		RUN(an_inherited_timer_and_parent_death_signal_are_cleared),
		RUN(limits_umask_and_directory_are_set),
		RUN(a_child_that_does_not_end_is_not_waited_for_and_dies_with_the_program),
		RUN(no_process_of_the_program_can_run_signal_chmod_or_truncate),
		RUN_IN_DIR(root_makes_no_file_with_a_special_mode_and_follows_no_link),
	};
	return cmocka_run_group_tests_name("setup_entry", tests, NULL, NULL);
}
