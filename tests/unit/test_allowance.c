/* SPDX-License-Identifier: MIT
 *
 * test_allowance: the limits of the cgroups above a user's runs, from files that imitate those of
 * the kernel.
 */
#include "unit.h"

#include "allowance.h"
#include "delegation.h"

#define SLICE   "sys/fs/cgroup/user.slice"
#define USER    SLICE "/user-1000.slice"
#define MANAGER USER "/user@1000.service"

static void make_levels(const struct unit_dir *dir, struct host *ret)
{
	static const char *const dirs[] = {
		"sys", "sys/fs", "sys/fs/cgroup", SLICE, USER, MANAGER, MANAGER "/oss-crs"};
	struct error err = {0};
	for (size_t i = 0; i < COUNT(dirs); i++)
		make_dir(dir->fd, dirs[i]);
	make_file(dir->fd, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory pids\n");
	assert_ok(host_open_at(dir->fd, ret, &err), err);
}

TEST(without_limits_there_are_none)
{
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct allowance allowance;
	struct error err = {0};
	make_levels(dir, &host);
	make_file(dir->fd, USER "/memory.max", "max\n");
	assert_ok(allowance_read(&host, 1000, &allowance, &err), err);
	assert_true(allowance.memory.value == CGROUP_UNLIMITED);
	assert_string_equal(allowance.memory.file, "");
	assert_string_equal(allowance.cpus_file, "");
	host_close(&host);
}

TEST(the_least_limit_on_the_way_down_is_named_with_its_file)
{
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct allowance allowance;
	struct allowance_advice advice;
	struct error err = {0};
	char cpus[CPULIST_TEXT_MAX];
	make_levels(dir, &host);
	make_file(dir->fd, SLICE "/memory.max", "1073741824\n");
	make_file(dir->fd, USER "/memory.max", "314572800\n");
	make_file(dir->fd, MANAGER "/memory.max", "536870912\n");
	make_file(dir->fd, SLICE "/cpuset.cpus.effective", "0-7\n");
	make_file(dir->fd, MANAGER "/cpuset.cpus.effective", "2-3\n");
	make_file(dir->fd, USER "/cpu.max", "30000 100000\n");
	make_file(dir->fd, SLICE "/cpu.max", "max 100000\n");
	assert_ok(allowance_read(&host, 1000, &allowance, &err), err);
	assert_int_equal(allowance.memory.value, 314572800);
	assert_string_equal(allowance.memory.file, "/" USER "/memory.max");
	assert_string_equal(cpulist_format(&allowance.cpus, cpus), "2-3");
	assert_string_equal(allowance.cpus_file, "/" MANAGER "/cpuset.cpus.effective");
	assert_ok(allowance_read_advice(&host, 1000, &advice, &err), err);
	assert_int_equal(advice.cpu.value, 30);
	assert_string_equal(advice.cpu.file, "/" USER "/cpu.max");
	assert_true(advice.memory_high.value == CGROUP_UNLIMITED);
	assert_true(advice.tasks.value == CGROUP_UNLIMITED);
	assert_string_equal(advice.io.file, "");
	make_file(dir->fd, SLICE "/io.max", "");
	make_file(dir->fd, MANAGER "/io.max", "8:0 rbps=1048576 wbps=max riops=max wiops=max\n");
	make_file(dir->fd, SLICE "/pids.max", "max\n");
	make_file(dir->fd, USER "/pids.max", "10813\n");
	make_file(dir->fd, MANAGER "/pids.max", "20000\n");
	assert_ok(allowance_read_advice(&host, 1000, &advice, &err), err);
	assert_int_equal(advice.tasks.value, 10813);
	assert_string_equal(advice.tasks.file, "/" USER "/pids.max");
	assert_string_equal(advice.io.file, "/" MANAGER "/io.max");
	host_close(&host);
}

/* The state of a partition, whatever a run has taken of it. */
TEST(a_partition_has_all_its_cpus_also_those_that_a_run_has_taken)
{
	static const struct {
		const char *state, *effective, *expected, *file;
	} table[] = {
		{"root\n", "2\n", "2-3", MANAGER "/oss-crs/cpuset.cpus.exclusive.effective"},
		{"isolated\n", "\n", "2-3", MANAGER "/oss-crs/cpuset.cpus.exclusive.effective"},
		{"member\n", "1\n", "1", MANAGER "/oss-crs/cpuset.cpus.effective"},
		{"root invalid (Parent is not a partition root)\n", "0\n", "0",
			MANAGER "/oss-crs/cpuset.cpus.effective"},
	};
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct allowance allowance;
	struct error err = {0};
	char cpus[CPULIST_TEXT_MAX];
	make_levels(dir, &host);
	make_file(dir->fd, MANAGER "/cpuset.cpus.effective", "0-1\n");
	make_file(dir->fd, MANAGER "/oss-crs/cpuset.cpus.exclusive.effective", "2-3\n");
	for (size_t i = 0; i < COUNT(table); i++) {
		make_file(dir->fd, MANAGER "/oss-crs/cpuset.cpus.partition", table[i].state);
		make_file(dir->fd, MANAGER "/oss-crs/cpuset.cpus.effective", table[i].effective);
		assert_ok(allowance_read(&host, 1000, &allowance, &err), err);
		assert_string_equal(cpulist_format(&allowance.cpus, cpus), table[i].expected);
		assert_string_equal(allowance.cpus_file + 1, table[i].file);
	}
	host_close(&host);
}

/* The cgroups of a job step, as Slurm makes them. */
#define STEP "sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/step_0/user/task_0"

TEST(a_process_has_the_cpus_that_the_kernel_says_and_the_least_memory_above_it)
{
	static const char *const dirs[] = {"proc", "proc/42", "sys/fs/cgroup/system.slice",
		"sys/fs/cgroup/system.slice/n1_slurmstepd.scope",
		"sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7",
		"sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/step_0",
		"sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/step_0/user", STEP};
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct allowance own;
	struct error err = {0};
	char cpus[CPULIST_TEXT_MAX];
	make_levels(dir, &host);
	for (size_t i = 0; i < COUNT(dirs); i++)
		make_dir(dir->fd, dirs[i]);
	make_file(dir->fd, "proc/42/cgroup",
		"0::/system.slice/n1_slurmstepd.scope/job_7/step_0/user/task_0\n");
	make_file(dir->fd, "proc/42/status", "Name:\tx\nCpus_allowed_list:\t2-3,8\n");
	make_file(dir->fd, STEP "/memory.max", "max\n");
	make_file(dir->fd, "sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/memory.max",
		"209715200\n");
	make_file(dir->fd, "sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/step_0/memory.max",
		"419430400\n");
	assert_ok(allowance_read_process(&host, 42, &own, &err), err);
	assert_string_equal(cpulist_format(&own.cpus, cpus), "2-3,8");
	assert_string_equal(own.cpus_file, "/proc/42/status");
	assert_int_equal(own.memory.value, 209715200);
	assert_string_equal(own.memory.file,
		"/sys/fs/cgroup/system.slice/n1_slurmstepd.scope/job_7/memory.max");
	/* At the root of the hierarchy nothing limits memory. */
	make_file(dir->fd, "proc/42/cgroup", "0::/\n");
	assert_ok(allowance_read_process(&host, 42, &own, &err), err);
	assert_true(own.memory.value == CGROUP_UNLIMITED);
	/* What cannot be read is not "unlimited". */
	make_file(dir->fd, "proc/42/cgroup", "0::/../above\n");
	assert_int_equal(allowance_read_process(&host, 42, &own, &err), -1);
	make_file(dir->fd, "proc/42/cgroup", "5:memory:/x\n");
	assert_errno(allowance_read_process(&host, 42, &own, &err), EINVAL, err);
	host_close(&host);
}

TEST(a_limit_that_cannot_be_parsed_is_an_error)
{
	static const char *const files[][2] = {
		{USER "/memory.max", "lots\n"},
		{USER "/cpuset.cpus.effective", "0-x\n"},
		{USER "/cpu.max", "30000\n"},
		{USER "/cpu.max", "30000 0\n"},
	};
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	make_levels(dir, &host);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct allowance allowance;
		struct allowance_advice advice;
		struct error err = {0};
		make_file(dir->fd, files[i][0], files[i][1]);
		assert_int_equal(allowance_read(&host, 1000, &allowance, &err) < 0 ||
					 allowance_read_advice(&host, 1000, &advice, &err) < 0,
			1);
		assert_contains(err.msg, "user-1000.slice");
		assert_return_code(unlinkat(dir->fd, files[i][0], 0), errno);
	}
	host_close(&host);
}

TEST(events_above_a_run_are_added_up_and_its_own_are_left_out)
{
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct error err = {0};
	uint64_t events[ALLOWANCE_EVENTS];
	make_levels(dir, &host);
	make_dir(dir->fd, MANAGER "/oss-crs/run");
	make_file(dir->fd, SLICE "/cpu.stat", "usage_usec 9\nthrottled_usec 1000000\n");
	make_file(dir->fd, USER "/cpu.stat", "usage_usec 9\nthrottled_usec 500000\n");
	make_file(dir->fd, MANAGER "/cpu.stat", "usage_usec 9\n");
	make_file(dir->fd, MANAGER "/oss-crs/run/cpu.stat", "throttled_usec 7000000\n");
	make_file(dir->fd, USER "/pids.events", "max 3\n");
	make_file(dir->fd, USER "/memory.events.local", "low 0\nhigh 2\nmax 0\n");
	assert_ok(
		allowance_read_events(&host,
			"/user.slice/user-1000.slice/user@1000.service/oss-crs/run", events, &err),
		err);
	assert_int_equal(events[ALLOWANCE_THROTTLED], 1500000);
	assert_int_equal(events[ALLOWANCE_TASKS], 3);
	assert_int_equal(events[ALLOWANCE_MEMORY_HIGH], 2);
	host_close(&host);
}

TEST(a_controller_that_the_kernel_lacks_is_named_and_not_blamed_on_delegation)
{
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct error err = {0};
	make_levels(dir, &host);
	make_file(dir->fd, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu pids\n");
	make_file(dir->fd, MANAGER "/cgroup.controllers", "cpuset cpu pids\n");
	assert_int_equal(delegation_check(&host, 1000, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "the kernel has no memory controller");
	assert_contains(err.hint, "cgroup_disable=");
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(without_limits_there_are_none),
		RUN_IN_DIR(the_least_limit_on_the_way_down_is_named_with_its_file),
		RUN_IN_DIR(a_partition_has_all_its_cpus_also_those_that_a_run_has_taken),
		RUN_IN_DIR(
			a_process_has_the_cpus_that_the_kernel_says_and_the_least_memory_above_it),
		RUN_IN_DIR(a_limit_that_cannot_be_parsed_is_an_error),
		RUN_IN_DIR(events_above_a_run_are_added_up_and_its_own_are_left_out),
		RUN_IN_DIR(
			a_controller_that_the_kernel_lacks_is_named_and_not_blamed_on_delegation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
