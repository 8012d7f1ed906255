/* SPDX-License-Identifier: MIT
 *
 * hurt: run a program, and kill it or hold it right before the Nth time that it, or one of its children, makes a system
 * call of that name.
 *
 *	hurt kill|hold CALL N PROGRAM [ARG...]
 *
 * kill: SIGKILL to who makes the call. hold: "held PID" is printed, and all stay as they are until hurt is killed, which
 * kills them. Ends with the program's status, 128+N for a signal, 100 if there was no such call. strace(1) can do this
 * only by stopping at every system call there is, which is twenty times slower; here the kernel stops at that one only
 * (SECCOMP_RET_TRACE of seccomp(2)).
 */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_WRONG       99
#define STATUS_NOT_REACHED 100
#define TRACEES_MAX        64

struct tracee {
	pid_t pid;
	unsigned long calls;
};

static int fail_here(const char *what)
{
	(void)fprintf(stderr, "hurt: %s: %s\n", what, strerrordesc_np(errno));
	return STATUS_WRONG;
}

static void __attribute__((noreturn)) become(const char *call, char **argv)
{
	int number = seccomp_syscall_resolve_name(call);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (number == __NR_SCMP_ERROR || !filter ||
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0) < 0 ||
		seccomp_rule_add(filter, SCMP_ACT_TRACE(1), number, 0) < 0)
		_exit(fail_here(call));
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0 || seccomp_load(filter) < 0)
		_exit(fail_here("be traced"));
	(void)execv(argv[0], argv);
	_exit(fail_here(argv[0]));
}

/* How often pid has made the call, with this time. */
static unsigned long count(struct tracee *tracees, pid_t pid)
{
	for (size_t i = 0; i < TRACEES_MAX; i++) {
		if (tracees[i].pid == 0)
			tracees[i].pid = pid;
		if (tracees[i].pid == pid)
			return ++tracees[i].calls;
	}
	return 0;
}

static void __attribute__((noreturn)) hold(pid_t pid)
{
	(void)printf("held %d\n", (int)pid);
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}

/* Follow them all until the first has ended. */
static int follow(pid_t first, bool kills, unsigned long nth)
{
	struct tracee tracees[TRACEES_MAX] = {{0, 0}};
	bool reached = false;
	for (;;) {
		int status = 0;
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			return fail_here("wait");
		if (!WIFSTOPPED(status) && pid != first)
			continue;
		if (!WIFSTOPPED(status) && !reached)
			return STATUS_NOT_REACHED;
		if (!WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		bool event = status >> 16;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) && count(tracees, pid) == nth) {
			reached = true;
			if (!kills)
				hold(pid);
			(void)kill(pid, SIGKILL);
			continue;
		}
		int signal = event || WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP
				     ? 0
				     : WSTOPSIG(status);
		(void)ptrace(PTRACE_CONT, pid, NULL, (long)signal);
	}
}

int main(int argc, char **argv)
{
	if (argc < 5 || (strcmp(argv[1], "kill") != 0 && strcmp(argv[1], "hold") != 0)) {
		(void)fprintf(stderr, "usage: hurt kill|hold CALL N PROGRAM [ARG...]\n");
		return STATUS_WRONG;
	}
	pid_t pid = fork();
	if (pid < 0)
		return fail_here("fork");
	if (pid == 0)
		become(argv[2], &argv[4]);
	int status = 0;
	const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0 || ptrace(PTRACE_CONT, pid, NULL, NULL) < 0)
		return fail_here("trace");
	return follow(pid, strcmp(argv[1], "kill") == 0, strtoul(argv[3], NULL, 10));
}
