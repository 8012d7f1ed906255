/* SPDX-License-Identifier: MIT
 *
 * test_lock_holder: who holds the lock of a file, when the process that took it is still there, has
 * passed it on, has ended, or has left its PID to another.
 */
#include "unit.h"

#include "lock_holder.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static struct host real_host(void)
{
	struct error err = {0};
	struct host host = HOST_CLOSED;
	assert_ok(host_open(&host, &err), err);
	return host;
}

/* Start a process that locks the file. If it passes the lock on, its child keeps the file open and
 * it exits. *ret_taker is the process that took the lock; returns the one that has it. */
static pid_t start_holder(int dir, bool passes, pid_t *ret_taker)
{
	int ends[2];
	pid_t pids[2];
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC);
		pids[0] = getpid();
		if (flock(fd, LOCK_EX) < 0)
			_exit(1);
		if (passes && fork() != 0)
			_exit(0);
		(void)prctl(PR_SET_PDEATHSIG, passes ? 0 : SIGKILL);
		pids[1] = getpid();
		if (write(ends[1], pids, sizeof pids) != sizeof pids)
			_exit(1);
		(void)alarm(50); /* do not outlive a test that fails */
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], pids, sizeof pids), sizeof pids);
	(void)close(ends[0]);
	if (passes)
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	*ret_taker = pids[0];
	return pids[1];
}

static void assert_holder(int dir, bool passes)
{
	char text[LOCK_HOLDER_MAX];
	char expected[64];
	struct host host = real_host();
	struct lock_holder holder;
	pid_t taker = 0;
	make_file(dir, "lock", "");
	pid_t pid = start_holder(dir, passes, &taker);
	_cleanup_close_ int fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC);
	lock_holder_find(&host, fd, &holder);
	/* In a PID namespace the kernel shows no pid of a process that has ended
	 * (locks_translate_pid()). */
	if (!passes || holder.pid)
		assert_int_equal(holder.pid, taker);
	(void)lock_holder_describe(&host, fd, &holder, text);
	(void)snprintf(expected, sizeof expected, "by process %d (test_lock_holde) of ", (int)pid);
	assert_contains(text, expected);
	assert_null(strstr(text, "/proc/locks"));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* It has ended: nobody is named. */
	(void)lock_holder_describe(&host, fd, &holder, text);
	assert_contains(text, "by a process that is not visible from here");
	if (holder.pid)
		assert_contains(text, "has ended)");
	host_close(&host);
}

TEST(the_process_that_took_the_lock_and_has_it_is_named)
{
	assert_holder(unit_dir(state), false);
}

TEST(a_child_to_which_the_lock_was_passed_on_is_named_and_not_its_dead_parent)
{
	assert_holder(unit_dir(state), true);
}

TEST(a_lock_that_nobody_holds_names_nobody)
{
	char text[LOCK_HOLDER_MAX];
	struct host host = real_host();
	struct lock_holder holder;
	make_file(unit_dir(state), "lock", "");
	_cleanup_close_ int fd = openat(unit_dir(state), "lock", O_RDONLY | O_CLOEXEC);
	lock_holder_find(&host, fd, &holder);
	assert_int_equal(holder.pid, 0);
	(void)lock_holder_describe(&host, fd, &holder, text);
	assert_string_equal(text, "by a process that is not visible from here");
	host_close(&host);
}

/* ---- processes of other users, which a directory stands for -------------------------------- */

#define STAT(start) "7 (name) S 1 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 " start " 1 2 3\n"

static void put_proc(int dir, int lock, const char *stat_text)
{
	char line[128];
	struct stat st;
	assert_int_equal(fstat(lock, &st), 0);
	(void)snprintf(line, sizeof line, "1: FLOCK  ADVISORY  WRITE 7 %02x:%02x:%llu 0 EOF\n",
		major(st.st_dev), minor(st.st_dev), (unsigned long long)st.st_ino);
	make_file(dir, "proc/locks", line);
	make_file(dir, "proc/7/stat", stat_text);
	make_file(dir, "proc/7/comm", "name\n");
}

TEST(a_pid_that_has_become_another_process_is_not_named)
{
	int dir = unit_dir(state);
	char text[LOCK_HOLDER_MAX];
	struct error err = {0};
	struct host host = HOST_CLOSED;
	struct lock_holder holder;
	static const char *const dirs[] = {
		"proc", "proc/7", "proc/sys", "proc/sys/kernel", "proc/sys/kernel/random"};
	for (size_t i = 0; i < COUNT(dirs); i++)
		make_dir(dir, dirs[i]);
	make_file(dir, "proc/sys/kernel/random/boot_id", "d3b1ad5f-2b5c-4b8e-9b5e-0c7e6f1e2a3b\n");
	make_file(dir, "lock", "");
	/* Not a directory: this process may not look into it. */
	make_file(dir, "proc/7/fdinfo", "");
	_cleanup_close_ int fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC);
	put_proc(dir, fd, STAT("4711"));
	assert_ok(host_open_at(dir, &host, &err), err);
	lock_holder_find(&host, fd, &holder);
	assert_int_equal(holder.pid, 7);
	(void)lock_holder_describe(&host, fd, &holder, text);
	assert_contains(text, "by process 7 (name) of ");
	assert_contains(text, ", according to /proc/locks");
	put_proc(dir, fd, STAT("4712"));
	(void)lock_holder_describe(&host, fd, &holder, text);
	assert_string_equal(text, "by a process that is not visible from here (process 7, which "
				  "took the lock, has ended)");
	/* One that is looked into, and does not have the lock. */
	assert_int_equal(unlinkat(dir, "proc/7/fdinfo", 0), 0);
	make_dir(dir, "proc/7/fdinfo");
	make_file(dir, "proc/7/fdinfo/3", "pos:\t0\nflags:\t0100000\n");
	put_proc(dir, fd, STAT("4711"));
	(void)lock_holder_describe(&host, fd, &holder, text);
	assert_string_equal(text, "by a process that is not visible from here (process 7, which "
				  "took the lock, has passed it on)");
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(the_process_that_took_the_lock_and_has_it_is_named),
		RUN_IN_DIR(
			a_child_to_which_the_lock_was_passed_on_is_named_and_not_its_dead_parent),
		RUN_IN_DIR(a_lock_that_nobody_holds_names_nobody),
		RUN_IN_DIR(a_pid_that_has_become_another_process_is_not_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
