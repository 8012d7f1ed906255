/* SPDX-License-Identifier: MIT
 *
 * scratch: see scratch.h. The directory is flat: files of ours, no directories below.
 */
#include "scratch.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int scratch_open_base(uid_t uid, char **ret_path, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	_cleanup_free_ char *parent = NULL;
	_cleanup_free_ char *path = NULL;
	if ((runtime && *runtime == '/' ? asprintf(&parent, "%s", runtime)
					: asprintf(&parent, "/run/user/%u", (unsigned)uid)) < 0 ||
		asprintf(&path, "%s/oss-crs", parent) < 0)
		return fail(err, ENOMEM, "runtime directory");
	_cleanup_close_ int dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || (mkdirat(dir, "oss-crs", 0700) < 0 && errno != EEXIST)) {
		(void)(dir < 0 ? fail(err, errno, "open %s", parent) : fail(err, errno, "make %s", path));
		err->status = EX_UNAVAILABLE;
		return add_hint(err,
			"log in by ssh or at a terminal (not by su): the user manager makes that directory");
	}
	int base = fs_open(dir, "oss-crs", O_RDONLY | O_DIRECTORY, 0, err);
	if (base >= 0)
		*ret_path = steal_ptr(path);
	return base;
}

int scratch_make(uid_t uid, const char *run, struct scratch *ret, struct error *err)
{
	_cleanup_free_ char *base_path = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int base = scratch_open_base(uid, &base_path, err);
	if (base < 0)
		return -1;
	_cleanup_free_ char *name = strdup(run);
	if (!name || asprintf(&path, "%s/%s", base_path, run) < 0)
		return fail(err, ENOMEM, "%s", run);
	if (mkdirat(base, run, 0700) < 0)
		return fail(err, errno, "make %s", path);
	int dir = fs_open(base, run, O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0) {
		(void)unlinkat(base, run, AT_REMOVEDIR);
		return -1;
	}
	*ret = (struct scratch){
		.base = steal_fd(&base), .dir = dir, .name = steal_ptr(name), .path = steal_ptr(path)};
	return 0;
}

static int remove_files(int base, const char *run, struct error *err)
{
	_cleanup_close_ int fd = fs_open(base, run, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return err->code == ENOENT ? 0 : -1;
	_cleanup_closedir_ DIR *list = fdopendir(fd);
	if (!list)
		return fail(err, errno, "list %s", run);
	int dir = steal_fd(&fd);
	const struct dirent *entry = NULL;
	while ((entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			unlinkat(dir, entry->d_name, 0) < 0)
			return fail(err, errno, "remove %s/%s", run, entry->d_name);
	if (unlinkat(base, run, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(err, errno, "remove %s", run);
	return 0;
}

int scratch_remove(struct scratch *scratch, struct error *err)
{
	int result = scratch->dir >= 0 ? remove_files(scratch->base, scratch->name, err) : 0;
	scratch_close(scratch);
	return result;
}

void scratch_close(struct scratch *scratch)
{
	cleanup_close(&scratch->dir);
	cleanup_close(&scratch->base);
	free(scratch->name);
	free(scratch->path);
	*scratch = (struct scratch)SCRATCH_NONE;
}

int scratch_remove_name(uid_t uid, const char *run, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int base = scratch_open_base(uid, &path, err);
	return base < 0 ? -1 : remove_files(base, run, err);
}
