/* SPDX-License-Identifier: MIT
 *
 * privs: changes of the capability sets, and the children that become another user. This program
 * never executes another one; such a child is a fork that does one small thing and exits.
 */
#include "privs.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define MAX_VALUES 3

/* Whether this kernel asks for CAP_SYS_NICE; privs_begin() finds out. */
static bool nice_counts = true;

static void cleanup_cap(cap_t *caps)
{
	if (*caps)
		(void)cap_free(*caps);
}

int privs_kernel_before(const char *release, unsigned major, unsigned minor)
{
	char *end = NULL;
	unsigned long have = strtoul(release, &end, 10);
	if (end == release || *end != '.')
		return 1;
	unsigned long have_minor = strtoul(end + 1, NULL, 10);
	return have < major || (have == major && have_minor < minor);
}

/* The capabilities that `wanted` (enum privs, or-ed) means on this kernel. Returns how many. */
static int capability_values(unsigned wanted, cap_value_t *ret)
{
	int n = 0;
	if (wanted & PRIVS_BECOME) {
		ret[n++] = CAP_SETUID;
		ret[n++] = CAP_SETGID;
	}
	if ((wanted & PRIVS_NICE) && nice_counts)
		ret[n++] = CAP_SYS_NICE;
	return n;
}

/* Set the capabilities of this process, and read them back to check. */
static int set_and_read_back(cap_t caps, struct error *err)
{
	if (cap_set_proc(caps) < 0)
		return fail(err, errno, "set capabilities");
	_cleanup_(cleanup_cap) cap_t now = cap_get_proc();
	if (!now)
		return fail(err, errno, "read capabilities");
	return cap_compare(now, caps) == 0
		       ? 0
		       : fail_as(err, EX_SOFTWARE, "the capabilities differ from what was set");
}

int privs_begin(struct error *err)
{
	struct utsname name;
	nice_counts = uname(&name) < 0 || privs_kernel_before(name.release, 6, 6);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, errno, "set no_new_privs");
	/* Not for an unprivileged user, who would lose access to /proc/self. */
	if (geteuid() == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, errno, "clear dumpable");
	if (cap_reset_ambient() < 0)
		return fail(err, errno, "clear the ambient capabilities");
	if (geteuid() != 0)
		return 0;
	_cleanup_(cleanup_cap) cap_t before = cap_get_proc();
	_cleanup_(cleanup_cap) cap_t raised = before ? cap_dup(before) : NULL;
	const cap_value_t setpcap = CAP_SETPCAP;
	if (!raised || cap_set_flag(raised, CAP_EFFECTIVE, 1, &setpcap, CAP_SET) < 0)
		return fail(err, errno, "read capabilities");
	/* Without CAP_SETPCAP this fails, and the first drop fails too if there is one to do. */
	(void)cap_set_proc(raised);
	for (cap_value_t cap = 0; CAP_IS_SUPPORTED(cap); cap++)
		if (cap_get_bound(cap) == 1 && cap_drop_bound(cap) < 0)
			return fail(err, errno, "drop capability %d from the bounding set", cap);
	return set_and_read_back(before, err);
}

int privs_limit(unsigned keep, struct error *err)
{
	_cleanup_(cleanup_cap) cap_t now = cap_get_proc();
	_cleanup_(cleanup_cap) cap_t caps = cap_init();
	if (!now || !caps)
		return fail(err, errno, "read capabilities");
	cap_value_t wanted[MAX_VALUES];
	int n = capability_values(keep, wanted);
	for (int i = 0; i < n; i++) {
		cap_flag_value_t has = CAP_CLEAR;
		if (cap_get_flag(now, wanted[i], CAP_PERMITTED, &has) < 0 ||
			(has == CAP_SET &&
				cap_set_flag(caps, CAP_PERMITTED, 1, &wanted[i], CAP_SET) < 0))
			return fail(err, errno, "choose capabilities");
	}
	return set_and_read_back(caps, err);
}

static int set_effective(unsigned wanted, cap_flag_value_t value, struct error *err)
{
	_cleanup_(cleanup_cap) cap_t caps = cap_get_proc();
	cap_value_t list[MAX_VALUES];
	int n = capability_values(wanted, list);
	if (n == 0)
		return 0;
	if (!caps || cap_set_flag(caps, CAP_EFFECTIVE, n, list, value) < 0)
		return fail(err, errno, "choose capabilities");
	return set_and_read_back(caps, err);
}

int privs_with(
	unsigned wanted, int (*work)(void *arg, struct error *err), void *arg, struct error *err)
{
	if (set_effective(wanted, CAP_SET, err) < 0)
		return -1;
	int result = work(arg, err);
	struct error lower = {0};
	if (set_effective(wanted, CAP_CLEAR, &lower) < 0) {
		*err = lower;
		return -1;
	}
	return result;
}

/* The ids of this process after privs_become(), read back. */
static int check_ids(uid_t uid, gid_t gid, int groups, struct error *err)
{
	uid_t uids[3];
	gid_t gids[3];
	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
		getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return fail(err, errno, "read the ids back");
	for (int i = 0; i < 3; i++)
		if (uids[i] != uid || gids[i] != gid)
			return fail_as(err, EX_SOFTWARE, "did not become user %u", (unsigned)uid);
	if (getgroups(0, NULL) != groups || setuid(0) == 0)
		return fail_as(err, EX_SOFTWARE, "did not become user %u for good", (unsigned)uid);
	return 0;
}

int privs_become(uid_t uid, gid_t gid, gid_t group, struct error *err)
{
	int groups = group != gid;
	if (set_effective(PRIVS_BECOME, CAP_SET, err) < 0)
		return -1;
	if (setgroups((size_t)groups, &group) < 0 || setresgid(gid, gid, gid) < 0 ||
		setresuid(uid, uid, uid) < 0)
		return fail(err, errno, "become user %u", (unsigned)uid);
	_cleanup_(cleanup_cap) cap_t none = cap_init();
	if (!none)
		return fail(err, errno, "no capabilities");
	return set_and_read_back(none, err) < 0 ? -1 : check_ids(uid, gid, groups, err);
}

int privs_close_others(const int *keep, size_t count, struct error *err)
{
	/* Close what is between one descriptor to keep and the next higher one. */
	for (unsigned low = STDERR_FILENO + 1;;) {
		unsigned next = ~0U;
		for (size_t i = 0; i < count; i++)
			if (keep[i] >= (int)low && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > low && close_range(low, next == ~0U ? next : next - 1, 0) < 0)
			return fail(err, errno, "close_range");
		if (next == ~0U)
			return 0;
		low = next + 1;
	}
}

int privs_end_with(pid_t parent, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, errno, "end with the parent");
	if (getppid() != parent)
		_exit(EX_SOFTWARE);
	return 0;
}

/* Wait until the child exits, and with 0: any other status means that it could not say what failed.
 * One that does not exit cannot be killed from here: signalling another user's process takes a
 * capability. It dies with this process. */
static int wait_child(int pidfd, int timeout_ms, struct error *err)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	int n = poll(&ended, 1, timeout_ms);
	if (n < 0)
		return fail(err, errno, "wait for a child");
	if (n == 0) {
		(void)fail_as(err, EX_TEMPFAIL, "a child did not end in %d s", timeout_ms / 1000);
		return add_hint(err,
			"run this again; if that does not help, see whether the user has frozen "
			"their cgroups (cgroup.freeze)");
	}
	siginfo_t info = {0};
	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		return fail(err, errno, "wait for a child");
	if (info.si_code != CLD_EXITED)
		return fail_as(err, EX_TEMPFAIL, "a child was ended by signal %d", info.si_status);
	return info.si_status == 0
		       ? 0
		       : fail_as(err, EX_SOFTWARE, "a child of this program gave no valid answer");
}

/* Fork, and get a pidfd from the same call: a filter that refuses kill(2) and pidfd_open(2) then
 * leaves this process no way to reach any but its own children. Returns as fork(2) does. */
static pid_t fork_with_pidfd(int *ret_pidfd)
{
#ifdef __s390__
	return (pid_t)syscall(SYS_clone, NULL, CLONE_PIDFD | SIGCHLD, ret_pidfd, NULL, NULL);
#else
	return (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, NULL);
#endif
}

int privs_in_child(const struct privs_child *child, int (*work)(void *arg, struct error *err),
	void *arg, struct error *err)
{
	int ends[2];
	int fd = -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int reader = ends[0];
	_cleanup_close_ int writer = ends[1];
	pid_t parent = getpid();
	pid_t pid = fork_with_pidfd(&fd);
	if (pid < 0)
		return fail(err, errno, "fork");
	if (pid == 0) {
		struct error said = {0};
		int keep[PRIVS_KEEP_MAX + 1] = {writer};
		memcpy(&keep[1], child->keep, sizeof child->keep);
		int failed = privs_close_others(keep, PRIVS_KEEP_MAX + 1, &said) < 0 ||
			     (geteuid() == 0 && privs_become(child->uid, child->gid, child->group,
							&said) < 0) ||
			     privs_end_with(parent, &said) < 0 || work(arg, &said) < 0;
		/* A write of at most PIPE_BUF bytes is atomic. */
		_exit(failed && write(writer, &said, sizeof said) != sizeof said);
	}
	_cleanup_close_ int pidfd = fd;
	(void)close(steal_fd(&writer));
	if (wait_child(pidfd, child->timeout_ms, err) < 0)
		return -1;
	struct error said = {0};
	ssize_t n = read(reader, &said, sizeof said);
	if (n == 0)
		return 0;
	if (n != sizeof said)
		return fail_as(err, EX_SOFTWARE, "a child of this program gave no valid answer");
	error_take(err, &said);
	return -1;
}
