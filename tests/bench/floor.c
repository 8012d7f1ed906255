/* SPDX-License-Identifier: MIT
 *
 * floor: only the system calls that a run of N CRSs needs, in the order in which oss-crs-run makes
 * them, with the limits of the CRSs read back before the command starts: no config, no lease, no
 * look at the host. The time that oss-crs-run takes beyond this is its own cost.
 *
 *   floor [-i] DIR N COMMAND...
 *
 * DIR is a cgroup of the caller with cpuset and memory enabled for its children. floor makes a
 * cgroup in DIR and N cgroups in that, each with limits, runs COMMAND (with -i: in the first of
 * the N), kills the processes that are left, and removes all the cgroups. `bench` links it with the
 * libraries of oss-crs-run, to which the loader gives the same time.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_cgroup_file(int dir, const char *cg, const char *file, const char *value)
{
	char path[64];
	(void)snprintf(path, sizeof path, "%s/%s", cg, file);
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0 || close(fd) < 0)
		err(1, "%s", path);
}

/* Fail unless a file of a cgroup says what was written to it. */
static void read_back(int dir, const char *cg, const char *file, const char *value)
{
	char path[64];
	char text[128];
	size_t len = strlen(value);
	(void)snprintf(path, sizeof path, "%s/%s", cg, file);
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (n != (ssize_t)len + 1 || memcmp(text, value, len) != 0 || close(fd) < 0)
		err(1, "%s", path);
}

static void read_limits_back(int dir, const char *cg)
{
	read_back(dir, cg, "cpuset.cpus.effective", "0");
	read_back(dir, cg, "memory.max", "67108864");
	read_back(dir, cg, "memory.swap.max", "0");
}

static void make_limited_cgroup(int dir, const char *cg, bool with_children)
{
	if (mkdirat(dir, cg, 0755) < 0)
		err(1, "%s", cg);
	write_cgroup_file(dir, cg, "cpuset.cpus", "0");
	write_cgroup_file(dir, cg, "memory.max", "67108864");
	write_cgroup_file(dir, cg, "memory.swap.max", "0");
	if (with_children)
		write_cgroup_file(dir, cg, "cgroup.subtree_control", "+cpuset +memory");
}

static void run_in_cgroup(int cgroup, char **argv)
{
	struct clone_args args = {
		.flags = cgroup >= 0 ? CLONE_INTO_CGROUP : 0,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup >= 0 ? (unsigned)cgroup : 0,
	};
	int status = 0;
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s failed", argv[0]);
}

static void wait_empty(int dir)
{
	char text[128];
	int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd event = {.fd = fd, .events = POLLPRI};
	for (;;) {
		ssize_t n = pread(fd, text, sizeof text - 1, 0);
		if (n < 0)
			err(1, "cgroup.events");
		text[n] = '\0';
		if (strstr(text, "populated 0"))
			break;
		(void)poll(&event, 1, -1);
	}
	(void)close(fd);
}

int main(int argc, char **argv)
{
	char name[32];
	bool inside = argc > 1 && strcmp(argv[1], "-i") == 0;
	argv += inside;
	argc -= inside;
	if (argc < 4)
		errx(64, "usage: floor [-i] DIR N COMMAND...");
	int count = (int)strtol(argv[2], NULL, 10);
	(void)umask(022);
	int ours = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(name, sizeof name, "floor-%d", (int)getpid());
	if (ours < 0)
		err(1, "%s", argv[1]);
	make_limited_cgroup(ours, name, true);
	int worker = openat(ours, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (worker < 0)
		err(1, "%s", name);
	for (int i = 0; i < count; i++) {
		char crs[16];
		(void)snprintf(crs, sizeof crs, "crs%d", i);
		make_limited_cgroup(worker, crs, !inside || i > 0);
	}
	for (int i = 0; i < count; i++) {
		char crs[16];
		(void)snprintf(crs, sizeof crs, "crs%d", i);
		read_limits_back(worker, crs);
	}
	run_in_cgroup(
		inside ? openat(worker, "crs0", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1, argv + 3);
	write_cgroup_file(ours, name, "cgroup.kill", "1");
	wait_empty(worker);
	for (int i = 0; i < count; i++) {
		char crs[16];
		(void)snprintf(crs, sizeof crs, "crs%d", i);
		if (unlinkat(worker, crs, AT_REMOVEDIR) < 0)
			err(1, "remove %s", crs);
	}
	if (unlinkat(ours, name, AT_REMOVEDIR) < 0)
		err(1, "remove %s", name);
	return 0;
}
