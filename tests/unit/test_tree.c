/* SPDX-License-Identifier: MIT
 *
 * test_tree: who owns the cgroup of a run, while other processes try to lock the same file.
 * Ordinary directories stand for the cgroups (cgroupfs.h).
 */
#include "cgroupfs.h"
#include "holder.h"
#include "unit.h"

#include "tree.h"

#include <sys/wait.h>

#define RUN_NAME   "job-run-1764000000-0a1b2c3d-local"
#define OWNED      RUN_NAME "/" CGROUP_OWNED_FILE
#define NOBODY_UID 65534

/* A process that locks the file for reading in each new cgroup, before mkdirat() returns. */
static struct {
	uid_t uid;
	unsigned attempts; /* cgroups to do it in; later ones are left alone */
	unsigned made;     /* cgroups so far */
	unsigned locked;   /* of these the process could lock */
	pid_t pid;         /* the last one; it keeps its lock */
	mode_t mode;       /* of the last cgroup, before its owner had the lock */
} locker;

/* Lock the file for reading as the other process, and say whether that worked. */
static _Noreturn void lock_for_reading(int dir, int to)
{
	struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (locker.uid != getuid() && setuid(locker.uid) < 0)
		_exit(1);
	int fd = openat(dir, OWNED, O_RDONLY | O_CLOEXEC);
	char answer = fd >= 0 && fcntl(fd, F_SETLK, &whole) == 0 ? 'y' : 'n';
	if (write(to, &answer, 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static void lock_new_cgroup(int dir, const char *name)
{
	int ends[2];
	char answer = 0;
	struct stat st;
	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	locker.mode = st.st_mode & 07777;
	if (strcmp(name, RUN_NAME) != 0 || locker.made++ >= locker.attempts)
		return;
	if (locker.pid > 0)
		holder_end(locker.pid);
	assert_int_equal(pipe(ends), 0);
	locker.pid = fork();
	assert_true(locker.pid >= 0);
	if (locker.pid == 0)
		lock_for_reading(dir, ends[1]);
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &answer, 1), 1);
	(void)close(ends[0]);
	locker.locked += answer == 'y';
}

/* Reserve a tree while a process of this user locks its file in so many new cgroups. */
static int reserve(const struct unit_dir *dir, uid_t uid, unsigned attempts, struct cg_tree *ret,
	struct error *err)
{
	static struct run_plan plan = {.memory_max = 4096, .name = RUN_NAME};
	locker.uid = uid;
	locker.attempts = attempts;
	locker.made = locker.locked = 0;
	locker.pid = 0;
	cgroupfs_made = lock_new_cgroup;
	const struct tree_claim claim = {.cpus = &plan.cpus};
	int result = tree_reserve(dir->fd, &plan, &claim, ret, err);
	cgroupfs_made = NULL;
	return result;
}

/* The tree has an owner, and all users may look at it. */
static void assert_owned(const struct unit_dir *dir, struct cg_tree *tree)
{
	struct stat st;
	struct error err = {0};
	int status = 0;
	assert_int_equal(fstat(tree->worker, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_true(st.st_ino == tree->id);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pid_t owner = 0;
		_exit(tree_is_live(dir->fd, RUN_NAME, &owner, &err) == 1 && owner == getppid() ? 0
											       : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(tree_destroy(tree, &err), err);
	assert_false(exists(dir->fd, RUN_NAME));
}

TEST(another_user_cannot_lock_the_file_before_the_owner_does)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct cg_tree tree = TREE_NONE;
	assert_ok(reserve(dir, getuid(), 0, &tree, &err), err);
	assert_int_equal(locker.mode, 0700);
	assert_owned(dir, &tree);
	if (geteuid() != 0)
		return; /* this process cannot become another user */
	assert_int_equal(chmod(dir->path, 0755), 0);
	/* What the process does here, it can do in an open cgroup. */
	make_dir(dir->fd, RUN_NAME);
	locker.uid = NOBODY_UID;
	locker.attempts = 1;
	locker.made = 0;
	lock_new_cgroup(dir->fd, RUN_NAME);
	assert_int_equal(locker.locked, 1);
	holder_end(locker.pid);
	assert_int_equal(unlinkat(dir->fd, RUN_NAME, AT_REMOVEDIR), 0);

	assert_ok(reserve(dir, NOBODY_UID, UINT_MAX, &tree, &err), err);
	assert_int_equal(locker.made, 1);
	assert_int_equal(locker.locked, 0);
	holder_end(locker.pid);
	assert_owned(dir, &tree);
}

TEST(a_process_that_has_locked_the_file_first_costs_an_attempt_only)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct cg_tree tree = TREE_NONE;
	assert_ok(reserve(dir, getuid(), 2, &tree, &err), err);
	assert_int_equal(locker.locked, 2);
	assert_int_equal(locker.made, 3);
	holder_end(locker.pid);
	assert_owned(dir, &tree);
}

TEST(a_run_that_exists_is_left_alone_by_another_of_its_name)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct cg_tree tree = TREE_NONE;
	make_dir(dir->fd, RUN_NAME);
	assert_errno(reserve(dir, getuid(), 0, &tree, &err), EEXIST, err);
	assert_true(exists(dir->fd, OWNED));
	assert_file(dir->fd, RUN_NAME "/cgroup.kill", "");
}

TEST(a_process_that_always_locks_the_file_first_is_an_error_that_leaves_nothing)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct cg_tree tree = TREE_NONE;
	assert_int_equal(reserve(dir, getuid(), UINT_MAX, &tree, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_contains(err.msg, "keeps locking cgroup.max.depth of run " RUN_NAME);
	assert_true(locker.made == locker.locked && locker.made > 2);
	holder_end(locker.pid);
	assert_false(exists(dir->fd, RUN_NAME));
}

TEST(a_run_keeps_what_its_crss_can_use_and_no_more_than_it_has)
{
	struct plan_crs crs[] = {{.memory_max = 4096}, {.memory_max = 8192}};
	struct run_plan plan = {.memory_max = 65536, .crs = crs, .crs_count = COUNT(crs)};
	assert_true(tree_memory(&plan) == 12288);
	plan.memory_max = 8192;
	assert_true(tree_memory(&plan) == 8192);
	/* More than there are numbers. */
	crs[1].memory_max = UINT64_MAX;
	assert_true(tree_memory(&plan) == 8192);
}

static void drop_swap(int dir, const char *name)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/memory.swap.max", name);
	assert_int_equal(unlinkat(dir, path, 0), 0);
}

TEST(a_crs_has_the_nodes_of_the_plan_on_a_kernel_without_swap_accounting_too)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct cg_tree tree = TREE_NONE;
	struct plan_crs crs[] = {{.name = "a", .memory_max = 4096}, {.name = "b"}};
	const struct run_plan plan = {
		.name = RUN_NAME, .memory_max = 4096, .crs = crs, .crs_count = COUNT(crs)};
	const struct tree_claim claim = {.cpus = &plan.cpus};
	const struct tree_options options = {.oom_group = false};
	make_file(dir->fd, "cgroup.controllers", "cpuset memory\n");
	cpulist_add(&crs[0].mems, 1);
	cgroupfs_made = drop_swap;
	assert_ok(tree_reserve(dir->fd, &plan, &claim, &tree, &err), err);
	assert_ok(tree_fill(&tree, &options, &err), err);
	cgroupfs_made = NULL;
	assert_file(dir->fd, RUN_NAME "/a/cpuset.mems", "1");
	assert_file(dir->fd, RUN_NAME "/b/cpuset.mems", "\n");
	assert_ok(tree_destroy(&tree, &err), err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(another_user_cannot_lock_the_file_before_the_owner_does),
		RUN_IN_DIR(a_process_that_has_locked_the_file_first_costs_an_attempt_only),
		RUN_IN_DIR(a_run_that_exists_is_left_alone_by_another_of_its_name),
		RUN_IN_DIR(a_crs_has_the_nodes_of_the_plan_on_a_kernel_without_swap_accounting_too),
		RUN(a_run_keeps_what_its_crss_can_use_and_no_more_than_it_has),
		RUN_IN_DIR(
			a_process_that_always_locks_the_file_first_is_an_error_that_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
