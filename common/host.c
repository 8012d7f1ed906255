/* SPDX-License-Identifier: MIT
 *
 * host: open the root directory and the cgroup mount, and check that the mount is cgroup v2.
 *
 * The descriptors serve to open files beneath them and for fstatfs(2), so O_PATH is enough.
 */
#include "host.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

static int open_roots(int fd, int real, struct host *ret, struct error *err)
{
	_cleanup_close_ int root = fd;
	int cgroup = fs_open(root, &HOST_CGROUP_MOUNT[1], O_PATH | O_DIRECTORY, 0, err);
	if (cgroup < 0 && err->code != ENOENT)
		return -1;
	*ret = (struct host){.root = steal_fd(&root), .cgroup = cgroup, .real = real};
	return 0;
}

int host_open(struct host *ret, struct error *err)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(err, errno, "open /");
	return open_roots(root, 1, ret, err);
}

int host_open_at(int fd, struct host *ret, struct error *err)
{
	int root = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (root < 0)
		return fail(err, errno, "duplicate a directory descriptor");
	return open_roots(root, 0, ret, err);
}

int host_set_cgroup(struct host *host, const char *path, struct error *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "open %s", path);
	cleanup_close(&host->cgroup);
	host->cgroup = fd;
	host->real = 0;
	return 0;
}

void host_close(struct host *host)
{
	cleanup_close(&host->root);
	cleanup_close(&host->cgroup);
	*host = (struct host)HOST_CLOSED;
}

int host_cgroup2(const struct host *host, struct error *err)
{
	if (host->cgroup < 0) {
		(void)fail_as(err, EX_UNAVAILABLE, "%s does not exist: this host has no cgroups",
			HOST_CGROUP_MOUNT);
		return add_hint(err, "boot with systemd as PID 1 and cgroup v2 (the default on "
				     "Debian 11 and later)");
	}
	if (!host->real)
		return 0;
	struct statfs st;
	if (fstatfs(host->cgroup, &st) < 0)
		return fail(err, errno, "statfs %s", HOST_CGROUP_MOUNT);
	if (st.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	if (st.f_type == TMPFS_MAGIC) {
		(void)fail_as(err, EX_UNAVAILABLE, "%s is cgroup v1 or hybrid, not cgroup v2",
			HOST_CGROUP_MOUNT);
		return add_hint(err, "remove systemd.unified_cgroup_hierarchy=0 and "
				     "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE from the kernel command "
				     "line and reboot");
	}
	(void)fail_as(err, EX_UNAVAILABLE, "%s is not a cgroup v2 mount (file system type 0x%lx)",
		HOST_CGROUP_MOUNT, (unsigned long)st.f_type);
	return add_hint(err, "to see what is mounted there, run: findmnt %s", HOST_CGROUP_MOUNT);
}
