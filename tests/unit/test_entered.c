/* SPDX-License-Identifier: MIT
 *
 * test_entered: in which CRSs no process ever was, from the CPU time of their cgroups.
 */
#include "planned.h"

#include "entered.h"

/* The CPU time of the run, and of its CRSs `a` and `b`; NULL: there is no such file. */
static void put_usage(int dir, const char *worker, const char *a, const char *b)
{
	static const char *const paths[] = {
		"worker/cpu.stat", "worker/a/cpu.stat", "worker/b/cpu.stat"};
	const char *const values[] = {worker, a, b};
	for (size_t i = 0; i < COUNT(paths); i++) {
		char text[64];
		assert_true(unlinkat(dir, paths[i], 0) == 0 || errno == ENOENT);
		if (!values[i])
			continue;
		(void)snprintf(text, sizeof text, "usage_usec %s\nuser_usec 0\n", values[i]);
		make_file(dir, paths[i], text);
	}
}

TEST(a_crs_whose_cgroup_used_no_time_was_never_entered)
{
	static const struct {
		const char *worker, *a, *b, *said;
	} table[] = {
		{"9", "5", "4", ""},
		{"5", "5", "0", "no process was ever in the cgroup of CRS 'b'"},
		{"0", NULL, NULL, "no process was ever in the cgroup of CRS 'a', 'b'"},
		/* Of what cannot be read, nothing is known. */
		{"5", "5", NULL, "whether any process was in the cgroup of each CRS is unknown: "},
		{"x", "5", "5", "whether any process was in the cgroup of each CRS is unknown: "},
	};
	int dir = unit_dir(state);
	struct fixture fixture;
	char text[ENTERED_TEXT_MAX];
	make_fixture(dir, &fixture);
	for (size_t i = 0; i < COUNT(table); i++) {
		put_usage(dir, table[i].worker, table[i].a, table[i].b);
		(void)entered_describe(&fixture.tree, text);
		assert_memory_equal(text, table[i].said, strlen(table[i].said));
		assert_int_equal(!*text, !*table[i].said);
	}
	free_fixture(dir, &fixture);
}

TEST(many_crs_are_named_in_part)
{
	static struct plan_crs crs[5];
	static char names[5][JOB_NAME_MAX + 1];
	for (size_t i = 0; i < COUNT(crs); i++) {
		memset(names[i], 'a' + (int)i, JOB_NAME_MAX);
		crs[i].name = names[i];
	}
	int dir = unit_dir(state);
	struct run_plan plan = {.crs = crs, .crs_count = COUNT(crs)};
	char text[ENTERED_TEXT_MAX];
	make_file(dir, "cpu.stat", "usage_usec 0\n");
	const struct cg_tree tree = {.plan = &plan, .worker = dir};
	(void)entered_describe(&tree, text);
	assert_contains(text, names[2]);
	assert_null(strstr(text, names[3]));
	assert_contains(text, " and 2 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_crs_whose_cgroup_used_no_time_was_never_entered),
		RUN_IN_DIR(many_crs_are_named_in_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
