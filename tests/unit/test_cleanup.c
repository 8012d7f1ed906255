/* SPDX-License-Identifier: MIT
 *
 * test_cleanup: a scope releases what it owns when it ends, but not what was stolen from it. The
 * leak check of the Debug build shows that memory is freed.
 */
#include "unit.h"

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int open_something(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

TEST(a_descriptor_is_closed_at_the_end_of_its_scope)
{
	int seen = -1;
	{
		_cleanup_close_ int fd = open_something();
		seen = fd;
		assert_true(is_open(seen));
	}
	assert_false(is_open(seen));
}

static int return_early(int *seen)
{
	_cleanup_close_ int fd = open_something();
	*seen = fd;
	if (fd >= 0)
		return fd;
	return -1;
}

TEST(an_early_return_closes_too)
{
	int seen = -1;
	(void)return_early(&seen);
	assert_false(is_open(seen));
}

TEST(a_stolen_descriptor_stays_open)
{
	int taken = -1;
	{
		_cleanup_close_ int fd = open_something();
		taken = steal_fd(&fd);
		assert_int_equal(fd, -1);
	}
	assert_true(is_open(taken));
	(void)close(taken);
}

/* cleanup_close() must not call close(-1), which would set errno to EBADF. */
TEST(a_descriptor_that_was_never_opened_is_left_alone)
{
	errno = 0;
	{
		_cleanup_close_ int fd = -1;
		(void)fd;
	}
	assert_int_equal(errno, 0);
}

TEST(memory_is_freed_and_null_is_ignored)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *none = NULL;
	assert_true(asprintf(&text, "freed by the scope") > 0);
	assert_null(none);
}

TEST(stolen_memory_is_not_freed)
{
	char *taken = NULL;
	{
		_cleanup_free_ char *text = strdup("handed over");
		taken = steal_ptr(text);
		assert_null(text);
	}
	assert_string_equal(taken, "handed over");
	free(taken);
}

TEST(a_directory_stream_is_closed_with_its_descriptor)
{
	int seen = -1;
	{
		_cleanup_closedir_ DIR *none = NULL;
		_cleanup_closedir_ DIR *dir = opendir("/");
		assert_null(none);
		assert_non_null(dir);
		seen = dirfd(dir);
	}
	assert_false(is_open(seen));
}

TEST(a_stream_is_flushed_and_closed)
{
	int dir = unit_dir(state);
	int fd = openat(dir, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_return_code(fd, errno);
	{
		_cleanup_fclose_ FILE *none = NULL;
		_cleanup_fclose_ FILE *file = fdopen(fd, "w");
		assert_null(none);
		assert_non_null(file);
		assert_true(fputs("text", file) >= 0);
	}
	assert_false(is_open(fd));
	assert_file(dir, "f", "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_descriptor_is_closed_at_the_end_of_its_scope),
		RUN(an_early_return_closes_too),
		RUN(a_stolen_descriptor_stays_open),
		RUN(a_descriptor_that_was_never_opened_is_left_alone),
		RUN(memory_is_freed_and_null_is_ignored),
		RUN(stolen_memory_is_not_freed),
		RUN(a_directory_stream_is_closed_with_its_descriptor),
		RUN_IN_DIR(a_stream_is_flushed_and_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
