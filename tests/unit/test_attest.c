/* SPDX-License-Identifier: MIT
 *
 * test_attest: what counts as "not as planned", on files that imitate those of the kernel.
 * tests/lab shows that the real files of the kernel look like this.
 */
#include "planned.h"

#include "fs.h"
#include "processes.h"

#include <inttypes.h>
#include <sys/resource.h>

TEST(limits_that_match_the_plan_pass)
{
	struct fixture fixture;
	struct error err = {0};
	make_fixture(unit_dir(state), &fixture);
	assert_ok(attest_limits(&fixture.tree, &err), err);
	free_fixture(unit_dir(state), &fixture);
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
	free_fixture(unit_dir(state), &fixture);
}

TEST(cpus_that_a_cpuset_above_took_away_are_a_mismatch)
{
	struct fixture fixture;
	struct error err = {0};
	make_fixture(unit_dir(state), &fixture);
	assert_ok(attest_cpus(&fixture.tree, &err), err);
	make_file(unit_dir(state), "worker/cpuset.cpus.effective", "0\n");
	assert_int_equal(attest_cpus(&fixture.tree, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_contains(err.msg, "/cpuset.cpus.effective: planned ");
	assert_contains(err.msg, ", found 0");
	free_fixture(unit_dir(state), &fixture);
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
	free_fixture(unit_dir(state), &fixture);
}

TEST(a_partition_that_became_invalid_is_a_mismatch_with_the_kernels_reason)
{
	static const char file[] = "worker/cpuset.cpus.partition";
	struct fixture fixture;
	struct error err = {0};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	make_file(dir, file, "root invalid (Parent is an invalid partition root)\n");
	assert_ok(attest_limits(&fixture.tree, &err), err);
	fixture.tree.partition = PARTITION_ROOT;
	assert_int_equal(attest_limits(&fixture.tree, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_contains(
		err.msg, "/cpuset.cpus.partition: planned root, found root invalid (Parent");
	make_file(dir, file, "root\n");
	assert_ok(attest_limits(&fixture.tree, &err), err);
	fixture.tree.partition = PARTITION_ISOLATED;
	assert_int_equal(attest_limits(&fixture.tree, &err), -1);
	free_fixture(dir, &fixture);
}

TEST(a_change_of_the_partition_is_noticed_and_no_crs_has_changed)
{
	struct fixture fixture;
	struct error err = {0};
	int marks[2] = {0};
	bool changed[2] = {false};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	make_file(dir, "worker/cpuset.cpus.partition", "root\n");
	make_file(dir, "worker/a/cgroup.events", "populated 0\n");
	make_file(dir, "worker/b/cgroup.events", "populated 0\n");
	fixture.tree.partition = PARTITION_ROOT;
	_cleanup_close_ int watch = attest_watch(&fixture.tree, marks, &err);
	assert_ok(watch, err);
	make_file(dir, "worker/cpuset.cpus.partition", "root invalid\n");
	assert_int_equal(attest_take(watch, marks, &fixture.plan, changed), ATTEST_LIMITS);
	assert_false(changed[0] || changed[1]);
	make_file(dir, "worker/b/cgroup.events", "populated 1\n");
	assert_int_equal(attest_take(watch, marks, &fixture.plan, changed), ATTEST_POPULATED);
	assert_true(!changed[0] && changed[1]);
	free_fixture(dir, &fixture);
}

TEST(a_limit_of_huge_pages_that_was_raised_is_a_mismatch)
{
	struct fixture fixture;
	struct error err = {0};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	fixture.tree.huge_pages = (struct huge_pages){.files = {"hugetlb.2MB.max"}, .count = 1};
	make_file(dir, "worker/a/hugetlb.2MB.max", "0\n");
	make_file(dir, "worker/b/hugetlb.2MB.max", "0\n");
	assert_ok(attest_limits(&fixture.tree, &err), err);
	make_file(dir, "worker/b/hugetlb.2MB.max", "2097152\n");
	assert_int_equal(attest_limits(&fixture.tree, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_contains(err.msg, "/b/hugetlb.2MB.max: planned 0, found 2097152");
	free_fixture(dir, &fixture);
}

/* ---- containers ---------------------------------------------------------------------------- */

static void assert_verdict(const struct fixture *fixture, const struct container *container,
	enum attest_verdict expected, const char *reason)
{
	struct error err = {0};
	enum attest_verdict verdict = attest_container(
		&fixture->host, &fixture->tree, &fixture->plan.crs[0], container, NULL, &err);
	if (verdict != expected)
		fail_test("verdict %d instead of %d: %s", (int)verdict, (int)expected, err.msg);
	if (reason)
		assert_contains(err.msg, reason);
}

TEST(every_process_of_a_container_is_checked)
{
	struct fixture fixture;
	char text[CGROUP_PATH_MAX];
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	assert_verdict(&fixture, &container, ATTEST_HELD, NULL);
	make_file(dir, "proc/53/cgroup", "0::/elsewhere\n");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH,
		"container 'name', process 53 (by exec), /proc/53/cgroup: planned /user.slice");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "found /elsewhere");
	/* A cgroup whose name only begins with that of the CRS is a mismatch too. */
	(void)snprintf(text, sizeof text, "0::%.2000sb/x\n", container.cgroup_parent);
	make_file(dir, "proc/53/cgroup", text);
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "process 53");
	free_fixture(dir, &fixture);
}

/* `podman exec` starts a conmon of its own: process 70 is not a descendant of process 50. */
TEST(a_podman_exec_process_is_recognised_by_its_namespace)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_container(dir, &fixture);
	put_process(dir, 70, 1, "conmon", "/user.slice/podman", "70");
	put_process(dir, 71, 70, "by exec", "/elsewhere", "71\t9");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "process 71 (by exec)");
	hide_namespaces(dir, 71);
	assert_verdict(&fixture, &container, ATTEST_HELD, NULL);
	free_fixture(dir, &fixture);
}

/* With `pid: host` the PID namespace is the host's and identifies no container. */
TEST(a_container_in_the_pid_namespace_of_the_host_is_known_by_its_descendants)
{
	struct fixture fixture;
	char inside[CGROUP_PATH_MAX];
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_container(dir, &fixture);
	(void)snprintf(inside, sizeof inside, "%.2000s/0123456789ab", container.cgroup_parent);
	for (int pid = 51; pid <= 53; pid++) {
		char path[64];
		char text[128];
		(void)snprintf(path, sizeof path, "proc/%d/status", pid);
		(void)snprintf(text, sizeof text, "Name:\tx\nNSpid:\t%d\n", pid);
		make_file(dir, path, text);
		put_namespace(dir, pid, "pid", "pid:[1]");
	}
	/* Process 54 may be what `docker exec` has started, or the runtime. */
	assert_verdict(&fixture, &container, ATTEST_UNKNOWN, "process 54 is outside the CRS");
	(void)snprintf(inside, sizeof inside, "0::%.2000s/0123456789ab\n", container.cgroup_parent);
	make_file(dir, "proc/54/cgroup", inside);
	assert_verdict(&fixture, &container, ATTEST_HELD, NULL);
	make_file(dir, "proc/52/cgroup", "0::/elsewhere\n");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "process 52");
	free_fixture(dir, &fixture);
}

TEST(a_container_that_has_ended_has_nothing_to_check)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	container.pid = ended_process();
	assert_verdict(&fixture, &container, ATTEST_ENDED, NULL);
	container.pid = 0;
	(void)snprintf(container.finished, sizeof container.finished, "2026-01-01T00:00:00Z");
	assert_verdict(&fixture, &container, ATTEST_ENDED, NULL);
	container.finished[0] = '\0';
	assert_verdict(&fixture, &container, ATTEST_UNKNOWN, "does not report its process");
	container.started = false;
	assert_verdict(&fixture, &container, ATTEST_ENDED, NULL);
	free_fixture(dir, &fixture);
}

/* hidepid=2: the process runs, and /proc does not have it. */
TEST(a_container_that_proc_hides_is_unknown)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	container.pid = hidden_process();
	assert_verdict(&fixture, &container, ATTEST_UNKNOWN, "hidepid");
	free_fixture(dir, &fixture);
}

/* hidepid=2, and the container runs as this user: what `docker exec` starts may run as root. */
TEST(a_container_whose_other_processes_may_be_hidden_is_unknown)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_container(dir, &fixture);
	assert_return_code(unlinkat(dir, "proc/1/stat", 0), errno);
	assert_verdict(&fixture, &container, ATTEST_UNKNOWN, "hidepid");
	/* In a user namespace of this user's, no process is hidden from this user. */
	put_namespace(dir, 51, "user", "user:[2]");
	assert_verdict(&fixture, &container, ATTEST_HELD, NULL);
	free_fixture(dir, &fixture);
}

TEST(a_container_without_keeper_is_unknown_and_its_first_process_is_checked)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	make_file(dir, "proc/51/stat", "51 (first) S 1 51 0 0\n");
	make_file(dir, "proc/53/stat", "53 (by exec) S 1 51 0 0\n");
	assert_verdict(&fixture, &container, ATTEST_UNKNOWN, "containerd-shim or conmon) is gone");
	make_file(dir, "proc/52/cgroup", "0::/elsewhere\n");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "process 52");
	make_file(dir, "proc/51/cgroup", "0::/elsewhere\n");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "process 51");
	free_fixture(dir, &fixture);
}

/* On Podman, the PID namespace shows which processes are the container's. */
TEST(a_container_without_keeper_is_known_by_its_namespace)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_container(dir, &fixture);
	make_file(dir, "proc/51/stat", "51 (first) S 1 51 0 0\n");
	assert_verdict(&fixture, &container, ATTEST_HELD, NULL);
	make_file(dir, "proc/53/cgroup", "0::/elsewhere\n");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "process 53");
	free_fixture(dir, &fixture);
}

/* The status file of a process whose user is in 65536 groups, the most that Linux has. */
static void put_large_status(int dir, const char *path, const char *nspid)
{
	_cleanup_close_ int fd = openat(dir, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	FILE *file = fdopen(fd, "w");
	assert_non_null(file);
	fd = -1;
	(void)fputs("Name:\tx\nGroups:\t", file);
	for (unsigned i = 0; i < 65536; i++)
		(void)fprintf(file, "%u ", 4294901760U + i);
	(void)fprintf(file, "\nNSpid:\t%s\nCpus_allowed_list:\t0-1\n", nspid);
	assert_int_equal(fclose(file), 0);
}

TEST(a_process_of_a_user_in_many_groups_is_recognised)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	put_large_status(dir, "proc/53/status", "53\t9");
	assert_verdict(&fixture, &container, ATTEST_HELD, NULL);
	make_file(dir, "proc/53/cgroup", "0::/elsewhere\n");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "process 53");
	free_fixture(dir, &fixture);
}

TEST(a_file_of_proc_that_does_not_parse_makes_the_container_unknown)
{
	static const struct {
		const char *file, *text;
	} table[] = {
		{"proc/51/cgroup", ""},
		{"proc/51/cgroup", "1:name=systemd:/\n"},
		{"proc/52/cgroup", "0:/\n"},
		{"proc/60/stat", ""},
		{"proc/60/stat", "60 (other S 1\n"},
		{"proc/60/stat", "60 (other) S\n"},
		{"proc/50/status", "Name:\tx\n"},
		{"proc/51/status", "Name:\tx\nNSpid:\t\n"},
		{"proc/53/status", "Name:\tx\nNSpid:\n"},
		{"proc/53/status", "Name:\tx\nNSpid:\t53"},
		{"proc/53/status", "Name:\tx\nNSpid:\t53\t\t9\n"},
		{"proc/53/status", "Name:\tx\nNSpid:\t53 9\n"},
		{"proc/53/status", "Name:\tx\nNSpid:\t53\t9x\n"},
		{"proc/53/status", "Name:\tx\nxNSpid:\t53\t9\n"},
	};
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_free_ char *before = NULL;
		struct error err = {0};
		assert_ok(fs_read(dir, table[i].file, 4096, &before, NULL, &err), err);
		make_file(dir, table[i].file, table[i].text);
		assert_verdict(&fixture, &container, ATTEST_UNKNOWN, table[i].file);
		make_file(dir, table[i].file, before);
		assert_verdict(&fixture, &container, ATTEST_HELD, NULL);
	}
	free_fixture(dir, &fixture);
}

TEST(a_file_of_proc_that_does_not_fit_makes_the_container_unknown)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	_cleanup_free_ char *text = NULL;
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	assert_true(asprintf(&text, "0::%s/%08192d\n", container.cgroup_parent, 0) > 0);
	make_file(dir, "proc/51/cgroup", text);
	assert_verdict(&fixture, &container, ATTEST_UNKNOWN, "proc/51/cgroup");
	free_fixture(dir, &fixture);
}

/* Without a free descriptor nothing can be read. */
TEST(a_container_is_unknown_when_descriptors_run_out)
{
	struct fixture fixture;
	struct rlimit before;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	_cleanup_close_ int next = dup(dir);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* With none, one and two more descriptors: for the first process, for /proc, for each file
	 * in it. What the test has inherited can have some of the next numbers. */
	enum attest_verdict verdict = ATTEST_UNKNOWN;
	int unknown = 0;
	for (int more = 0; verdict == ATTEST_UNKNOWN && more < 1024; more++) {
		struct error err = {0};
		struct rlimit few = before;
		few.rlim_cur = (rlim_t)next + (rlim_t)more;
		(void)close(next);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		verdict = attest_container(
			&fixture.host, &fixture.tree, &fixture.plan.crs[0], &container, NULL, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(dup(dir), next);
		unknown += verdict == ATTEST_UNKNOWN;
	}
	assert_int_equal(verdict, ATTEST_HELD);
	assert_true(unknown >= 2);
	free_fixture(dir, &fixture);
}

/* What stays are the CPUs; what is gone is that they are the run's alone. */
TEST(a_partition_that_the_kernel_took_away_is_a_mismatch_for_exec_too)
{
	struct fixture fixture;
	struct error err = {0};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	fixture.tree.partition = PARTITION_ROOT;
	make_file(dir, "worker/cpuset.cpus.partition", "root\n");
	assert_ok(attest_cpus(&fixture.tree, &err), err);
	make_file(dir, "worker/cpuset.cpus.partition",
		"root invalid (Parent is not a partition root)\n");
	assert_int_equal(attest_cpus(&fixture.tree, &err), -1);
	assert_contains(err.msg, "root invalid");
	free_fixture(dir, &fixture);
}

TEST(the_cgroup_parent_in_the_engine_is_checked_too)
{
	struct fixture fixture;
	make_fixture(unit_dir(state), &fixture);
	struct container container = {
		.name = strdupa("name"), .cgroup_parent = strdupa("/system.slice")};
	assert_verdict(
		&fixture, &container, ATTEST_MISMATCH, "container 'name', CgroupParent: planned ");
	assert_verdict(&fixture, &container, ATTEST_MISMATCH, "found /system.slice");
	free_fixture(unit_dir(state), &fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN_IN_DIR(limits_that_match_the_plan_pass),
		RUN_IN_DIR(a_partition_that_the_kernel_took_away_is_a_mismatch_for_exec_too),
		RUN_IN_DIR(a_limit_that_differs_is_named_with_the_planned_and_the_actual_value),
		RUN_IN_DIR(cpus_that_a_cpuset_above_took_away_are_a_mismatch),
		RUN_IN_DIR(a_crs_that_is_gone_is_a_mismatch_and_missing_swap_accounting_is_not),
		RUN_IN_DIR(a_partition_that_became_invalid_is_a_mismatch_with_the_kernels_reason),
		RUN_IN_DIR(a_change_of_the_partition_is_noticed_and_no_crs_has_changed),
		RUN_IN_DIR(a_limit_of_huge_pages_that_was_raised_is_a_mismatch),
		RUN_IN_DIR(every_process_of_a_container_is_checked),
		RUN_IN_DIR(a_podman_exec_process_is_recognised_by_its_namespace),
		RUN_IN_DIR(
			a_container_in_the_pid_namespace_of_the_host_is_known_by_its_descendants),
		RUN_IN_DIR(a_container_that_has_ended_has_nothing_to_check),
		RUN_IN_DIR(a_container_that_proc_hides_is_unknown),
		RUN_IN_DIR(a_container_whose_other_processes_may_be_hidden_is_unknown),
		RUN_IN_DIR(a_container_without_keeper_is_unknown_and_its_first_process_is_checked),
		RUN_IN_DIR(a_container_without_keeper_is_known_by_its_namespace),
		RUN_IN_DIR(a_process_of_a_user_in_many_groups_is_recognised),
		RUN_IN_DIR(a_file_of_proc_that_does_not_parse_makes_the_container_unknown),
		RUN_IN_DIR(a_file_of_proc_that_does_not_fit_makes_the_container_unknown),
		RUN_IN_DIR(a_container_is_unknown_when_descriptors_run_out),
		RUN_IN_DIR(the_cgroup_parent_in_the_engine_is_checked_too),
	};
	become_user();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
