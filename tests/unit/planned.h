/* SPDX-License-Identifier: MIT
 *
 * planned: a planned run with a cgroup tree that matches the plan, and processes of a container in
 * it, as files that imitate those of the kernel.
 */
#ifndef OSS_CRS_UNIT_PLANNED_H
#define OSS_CRS_UNIT_PLANNED_H

#include "unit.h"

#include "attest.h"

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

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

static inline void put_cgroup(int dir, const char *name, const char *cpus, const char *memory)
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
static inline void make_fixture(int dir, struct fixture *fixture)
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
	make_dir(dir, "sys");
	make_dir(dir, "sys/fs");
	make_dir(dir, "sys/fs/cgroup");
	assert_ok(host_open_at(dir, &fixture->host, &err), err);
}

/* The highest PID of the processes that the tests make, except for the test's own. */
#define FAKE_PID_MAX 99

/* Restores what hide_namespaces() has changed, so that the directory can be removed. */
static inline void free_fixture(int dir, struct fixture *fixture)
{
	char path[64];
	for (int pid = 1; pid <= FAKE_PID_MAX; pid++) {
		(void)snprintf(path, sizeof path, "proc/%d/ns", pid);
		assert_true(fchmodat(dir, path, 0755, 0) == 0 || errno == ENOENT);
	}
	host_close(&fixture->host);
	(void)close(fixture->tree.worker);
	plan_free(&fixture->plan);
	job_free(&fixture->job);
}

static inline void put_namespace(int dir, int pid, const char *kind, const char *namespace)
{
	char path[64];
	(void)snprintf(path, sizeof path, "proc/%d/ns/%s", pid, kind);
	assert_true(unlinkat(dir, path, 0) == 0 || errno == ENOENT);
	assert_return_code(symlinkat(namespace, dir, path), errno);
}

/* The namespaces of the host are pid:[1] and user:[1]. One with several PIDs is in pid:[2]. */
static inline void put_process(
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
	(void)snprintf(text, sizeof text,
		"Name:\t%s\nNSpid:\t%s\nThreads:\t1\nCpus_allowed_list:\t0-1\n", name, nspid);
	make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "proc/%d/ns", pid);
	make_dir(dir, path);
	put_namespace(dir, pid, "pid", strchr(nspid, '\t') ? "pid:[2]" : "pid:[1]");
	put_namespace(dir, pid, "user", "user:[1]");
}

/* Make the namespaces of a process unreadable, as those of other users are. */
static inline void hide_namespaces(int dir, int pid)
{
	char path[64];
	(void)snprintf(path, sizeof path, "proc/%d/ns", pid);
	assert_return_code(fchmodat(dir, path, 0, 0), errno);
}

/* A container of CRS `a` as rootless Podman has it, whose processes are this user's: its first
 * process 51, a child of that, an exec command, and a command of the runtime that has not entered
 * the container yet. Process 50 keeps it. The test itself is the runner. */
static inline struct container put_container(int dir, const struct fixture *fixture)
{
	static char parent[CGROUP_PATH_MAX];
	static char name[] = "name";
	char inside[CGROUP_PATH_MAX];
	(void)snprintf(parent, sizeof parent, "%.2000s/a", fixture->plan.cgroup_parent);
	(void)snprintf(inside, sizeof inside, "%.2000s/0123456789ab", parent);
	put_process(dir, 1, 0, "systemd", "/init.scope", "1");
	put_process(dir, 50, 1, "shim", "/system.slice/containerd.service", "50");
	put_process(dir, 51, 50, "first", inside, "51\t1");
	put_process(dir, 52, 51, "child ) S 1", inside, "52\t7");
	put_process(dir, 53, 50, "by exec", inside, "53\t9");
	put_process(dir, 54, 50, "runc", "/system.slice/containerd.service", "54");
	put_process(dir, 60, 1, "other", "/system.slice/other.service", "60");
	put_process(dir, getpid(), 60, "oss-crs-run", "/user.slice", "4711");
	return (struct container){
		.name = name, .cgroup_parent = parent, .pid = 51, .started = true};
}

/* The same as Docker has it: the processes are root's. */
static inline struct container put_docker_container(int dir, const struct fixture *fixture)
{
	struct container container = put_container(dir, fixture);
	for (int pid = 50; pid <= 60; pid += pid == 54 ? 6 : 1)
		hide_namespaces(dir, pid);
	return container;
}

/* The PID of a process that has ended. */
static inline pid_t ended_process(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return child;
}

/* The PID of a process that runs and that the fixture's /proc does not have, as with hidepid. It
 * ends with the test program. */
static inline pid_t hidden_process(void)
{
	static pid_t hidden;
	pid_t parent = getpid();
	if (hidden > 0)
		return hidden;
	hidden = fork();
	assert_true(hidden >= 0);
	if (hidden > 0)
		return hidden;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	for (;;)
		(void)pause();
}

/* Become an ordinary user: root may read the namespaces of all processes. */
static inline void become_user(void)
{
	if (geteuid() != 0)
		return;
	assert_int_equal(setgroups(0, NULL), 0);
	assert_int_equal(setresgid(65534, 65534, 65534), 0);
	assert_int_equal(setresuid(65534, 65534, 65534), 0);
	/* LeakSanitizer attaches to its own process. */
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
}

#endif
