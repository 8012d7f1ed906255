/* SPDX-License-Identifier: MIT
 *
 * entry: resets what execve(2) hands on from the process that started this one. Nothing here
 * depends on the arguments.
 */
#include "entry.h"

#include "cleanup.h"
#include "fs.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>

int entry_descriptors(struct error *err)
{
	if (proc_standard_descriptors(err) < 0)
		return -1;
	return close_range(STDERR_FILENO + 1, ~0U, 0) < 0 ? fail(err, errno, "close_range") : 0;
}

int entry_refuse_secure(struct error *err)
{
	struct stat st;
	/* The kernel does not set AT_SECURE if root is the caller: look at the file itself too. */
	bool secure = getauxval(AT_SECURE) != 0;
	if (stat("/proc/self/exe", &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)))
		secure = true;
	if (getxattr("/proc/self/exe", "security.capability", NULL, 0) > 0)
		secure = true;
	if (!secure)
		return 0;
	(void)fail_as(err, EX_NOPERM,
		"this program must not be setuid, setgid or have file capabilities");
	return add_hint(err, "chmod 755 it, setcap -r it, and run it by sudo or pkexec");
}

int entry_refuse_namespace(struct error *err)
{
	char map[128];
	unsigned inside = 1;
	unsigned outside = 1;
	unsigned long length = 0;
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[32];
	/* /proc/self is a symbolic link, which fs_open() refuses. */
	(void)snprintf(path, sizeof path, "%d/uid_map", (int)getpid());
	if (proc < 0)
		return fail(err, errno, "open /proc");
	if (fs_read_attr(proc, path, map, sizeof map, err) < 0)
		return -1;
	// NOLINTNEXTLINE(cert-err34-c): the widths keep each number in range
	if (sscanf(map, "%10u %10u %10lu", &inside, &outside, &length) == 3 && inside == 0 &&
		outside == 0 && length == UINT32_MAX)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "this is a user namespace, not the host");
	return add_hint(err, "run it on the host itself, not inside a container or namespace");
}

/* Stop what survives execve(2): timers, and the signal that the death of the parent sends. */
static int stop_timers(struct error *err)
{
	static const int timers[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
	const struct itimerval off = {0};
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
		if (setitimer(timers[i], &off, NULL) < 0)
			return fail(err, errno, "stop a timer");
	return prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0
		       ? fail(err, errno, "clear the parent's death signal")
		       : 0;
}

int entry_signals(struct error *err)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigaction ignored = {.sa_handler = SIG_IGN};
	if (stop_timers(err) < 0)
		return -1;
	/* EINVAL: SIGKILL, SIGSTOP, and the two signals that glibc reserves. */
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		if (sigaction(signal, &standard, NULL) < 0 && errno != EINVAL)
			return fail(err, errno, "reset signal %d", signal);
	if (sigaction(SIGPIPE, &ignored, NULL) < 0 || sigaction(SIGXFSZ, &ignored, NULL) < 0)
		return fail(err, errno, "ignore SIGPIPE");
	sigset_t none;
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? fail(err, errno, "sigprocmask") : 0;
}

int entry_limits(struct error *err)
{
	static const struct {
		int resource;
		struct rlimit limit;
	} limits[] = {
		{RLIMIT_CORE, {0, 0}},
		{RLIMIT_FSIZE, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_AS, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_DATA, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_CPU, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_RTTIME, {RLIM_INFINITY, RLIM_INFINITY}},
		{RLIMIT_STACK, {8 << 20, RLIM_INFINITY}},
		{RLIMIT_NOFILE, {1024, 4096}},
	};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		if (setrlimit(limits[i].resource, &limits[i].limit) == 0)
			continue;
		/* An unprivileged user cannot raise the hard limit: go up to it, then. */
		struct rlimit now;
		if (errno != EPERM || getrlimit(limits[i].resource, &now) < 0)
			return fail(err, errno, "set resource limit %d", limits[i].resource);
		now.rlim_cur = now.rlim_max;
		(void)setrlimit(limits[i].resource, &now);
	}
	(void)umask(022);
	return chdir("/") < 0 ? fail(err, errno, "chdir /") : 0;
}

int entry_environment(struct error *err)
{
	if (clearenv() != 0 || setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0 ||
		setenv("LC_ALL", "C", 1) < 0)
		return fail(err, ENOMEM, "clear the environment");
	return 0;
}

int entry_hold_signals(int hold, struct error *err)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigaddset(&set, SIGTSTP);
	return sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) < 0
		       ? fail(err, errno, "sigprocmask")
		       : 0;
}
