/* SPDX-License-Identifier: MIT
 *
 * keeper: the two processes have an end each of a pair of sockets. A byte lets the keeper go; the
 * end of the stream without one means that this process was killed. First the keeper says by a byte
 * that it is in its own session: a kill of the process group would take it until then.
 */
#include "keeper.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEPER_NAME "oss-crs-keeper" /* as ps(1) shows it */

_Noreturn void keeper_keep(int alive, void (*clean_up)(const void *data), const void *data)
{
	char byte = 0;
	ssize_t n = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	(void)setsid();
	(void)!send(alive, "", 1, MSG_NOSIGNAL);
	(void)prctl(PR_SET_NAME, KEEPER_NAME);
	/* Whoever reads this program's output waits for its end. */
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
	}
	do
		n = read(alive, &byte, 1);
	while (n < 0 && errno == EINTR);
	/* ECONNRESET: it was killed before it had read that byte. */
	if (n <= 0)
		clean_up(data);
	_exit(EXIT_SUCCESS);
}

int keeper_start(
	void (*clean_up)(const void *data), const void *data, struct keeper *ret, struct error *err)
{
	int ends[2];
	char byte = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, errno, "socketpair");
	_cleanup_close_ int theirs = ends[0];
	_cleanup_close_ int ours = ends[1];
	pid_t pid = fork();
	if (pid == 0) {
		cleanup_close(&ours);
		keeper_keep(theirs, clean_up, data);
	}
	int errnum = errno;
	cleanup_close(&theirs);
	theirs = -1;
	if (pid < 0 || read(ours, &byte, 1) != 1)
		return fail(err, pid < 0 ? errnum : EPIPE,
			"start the process that cleans up after this one");
	*ret = (struct keeper){.pid = pid, .alive = steal_fd(&ours)};
	return 0;
}

void keeper_release(struct keeper *keeper)
{
	if (!keeper->pid)
		return;
	(void)!write(keeper->alive, "", 1);
	cleanup_close(&keeper->alive);
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	*keeper = (struct keeper)KEEPER_NONE;
}
