/* SPDX-License-Identifier: MIT
 *
 * test_check_machine: what `check` reports of machines whose runs are hard to compare, and of plain
 * machines.
 */
#include "machines.h"

#include "check_parts.h"

#define TEXT_MAX 1024 /* the size of an error message */

typedef int machine_look(struct check_facts *facts, char *detail, struct error *err);

/* Run one finding on the machine in the test's directory, which stands for /. Returns what the
 * finding returns; `text` gets the detail or the error message, `hint` the hint of the error. */
static int look_at_machine(void **state, machine_look *look, char *text, char *hint)
{
	char detail[DETAIL_MAX] = "";
	struct error err = {0};
	struct context context = {.host = HOST_CLOSED};
	struct check_facts facts = {.context = &context};
	assert_ok(host_open_at(unit_dir(state), &context.host, &err), err);
	_cleanup_close_ int sys = openat(unit_dir(state), "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sys >= 0)
		facts.topology = topology_at(sys);
	int result = look(&facts, detail, &err);
	(void)snprintf(text, TEXT_MAX, "%s", result < 0 ? err.msg : detail);
	(void)snprintf(hint, sizeof err.hint, "%s", result < 0 ? err.hint : "");
	topology_free(&facts.topology);
	host_close(&context.host);
	return result;
}

static void assert_fine(void **state, machine_look *look, const char *expected)
{
	char text[TEXT_MAX];
	char hint[512];
	if (look_at_machine(state, look, text, hint) != 0)
		fail_test("%s", text);
	assert_string_equal(text, expected);
}

static void assert_advice(
	void **state, machine_look *look, const char *expected, const char *advice)
{
	char text[TEXT_MAX];
	char hint[512];
	assert_int_equal(look_at_machine(state, look, text, hint), -1);
	assert_string_equal(text, expected);
	assert_contains(hint, advice);
}

static void make_machine(void **state, struct machine machine)
{
	make_dir(unit_dir(state), "sys");
	_cleanup_close_ int sys = openat(unit_dir(state), "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	machine_write(sys, &machine);
}

TEST(a_plain_machine_needs_no_advice)
{
	make_machine(state, (struct machine){1, 1, 4, 1, false, 4});
	assert_fine(state, look_smt, "4 cores with one thread each");
	assert_fine(state, look_numa, "1 NUMA node");
	assert_fine(state, look_isolated, "no CPU is isolated");
	assert_fine(state, look_governor, "the clock speed of the CPUs is fixed");
}

TEST(threads_of_one_core_slow_each_other_down)
{
	make_machine(state, (struct machine){1, 1, 4, 2, true, 4});
	assert_advice(state, look_smt,
		"4 cores with up to 2 threads each, which slow each other down", "smt/control");
}

TEST(different_nodes_and_moving_pages_get_advice)
{
	make_machine(state, (struct machine){2, 1, 2, 1, false, 4});
	assert_fine(state, look_numa, "2 NUMA nodes, all alike");
	make_text(unit_dir(state), "1\n", "proc/sys/kernel/numa_balancing");
	assert_advice(state, look_numa, "the kernel moves memory between 2 NUMA nodes during a run",
		"kernel.numa_balancing=0");
	make_text(unit_dir(state), "0\n", "proc/sys/kernel/numa_balancing");
	assert_fine(state, look_numa, "2 NUMA nodes, all alike");
	make_text(unit_dir(state), "Node 1 MemTotal: 1048576 kB\n",
		"sys/devices/system/node/node1/meminfo");
	assert_advice(
		state, look_numa, "2 NUMA nodes with different CPUs or memory", "plan CONFIG");
}

TEST(a_memory_only_node_is_not_a_different_node)
{
	make_machine(state, (struct machine){2, 1, 2, 1, false, 4});
	make_text(unit_dir(state), "\n", "sys/devices/system/node/node2/cpulist");
	make_text(unit_dir(state), "Node 2 MemTotal: 1048576 kB\n",
		"sys/devices/system/node/node2/meminfo");
	assert_fine(state, look_numa, "3 NUMA nodes, all alike");
}

#define OURS "sys/fs/cgroup/user.slice/user-0.slice/user@0.service/oss-crs"

TEST(reserved_cpus_are_named_and_so_is_why_they_are_not_in_force)
{
	make_machine(state, (struct machine){1, 1, 4, 1, false, 4});
	static const char *const dirs[] = {"sys/fs", "sys/fs/cgroup", "sys/fs/cgroup/user.slice",
		"sys/fs/cgroup/user.slice/user-0.slice",
		"sys/fs/cgroup/user.slice/user-0.slice/user@0.service"};
	for (size_t i = 0; i < COUNT(dirs); i++)
		make_dir(unit_dir(state), dirs[i]);
	make_file(unit_dir(state), "sys/fs/cgroup/cgroup.controllers", "cpuset memory\n");
	assert_fine(state, look_reserved, "no CPUs are reserved for your runs");
	make_dir(unit_dir(state), OURS);
	assert_fine(state, look_reserved, "no CPUs are reserved for your runs");
	make_file(unit_dir(state), OURS "/cpuset.cpus.partition", "member\n");
	assert_fine(state, look_reserved, "no CPUs are reserved for your runs");
	make_file(unit_dir(state), OURS "/cpuset.cpus.partition", "root\n");
	make_file(unit_dir(state), OURS "/cpuset.cpus.exclusive.effective", "2-3\n");
	assert_fine(state, look_reserved, "CPUs 2-3 are reserved for your runs");
	make_file(unit_dir(state), OURS "/cpuset.cpus.partition",
		"root invalid (No cpu available due to hotplug)\n");
	assert_advice(state, look_reserved,
		"the CPUs that are reserved for your runs are not theirs alone: "
		"cpuset.cpus.partition of your oss-crs cgroup is "
		"'root invalid (No cpu available due to hotplug)'",
		"docs/exclusive.md");
}

TEST(isolated_cpus_are_named)
{
	make_machine(state, (struct machine){1, 1, 4, 1, false, 4});
	make_text(unit_dir(state), "2-3\n", "sys/devices/system/cpu/isolated");
	assert_advice(state, look_isolated,
		"CPUs 2-3 are isolated: the kernel does not balance load between them",
		"isolcpus=");
}

TEST(clocks_that_follow_the_load_get_advice)
{
	make_machine(state, (struct machine){1, 1, 2, 1, false, 4});
	make_text(unit_dir(state), "1\n", "sys/devices/system/cpu/cpufreq/boost");
	assert_fine(state, look_governor, "the clock speed of the CPUs is fixed");
	make_text(unit_dir(state), "performance\n",
		"sys/devices/system/cpu/cpufreq/policy0/scaling_governor");
	assert_fine(state, look_governor, "the CPU frequency governor is performance");
	make_text(unit_dir(state), "schedutil\n",
		"sys/devices/system/cpu/cpufreq/policy1/scaling_governor");
	assert_advice(state, look_governor,
		"the clock speed of the CPUs changes with load (governor schedutil)",
		"cpupower frequency-set -g performance");
}

TEST(turbo_that_is_on_gets_advice)
{
	make_machine(state, (struct machine){1, 1, 2, 1, false, 4});
	assert_fine(state, look_turbo, "the kernel offers no turbo");
	make_text(unit_dir(state), "1\n", "sys/devices/system/cpu/cpufreq/boost");
	assert_advice(state, look_turbo,
		"turbo is on: a core is faster while its neighbours are idle or cool",
		"echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
	make_text(unit_dir(state), "0\n", "sys/devices/system/cpu/cpufreq/boost");
	assert_fine(state, look_turbo, "turbo is off");
	make_text(unit_dir(state), "0\n", "sys/devices/system/cpu/intel_pstate/no_turbo");
	assert_advice(state, look_turbo,
		"turbo is on: a core is faster while its neighbours are idle or cool",
		"echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo");
	make_text(unit_dir(state), "1\n", "sys/devices/system/cpu/intel_pstate/no_turbo");
	assert_fine(state, look_turbo, "turbo is off");
}

TEST(huge_pages_for_every_program_get_advice)
{
	make_machine(state, (struct machine){1, 1, 2, 1, false, 4});
	assert_fine(state, look_thp, "this kernel makes no huge pages by itself");
	make_text(unit_dir(state), "always [madvise] never\n",
		"sys/kernel/mm/transparent_hugepage/enabled");
	assert_fine(state, look_thp, "huge pages only for programs that ask for them");
	make_text(unit_dir(state), "[always] madvise never\n",
		"sys/kernel/mm/transparent_hugepage/enabled");
	assert_advice(state, look_thp,
		"the kernel makes huge pages for every program, when it finds free ones",
		"echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled");
}

/* The file of where an interrupt goes is read; where a kernel does not have it, the one of where it
 * may go. One that is not in use goes nowhere. */
TEST(interrupts_beyond_the_first_core_get_advice)
{
	make_machine(state, (struct machine){1, 1, 4, 2, true, 4});
	make_text(unit_dir(state), "ff\n", "proc/irq/default_smp_affinity");
	make_text(unit_dir(state), "0-7\n", "proc/irq/9/smp_affinity_list");
	make_text(unit_dir(state), "4\n", "proc/irq/9/effective_affinity_list");
	make_text(unit_dir(state), "0-7\n", "proc/irq/10/smp_affinity_list");
	make_text(unit_dir(state), "\n", "proc/irq/10/effective_affinity_list");
	assert_fine(state, look_interrupts, "devices interrupt only the first core (CPUs 0,4)");
	make_text(unit_dir(state), "3\n", "proc/irq/24/effective_affinity_list");
	make_text(unit_dir(state), "0,5-6\n", "proc/irq/25/smp_affinity_list");
	assert_advice(state, look_interrupts, "devices interrupt CPUs 3,5-6, and what runs there",
		"smp_affinity_list");
}

TEST(on_a_machine_of_one_core_interrupts_have_no_other_place)
{
	make_machine(state, (struct machine){1, 1, 1, 1, false, 4});
	make_text(unit_dir(state), "0\n", "proc/irq/24/effective_affinity_list");
	assert_fine(state, look_interrupts, "devices interrupt only the first core (CPU 0)");
}

TEST(interrupts_that_cannot_be_read_are_unknown)
{
	char text[TEXT_MAX];
	char hint[512];
	make_machine(state, (struct machine){1, 1, 2, 1, false, 4});
	assert_int_equal(look_at_machine(state, look_interrupts, text, hint), 1);
	assert_string_equal(text, "cannot be read: open proc/irq: No such file or directory");
	make_text(unit_dir(state), "everywhere\n", "proc/irq/24/effective_affinity_list");
	assert_int_equal(look_at_machine(state, look_interrupts, text, hint), 1);
	assert_contains(text, "/proc/irq/24/effective_affinity_list");
}

/* comparable_require() on the machine in the test's directory. */
static int require_comparable(void **state, struct error *err)
{
	struct context context = {.host = HOST_CLOSED};
	assert_ok(host_open_at(unit_dir(state), &context.host, err), *err);
	_cleanup_close_ int sys = openat(unit_dir(state), "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(topology_free) struct topology topology = topology_at(sys);
	int result = comparable_require(&context, &topology, err);
	host_close(&context.host);
	return result;
}

TEST(a_strict_run_refuses_each_thing_that_makes_runs_differ)
{
	static const struct {
		const char *path, *bad, *good, *msg;
	} table[] = {
		{"sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave",
			"performance", "governor powersave"},
		{"sys/devices/system/cpu/intel_pstate/no_turbo", "0", "1", "turbo is on"},
		{"proc/sys/kernel/numa_balancing", "1", "0", "moves memory"},
		{"sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never",
			"always madvise [never]", "huge pages"},
	};
	make_machine(state, (struct machine){2, 1, 2, 1, false, 4});
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		assert_ok(require_comparable(state, &err), err);
		make_text(unit_dir(state), table[i].bad, "%s", table[i].path);
		assert_int_equal(require_comparable(state, &err), -1);
		assert_int_equal(err.status, EX_UNAVAILABLE);
		assert_contains(err.msg, "--strict-machine: ");
		assert_contains(err.msg, table[i].msg);
		assert_true(err.hint[0]);
		make_text(unit_dir(state), table[i].good, "%s", table[i].path);
	}
}

TEST(a_strict_run_refuses_what_cannot_be_read)
{
	struct error err = {0};
	make_machine(state, (struct machine){1, 1, 2, 1, false, 4});
	make_dir(unit_dir(state), "sys/devices/system/cpu/intel_pstate");
	make_dir(unit_dir(state), "sys/devices/system/cpu/intel_pstate/no_turbo");
	assert_int_equal(require_comparable(state, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "--strict-machine: turbo is unknown: ");
}

/* The line of a mount in /proc/PID/mountinfo. */
#define MOUNT(at, type, options) \
	"22 61 0:21 / " at " rw,nosuid shared:12 - " type " x rw" options "\n"

TEST(a_proc_that_hides_processes_is_named_with_its_mount_option)
{
	static const struct {
		const char *mounts, *expected;
	} table[] = {
		{MOUNT("/proc", "proc", ",gid=7,hidepid=invisible,x"),
			" (mounted with hidepid=invisible)"},
		{MOUNT("/proc", "proc", "") MOUNT("/proc", "proc", ",hidepid=2"),
			" (mounted with hidepid=2)"},
		{MOUNT("/proc", "proc", ",hidepid=1") MOUNT("/proc", "proc", ""), ""},
		{MOUNT("/proc/x", "proc", ",hidepid=2") MOUNT("/proc", "tmpfs", ",hidepid=2"), ""},
		{"\n \n - proc hidepid=4\n", ""},
	};
	char path[64];
	char text[256];
	make_text(unit_dir(state), "1 (init) S 0 1 1\n", "proc/1/stat");
	assert_fine(state, look_hidepid, "/proc shows the processes of all users");
	assert_return_code(unlinkat(unit_dir(state), "proc/1/stat", 0), errno);
	(void)snprintf(path, sizeof path, "proc/%d/mountinfo", (int)getpid());
	for (size_t i = 0; i < COUNT(table); i++) {
		make_text(unit_dir(state), table[i].mounts, "%s", path);
		(void)snprintf(text, sizeof text,
			"/proc hides the processes of other users%s, so Docker's containers cannot "
			"be attested",
			table[i].expected);
		assert_advice(state, look_hidepid, text, "remount,hidepid=0 /proc");
		assert_advice(state, look_hidepid, text, "gid=$(stat -c %g /var/run/docker.sock)");
	}
}

TEST(without_sysfs_the_answer_is_unknown)
{
	char text[TEXT_MAX];
	char hint[512];
	assert_int_equal(look_at_machine(state, look_smt, text, hint), 1);
	assert_string_equal(text, "cannot read /sys/devices/system/cpu");
	assert_int_equal(look_at_machine(state, look_numa, text, hint), 1);
	assert_int_equal(look_at_machine(state, look_isolated, text, hint), 1);
}

TEST(numa_balancing_that_cannot_be_read_is_unknown)
{
	struct error err = {0};
	make_machine(state, (struct machine){2, 1, 2, 1, false, 4});
	make_text(unit_dir(state), "x", "proc/sys/kernel/x");
	make_dir(unit_dir(state), "proc/sys/kernel/numa_balancing");
	assert_int_equal(require_comparable(state, &err), -1);
	assert_contains(err.msg, "numa_balancing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_plain_machine_needs_no_advice),
		RUN_IN_DIR(numa_balancing_that_cannot_be_read_is_unknown),
		RUN_IN_DIR(threads_of_one_core_slow_each_other_down),
		RUN_IN_DIR(different_nodes_and_moving_pages_get_advice),
		RUN_IN_DIR(a_memory_only_node_is_not_a_different_node),
		RUN_IN_DIR(reserved_cpus_are_named_and_so_is_why_they_are_not_in_force),
		RUN_IN_DIR(isolated_cpus_are_named),
		RUN_IN_DIR(clocks_that_follow_the_load_get_advice),
		RUN_IN_DIR(turbo_that_is_on_gets_advice),
		RUN_IN_DIR(huge_pages_for_every_program_get_advice),
		RUN_IN_DIR(interrupts_beyond_the_first_core_get_advice),
		RUN_IN_DIR(on_a_machine_of_one_core_interrupts_have_no_other_place),
		RUN_IN_DIR(interrupts_that_cannot_be_read_are_unknown),
		RUN_IN_DIR(a_strict_run_refuses_each_thing_that_makes_runs_differ),
		RUN_IN_DIR(a_strict_run_refuses_what_cannot_be_read),
		RUN_IN_DIR(a_proc_that_hides_processes_is_named_with_its_mount_option),
		RUN_IN_DIR(without_sysfs_the_answer_is_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
