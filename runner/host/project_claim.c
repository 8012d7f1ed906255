/* SPDX-License-Identifier: MIT
 *
 * project_claim: who gives up a claim removes the file before the lock is gone. Who waits for
 * nothing may still have opened that file: a lock counts only if the file has a name.
 */
#include "project_claim.h"

#include "cleanup.h"
#include "fs.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#define PROJECTS ".projects"

/* While this is held, nobody is between the opening of a file and its lock. */
static int lock_projects(int dir, struct error *err)
{
	while (flock(dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail(err, errno, "lock " PROJECTS);
	return 0;
}

int project_claim_take(uid_t uid, const char *name, struct project_claim *ret, struct error *err)
{
	struct stat st = {.st_nlink = 0};
	_cleanup_close_ int file = -1;
	_cleanup_close_ int base = scratch_open_base(uid, NULL, err);
	if (base < 0)
		return -1;
	if (mkdirat(base, PROJECTS, 0700) < 0 && errno != EEXIST)
		return fail(err, errno, "create " PROJECTS);
	_cleanup_close_ int dir = fs_open(base, PROJECTS, O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0 || lock_projects(dir, err) < 0)
		return -1;
	while (st.st_nlink == 0) {
		cleanup_close(&file);
		file = fs_open(dir, name, O_RDWR | O_CREAT, 0600, err);
		if (file < 0)
			return -1;
		if (flock(file, LOCK_EX | LOCK_NB) == 0) {
			if (fstat(file, &st) < 0)
				return fail(err, errno, "stat " PROJECTS "/%s", name);
		} else if (errno == EWOULDBLOCK) {
			(void)fail_as(err, EX_TEMPFAIL,
				"another run of yours has Compose project '%s'", name);
			return add_hint(err, "wait for it to end (oss-crs-run status), or choose "
					     "another --project-name");
		} else if (errno != EINTR) {
			return fail(err, errno, "lock " PROJECTS "/%s", name);
		}
	}
	(void)flock(dir, LOCK_UN);
	*ret = (struct project_claim){.dir = steal_fd(&dir), .file = steal_fd(&file), .name = name};
	return 0;
}

void project_claim_sweep(int base)
{
	struct error ignored;
	const struct dirent *entry = NULL;
	_cleanup_closedir_ DIR *list = fs_list(base, PROJECTS, &ignored);
	if (list && lock_projects(dirfd(list), &ignored) < 0)
		return;
	while (list && fs_next(list, &entry, &ignored) > 0) {
		_cleanup_close_ int file = fs_open(dirfd(list), entry->d_name, O_RDWR, 0, &ignored);
		if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
			(void)unlinkat(dirfd(list), entry->d_name, 0);
	}
}

void project_claim_release(struct project_claim *claim)
{
	if (claim->file >= 0)
		(void)unlinkat(claim->dir, claim->name, 0);
	cleanup_close(&claim->file);
	cleanup_close(&claim->dir);
	*claim = (struct project_claim)PROJECT_CLAIM_NONE;
}
