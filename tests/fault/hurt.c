/* SPDX-License-Identifier: MIT
 *
 * hurt: run a program and cause a fault right before its Nth system call of a given name, or that
 * of one of its children. Each process has its own count. With a "+" before the name, counting
 * begins when the program has started its first child: before that it only starts up.
 *
 *	hurt kill|hold|ERROR [+]CALL N PROGRAM [ARG...]
 *
 * kill: SIGKILL the process that makes the call. hold: print "held PID" and leave that process
 * stopped right before the call. Once hurt is killed, the kernel kills all of them
 * (PTRACE_O_EXITKILL). ERROR, such as EIO: skip the call and make it fail with that error.
 *
 * The exit status is the program's, 128 + N if signal N ended it, 100 if no process made the call
 * N times, 99 if hurt itself failed.
 *
 * strace(1) also stops at calls that it is not told to trace, or is slow to start. Here the kernel
 * stops the program at this call only (SECCOMP_RET_TRACE of seccomp(2)). For x86-64, like the
 * guests of the lab.
 */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_WRONG       99
#define STATUS_NOT_REACHED 100
#define TRACEES_MAX        64
#define ERRORS_MAX         134

struct tracee {
	pid_t pid;
	unsigned long calls;
};

static int fail_here(const char *what)
{
	(void)fprintf(stderr, "hurt: %s: %s\n", what, strerrordesc_np(errno));
	return STATUS_WRONG;
}

static void __attribute__((noreturn)) exec_traced(const char *call, char **argv)
{
	int number = seccomp_syscall_resolve_name(call);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (number == __NR_SCMP_ERROR || !filter ||
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0) < 0 ||
		seccomp_rule_add(filter, SCMP_ACT_TRACE(1), number, 0) < 0)
		_exit(fail_here(call));
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0 ||
		seccomp_load(filter) < 0)
		_exit(fail_here("be traced"));
	(void)execv(argv[0], argv);
	_exit(fail_here(argv[0]));
}

/* Count one more call for pid. Returns how many calls it has made, this one included. */
static unsigned long count_call(struct tracee *tracees, pid_t pid)
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

/* Make the call fail: pid is stopped right before it. System call -1 does not exist, and the
 * return value in rax is the error (seccomp(2), ptrace(2)). */
static void fail_call(pid_t pid, long error)
{
	(void)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), -1L);
	(void)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), -error);
}

/* The number of an error from its name, such as EIO; 0 if there is no such error. */
static int error_named(const char *name)
{
	for (int i = 1; i < ERRORS_MAX; i++) {
		const char *known = strerrorname_np(i);
		if (known && strcmp(known, name) == 0)
			return i;
	}
	return 0;
}

/* Trace all processes until the program ends. Returns hurt's exit status. */
static int follow(pid_t first, const char *how, bool started, unsigned long nth)
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
		started = started ||
			  (status >> 16 >= PTRACE_EVENT_FORK && status >> 16 <= PTRACE_EVENT_CLONE);
		if (started && status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) &&
			count_call(tracees, pid) == nth) {
			reached = true;
			if (strcmp(how, "hold") == 0)
				hold(pid);
			if (strcmp(how, "kill") == 0) {
				(void)kill(pid, SIGKILL);
				continue;
			}
			fail_call(pid, error_named(how));
		}
		int signal = event || WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP
				     ? 0
				     : WSTOPSIG(status);
		(void)ptrace(PTRACE_CONT, pid, NULL, (long)signal);
	}
}

int main(int argc, char **argv)
{
	if (argc < 5 || (strcmp(argv[1], "kill") != 0 && strcmp(argv[1], "hold") != 0 &&
				!error_named(argv[1]))) {
		(void)fprintf(stderr, "usage: hurt kill|hold|ERROR CALL N PROGRAM [ARG...]\n");
		return STATUS_WRONG;
	}
	bool later = argv[2][0] == '+';
	pid_t pid = fork();
	if (pid < 0)
		return fail_here("fork");
	if (pid == 0)
		exec_traced(argv[2] + later, &argv[4]);
	int status = 0;
	const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0 ||
		ptrace(PTRACE_CONT, pid, NULL, NULL) < 0)
		return fail_here("trace");
	return follow(pid, argv[1], !later, strtoul(argv[3], NULL, 10));
}
