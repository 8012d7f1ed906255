/* SPDX-License-Identifier: MIT
 *
 * test_conditions: which conditions make a run less comparable, from files that imitate those of
 * the kernel.
 */
#include "unit.h"

#include "cgroup_stat.h"
#include "cleanup_json.h"
#include "conditions.h"
#include "machine.h"
#include "runs.h"

/* Write /proc/stat, which counts in clock ticks. The test takes 100 ticks for a second, which is
 * what sysconf(_SC_CLK_TCK) says on all common architectures. */
static void put_stat(const struct unit_dir *dir, unsigned cpu0, unsigned cpu1, unsigned stolen)
{
	char text[256];
	(void)snprintf(text, sizeof text,
		"cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 %u 0 0 500 70 0 0 %u 0 0\ncpu1 %u 0 0 500 70 0 0 0 "
		"0 0\nintr "
		"1\n",
		cpu0, stolen, cpu1);
	put_text_file(dir, "proc/stat", text);
}

static struct run_plan plan_on(const char *cpus)
{
	struct error err = {0};
	struct run_plan plan = PLAN_NONE;
	assert_ok(cpulist_parse(cpus, &plan.cpus, &err), err);
	return plan;
}

/* The ids of the caveats of a run, in the form "a b", in `buf`. */
static const char *caveats(const struct conditions *conditions, const struct conditions_seen *seen,
	char buf[static 256])
{
	struct json_build build = JSON_BUILD_NONE;
	_cleanup_json_ json_t *list = conditions_to_json(&build, conditions, seen);
	assert_false(build.failed);
	size_t used = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		assert_non_null(json_string_value(json_object_get(item, "detail")));
		used += (size_t)snprintf(buf + used, 256 - used, "%s%s", i ? " " : "",
			json_string_value(json_object_get(item, "id")));
	}
	return buf;
}

/* The conditions of a run of ten seconds: CPU 0 is busy for `busy` ticks, and the hypervisor steals
 * `stolen` ticks from it. */
static struct conditions ten_seconds(const struct unit_dir *dir, struct host *host,
	const struct run_plan *plan, unsigned busy, unsigned stolen)
{
	struct error err = {0};
	struct conditions conditions;
	assert_ok(host_open_at(dir->fd, host, &err), err);
	put_stat(dir, 100, 100, 0);
	conditions_begin(host, plan, &conditions);
	put_stat(dir, 100 + busy, 5000, stolen);
	conditions_end(&conditions);
	conditions.duration_usec = 10000000;
	return conditions;
}

TEST(foreign_load_is_the_busy_time_that_the_crss_did_not_use)
{
	const struct unit_dir *dir = *state;
	char buf[256];
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0");
	/* CPU 0 is busy for nine of the ten seconds. CPU 1 is not part of the run and does not
	 * count. */
	struct conditions conditions = ten_seconds(dir, &host, &plan, 900, 0);
	struct conditions_seen seen = {.has_used = true, .used_usec = 8900000};
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	seen.used_usec = 8000000;
	assert_string_equal(caveats(&conditions, &seen, buf), "foreign-load");
	seen.used_usec = 20000000;
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	seen.has_used = false;
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	host_close(&host);
}

TEST(steal_time_is_a_caveat)
{
	const struct unit_dir *dir = *state;
	char buf[256];
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0");
	struct conditions conditions = ten_seconds(dir, &host, &plan, 0, 100);
	struct conditions_seen seen = {.has_used = true};
	assert_string_equal(caveats(&conditions, &seen, buf), "steal");
	host_close(&host);
}

TEST(swap_is_a_caveat_if_the_host_has_some_and_no_limit_holds)
{
	const struct unit_dir *dir = *state;
	char buf[256];
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0");
	put_text_file(dir, "proc/swaps", "Filename Type Size Used Priority\n");
	struct conditions conditions = ten_seconds(dir, &host, &plan, 0, 0);
	struct conditions_seen seen = {.swaps = true};
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	put_text_file(
		dir, "proc/swaps", "Filename Type Size Used Priority\n/swapfile file 1 0 -2\n");
	assert_string_equal(caveats(&conditions, &seen, buf), "swap");
	seen.swaps = false;
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	host_close(&host);
}

TEST(a_pool_of_huge_pages_is_a_caveat_and_no_memory_of_the_machine)
{
	const struct unit_dir *dir = *state;
	char buf[256];
	struct error err = {0};
	uint64_t memory = 0;
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0");
	put_text_file(dir, "proc/meminfo",
		"MemTotal:  1024 kB\nHugePages_Total:  2\nHugepagesize:  256 kB\nHugetlb:  512 "
		"kB\n");
	struct conditions conditions = ten_seconds(dir, &host, &plan, 0, 0);
	struct conditions_seen seen = {.swaps = false};
	assert_string_equal(caveats(&conditions, &seen, buf), "huge-pages");
	assert_ok(machine_memory(&host, &memory, NULL, &err), err);
	assert_int_equal(memory, 512 * 1024);
	put_text_file(dir, "proc/meminfo", "MemTotal:  1024 kB\nHugetlb:  0 kB\n");
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	host_close(&host);
}

TEST(a_core_shared_with_others_is_a_caveat)
{
	const struct unit_dir *dir = *state;
	char buf[256];
	struct host host = HOST_CLOSED;
	struct error err = {0};
	struct run_plan plan = plan_on("0");
	put_text_file(dir, "sys/devices/system/cpu/online", "0-1\n");
	put_text_file(dir, "sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-1\n");
	put_text_file(dir, "sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "0-1\n");
	_cleanup_close_ int sys = openat(dir->fd, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_ok(machine_topology(sys, &plan.topology, &err), err);
	struct conditions conditions = ten_seconds(dir, &host, &plan, 0, 0);
	struct conditions_seen seen = {.has_used = true};
	assert_string_equal(caveats(&conditions, &seen, buf), "shared-core");
	plan.cpus = plan_on("0-1").cpus;
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	topology_free(&plan.topology);
	host_close(&host);
}

TEST(a_run_that_shared_cpus_is_named)
{
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0-1");
	struct lease list[2] = {
		{.name = "x", .conflicts = LEASE_HAS_CPUS, .cpus = plan_on("1-2").cpus},
		{.name = "y"}};
	struct ledger ledger = {.list = list, .count = 2};
	struct conditions conditions = ten_seconds(dir, &host, &plan, 0, 0);
	struct conditions_seen seen = {.shared = &ledger};
	struct json_build build = JSON_BUILD_NONE;
	_cleanup_json_ json_t *json = conditions_to_json(&build, &conditions, &seen);
	assert_int_equal(json_array_size(json), 1);
	const char *detail = json_string_value(json_object_get(json_array_get(json, 0), "detail"));
	assert_contains(detail, "CPUs 1 with run x of ");
	host_close(&host);
}

TEST(what_the_kernel_does_not_report_is_a_caveat)
{
	const struct unit_dir *dir = *state;
	char buf[256];
	struct error err = {0};
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0");
	struct conditions conditions;
	struct conditions_seen seen = {.has_used = true, .swaps = true};
	struct json_build build = JSON_BUILD_NONE;
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	conditions_begin(&host, &plan, &conditions);
	conditions_end(&conditions);
	/* A kernel without swap has no /proc/swaps, so there is no second caveat. */
	assert_string_equal(caveats(&conditions, &seen, buf), "load-unknown");
	make_dir(dir->fd, "proc");
	make_dir(dir->fd, "proc/swaps");
	assert_string_equal(caveats(&conditions, &seen, buf), "load-unknown swap");
	json_t *machine = conditions_machine(&build, &conditions);
	assert_string_equal(json_string_value(json_object_get(machine, "cpu")), "");
	json_decref(machine);
	put_text_file(dir, "proc/cpuinfo",
		"processor\t: 0\nmodel name\t: Some CPU @ 1 GHz\nflags\t: x\n");
	machine = conditions_machine(&build, &conditions);
	assert_string_equal(json_string_value(json_object_get(machine, "cpu")), "Some CPU @ 1 GHz");
	json_decref(machine);
	/* A hypervisor chooses this text; `report` reads it back only if it can be printed. */
	put_text_file(dir, "proc/cpuinfo", "model name\t: \033[2J\342\200\256CPU\377\n");
	machine = conditions_machine(&build, &conditions);
	assert_string_equal(
		json_string_value(json_object_get(machine, "cpu")), "\\x1b[2J\\u202eCPU\\xff");
	json_decref(machine);
	host_close(&host);
}

TEST(a_load_that_could_not_be_counted_is_a_caveat)
{
	const struct unit_dir *dir = *state;
	char buf[256];
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0");
	struct conditions conditions = ten_seconds(dir, &host, &plan, 0, 0);
	struct conditions_seen seen = {.has_used = true};
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	seen.used_usec = CGROUP_STAT_UNKNOWN;
	assert_string_equal(caveats(&conditions, &seen, buf), "load-unknown");
	/* CPU 2 has no line in /proc/stat. */
	plan.cpus = plan_on("0,2").cpus;
	host_close(&host);
	conditions = ten_seconds(dir, &host, &plan, 0, 0);
	seen.used_usec = 0;
	assert_string_equal(caveats(&conditions, &seen, buf), "load-unknown");
	host_close(&host);
}

TEST(an_inherited_affinity_is_one_caveat_for_all_containers)
{
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct run_plan plan = plan_on("0");
	struct conditions conditions = ten_seconds(dir, &host, &plan, 0, 0);
	struct attested attested = {.affinity = "container 'c' inherits it"};
	struct conditions_seen seen = {.attested = &attested};
	char buf[256];
	assert_string_equal(caveats(&conditions, &seen, buf), "");
	attested.affinity_count = 3;
	assert_string_equal(caveats(&conditions, &seen, buf), "affinity");
	struct json_build build = JSON_BUILD_NONE;
	_cleanup_json_ json_t *list = conditions_to_json(&build, &conditions, &seen);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "detail")),
		"container 'c' inherits it; and 2 more");
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(foreign_load_is_the_busy_time_that_the_crss_did_not_use),
		RUN_IN_DIR(steal_time_is_a_caveat),
		RUN_IN_DIR(swap_is_a_caveat_if_the_host_has_some_and_no_limit_holds),
		RUN_IN_DIR(a_core_shared_with_others_is_a_caveat),
		RUN_IN_DIR(a_pool_of_huge_pages_is_a_caveat_and_no_memory_of_the_machine),
		RUN_IN_DIR(a_run_that_shared_cpus_is_named),
		RUN_IN_DIR(what_the_kernel_does_not_report_is_a_caveat),
		RUN_IN_DIR(a_load_that_could_not_be_counted_is_a_caveat),
		RUN_IN_DIR(an_inherited_affinity_is_one_caveat_for_all_containers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
