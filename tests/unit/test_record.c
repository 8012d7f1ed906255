/* SPDX-License-Identifier: MIT
 *
 * test_record: a sample has the current content of the files, which are read through descriptors
 * that stay open. Samples are taken no more often than they are due.
 */
#include "unit.h"

#include "record.h"
#include "runs.h"

#include <poll.h>
#include <sys/resource.h>

static void put_crs(const struct unit_dir *dir, const char *name, const char *usage)
{
	const char *const files[][2] = {{"cpu.stat", usage}, {"memory.current", "4096\n"},
		{"memory.events", "oom_kill 0\n"}};
	char path[PATH_MAX];
	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", name, files[i][0]);
		put_text_file(dir, path, files[i][1]);
	}
}

static struct plan_crs crs[2] = {{.name = "a"}, {.name = "b"}};
static const struct run_plan plan = {.crs = crs, .crs_count = 2};

TEST(a_sample_has_the_current_content_of_the_files)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct record *record = NULL;
	struct cg_tree tree = {.plan = &plan, .worker = dir->fd};
	put_crs(dir, "a", "usage_usec 1000000\n");
	put_crs(dir, "b", "usage_usec 7\n");
	assert_ok(record_open(&tree, &record, &err), err);
	put_text_file(dir, "a/cpu.stat", "usage_usec 3000000\n");
	assert_int_equal(unlinkat(dir->fd, "b/cpu.stat", 0), 0);
	/* Wait for the timer, which expires after one second. */
	struct launch_source source = record_source(record);
	struct pollfd fd = {.fd = source.fd, .events = source.events};
	assert_int_equal(poll(&fd, 1, 10000), 1);
	assert_int_equal(source.ready(source.data, &err), 0);
	const struct series *series = record_series(record);
	assert_int_equal(series->count, 2);
	assert_true(series->times[1] - series->times[0] >= 900000);
	assert_int_equal(series_of(series, 0, SERIES_CPU)[0], 1000000);
	assert_int_equal(series_of(series, 0, SERIES_CPU)[1], 3000000);
	assert_int_equal(series_of(series, 1, SERIES_CPU)[1], 7);
	assert_true(series_of(series, 0, SERIES_IO_STALLED)[1] == CGROUP_STAT_UNKNOWN);
	/* The next sample is not due yet. */
	assert_int_equal(poll(&fd, 1, 0), 0);
	record_close(record);
}

TEST(a_low_limit_of_open_files_is_an_error_that_says_how_many_are_needed)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct record *record = NULL;
	struct rlimit before;
	struct cg_tree tree = {.plan = &plan, .worker = dir->fd};
	put_crs(dir, "a", "usage_usec 1\n");
	put_crs(dir, "b", "usage_usec 1\n");
	_cleanup_close_ int next = dup(dir->fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	struct rlimit few = {.rlim_cur = (rlim_t)next + 5, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int result = record_open(&tree, &record, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.hint, "ulimit -n 140");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_sample_has_the_current_content_of_the_files),
		RUN_IN_DIR(a_low_limit_of_open_files_is_an_error_that_says_how_many_are_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
