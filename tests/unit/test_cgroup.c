/* SPDX-License-Identifier: MIT
 *
 * test_cgroup: parsing of the kernel's text formats, and which files are written. An ordinary
 * directory stands for the cgroup. What takes a real kernel (kill, limits, controllers) is tested
 * in the virtual machine of tests/lab.
 */
#include "unit.h"

#include "cgroup.h"

#include <sys/inotify.h>
#include <sys/resource.h>

TEST(the_manager_of_a_user_is_where_systemd_puts_it)
{
	static const struct {
		uid_t uid;
		const char *path;
	} table[] = {
		{0, "user.slice/user-0.slice/user@0.service"},
		{1000, "user.slice/user-1000.slice/user@1000.service"},
		{4294967294, "user.slice/user-4294967294.slice/user@4294967294.service"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char buf[CGROUP_PATH_MAX];
		struct error err = {0};
		assert_ok(cgroup_user_path(table[i].uid, buf, sizeof buf, &err), err);
		assert_string_equal(buf, table[i].path);
		assert_ok(
			cgroup_user_path(table[i].uid, buf, strlen(table[i].path) + 1, &err), err);
		assert_errno(cgroup_user_path(table[i].uid, buf, strlen(table[i].path), &err),
			ENAMETOOLONG, err);
	}
}

TEST(a_controller_matches_only_by_its_whole_name)
{
	static const struct {
		const char *list;
		const char *wanted;
		bool has;
	} table[] = {
		{"cpuset cpu io memory pids", "cpuset memory", true},
		{"cpuset cpu io memory pids", "memory cpuset", true},
		{"cpuset cpu io memory pids", "pids", true},
		{"cpuset cpu\n", "cpu", true},
		{"cpuset memory", "cpu", false},
		{"cpu memory", "cpuset", false},
		{"cpuset", "cpuset memory", false},
		{"", "cpu", false},
		{"cpu", "", true},
		{"", "", true},
		{" cpu  memory ", "  memory ", true},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		if (cgroup_has(table[i].list, table[i].wanted) != table[i].has)
			fail_test("'%s' in '%s': expected %d", table[i].wanted, table[i].list,
				table[i].has);
}

static const char events[] =
	"low 0\nhigh 12\nmax 3\noom 0\noom_kill 2\noom_group_kill 18446744073709551615\n";

TEST(a_key_matches_only_whole_and_at_the_start_of_a_line)
{
	static const struct {
		const char *key;
		uint64_t value;
	} table[] = {{"low", 0}, {"high", 12}, {"oom", 0}, {"oom_kill", 2},
		{"oom_group_kill", UINT64_MAX}};
	for (size_t i = 0; i < COUNT(table); i++) {
		uint64_t value = 77;
		assert_int_equal(cgroup_find_key(events, table[i].key, &value), 0);
		assert_int_equal(value, table[i].value);
	}
	static const char *const missing[] = {"kill", "oo", "ow", "12", "high 12", ""};
	for (size_t i = 0; i < COUNT(missing); i++) {
		uint64_t value = 77;
		assert_int_equal(cgroup_find_key(events, missing[i], &value), -1);
		assert_int_equal(value, 77);
	}
}

TEST(a_value_that_is_no_number_is_not_found)
{
	static const char *const texts[] = {"", "\n", "oom", "oom ", "oom max\n", "oom -1\n",
		"oom +1\n", "oom 1x\n", "oom  1\n", "oom 18446744073709551616\n", "\noom\n"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		uint64_t value = 77;
		if (cgroup_find_key(texts[i], "oom", &value) != -1 || value != 77)
			fail_test("found in '%s'", texts[i]);
	}
	uint64_t value = 0;
	assert_int_equal(cgroup_find_key("\n\na 1\n\noom 5", "oom", &value), 0);
	assert_int_equal(value, 5);
}

TEST(max_reads_as_unlimited_and_is_written_as_max)
{
	int dir = unit_dir(state);
	make_dir(dir, "c");
	make_file(dir, "c/memory.max", "max\n");
	struct error err = {0};
	uint64_t value = 0;
	assert_ok(cgroup_get_u64(dir, "c", "memory.max", &value, &err), err);
	assert_true(value == CGROUP_UNLIMITED);
	make_file(dir, "c/memory.max", "");
	assert_ok(cgroup_set_u64(dir, "c", "memory.max", CGROUP_UNLIMITED, &err), err);
	assert_file(dir, "c/memory.max", "max");
}

TEST(a_number_is_written_and_read_back)
{
	int dir = unit_dir(state);
	make_file(dir, "memory.max", "");
	struct error err = {0};
	uint64_t value = 0;
	assert_ok(cgroup_set_u64(dir, ".", "memory.max", 4294967296, &err), err);
	assert_file(dir, "memory.max", "4294967296");
	assert_ok(cgroup_get_u64(dir, ".", "memory.max", &value, &err), err);
	assert_int_equal(value, 4294967296);
}

TEST(a_file_without_a_number_is_reported_with_its_content)
{
	int dir = unit_dir(state);
	make_file(dir, "memory.max", "lots\n");
	struct error err = {0};
	uint64_t value = 77;
	assert_errno(cgroup_get_u64(dir, ".", "memory.max", &value, &err), EINVAL, err);
	assert_string_equal(err.msg, "'lots' in ./memory.max: Invalid argument");
	assert_int_equal(value, 77);
}

TEST(a_missing_key_is_reported_with_its_file)
{
	int dir = unit_dir(state);
	make_file(dir, "memory.events", events);
	struct error err = {0};
	uint64_t value = 77;
	assert_errno(cgroup_get_key(dir, ".", "memory.events", "swap", &value, &err), ENODATA, err);
	assert_string_equal(err.msg, "swap in ./memory.events: No data available");
	assert_int_equal(value, 77);
	assert_ok(cgroup_get_key(dir, ".", "memory.events", "oom_kill", &value, &err), err);
	assert_int_equal(value, 2);
	assert_errno(cgroup_get_key(dir, ".", "none", "oom_kill", &value, &err), ENOENT, err);
}

TEST(only_the_missing_controllers_are_enabled)
{
	static const struct {
		const char *enabled;
		const char *wanted;
		const char *written;
	} table[] = {
		{"", "cpuset memory", "+cpuset +memory"},
		{"cpu\n", "cpuset memory", "+cpuset +memory"},
		{"cpuset\n", "cpuset memory", "+memory"},
		{"cpu\n", "cpu pids", "+pids"},
	};
	int dir = unit_dir(state);
	for (size_t i = 0; i < COUNT(table); i++) {
		make_file(dir, "cgroup.subtree_control", table[i].enabled);
		struct error err = {0};
		assert_ok(cgroup_enable(dir, ".", table[i].wanted, &err), err);
		/* The kernel takes each write as one operation; an ordinary file is overwritten
		 * from its start. */
		assert_file(dir, "cgroup.subtree_control", table[i].written);
	}
}

TEST(controllers_that_are_all_enabled_are_not_written)
{
	int dir = unit_dir(state);
	make_file(dir, "cgroup.subtree_control", "cpuset cpu memory\n");
	char path[128];
	(void)snprintf(path, sizeof path, "%s/cgroup.subtree_control",
		((const struct unit_dir *)*state)->path);
	_cleanup_close_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	assert_return_code(inotify_add_watch(watch, path, IN_CLOSE_WRITE), errno);
	struct error err = {0};
	assert_ok(cgroup_enable(dir, ".", "memory cpuset", &err), err);
	/* The file is not even opened for writing. */
	char event[256];
	assert_int_equal(read(watch, event, sizeof event), -1);
	assert_int_equal(errno, EAGAIN);
	assert_file(dir, "cgroup.subtree_control", "cpuset cpu memory\n");
}

TEST(too_many_controllers_write_nothing)
{
	int dir = unit_dir(state);
	make_file(dir, "cgroup.subtree_control", "cpu\n");
	char wanted[601];
	for (size_t i = 0; i < sizeof wanted - 1; i++)
		wanted[i] = i % 4 == 3 ? ' ' : 'x';
	wanted[sizeof wanted - 1] = '\0';
	struct error err = {0};
	assert_errno(cgroup_enable(dir, ".", wanted, &err), E2BIG, err);
	assert_file(dir, "cgroup.subtree_control", "cpu\n");
}

TEST(a_cgroup_is_made_only_once)
{
	int dir = unit_dir(state);
	struct error err = {0};
	assert_ok(cgroup_make(dir, "job", &err), err);
	_cleanup_close_ int fd = cgroup_open(dir, "job", &err);
	assert_ok(fd, err);
	assert_errno(cgroup_make(dir, "job", &err), EEXIST, err);
	assert_errno(cgroup_make(dir, "none/job", &err), ENOENT, err);
}

TEST(a_file_or_a_link_is_not_opened_as_a_cgroup)
{
	int dir = unit_dir(state);
	make_file(dir, "f", "");
	assert_return_code(symlinkat(".", dir, "link"), errno);
	struct error err = {0};
	assert_errno(cgroup_open(dir, "f", &err), ENOTDIR, err);
	assert_errno(cgroup_open(dir, "link", &err), ELOOP, err);
	assert_errno(cgroup_open(dir, "..", &err), EXDEV, err);
}

TEST(an_empty_cgroup_needs_no_waiting)
{
	int dir = unit_dir(state);
	make_file(dir, "cgroup.events", "populated 0\nfrozen 0\n");
	struct error err = {0};
	assert_ok(cgroup_wait_empty(dir, ".", 0, &err), err);
}

TEST(waiting_for_a_populated_cgroup_times_out)
{
	int dir = unit_dir(state);
	make_file(dir, "cgroup.events", "populated 1\nfrozen 0\n");
	struct error err = {0};
	assert_errno(cgroup_wait_empty(dir, ".", 5, &err), ETIME, err);
	make_file(dir, "cgroup.events", "frozen 0\n");
	assert_errno(cgroup_wait_empty(dir, ".", 5, &err), ENODATA, err);
}

TEST(killing_writes_to_the_kill_file)
{
	int dir = unit_dir(state);
	make_file(dir, "cgroup.kill", "");
	struct error err = {0};
	assert_ok(cgroup_kill(dir, ".", &err), err);
	assert_file(dir, "cgroup.kill", "1");
}

TEST(a_cgroup_is_removed_with_its_descendants_but_not_its_siblings)
{
	int dir = unit_dir(state);
	static const char *const made[] = {
		"job", "job/a", "job/a/x", "job/a/y", "job/a/y/z", "job/b", "other", "other/c"};
	for (size_t i = 0; i < COUNT(made); i++)
		make_dir(dir, made[i]);
	struct error err = {0};
	assert_ok(cgroup_remove(dir, "job", &err), err);
	assert_false(exists(dir, "job"));
	assert_true(exists(dir, "other/c"));
}

/* Make a tree of that many levels, each with a leaf and a name of 100 bytes, below "job". */
static void make_deep_tree(int dir, int levels)
{
	char name[101];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	make_dir(dir, "job");
	_cleanup_close_ int at = openat(dir, "job", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < levels; i++) {
		make_dir(at, "leaf");
		make_dir(at, name);
		int below = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_return_code(below, errno);
		(void)close(at);
		at = below;
	}
}

TEST(a_tree_of_any_depth_is_removed_with_few_descriptors)
{
	int dir = unit_dir(state);
	struct rlimit before = {0};
	make_deep_tree(dir, 1100);
	assert_return_code(getrlimit(RLIMIT_NOFILE, &before), errno);
	struct rlimit few = {.rlim_cur = 16, .rlim_max = before.rlim_max};
	assert_return_code(setrlimit(RLIMIT_NOFILE, &few), errno);
	struct error err = {0};
	int result = cgroup_remove(dir, "job", &err);
	assert_return_code(setrlimit(RLIMIT_NOFILE, &before), errno);
	assert_ok(result, err);
	assert_false(exists(dir, "job"));
}

TEST(removing_a_missing_cgroup_succeeds)
{
	struct error err = {0};
	assert_ok(cgroup_remove(unit_dir(state), "none", &err), err);
}

TEST(a_cgroup_that_cannot_be_removed_is_named)
{
	int dir = unit_dir(state);
	make_dir(dir, "job");
	make_dir(dir, "job/a");
	make_dir(dir, "job/a/busy");
	make_file(dir, "job/a/busy/f", "");
	struct error err = {0};
	assert_errno(cgroup_remove(dir, "job", &err), ENOTEMPTY, err);
	assert_contains(err.msg, "busy");
	assert_true(exists(dir, "job/a/busy/f"));
}

TEST(a_link_among_the_children_is_not_followed)
{
	int dir = unit_dir(state);
	make_dir(dir, "job");
	make_dir(dir, "job/a");
	make_dir(dir, "other");
	make_dir(dir, "other/kept");
	assert_return_code(symlinkat("../other", dir, "job/link"), errno);
	struct error err = {0};
	assert_errno(cgroup_remove(dir, "job", &err), ENOTEMPTY, err);
	assert_true(exists(dir, "other/kept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_manager_of_a_user_is_where_systemd_puts_it),
		RUN(a_controller_matches_only_by_its_whole_name),
		RUN(a_key_matches_only_whole_and_at_the_start_of_a_line),
		RUN(a_value_that_is_no_number_is_not_found),
		RUN_IN_DIR(max_reads_as_unlimited_and_is_written_as_max),
		RUN_IN_DIR(a_number_is_written_and_read_back),
		RUN_IN_DIR(a_file_without_a_number_is_reported_with_its_content),
		RUN_IN_DIR(a_missing_key_is_reported_with_its_file),
		RUN_IN_DIR(only_the_missing_controllers_are_enabled),
		RUN_IN_DIR(controllers_that_are_all_enabled_are_not_written),
		RUN_IN_DIR(too_many_controllers_write_nothing),
		RUN_IN_DIR(a_cgroup_is_made_only_once),
		RUN_IN_DIR(a_file_or_a_link_is_not_opened_as_a_cgroup),
		RUN_IN_DIR(an_empty_cgroup_needs_no_waiting),
		RUN_IN_DIR(waiting_for_a_populated_cgroup_times_out),
		RUN_IN_DIR(killing_writes_to_the_kill_file),
		RUN_IN_DIR(a_cgroup_is_removed_with_its_descendants_but_not_its_siblings),
		RUN_IN_DIR(a_tree_of_any_depth_is_removed_with_few_descriptors),
		RUN_IN_DIR(removing_a_missing_cgroup_succeeds),
		RUN_IN_DIR(a_cgroup_that_cannot_be_removed_is_named),
		RUN_IN_DIR(a_link_among_the_children_is_not_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
