/* SPDX-License-Identifier: MIT
 *
 * probe_sweep: finds the cgroups that `sweep` removes: those below the user's oss-crs that belong
 * to another user, are empty, and are part of a run that is over. The user cannot remove such a
 * cgroup if its parent belongs to another user as well; a cgroup whose parent is the user's is left
 * to the user, since root may not write to it without a capability. The kernel removes only empty
 * cgroups (cgroup-v2.rst, "Un/populated Notification").
 */
#include "cgroup.h"
#include "cleanup.h"
#include "fs.h"
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define DEPTH_MAX 64    /* each level keeps descriptors open */
#define NAMES_MAX 65536 /* the most cgroups that a walk visits */

struct walk {
	uid_t uid;
	FILE *out; /* paths below oss-crs, children first */
	unsigned names;
};

static int walk_children(
	struct walk *walk, int dir, const char *path, unsigned depth, struct error *err);

/* Visit what is below a cgroup, then the cgroup itself. */
static int walk_cgroup(struct walk *walk, int parent, const char *above, const char *name,
	unsigned depth, struct error *err)
{
	char path[CGROUP_PATH_MAX];
	uint64_t populated = 0;
	struct stat st;
	struct stat above_st;
	int n = snprintf(path, sizeof path, "%s%s%s", above, *above ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof path || depth > DEPTH_MAX || ++walk->names > NAMES_MAX)
		return fail_as(err, EX_UNAVAILABLE, "too many cgroups below %s", CGROUP_OSS_CRS);
	_cleanup_close_ int dir = fs_open(parent, name, O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0)
		return err->code == ENOENT ? 0 : -1;
	if (fstat(dir, &st) < 0 || fstat(parent, &above_st) < 0)
		return fail(err, errno, "look at cgroup %s", path);
	if (walk_children(walk, dir, path, depth, err) < 0)
		return -1;
	bool empty = cgroup_get_key(dir, ".", "cgroup.events", "populated", &populated, err) == 0 &&
		     populated == 0;
	if (st.st_uid != walk->uid && above_st.st_uid != walk->uid && empty)
		(void)fprintf(walk->out, "%s\n", path);
	return 0;
}

/* Whether a run is over. The live owner of a run holds a lock on a file of its cgroup, which only
 * processes of its user can take (runner/lease/tree.h). */
static bool run_is_over(int ours, const char *run)
{
	char path[NAME_MAX + sizeof "/" CGROUP_OWNED_FILE];
	pid_t owner = 0;
	struct error err = {0};
	(void)snprintf(path, sizeof path, "%s/" CGROUP_OWNED_FILE, run);
	return fs_is_locked(ours, path, &owner, &err) == 0;
}

/* Visit the children of a cgroup. At depth 0, which is oss-crs, skip the runs that are not over. */
static int walk_children(
	struct walk *walk, int dir, const char *path, unsigned depth, struct error *err)
{
	_cleanup_closedir_ DIR *list = fs_list(dir, ".", err);
	if (!list)
		return -1;
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0) {
		if (entry->d_type != DT_DIR || (depth == 0 && !run_is_over(dir, entry->d_name)))
			continue;
		if (walk_cgroup(walk, dir, path, entry->d_name, depth + 1, err) < 0)
			return -1;
	}
	/* ENOENT: the cgroup has been removed. */
	return more < 0 && err->code != ENOENT ? -1 : 0;
}

static int walk_oss_crs(
	const struct probe_input *input, const char *path, FILE *out, struct error *err)
{
	struct walk walk = {.uid = input->user->uid, .out = out};
	_cleanup_close_ int ours =
		fs_open(input->host->cgroup, path, O_RDONLY | O_DIRECTORY, 0, err);
	if (ours < 0)
		return err->code == ENOENT ? 0 : -1;
	return walk_children(&walk, ours, "", 0, err);
}

int probe_sweep(const struct probe_input *input, struct sweep_facts *ret, struct error *err)
{
	char manager[FACTS_PATH_MAX / 2];
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	if (probe_cgroups(input->host, err) < 0 ||
		cgroup_user_path(input->user->uid, manager, sizeof manager, err) < 0)
		return -1;
	(void)snprintf(ret->ours, sizeof ret->ours, "%s/" CGROUP_OSS_CRS, manager);
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "cgroups to remove");
	int result = walk_oss_crs(input, ret->ours, out, err);
	if (fclose(out) != 0 && result == 0)
		return fail(err, ENOMEM, "cgroups to remove");
	ret->names = result == 0 ? steal_ptr(text) : NULL;
	return result;
}
