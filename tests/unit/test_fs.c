/* SPDX-License-Identifier: MIT
 *
 * test_fs: no path leaves its directory, no read exceeds its bound, and no file is left half
 * replaced.
 */
#include "unit.h"

#include "fs.h"

#include <signal.h>
#include <sys/resource.h>

TEST(a_file_beneath_the_directory_opens_close_on_exec)
{
	int dir = unit_dir(state);
	make_dir(dir, "a");
	make_file(dir, "a/f", "x");
	struct error err = {0};
	_cleanup_close_ int fd = fs_open(dir, "a/f", O_RDONLY, 0, &err);
	assert_ok(fd, err);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(a_path_out_of_the_directory_is_refused)
{
	int dir = unit_dir(state);
	make_dir(dir, "a");
	static const char *const paths[] = {"..", "../x", "a/../../x", "/", "/etc"};
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct error err = {0};
		assert_errno(fs_open(dir, paths[i], O_PATH, 0, &err), EXDEV, err);
		assert_contains(err.msg, paths[i]);
	}
}

TEST(a_symbolic_link_is_refused_wherever_it_leads)
{
	int dir = unit_dir(state);
	make_dir(dir, "a");
	make_file(dir, "a/f", "x");
	assert_return_code(symlinkat("a", dir, "to-dir"), errno);
	assert_return_code(symlinkat("f", dir, "a/to-file"), errno);
	assert_return_code(symlinkat("/", dir, "to-root"), errno);
	static const char *const paths[] = {"to-dir/f", "a/to-file", "to-root/etc", "to-root"};
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct error err = {0};
		assert_errno(fs_open(dir, paths[i], O_RDONLY, 0, &err), ELOOP, err);
	}
}

TEST(a_file_as_large_as_the_bound_is_read_and_one_byte_more_is_refused)
{
	int dir = unit_dir(state);
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8192, 10000, 65536};
	_cleanup_free_ char *text = malloc(65536 + 1);
	assert_non_null(text);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		memset(text, 'x', sizes[i]);
		text[sizes[i]] = '\0';
		make_file(dir, "f", text);
		struct error err = {0};
		_cleanup_free_ char *got = NULL;
		size_t len = SIZE_MAX;
		assert_ok(fs_read(dir, "f", sizes[i], &got, &len, &err), err);
		assert_int_equal(len, sizes[i]);
		assert_string_equal(got, text);
		if (sizes[i] == 0)
			continue;
		char *none = NULL;
		assert_errno(fs_read(dir, "f", sizes[i] - 1, &none, &len, &err), EFBIG, err);
		assert_null(none);
		assert_int_equal(len, sizes[i]);
	}
}

TEST(a_file_far_below_the_bound_is_read_whole)
{
	int dir = unit_dir(state);
	make_file(dir, "f", "text");
	struct error err = {0};
	_cleanup_free_ char *got = NULL;
	assert_ok(fs_read(dir, "f", (size_t)64 << 20, &got, NULL, &err), err);
	assert_string_equal(got, "text");
}

TEST(nul_bytes_are_counted)
{
	int dir = unit_dir(state);
	struct error err = {0};
	assert_ok(fs_replace(dir, "f", "a\0b", 3, 0600, &err), err);
	_cleanup_free_ char *got = NULL;
	size_t len = 0;
	assert_ok(fs_read(dir, "f", 100, &got, &len, &err), err);
	assert_int_equal(len, 3);
	assert_memory_equal(got, "a\0b", 4);
}

TEST(an_open_descriptor_is_read_from_its_offset)
{
	int dir = unit_dir(state);
	make_file(dir, "f", "0123456789");
	struct error err = {0};
	_cleanup_close_ int fd = fs_open(dir, "f", O_RDONLY, 0, &err);
	assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
	_cleanup_free_ char *got = NULL;
	assert_ok(fs_read_fd(fd, "f", 3, &got, NULL, &err), err);
	assert_string_equal(got, "789");
}

TEST(an_attribute_loses_only_its_last_newline)
{
	static const struct {
		const char *file;
		const char *value;
	} table[] = {{"max\n", "max"}, {"max", "max"}, {"", ""}, {"\n", ""},
		{"a 1\nb 2\n", "a 1\nb 2"}, {"a\n\n", "a\n"}};
	int dir = unit_dir(state);
	for (size_t i = 0; i < COUNT(table); i++) {
		make_file(dir, "f", table[i].file);
		char buf[16] = "before";
		struct error err = {0};
		assert_ok(fs_read_attr(dir, "f", buf, sizeof buf, &err), err);
		assert_string_equal(buf, table[i].value);
	}
}

TEST(an_attribute_that_does_not_fit_is_an_error)
{
	int dir = unit_dir(state);
	char buf[8];
	struct error err = {0};
	make_file(dir, "f", "1234567");
	assert_ok(fs_read_attr(dir, "f", buf, sizeof buf, &err), err);
	assert_string_equal(buf, "1234567");
	make_file(dir, "f", "12345678");
	assert_errno(fs_read_attr(dir, "f", buf, sizeof buf, &err), EFBIG, err);
}

TEST(a_missing_file_is_named)
{
	int dir = unit_dir(state);
	struct error err = {0};
	char buf[8];
	char *text = NULL;
	assert_errno(fs_read_attr(dir, "none", buf, sizeof buf, &err), ENOENT, err);
	assert_string_equal(err.msg, "open none: No such file or directory");
	assert_errno(fs_read(dir, "none", 10, &text, NULL, &err), ENOENT, err);
	assert_null(text);
}

TEST(writing_an_attribute_creates_no_file)
{
	int dir = unit_dir(state);
	struct error err = {0};
	assert_errno(fs_write_attr(dir, "none", "1", &err), ENOENT, err);
	assert_false(exists(dir, "none"));
	make_file(dir, "f", "");
	assert_ok(fs_write_attr(dir, "f", "0-3", &err), err);
	assert_file(dir, "f", "0-3");
}

TEST(a_refused_write_is_reported_with_its_value)
{
	struct error err = {0};
	_cleanup_close_ int dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_errno(fs_write_attr(dev, "full", "4096", &err), ENOSPC, err);
	assert_string_equal(err.msg, "write '4096' to full: No space left on device");
}

static unsigned count_entries(int dir)
{
	_cleanup_closedir_ DIR *list =
		fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_non_null(list);
	unsigned count = 0;
	while (readdir(list))
		count++;
	return count - 2;
}

TEST(a_replaced_file_has_the_new_content_and_mode_whatever_the_umask)
{
	int dir = unit_dir(state);
	make_file(dir, "f", "a much longer old text");
	struct error err = {0};
	mode_t before = umask(0077);
	int result = fs_replace(dir, "f", "new", 3, 0644, &err);
	(void)umask(before);
	assert_ok(result, err);
	assert_file(dir, "f", "new");
	struct stat st;
	assert_return_code(fstatat(dir, "f", &st, 0), errno);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(count_entries(dir), 1);
}

TEST(an_open_descriptor_keeps_the_old_file)
{
	int dir = unit_dir(state);
	make_file(dir, "f", "old");
	struct error err = {0};
	_cleanup_close_ int old = fs_open(dir, "f", O_RDONLY, 0, &err);
	assert_ok(fs_replace(dir, "f", "new", 3, 0600, &err), err);
	_cleanup_free_ char *got = NULL;
	assert_ok(fs_read_fd(old, "f", 10, &got, NULL, &err), err);
	assert_string_equal(got, "old");
}

TEST(replacing_a_link_leaves_its_target)
{
	int dir = unit_dir(state);
	make_file(dir, "target", "old");
	assert_return_code(symlinkat("target", dir, "link"), errno);
	struct error err = {0};
	assert_ok(fs_replace(dir, "link", "new", 3, 0600, &err), err);
	assert_file(dir, "target", "old");
	assert_file(dir, "link", "new");
}

TEST(a_full_disk_leaves_only_the_old_file)
{
	int dir = unit_dir(state);
	make_file(dir, "f", "old");
	char data[100] = {0};
	struct error err = {0};
	/* A file size limit stands in for the full disk. With SIGXFSZ ignored, write(2) fails with
	 * EFBIG. */
	struct rlimit before;
	assert_return_code(getrlimit(RLIMIT_FSIZE, &before), errno);
	assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	const struct rlimit small = {.rlim_cur = 10, .rlim_max = before.rlim_max};
	assert_return_code(setrlimit(RLIMIT_FSIZE, &small), errno);
	int result = fs_replace(dir, "f", data, sizeof data, 0600, &err);
	(void)setrlimit(RLIMIT_FSIZE, &before);
	assert_errno(result, EFBIG, err);
	assert_file(dir, "f", "old");
	assert_int_equal(count_entries(dir), 1);
}

/* Fill buf with the path of a file in the test's directory, through its descriptor. */
static const char *path_in(int dir, const char *name, char *buf, size_t size)
{
	(void)snprintf(buf, size, "/proc/self/fd/%d/%s", dir, name);
	return buf;
}

TEST(a_file_that_is_replaced_by_its_path_keeps_its_mode_and_its_readers)
{
	int dir = unit_dir(state);
	char path[64];
	char before[8] = "";
	struct stat st;
	struct error err = {0};
	mode_t mask = umask(027);
	assert_ok(fs_replace_path(path_in(dir, "new", path, sizeof path), "1", 1, &err), err);
	(void)umask(mask);
	assert_return_code(fstatat(dir, "new", &st, 0), errno);
	assert_int_equal(st.st_mode & 0777, 0640);
	make_file(dir, "old", "before");
	assert_return_code(fchmodat(dir, "old", 0604, 0), errno);
	assert_return_code(symlinkat("old", dir, "link"), errno);
	_cleanup_close_ int reader = openat(dir, "old", O_RDONLY | O_CLOEXEC);
	assert_ok(fs_replace_path(path_in(dir, "link", path, sizeof path), "after", 5, &err), err);
	assert_int_equal(read(reader, before, sizeof before), 6);
	assert_file(dir, "old", "after");
	assert_return_code(fstatat(dir, "old", &st, 0), errno);
	assert_int_equal(st.st_mode & 0777, 0604);
	assert_return_code(fstatat(dir, "link", &st, AT_SYMLINK_NOFOLLOW), errno);
	assert_true(S_ISLNK(st.st_mode));
	/* A link that leads nowhere yet is one too. */
	assert_return_code(unlinkat(dir, "old", 0), errno);
	assert_ok(fs_replace_path(path_in(dir, "link", path, sizeof path), "again", 5, &err), err);
	assert_file(dir, "old", "again");
}

TEST(a_list_has_all_entries_and_one_that_cannot_be_read_on_is_an_error)
{
	int dir = unit_dir(state);
	struct error err = {0};
	const struct dirent *entry = NULL;
	int count = 0, more = 0;
	make_file(dir, "a", "");
	make_file(dir, ".b", "");
	_cleanup_closedir_ DIR *list = fs_list(dir, ".", &err);
	assert_non_null(list);
	while ((more = fs_next(list, &entry, &err)) > 0)
		count++;
	assert_int_equal(more, 0);
	assert_int_equal(count, 2);
	_cleanup_closedir_ DIR *other = fs_list(dir, ".", &err);
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_non_null(other);
	assert_return_code(dup3(null, dirfd(other), O_CLOEXEC), errno);
	assert_errno(fs_next(other, &entry, &err), ENOTDIR, err);
}

TEST(a_path_that_is_no_file_is_written_to_and_a_full_one_is_an_error)
{
	int ends[2];
	char path[64];
	char got[8] = "";
	struct error err = {0};
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
	assert_ok(fs_replace_path(path, "text", 4, &err), err);
	assert_int_equal(read(ends[0], got, sizeof got), 4);
	assert_string_equal(got, "text");
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_errno(fs_replace_path("/dev/full", "text", 4, &err), ENOSPC, err);
	assert_errno(fs_replace_path("/nonexistent/file", "text", 4, &err), ENOENT, err);
	assert_contains(err.msg, "/nonexistent/file");
}

TEST(a_directory_is_not_replaced)
{
	int dir = unit_dir(state);
	make_dir(dir, "d");
	struct error err = {0};
	assert_errno(fs_replace(dir, "d", "x", 1, 0600, &err), EISDIR, err);
	assert_int_equal(count_entries(dir), 1);
}

TEST(a_name_too_long_for_its_temporary_file_is_refused)
{
	int dir = unit_dir(state);
	char name[NAME_MAX + 1];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	struct error err = {0};
	assert_errno(fs_replace(dir, name, "x", 1, 0600, &err), ENAMETOOLONG, err);
	assert_int_equal(count_entries(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_file_beneath_the_directory_opens_close_on_exec),
		RUN_IN_DIR(a_path_out_of_the_directory_is_refused),
		RUN_IN_DIR(a_symbolic_link_is_refused_wherever_it_leads),
		RUN_IN_DIR(a_file_as_large_as_the_bound_is_read_and_one_byte_more_is_refused),
		RUN_IN_DIR(a_file_far_below_the_bound_is_read_whole),
		RUN_IN_DIR(nul_bytes_are_counted),
		RUN_IN_DIR(an_open_descriptor_is_read_from_its_offset),
		RUN_IN_DIR(an_attribute_loses_only_its_last_newline),
		RUN_IN_DIR(an_attribute_that_does_not_fit_is_an_error),
		RUN_IN_DIR(a_missing_file_is_named),
		RUN_IN_DIR(writing_an_attribute_creates_no_file),
		RUN(a_refused_write_is_reported_with_its_value),
		RUN_IN_DIR(a_replaced_file_has_the_new_content_and_mode_whatever_the_umask),
		RUN_IN_DIR(an_open_descriptor_keeps_the_old_file),
		RUN_IN_DIR(replacing_a_link_leaves_its_target),
		RUN_IN_DIR(a_full_disk_leaves_only_the_old_file),
		RUN_IN_DIR(a_file_that_is_replaced_by_its_path_keeps_its_mode_and_its_readers),
		RUN_IN_DIR(a_list_has_all_entries_and_one_that_cannot_be_read_on_is_an_error),
		RUN(a_path_that_is_no_file_is_written_to_and_a_full_one_is_an_error),
		RUN_IN_DIR(a_directory_is_not_replaced),
		RUN_IN_DIR(a_name_too_long_for_its_temporary_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
