/* SPDX-License-Identifier: MIT
 *
 * tree: see tree.h. Per CRS: mkdir, three limits, the controllers; no descriptor is kept, so that thousands of
 * CRSs fit below any limit of open files.
 */
#include "tree.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

/* How long the kernel may take to end processes that have been killed: they may be in the middle of freeing a
 * terabyte or of a write to a slow disk. */
#define KILL_TIMEOUT_MS 60000

static int limit(int dir, const char *cg, const struct cpulist *cpus, uint64_t memory_max, struct error *err)
{
	char text[CPULIST_TEXT_MAX];
	if (cgroup_set(dir, cg, "cpuset.cpus", cpulist_format(cpus, text), err) < 0 ||
		cgroup_set_u64(dir, cg, "memory.max", memory_max, err) < 0)
		return -1;
	/* A kernel without swap accounting has no such file; without swap a limit is a limit. */
	if (cgroup_set(dir, cg, "memory.swap.max", "0", err) < 0 && err->code != ENOENT)
		return -1;
	return 0;
}

static int make_crs(
	int worker, const struct plan_crs *crs, const struct tree_options *options, struct error *err)
{
	if (cgroup_make(worker, crs->name, err) < 0 ||
		limit(worker, crs->name, &crs->cpus, crs->memory_max, err) < 0)
		return -1;
	char mems[CPULIST_TEXT_MAX];
	if (!cpulist_empty(&crs->mems) &&
		cgroup_set(worker, crs->name, "cpuset.mems", cpulist_format(&crs->mems, mems), err) < 0)
		return -1;
	if (options->oom_group && cgroup_set(worker, crs->name, "memory.oom.group", "1", err) < 0)
		return -1;
	if (options->bare_crs && strcmp(options->bare_crs, crs->name) == 0)
		return 0;
	return cgroup_set(worker, crs->name, "cgroup.subtree_control", "+cpuset +memory", err);
}

/* Make the worker's cgroup and lock it. Both happen under a shared lock on oss-crs, so that whoever looks for dead
 * runs, under an exclusive one, never sees a run that has no owner yet. */
static int make_worker(struct cg_tree *tree, struct error *err)
{
	const char *name = tree->plan->name;
	if (flock(tree->ours, LOCK_SH) < 0)
		return fail(err, errno, "lock %s", CGROUP_OURS);
	int result = cgroup_make(tree->ours, name, err);
	if (result == 0) {
		tree->worker = fs_open(tree->ours, name, O_RDONLY | O_DIRECTORY, 0, err);
		if (tree->worker < 0)
			result = -1;
		else if (flock(tree->worker, LOCK_SH | LOCK_NB) < 0)
			result = fail(err, errno, "lock %s", name);
		if (result < 0)
			(void)unlinkat(tree->ours, name, AT_REMOVEDIR);
	}
	(void)flock(tree->ours, LOCK_UN);
	return result;
}

static int fill(const struct cg_tree *tree, const struct tree_options *options, struct error *err)
{
	const struct run_plan *plan = tree->plan;
	if (limit(tree->worker, ".", &plan->cpus, plan->memory_max, err) < 0 ||
		cgroup_set(tree->worker, ".", "cgroup.subtree_control", "+cpuset +memory", err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (make_crs(tree->worker, &plan->crs[i], options, err) < 0)
			return -1;
	return 0;
}

int tree_make(int ours, const struct run_plan *plan, const struct tree_options *options, struct cg_tree *ret,
	struct error *err)
{
	struct cg_tree tree = {.plan = plan, .ours = ours, .worker = -1};
	if (make_worker(&tree, err) < 0)
		return -1;
	if (fill(&tree, options, err) < 0) {
		struct error removal = {0};
		(void)tree_destroy(&tree, &removal);
		return -1;
	}
	*ret = tree;
	return 0;
}

int tree_usage(const struct cg_tree *tree, const char *crs, struct tree_usage *ret, struct error *err)
{
	struct tree_usage usage = {0};
	if (cgroup_get_key(tree->worker, crs, "cpu.stat", "usage_usec", &usage.cpu_usec, err) < 0 ||
		cgroup_get_key(tree->worker, crs, "memory.events", "oom_kill", &usage.oom_kills, err) < 0)
		return -1;
	if (cgroup_get_u64(tree->worker, crs, "memory.peak", &usage.memory_peak, err) < 0 &&
		err->code != ENOENT)
		return -1;
	*ret = usage;
	return 0;
}

int tree_destroy_name(int ours, const char *name, struct error *err)
{
	if (cgroup_kill(ours, name, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	if (cgroup_wait_empty(ours, name, KILL_TIMEOUT_MS, err) < 0)
		return -1;
	return cgroup_remove(ours, name, err);
}

int tree_destroy(struct cg_tree *tree, struct error *err)
{
	if (!tree->plan || tree_destroy_name(tree->ours, tree->plan->name, err) < 0)
		return tree->plan ? -1 : 0;
	if (tree->worker >= 0)
		(void)close(tree->worker);
	*tree = (struct cg_tree)TREE_NONE;
	return 0;
}

int tree_is_live(int ours, const char *name, struct error *err)
{
	_cleanup_close_ int worker = fs_open(ours, name, O_RDONLY | O_DIRECTORY, 0, err);
	if (worker < 0)
		return -1;
	if (flock(ours, LOCK_EX) < 0)
		return fail(err, errno, "lock %s", CGROUP_OURS);
	int dead = flock(worker, LOCK_EX | LOCK_NB);
	int errnum = errno;
	(void)flock(ours, LOCK_UN);
	if (dead == 0)
		return 0;
	return errnum == EWOULDBLOCK ? 1 : fail(err, errnum, "lock %s", name);
}
