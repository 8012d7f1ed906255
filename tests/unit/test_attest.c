/* SPDX-License-Identifier: MIT
 *
 * test_attest: what counts as "not as planned", on files that imitate those of the kernel.
 * tests/lab shows that the real files of the kernel look like this.
 */
#include "unit.h"

#include "attest.h"
#include "fs.h"
#include "processes.h"

#include <inttypes.h>

static const char *const seed = "crs:\n"
				"  - {name: a, cpuset: \"0-1\", memory_limit: 1G}\n"
				"  - {name: b, cpuset: \"2\", memory_limit: 512M}\n"
				"workers:\n"
				"  local: {cpuset: \"0-3\", memory: 2G}\n";

struct fixture {
	struct job job;
	struct run_plan plan;
	struct cg_tree tree;
	struct host host;
};

static void put_cgroup(int dir, const char *name, const char *cpus, const char *memory)
{
	char path[256];
	make_dir(dir, name);
	(void)snprintf(path, sizeof path, "%s/cpuset.cpus.effective", name);
	make_file(dir, path, cpus);
	(void)snprintf(path, sizeof path, "%s/memory.max", name);
	make_file(dir, path, memory);
	(void)snprintf(path, sizeof path, "%s/memory.swap.max", name);
	make_file(dir, path, "0\n");
}

/* A plan, and a cgroup tree that matches it. */
static void make_fixture(int dir, struct fixture *fixture)
{
	struct error err = {0};
	*fixture = (struct fixture){
		.job = JOB_NONE, .plan = PLAN_NONE, .tree = TREE_NONE, .host = HOST_CLOSED};
	assert_ok(job_parse("config", seed, strlen(seed), "local", &fixture->job, &err), err);
	struct plan_request request = {.phase = PHASE_RUN,
		.run_id = "id",
		.worker = "local",
		.uid = 1000,
		.host_memory = UINT64_C(1) << 40};
	assert_ok(cpulist_parse("0-7", &request.host_cpus, &err), err);
	assert_ok(plan_make(&fixture->job, &request, &fixture->plan, &err), err);
	put_cgroup(dir, "worker", "0-3\n", "2147483648\n");
	put_cgroup(dir, "worker/a", "0-1\n", "1073741824\n");
	put_cgroup(dir, "worker/b", "2\n", "536870912\n");
	fixture->tree = (struct cg_tree){.plan = &fixture->plan,
		.oss_crs_fd = -1,
		.worker = openat(dir, "worker", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	assert_return_code(fixture->tree.worker, errno);
	make_dir(dir, "proc");
	assert_ok(host_open_at(dir, &fixture->host, &err), err);
}

static void free_fixture(struct fixture *fixture)
{
	host_close(&fixture->host);
	(void)close(fixture->tree.worker);
	plan_free(&fixture->plan);
	job_free(&fixture->job);
}

static void put_process(
	int dir, int pid, int parent, const char *name, const char *cgroup, const char *nspid)
{
	char path[64];
	char text[512];
	(void)snprintf(path, sizeof path, "proc/%d", pid);
	make_dir(dir, path);
	(void)snprintf(path, sizeof path, "proc/%d/stat", pid);
	(void)snprintf(text, sizeof text, "%d (%s) S %d %d 0 0\n", pid, name, parent, pid);
	make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "proc/%d/comm", pid);
	(void)snprintf(text, sizeof text, "%s\n", name);
	make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "proc/%d/cgroup", pid);
	(void)snprintf(text, sizeof text, "0::%s\n", cgroup);
	make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "proc/%d/status", pid);
	(void)snprintf(text, sizeof text, "Name:\t%s\nNSpid:\t%s\nThreads:\t1\n", name, nspid);
	make_file(dir, path, text);
}

TEST(limits_that_match_the_plan_pass)
{
	struct fixture fixture;
	struct error err = {0};
	make_fixture(unit_dir(state), &fixture);
	assert_ok(attest_limits(&fixture.tree, &err), err);
	free_fixture(&fixture);
}

TEST(a_limit_that_differs_is_named_with_the_planned_and_the_actual_value)
{
	static const struct {
		const char *file, *text, *msg;
	} table[] = {
		{"worker/memory.max", "max\n", "/memory.max: planned 2147483648, found max"},
		{"worker/a/memory.max", "1073745920\n",
			"/a/memory.max: planned 1073741824, found 1073745920"},
		{"worker/a/cpuset.cpus.effective", "0\n",
			"/a/cpuset.cpus.effective: planned 0-1, found 0"},
		{"worker/b/memory.swap.max", "max\n", "/b/memory.swap.max: planned 0, found max"},
	};
	struct fixture fixture;
	make_fixture(unit_dir(state), &fixture);
	for (size_t i = 0; i < COUNT(table); i++) {
		char before[64] = "";
		struct error err = {0};
		assert_ok(fs_read_attr(unit_dir(state), table[i].file, before, sizeof before, &err),
			err);
		make_file(unit_dir(state), table[i].file, table[i].text);
		assert_int_equal(attest_limits(&fixture.tree, &err), -1);
		assert_int_equal(err.status, EX_SOFTWARE);
		assert_contains(err.msg, table[i].msg);
		assert_contains(err.msg, fixture.plan.cgroup_parent);
		make_file(unit_dir(state), table[i].file, before);
	}
	free_fixture(&fixture);
}

TEST(a_crs_that_is_gone_is_a_mismatch_and_missing_swap_accounting_is_not)
{
	struct fixture fixture;
	struct error err = {0};
	make_fixture(unit_dir(state), &fixture);
	assert_return_code(unlinkat(unit_dir(state), "worker/b/memory.swap.max", 0), errno);
	assert_ok(attest_limits(&fixture.tree, &err), err);
	assert_return_code(unlinkat(unit_dir(state), "worker/b/memory.max", 0), errno);
	assert_return_code(unlinkat(unit_dir(state), "worker/b/cpuset.cpus.effective", 0), errno);
	assert_int_equal(attest_limits(&fixture.tree, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_contains(err.msg, "found no such cgroup");
	free_fixture(&fixture);
}

/* A container of CRS `a`: its first process, a child of that, a `docker exec` command, and a
 * command of the runtime (runc) that has not entered the container yet. */
static void put_container(int dir, const char *parent)
{
	char inside[CGROUP_PATH_MAX];
	(void)snprintf(inside, sizeof inside, "%.2000s/0123456789ab", parent);
	put_process(dir, 1, 0, "systemd", "/init.scope", "1");
	put_process(dir, 50, 1, "shim", "/system.slice/containerd.service", "50");
	put_process(dir, 51, 50, "first", inside, "51\t1");
	put_process(dir, 52, 51, "child ) S 1", inside, "52\t7");
	put_process(dir, 53, 50, "by exec", inside, "53\t9");
	put_process(dir, 54, 50, "runc", "/system.slice/containerd.service", "54");
	put_process(dir, 60, 1, "other", "/system.slice/other.service", "60");
}

TEST(every_process_of_a_container_is_checked)
{
	struct fixture fixture;
	char parent[CGROUP_PATH_MAX];
	char text[CGROUP_PATH_MAX];
	struct error err = {0};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	(void)snprintf(parent, sizeof parent, "%.2000s/a", fixture.plan.cgroup_parent);
	put_container(dir, parent);
	struct container container = {.name = strdupa("name"), .cgroup_parent = parent, .pid = 51};
	const struct plan_crs *crs = &fixture.plan.crs[0];
	assert_ok(attest_container(&fixture.host, &fixture.tree, crs, &container, &err), err);
	make_file(dir, "proc/53/cgroup", "0::/elsewhere\n");
	assert_int_equal(attest_container(&fixture.host, &fixture.tree, crs, &container, &err), -1);
	assert_contains(err.msg,
		"container 'name', process 53 (by exec), /proc/53/cgroup: planned /user.slice");
	assert_contains(err.msg, "found /elsewhere");
	/* A cgroup whose name only begins with that of the CRS is a mismatch too. */
	(void)snprintf(text, sizeof text, "0::%.2000sb/x\n", parent);
	make_file(dir, "proc/53/cgroup", text);
	assert_int_equal(attest_container(&fixture.host, &fixture.tree, crs, &container, &err), -1);
	/* A container that has stopped has no processes. */
	container.pid = 0;
	assert_ok(attest_container(&fixture.host, &fixture.tree, crs, &container, &err), err);
	free_fixture(&fixture);
}

static void put_namespace(int dir, int pid, const char *namespace)
{
	char path[64];
	(void)snprintf(path, sizeof path, "proc/%d/ns", pid);
	make_dir(dir, path);
	(void)snprintf(path, sizeof path, "proc/%d/ns/pid", pid);
	assert_return_code(symlinkat(namespace, dir, path), errno);
}

/* `podman exec` starts a conmon of its own: process 70 is not a descendant of process 50. */
TEST(a_podman_exec_process_is_recognised_by_its_namespace)
{
	struct fixture fixture;
	char parent[CGROUP_PATH_MAX];
	struct error err = {0};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	(void)snprintf(parent, sizeof parent, "%.2000s/a", fixture.plan.cgroup_parent);
	put_container(dir, parent);
	put_process(dir, 70, 1, "conmon", "/user.slice/podman", "70");
	put_process(dir, 71, 70, "by exec", "/elsewhere", "71\t9");
	struct container container = {.name = strdupa("name"), .cgroup_parent = parent, .pid = 51};
	const struct plan_crs *crs = &fixture.plan.crs[0];
	assert_ok(attest_container(&fixture.host, &fixture.tree, crs, &container, &err), err);
	put_namespace(dir, 50, "pid:[1]");
	put_namespace(dir, 51, "pid:[2]");
	put_namespace(dir, 60, "pid:[1]");
	put_namespace(dir, 71, "pid:[2]");
	assert_int_equal(attest_container(&fixture.host, &fixture.tree, crs, &container, &err), -1);
	assert_contains(err.msg, "process 71 (by exec)");
	/* With `pid: host` the PID namespace is the host's and identifies no container. */
	assert_return_code(unlinkat(dir, "proc/51/ns/pid", 0), errno);
	assert_return_code(symlinkat("pid:[1]", dir, "proc/51/ns/pid"), errno);
	assert_ok(attest_container(&fixture.host, &fixture.tree, crs, &container, &err), err);
	free_fixture(&fixture);
}

TEST(the_cgroup_parent_in_the_engine_is_checked_too)
{
	struct fixture fixture;
	struct error err = {0};
	make_fixture(unit_dir(state), &fixture);
	struct container container = {
		.name = strdupa("name"), .cgroup_parent = strdupa("/system.slice")};
	assert_int_equal(attest_container(&fixture.host, &fixture.tree, &fixture.plan.crs[1],
				 &container, &err),
		-1);
	assert_contains(err.msg, "container 'name', CgroupParent: planned ");
	assert_contains(err.msg, "found /system.slice");
	free_fixture(&fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN_IN_DIR(limits_that_match_the_plan_pass),
		RUN_IN_DIR(a_limit_that_differs_is_named_with_the_planned_and_the_actual_value),
		RUN_IN_DIR(a_crs_that_is_gone_is_a_mismatch_and_missing_swap_accounting_is_not),
		RUN_IN_DIR(every_process_of_a_container_is_checked),
		RUN_IN_DIR(a_podman_exec_process_is_recognised_by_its_namespace),
		RUN_IN_DIR(the_cgroup_parent_in_the_engine_is_checked_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
