/* SPDX-License-Identifier: MIT
 *
 * test_trials: the trial of the selftest that asks for other CPUs, on machines that have more than
 * this one. The others need a CRS, and are tried in tests/lab.
 */
#include "unit.h"

#include "cpulist.h"
#include "fs.h"
#include "trials.h"

/* Run the trial on a machine whose online CPUs are those of this process and, unless it is NULL,
 * one more. */
static int try_cpus_beside(void **state, const char *more)
{
	static const char key[] = "\nCpus_allowed_list:\t";
	_cleanup_free_ char *status = NULL;
	_cleanup_(host_close) struct host host = HOST_CLOSED;
	struct error err = {0};
	char online[CPULIST_TEXT_MAX];
	int dir = unit_dir(state);
	_cleanup_close_ int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	assert_ok(fs_read_fd(fd, "status", 65536, &status, NULL, &err), err);
	const char *allowed = strstr(status, key);
	assert_non_null(allowed);
	allowed += sizeof key - 1;
	(void)snprintf(online, sizeof online, "%.*s%s%s\n", (int)strcspn(allowed, "\n"), allowed,
		more ? "," : "", more ? more : "");
	make_dir(dir, "sys");
	make_dir(dir, "sys/devices");
	make_dir(dir, "sys/devices/system");
	make_dir(dir, "sys/devices/system/cpu");
	make_file(dir, "sys/devices/system/cpu/online", online);
	assert_ok(host_open_at(dir, &host, &err), err);
	int result = trial_find("cpus")->run(&host, &err);
	if (result < 0)
		fail_test("%s", err.msg);
	return result;
}

TEST(a_machine_without_other_cpus_skips_the_trial)
{
	assert_int_equal(try_cpus_beside(state, NULL), TRIAL_SKIPPED);
}

TEST(cpus_above_1023_are_asked_for)
{
	assert_int_equal(try_cpus_beside(state, "8191"), TRIAL_HELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_machine_without_other_cpus_skips_the_trial),
		RUN_IN_DIR(cpus_above_1023_are_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
