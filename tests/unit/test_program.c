/* SPDX-License-Identifier: MIT
 *
 * test_program: what counts as an installed program, and which directories of PATH are searched.
 */
#include "unit.h"

#include "program.h"

/* Search for "tool" in a PATH that has the test's directory for each "%". */
static char *find_tool(void **state, const char *path)
{
	const struct unit_dir *dir = *state;
	char whole[1024] = "";
	for (const char *p = path; *p; p++) {
		size_t used = strlen(whole);
		(void)snprintf(whole + used, sizeof whole - used, "%.*s",
			*p == '%' ? (int)strlen(dir->path) : 1, *p == '%' ? dir->path : p);
	}
	assert_return_code(setenv("PATH", whole, 1), errno);
	return program_find("tool");
}

static void make_tool(int dir, const char *name, mode_t mode)
{
	make_file(dir, name, "#!/bin/sh\n");
	assert_return_code(fchmodat(dir, name, mode, 0), errno);
}

TEST(only_an_executable_file_is_a_program)
{
	int dir = unit_dir(state);
	make_dir(dir, "dir");
	make_dir(dir, "dir/tool");
	make_dir(dir, "plain");
	make_tool(dir, "plain/tool", 0644);
	make_dir(dir, "bin");
	make_tool(dir, "bin/tool", 0755);
	make_dir(dir, "link");
	assert_return_code(symlinkat("../bin/tool", dir, "link/tool"), errno);

	_cleanup_free_ char *directory = find_tool(state, "%/dir");
	_cleanup_free_ char *plain = find_tool(state, "%/plain");
	_cleanup_free_ char *missing = find_tool(state, "%/none:/dev/null");
	assert_null(directory);
	assert_null(plain);
	assert_null(missing);
	_cleanup_free_ char *found = find_tool(state, "%/dir:%/plain:%/bin:%/link");
	assert_non_null(found);
	assert_contains(found, "/bin/tool");
	_cleanup_free_ char *linked = find_tool(state, "%/link");
	assert_non_null(linked);
}

/* An empty part is the current directory to execvp(3), and must never be the root directory. */
TEST(an_empty_part_of_PATH_names_no_directory)
{
	const struct unit_dir *dir = *state;
	char before[PATH_MAX];
	char below_root[PATH_MAX];
	(void)snprintf(below_root, sizeof below_root, "%s/tool", dir->path + 1);
	make_tool(dir->fd, "tool", 0755);
	assert_non_null(getcwd(before, sizeof before));
	assert_return_code(chdir(dir->path), errno);
	_cleanup_free_ char *empty = find_tool(state, "");
	_cleanup_free_ char *first = find_tool(state, ":/none");
	_cleanup_free_ char *last = find_tool(state, "/none:");
	/* An executable file, as seen from the root directory. */
	assert_return_code(setenv("PATH", ":", 1), errno);
	_cleanup_free_ char *root = program_find(below_root);
	_cleanup_free_ char *later = find_tool(state, "::%");
	assert_return_code(chdir(before), errno);
	assert_null(empty);
	assert_null(first);
	assert_null(last);
	assert_null(root);
	assert_non_null(later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(only_an_executable_file_is_a_program),
		RUN_IN_DIR(an_empty_part_of_PATH_names_no_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
