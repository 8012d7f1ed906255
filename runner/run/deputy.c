/* SPDX-License-Identifier: MIT
 *
 * deputy: the runner and the deputy have an end each of a pair of sockets. The deputy moves, starts
 * the program and answers with its PID or with an error; from there on it is a keeper.
 */
#include "deputy.h"

#include "cleanup.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct answer {
	pid_t pid; /* of the program; 0: it was not started, for the reason in error */
	struct error error;
};

/* The deputy's whole life. */
static _Noreturn void serve(
	const struct deputy *deputy, const struct spawn *spawn, pid_t runner, int socket)
{
	struct spawn own = *spawn;
	struct child child = CHILD_NONE;
	struct answer answer = {.pid = 0};
	sigset_t terminate;
	own.parent = runner;
	own.dies_with_parent = true;
	if (deputy->move(deputy->data, &answer.error) == 0 &&
		proc_spawn(&own, &child, &answer.error) == 0)
		answer.pid = child.pid;
	cleanup_close(&child.pidfd);
	/* A runner that is gone by now is noticed below. */
	(void)!send(socket, &answer, sizeof answer, MSG_NOSIGNAL);
	if (!answer.pid)
		_exit(EXIT_SUCCESS);
	/* The user manager ends its scopes with SIGTERM, which the runner blocks. */
	(void)sigemptyset(&terminate);
	(void)sigaddset(&terminate, SIGTERM);
	(void)sigprocmask(SIG_UNBLOCK, &terminate, NULL);
	keeper_keep(socket, deputy->clean_up, deputy->data);
}

/* Read the deputy's answer and, if the program was started, the byte of keeper_keep(). */
static int read_answer(int socket, struct answer *ret, struct error *err)
{
	struct answer answer;
	char byte = 0;
	ssize_t n = recv(socket, &answer, sizeof answer, MSG_WAITALL);
	if (n != sizeof answer || (answer.pid && recv(socket, &byte, 1, 0) != 1))
		return fail(
			err, n < 0 ? errno : EPIPE, "start the process that starts the command");
	*ret = answer;
	return 0;
}

int deputy_spawn(const struct deputy *deputy, const struct spawn *spawn, struct keeper *ret_keeper,
	struct child *ret, struct error *err)
{
	int ends[2];
	struct answer answer = {.pid = 0};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, errno, "socketpair");
	_cleanup_close_ int theirs = ends[0];
	_cleanup_close_ int ours = ends[1];
	pid_t runner = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		cleanup_close(&ours);
		serve(deputy, spawn, runner, theirs);
	}
	if (pid < 0)
		return fail(err, errno, "start the process that starts the command");
	cleanup_close(&theirs);
	theirs = -1;
	int result = read_answer(ours, &answer, err);
	int pidfd = result == 0 && answer.pid ? pidfd_open(answer.pid, 0) : -1;
	if (pidfd < 0) {
		int errnum = errno;
		(void)close(steal_fd(&ours));
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
		}
		if (result == 0 && answer.pid)
			return fail(err, errnum, "open process %d", (int)answer.pid);
		if (result == 0)
			*err = answer.error;
		return -1;
	}
	*ret_keeper = (struct keeper){.pid = pid, .alive = steal_fd(&ours)};
	*ret = (struct child){.pid = answer.pid, .pidfd = pidfd};
	return 0;
}
