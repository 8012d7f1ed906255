/* SPDX-License-Identifier: MIT
 *
 * scratch: make and remove the owner file and the directory of a run. The directory is flat: it
 * holds files and no directories.
 */
#include "scratch.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define OWNERS ".owners"

int scratch_open_base(uid_t uid, char **ret_path, struct error *err)
{
	char parent[64];
	_cleanup_free_ char *path = NULL;
	(void)snprintf(parent, sizeof parent, "/run/user/%u", (unsigned)uid);
	if (asprintf(&path, "%s/oss-crs", parent) < 0)
		return fail(err, ENOMEM, "runtime directory");
	_cleanup_close_ int dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || (mkdirat(dir, "oss-crs", 0700) < 0 && errno != EEXIST)) {
		(void)(dir < 0 ? fail(err, errno, "open %s", parent)
			       : fail(err, errno, "create %s", path));
		err->status = EX_UNAVAILABLE;
		return add_hint(err, "log in over ssh or at a terminal (not with su); the user "
				     "manager creates that directory");
	}
	int base = fs_open(dir, "oss-crs", O_RDONLY | O_DIRECTORY, 0, err);
	if (base >= 0 && ret_path)
		*ret_path = steal_ptr(path);
	return base;
}

int scratch_open_owners(int base, struct error *err)
{
	if (mkdirat(base, OWNERS, 0700) < 0 && errno != EEXIST)
		return fail(err, errno, "create " OWNERS);
	return fs_open(base, OWNERS, O_RDONLY | O_DIRECTORY, 0, err);
}

static int make_owned(struct scratch *scratch, struct error *err)
{
	char link[64];
	_cleanup_close_ int owners = scratch_open_owners(scratch->base, err);
	if (owners < 0)
		return -1;
	scratch->owned = fs_open(owners, ".", O_TMPFILE | O_RDWR, 0600, err);
	if (scratch->owned < 0 || fs_lock(scratch->owned, scratch->name, err) < 0)
		return -1;
	/* linkat(2) with AT_EMPTY_PATH needs a privilege before Linux 6.10. open(2) describes this
	 * way, through /proc, instead. */
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", scratch->owned);
	if (linkat(AT_FDCWD, link, owners, scratch->name, AT_SYMLINK_FOLLOW) < 0)
		return fail(err, errno, "create " OWNERS "/%s", scratch->name);
	return 0;
}

static int make_dir(struct scratch *scratch, struct error *err)
{
	if (mkdirat(scratch->base, scratch->name, 0700) < 0)
		return fail(err, errno, "create %s", scratch->path);
	scratch->dir = fs_open(scratch->base, scratch->name, O_RDONLY | O_DIRECTORY, 0, err);
	return scratch->dir < 0 ? -1 : 0;
}

int scratch_make(uid_t uid, const char *run, struct scratch *ret, struct error *err)
{
	_cleanup_free_ char *base_path = NULL;
	_cleanup_(scratch_close) struct scratch scratch = SCRATCH_NONE;
	scratch.base = scratch_open_base(uid, &base_path, err);
	if (scratch.base < 0)
		return -1;
	scratch.name = strdup(run);
	if (!scratch.name || asprintf(&scratch.path, "%s/%s", base_path, run) < 0)
		return fail(err, ENOMEM, "%s", run);
	/* What it could not make may be another run's. */
	if (make_owned(&scratch, err) < 0)
		return -1;
	if (make_dir(&scratch, err) < 0) {
		struct error ignored;
		(void)scratch_remove_name(scratch.base, run, &ignored);
		return -1;
	}
	*ret = scratch;
	scratch = (struct scratch)SCRATCH_NONE;
	return 0;
}

static int remove_files(int base, const char *run, struct error *err)
{
	_cleanup_closedir_ DIR *list = fs_list(base, run, err);
	if (!list)
		return err->code == ENOENT ? 0 : -1;
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0)
		if (unlinkat(dirfd(list), entry->d_name, 0) < 0 && errno != ENOENT)
			return fail(err, errno, "remove %s/%s", run, entry->d_name);
	if (more < 0)
		return -1;
	if (unlinkat(base, run, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(err, errno, "remove %s", run);
	return 0;
}

static void owned_path(const char *run, char buf[static NAME_MAX + sizeof OWNERS "/"])
{
	(void)snprintf(buf, NAME_MAX + sizeof OWNERS "/", OWNERS "/%s", run);
}

int scratch_remove_name(int base, const char *run, struct error *err)
{
	char path[NAME_MAX + sizeof OWNERS "/"];
	owned_path(run, path);
	if (remove_files(base, run, err) < 0)
		return -1;
	if (unlinkat(base, path, 0) < 0 && errno != ENOENT)
		return fail(err, errno, "remove %s", path);
	return 0;
}

int scratch_remove(struct scratch *scratch, struct error *err)
{
	int result = scratch->name ? scratch_remove_name(scratch->base, scratch->name, err) : 0;
	scratch_close(scratch);
	return result;
}

void scratch_close(struct scratch *scratch)
{
	cleanup_close(&scratch->owned);
	cleanup_close(&scratch->dir);
	cleanup_close(&scratch->base);
	free(scratch->name);
	free(scratch->path);
	*scratch = (struct scratch)SCRATCH_NONE;
}

int scratch_is_live(int base, const char *run, struct error *err)
{
	char path[NAME_MAX + sizeof OWNERS "/"];
	pid_t owner = 0;
	owned_path(run, path);
	return fs_is_locked(base, path, &owner, err);
}
