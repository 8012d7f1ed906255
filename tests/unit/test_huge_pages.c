/* SPDX-License-Identifier: MIT
 *
 * test_huge_pages: where the controller hugetlb is delegated, no CRS may have a huge page.
 * Directories stand for cgroups (cgroupfs.h).
 */
#include "cgroupfs.h"
#include "unit.h"

#include "huge_pages.h"

static const char *const limits[] = {
	"hugetlb.1GB.max", "hugetlb.1GB.rsvd.max", "hugetlb.2MB.max", "hugetlb.2MB.rsvd.max"};

/* The oss-crs cgroup, with these controllers, and a run with the CRSs a and b. Returns what
 * huge_pages_forbid() returns. */
static int forbid(
	int dir, const char *controllers, size_t sizes, struct huge_pages *ret, struct error *err)
{
	char path[64];
	static struct plan_crs crs[] = {{.name = "a"}, {.name = "b"}};
	const struct run_plan plan = {.crs = crs, .crs_count = COUNT(crs)};
	make_file(dir, "cgroup.controllers", controllers);
	make_file(dir, "cgroup.subtree_control", "cpuset memory\n");
	assert_return_code(mkdirat(dir, "run", 0755), errno);
	_cleanup_close_ int worker = openat(dir, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(crs); i++) {
		assert_return_code(mkdirat(worker, crs[i].name, 0755), errno);
		for (size_t j = 0; j < sizes; j++) {
			(void)snprintf(path, sizeof path, "%s/%s", crs[i].name, limits[j]);
			make_file(worker, path, "max\n");
		}
		(void)snprintf(path, sizeof path, "%s/hugetlb.2MB.current", crs[i].name);
		make_file(worker, path, "0\n");
	}
	*ret = (struct huge_pages){.count = 0};
	return huge_pages_forbid(dir, worker, &plan, ret, err);
}

TEST(each_crs_gets_no_huge_page_of_any_size)
{
	struct huge_pages pages;
	struct error err = {0};
	char path[64];
	int dir = unit_dir(state);
	assert_ok(forbid(dir, "cpuset hugetlb memory\n", COUNT(limits), &pages, &err), err);
	assert_int_equal(pages.count, COUNT(limits));
	assert_file(dir, "cgroup.subtree_control", "hugetlb");
	assert_file(dir, "run/cgroup.subtree_control", "hugetlb");
	for (size_t i = 0; i < COUNT(limits); i++) {
		(void)snprintf(path, sizeof path, "run/a/%s", limits[i]);
		assert_file(dir, path, HUGE_PAGES_MAX);
		path[4] = 'b';
		assert_file(dir, path, HUGE_PAGES_MAX);
	}
}

TEST(without_the_controller_nothing_is_written_and_nothing_is_claimed)
{
	struct huge_pages pages;
	struct error err = {0};
	int dir = unit_dir(state);
	assert_ok(forbid(dir, "cpuset memory\n", 1, &pages, &err), err);
	assert_int_equal(pages.count, 0);
	assert_file(dir, "cgroup.subtree_control", "cpuset memory\n");
	assert_file(dir, "run/a/hugetlb.1GB.max", "max\n");
}

TEST(a_limit_that_cannot_be_written_is_an_error)
{
	struct huge_pages pages;
	struct error err = {0};
	int dir = unit_dir(state);
	assert_ok(forbid(dir, "cpuset hugetlb memory\n", 0, &pages, &err), err);
	assert_int_equal(pages.count, 0);
	_cleanup_close_ int worker = openat(dir, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file(worker, "a/hugetlb.2MB.max", "max\n");
	static struct plan_crs crs[] = {{.name = "a"}, {.name = "b"}};
	const struct run_plan plan = {.crs = crs, .crs_count = COUNT(crs)};
	assert_int_equal(huge_pages_forbid(dir, worker, &plan, &pages, &err), -1);
	assert_contains(err.msg, "b/hugetlb.2MB.max");
	assert_int_equal(pages.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(each_crs_gets_no_huge_page_of_any_size),
		RUN_IN_DIR(without_the_controller_nothing_is_written_and_nothing_is_claimed),
		RUN_IN_DIR(a_limit_that_cannot_be_written_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
