/* SPDX-License-Identifier: MIT
 *
 * delegation: prepare the cgroup that systemd delegates to the user. Usually an earlier run has
 * prepared everything; then delegation_open() only opens directories and reads one file.
 */
#include "delegation.h"

#include "cgroup.h"
#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

/* Add the hint for what oss-crs-setup delegates. It delegates to a person, never to root: so root,
 * who usually came by sudo, is sent back to their own account. */
static int hint_delegation(uid_t uid, struct error *err)
{
	const char *caller = getenv("SUDO_USER");
	if (uid != 0)
		return add_hint(err, DELEGATION_HINT);
	return caller && *caller ? add_hint(err, "run oss-crs-run as %.64s, without sudo", caller)
				 : add_hint(err, "run oss-crs-run as yourself, not as root");
}

/* Open the cgroup of user@UID.service. If it does not exist, either systemd does not run the host
 * or the user has no user manager; each has its own hint. */
static int open_user(const struct host *host, uid_t uid, struct error *err)
{
	char path[CGROUP_PATH_MAX];
	if (host_cgroup2(host, err) < 0 || cgroup_user_path(uid, path, sizeof path, err) < 0)
		return -1;
	int fd = cgroup_open(host->cgroup, path, err);
	if (fd >= 0 || err->code != ENOENT)
		return fd;
	if (faccessat(host->root, "run/systemd/system", F_OK, 0) < 0) {
		(void)fail_as(err, EX_UNAVAILABLE, "this host does not run systemd");
		return add_hint(
			err, "boot with systemd; oss-crs-run uses the cgroup of its user manager");
	}
	(void)fail_as(err, EX_UNAVAILABLE,
		"user@%u.service is not running: this user has no user manager", (unsigned)uid);
	if (uid == 0)
		return hint_delegation(uid, err);
	return add_hint(err,
		"log in over ssh or at a terminal (not with su), or run: sudo loginctl "
		"enable-linger %u",
		(unsigned)uid);
}

static int check_controllers(const struct host *host, int user, uid_t uid, struct error *err)
{
	char have[512];
	if (cgroup_get(user, ".", "cgroup.controllers", have, sizeof have, err) < 0)
		return -1;
	if (cgroup_has(have, CGROUP_CPUSET_MEMORY))
		return 0;
	if (cgroup_check_kernel(host->cgroup, CGROUP_CPUSET_MEMORY, err) < 0)
		return -1;
	bool cpuset = cgroup_has(have, "cpuset");
	(void)fail_as(err, EX_UNAVAILABLE, "%s not delegated to user@%u.service (it has: %s)",
		cpuset                       ? "memory is"
		: cgroup_has(have, "memory") ? "cpuset is"
					     : "cpuset and memory are",
		(unsigned)uid, *have ? have : "nothing");
	return hint_delegation(uid, err);
}

static int hint_permission(uid_t uid, struct error *err)
{
	if (err->code == EACCES || err->code == EPERM)
		(void)hint_delegation(uid, err);
	return -1;
}

int delegation_check(const struct host *host, uid_t uid, struct error *err)
{
	_cleanup_close_ int user = open_user(host, uid, err);
	if (user < 0 || check_controllers(host, user, uid, err) < 0)
		return -1;
	char enabled[512];
	if (cgroup_get(user, CGROUP_OSS_CRS, "cgroup.subtree_control", enabled, sizeof enabled,
		    err) == 0) {
		if (faccessat(user, CGROUP_OSS_CRS, W_OK, 0) < 0) {
			(void)fail(err, errno, "no write permission on user@%u.service/%s",
				(unsigned)uid, CGROUP_OSS_CRS);
			return hint_permission(uid, err);
		}
		if (cgroup_has(enabled, CGROUP_CPUSET_MEMORY))
			return 0;
	}
	if (faccessat(user, "cgroup.subtree_control", W_OK, 0) == 0 &&
		faccessat(user, ".", W_OK, 0) == 0)
		return 0;
	(void)fail(err, errno, "write cgroup.subtree_control of user@%u.service", (unsigned)uid);
	return hint_permission(uid, err);
}

static int open_prepared(int user, struct error *err)
{
	_cleanup_close_ int oss_crs_fd =
		fs_open(user, CGROUP_OSS_CRS, O_RDONLY | O_DIRECTORY, 0, err);
	if (oss_crs_fd < 0 || cgroup_enable(oss_crs_fd, ".", CGROUP_CPUSET_MEMORY, err) < 0)
		return -1;
	return steal_fd(&oss_crs_fd);
}

int delegation_open(const struct host *host, uid_t uid, struct error *err)
{
	_cleanup_close_ int user = open_user(host, uid, err);
	if (user < 0)
		return -1;
	int oss_crs_fd = open_prepared(user, err);
	if (oss_crs_fd >= 0)
		return oss_crs_fd;
	/* The oss-crs cgroup is not prepared yet, or is not the user's. Do every step, so that the
	 * error names the first one that fails. */
	if (check_controllers(host, user, uid, err) < 0)
		return -1;
	if (cgroup_enable(user, ".", CGROUP_CPUSET_MEMORY, err) < 0)
		return hint_permission(uid, err);
	_cleanup_umask_ mode_t before = umask(CGROUP_UMASK);
	if (cgroup_make(user, CGROUP_OSS_CRS, err) < 0 && err->code != EEXIST)
		return hint_permission(uid, err);
	oss_crs_fd = open_prepared(user, err);
	return oss_crs_fd >= 0 ? oss_crs_fd : hint_permission(uid, err);
}

int delegation_find(const struct host *host, uid_t uid, struct error *err)
{
	char user[CGROUP_PATH_MAX / 2];
	char path[CGROUP_PATH_MAX];
	if (host_cgroup2(host, err) < 0 || cgroup_user_path(uid, user, sizeof user, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/" CGROUP_OSS_CRS, user);
	return fs_open(host->cgroup, path, O_RDONLY | O_DIRECTORY, 0, err);
}
