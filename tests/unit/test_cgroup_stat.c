/* SPDX-License-Identifier: MIT
 *
 * test_cgroup_stat: a figure is what its file says, and a file that does not parse or does not fit
 * gives no figure. The files imitate those of the kernel.
 */
#include "unit.h"

#include "cgroup_stat.h"

#define WANTED                                                                 \
	(1U << CGROUP_STAT_CPU_STAT | 1U << CGROUP_STAT_CPU_PRESSURE |         \
		1U << CGROUP_STAT_MEMORY_PEAK | 1U << CGROUP_STAT_MEMORY_MAX | \
		1U << CGROUP_STAT_CPUS_EFFECTIVE)

static void put_files(int dir)
{
	make_file(dir, "cpu.stat", "usage_usec 7\nuser_usec 1\n");
	make_file(dir, "cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\n");
	make_file(dir, "memory.peak", "4096\n");
	make_file(dir, "memory.max", "max\n");
	make_file(dir, "cpuset.cpus.effective", "0-3\n");
}

TEST(figures_are_those_of_the_files)
{
	struct cgroup_stat figures = {0};
	struct error err = {0};
	put_files(unit_dir(state));
	assert_ok(cgroup_stat_read(unit_dir(state), "x", WANTED, &figures, &err), err);
	assert_int_equal(figures.cpu_usec, 7);
	assert_true(figures.throttled_usec == CGROUP_STAT_UNKNOWN);
	assert_int_equal(figures.pressure[PRESSURE_CPU].stalled_usec, 9);
	assert_int_equal(figures.pressure[PRESSURE_CPU].avg10, 150);
	assert_int_equal(figures.memory_peak, 4096);
	assert_true(figures.memory_max == CGROUP_UNLIMITED);
	assert_int_equal(cpulist_count(&figures.cpus_effective), 4);
}

/* As with psi=0 on the kernel command line, or a kernel without PSI. */
TEST(without_psi_the_pressures_are_unknown_and_all_else_is_known)
{
	struct cgroup_stat figures = {0};
	struct error err = {0};
	int fds[CGROUP_STAT_SAMPLED];
	put_files(unit_dir(state));
	make_file(unit_dir(state), "memory.current", "8192\n");
	make_file(unit_dir(state), "memory.events", "oom_kill 1\n");
	assert_return_code(unlinkat(unit_dir(state), "cpu.pressure", 0), errno);
	assert_ok(cgroup_stat_read(unit_dir(state), "x", WANTED, &figures, &err), err);
	assert_true(figures.pressure[PRESSURE_CPU].stalled_usec == CGROUP_STAT_UNKNOWN);
	assert_int_equal(figures.cpu_usec, 7);
	assert_ok(cgroup_stat_open(unit_dir(state), ".", fds, &err), err);
	assert_ok(cgroup_stat_sample(fds, &figures, &err), err);
	for (size_t i = 0; i < PRESSURE_KINDS; i++)
		assert_true(figures.pressure[i].stalled_usec == CGROUP_STAT_UNKNOWN);
	assert_int_equal(figures.memory_current, 8192);
	assert_int_equal(figures.oom_kills, 1);
	for (size_t i = 0; i < CGROUP_STAT_SAMPLED; i++)
		assert_true(fds[i] < 0 || close(fds[i]) == 0);
}

TEST(a_kernel_without_memory_peak_gives_every_other_figure)
{
	struct cgroup_stat figures = {0};
	struct error err = {0};
	put_files(unit_dir(state));
	assert_return_code(unlinkat(unit_dir(state), "memory.peak", 0), errno);
	assert_ok(cgroup_stat_read(unit_dir(state), "x", WANTED, &figures, &err), err);
	assert_true(figures.memory_peak == CGROUP_STAT_UNKNOWN);
	assert_int_equal(figures.cpu_usec, 7);
	assert_int_equal(figures.pressure[PRESSURE_CPU].stalled_usec, 9);
}

TEST(a_file_that_does_not_parse_gives_no_figure)
{
	static const char *const table[][2] = {
		{"cpu.stat", ""},
		{"cpu.stat", "usage_usec\n"},
		{"cpu.stat", "usage_usec many\n"},
		{"cpu.pressure", "some avg10=1.50\n"},
		{"cpu.pressure", "some avg10=150.00 avg60=0.00 avg300=0.00 total=9\n"},
		{"cpu.pressure", "some avg10=100.01 avg60=0.00 avg300=0.00 total=9\n"},
		{"cpu.pressure", "some avg10=0.-1 avg60=0.00 avg300=0.00 total=9\n"},
		{"cpu.pressure", "some avg10=-1.00 avg60=0.00 avg300=0.00 total=9\n"},
		{"cpu.pressure", "some avg10=1.5 avg60=0.00 avg300=0.00 total=9\n"},
		{"memory.peak", ""},
		{"memory.peak", "-1\n"},
		{"memory.peak", "4096 bytes\n"},
		{"memory.peak", "99999999999999999999\n"},
		{"memory.max", "maximum\n"},
		{"cpuset.cpus.effective", "0-\n"},
	};
	struct cgroup_stat figures = {0};
	struct error err = {0};
	for (size_t i = 0; i < COUNT(table); i++) {
		put_files(unit_dir(state));
		make_file(unit_dir(state), table[i][0], table[i][1]);
		assert_errno(cgroup_stat_read(unit_dir(state), "x", WANTED, &figures, &err), EINVAL,
			err);
		assert_contains(err.msg, table[i][0]);
	}
}

/* A list that is cut off in the middle would still be a list. */
TEST(a_file_that_does_not_fit_gives_no_figure)
{
	struct cgroup_stat figures = {0};
	struct error err = {0};
	int dir = unit_dir(state);
	put_files(dir);
	_cleanup_close_ int fd = openat(dir, "cpuset.cpus.effective", O_WRONLY | O_CLOEXEC);
	for (unsigned i = 0; i <= CPULIST_TEXT_MAX / 5; i++)
		assert_int_equal(write(fd, "1000,", 5), 5);
	assert_errno(cgroup_stat_read(dir, "x", WANTED, &figures, &err), EFBIG, err);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN_IN_DIR(figures_are_those_of_the_files),
		RUN_IN_DIR(without_psi_the_pressures_are_unknown_and_all_else_is_known),
		RUN_IN_DIR(a_kernel_without_memory_peak_gives_every_other_figure),
		RUN_IN_DIR(a_file_that_does_not_parse_gives_no_figure),
		RUN_IN_DIR(a_file_that_does_not_fit_gives_no_figure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
