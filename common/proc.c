/* SPDX-License-Identifier: MIT
 *
 * proc: start child processes with clone3(2), wait for them and signal them.
 *
 * clone3(2) does two things that fork(2) cannot: it returns a pidfd without a race, and it starts
 * the child inside a cgroup. A close-on-exec pipe reports a failed execve(2) to the parent.
 */
#include "proc.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int proc_standard_descriptors(struct error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* open(2) returns the lowest free descriptor, which is the missing one. */
		// NOLINTNEXTLINE(android-cloexec-open): it must outlive execve(2)
		if (open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return fail(err, errno, "open /dev/null");
	}
	return 0;
}

/* Move `from` to the standard descriptor `to`. dup2(2) of a descriptor onto itself would leave
 * close-on-exec set. */
static int place_descriptor(int from, int to)
{
	if (from < 0)
		return 0;
	if (from == to)
		return fcntl(to, F_SETFD, 0);
	return dup2(from, to);
}

/* execve(2) does not change the strings; its prototype is older than const. */
static char *const *without_const(const char *const *strings)
{
	char *const *same = NULL;
	memcpy(&same, &strings, sizeof same);
	return same;
}

/* Have the kernel kill this child when the parent ends. A parent that ended before prctl(2) causes
 * no signal, so compare the parent's PID afterwards. */
static bool tie_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

/* The child's side, up to execve(2). Never returns: if a call fails, its errno goes to the parent
 * through the pipe. */
static void __attribute__((noreturn))
exec_program(const struct spawn *spawn, pid_t parent, int report)
{
	sigset_t none;
	(void)sigemptyset(&none);
	/* CLONE_CLEAR_SIGHAND keeps an ignored SIGPIPE ignored, so reset it. close_range(2) marks
	 * the descriptors that this program inherited close-on-exec; those that it opened itself
	 * already are. */
	if (signal(SIGPIPE, SIG_DFL) != SIG_ERR && sigprocmask(SIG_SETMASK, &none, NULL) == 0 &&
		(!spawn->own_group || setpgid(0, 0) == 0) &&
		(!spawn->dies_with_parent || tie_to(parent)) &&
		place_descriptor(spawn->in, 0) >= 0 && place_descriptor(spawn->out, 1) >= 0 &&
		place_descriptor(spawn->err, 2) >= 0 &&
		(spawn->keep_descriptors || close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)) {
		(void)execvpe(spawn->argv[0], without_const(spawn->argv),
			spawn->env ? without_const(spawn->env) : environ);
	}
	int errnum = errno;
	(void)!write(report, &errnum, sizeof errnum);
	_exit(127);
}

int proc_spawn(const struct spawn *spawn, struct child *ret, struct error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int reader = ends[0];
	_cleanup_close_ int writer = ends[1];
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (spawn->parent ? CLONE_PARENT : 0) |
			 (spawn->cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)&pidfd,
		/* With CLONE_PARENT the kernel takes this process's own. */
		.exit_signal = spawn->parent ? 0 : SIGCHLD,
		.cgroup = spawn->cgroup >= 0 ? (uint64_t)spawn->cgroup : 0,
	};
	pid_t parent = spawn->parent ? spawn->parent : getpid();
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0)
		return fail(err, errno, "start %s", spawn->argv[0]);
	if (pid == 0)
		exec_program(spawn, parent, writer);
	struct child child = {.pid = pid, .pidfd = pidfd};
	(void)close(steal_fd(&writer));
	int errnum = 0;
	ssize_t n = 0;
	do
		n = read(reader, &errnum, sizeof errnum);
	while (n < 0 && errno == EINTR);
	if (n == 0) {
		*ret = child;
		return 0;
	}
	int status = 0;
	if (spawn->parent)
		cleanup_close(&child.pidfd);
	else
		(void)proc_wait(&child, &status, err);
	(void)fail(err, n == sizeof errnum ? errnum : EIO, "start %s", spawn->argv[0]);
	if (errnum == ENOENT)
		err->status = EX_UNAVAILABLE;
	return -1;
}

int proc_wait(struct child *child, int *ret_status, struct error *err)
{
	siginfo_t info = {0};
	while (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return fail(err, errno, "wait for process %d", (int)child->pid);
	(void)close(child->pidfd);
	*child = (struct child)CHILD_NONE;
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : EX_SIGNAL + info.si_status;
	return 0;
}

int proc_signal(const struct child *child, int signal, struct error *err)
{
	if (syscall(SYS_pidfd_send_signal, child->pidfd, signal, NULL, 0) == 0 || errno == ESRCH)
		return 0;
	return fail(err, errno, "send signal %d to process %d", signal, (int)child->pid);
}

int proc_capture(
	const struct spawn *spawn, size_t max, char **ret_out, int *ret_status, struct error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int reader = ends[0];
	_cleanup_close_ int writer = ends[1];
	struct spawn with_pipe = *spawn;
	with_pipe.out = writer;
	struct child child = CHILD_NONE;
	if (proc_spawn(&with_pipe, &child, err) < 0)
		return -1;
	(void)close(steal_fd(&writer));
	_cleanup_free_ char *out = NULL;
	int result = fs_read_fd(reader, spawn->argv[0], max, &out, NULL, err);
	/* A child that still writes gets SIGPIPE, so that the wait for it ends. */
	(void)close(steal_fd(&reader));
	struct error wait_err = {0};
	int status = 0;
	if (proc_wait(&child, &status, &wait_err) < 0 && result == 0) {
		*err = wait_err;
		return -1;
	}
	if (result < 0)
		return -1;
	*ret_out = steal_ptr(out);
	*ret_status = status;
	return 0;
}
