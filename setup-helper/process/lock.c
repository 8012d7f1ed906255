/* SPDX-License-Identifier: MIT
 *
 * lock: a file in /run/oss-crs, locked by flock(2). A repeating timer interrupts the wait, so that
 * an alarm that comes just before flock(2) is not lost.
 */
#include "lock.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>

#define LOCK_NAME "setup.lock"

static void on_alarm(int signal)
{
	(void)signal;
}

int lock_open(const struct host *host, struct error *err)
{
	_cleanup_close_ int run = fs_open(host->root, "run", O_PATH | O_DIRECTORY, 0, err);
	if (run < 0)
		return -1;
	if (mkdirat(run, "oss-crs", 0755) < 0 && errno != EEXIST)
		return fail(err, errno, "make /run/oss-crs");
	_cleanup_close_ int dir = fs_open(run, "oss-crs", O_PATH | O_DIRECTORY, 0, err);
	if (dir < 0)
		return -1;
	return fs_open(dir, LOCK_NAME, O_RDWR | O_CREAT, 0600, err);
}

int lock_take(int lock, int timeout_s, struct error *err)
{
	struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
	struct itimerval timer = {
		.it_value = {.tv_sec = timeout_s}, .it_interval = {.tv_usec = 100000}};
	const struct itimerval off = {0};
	if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &timer, NULL) < 0)
		return fail(err, errno, "set a timer");
	int result = flock(lock, LOCK_EX);
	int errnum = errno;
	(void)setitimer(ITIMER_REAL, &off, NULL);
	if (result == 0)
		return 0;
	if (errnum == EINTR) {
		(void)fail_as(err, EX_TEMPFAIL, "another oss-crs-setup is still running after %d s",
			timeout_s);
		return add_hint(err,
			"find it with: ps -o pid,user,tty,args -C oss-crs-setup; then run this "
			"again");
	}
	return fail(err, errnum, "lock /run/oss-crs/" LOCK_NAME);
}

void lock_release(int lock)
{
	(void)flock(lock, LOCK_UN);
}
