/* SPDX-License-Identifier: MIT
 *
 * unit: what the unit tests share: cmocka, a directory per test, files in it, and assertions that
 * print the text of an error. A test is TEST(what_a_user_relies_on) { ... }; main() lists it with
 * RUN(), or with RUN_IN_DIR() if it needs a directory.
 */
#ifndef OSS_CRS_UNIT_H
#define OSS_CRS_UNIT_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* cmocka's fail() macro would hide fail() of error.h. Tests use fail_test() instead. */
#undef fail

#include "cleanup.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#define TEST(name)       static void name(void **state __attribute__((unused)))
#define RUN(test)        cmocka_unit_test(test)
#define RUN_IN_DIR(test) cmocka_unit_test_setup_teardown(test, unit_dir_make, unit_dir_remove)
#define COUNT(array)     (sizeof(array) / sizeof((array)[0]))

/* End the test with a message. _fail() does not return, but its declaration does not say so:
 * abort() tells the compiler. */
#define fail_test(...)                     \
	do {                               \
		print_error(__VA_ARGS__);  \
		print_error("\n");         \
		_fail(__FILE__, __LINE__); \
		abort();                   \
	} while (0)

/* The call must succeed; if it does not, the test fails with the message of the error. */
#define assert_ok(call, err)                                          \
	do {                                                          \
		if ((call) < 0)                                       \
			fail_test("%s failed: %s", #call, (err).msg); \
	} while (0)

/* The call must fail with this errno value. */
#define assert_errno(call, errnum, err)                                                       \
	do {                                                                                  \
		if ((call) >= 0)                                                              \
			fail_test("%s did not fail", #call);                                  \
		if ((err).code != (errnum))                                                   \
			fail_test("%s: expected %s, got: %s", #call, strerrorname_np(errnum), \
				(err).msg);                                                   \
	} while (0)

/* The text must contain this part. */
#define assert_contains(text, part)                                           \
	do {                                                                  \
		if (!strstr((text), (part)))                                  \
			fail_test("'%s' does not have '%s'", (text), (part)); \
	} while (0)

struct unit_dir {
	char path[64];
	int fd; /* O_PATH, as in the programs */
};

static inline int unit_dir_make(void **state)
{
	_cleanup_free_ struct unit_dir *dir = calloc(1, sizeof *dir);
	if (!dir)
		return -1;
	(void)snprintf(dir->path, sizeof dir->path, "%s/oss-crs-unit-XXXXXX", P_tmpdir);
	if (!mkdtemp(dir->path))
		return -1;
	dir->fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = steal_ptr(dir);
	return 0;
}

static inline int unit_remove_entry(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int unit_dir_remove(void **state)
{
	_cleanup_free_ struct unit_dir *dir = *state;
	(void)close(dir->fd);
	return nftw(dir->path, unit_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The O_PATH descriptor of the test's directory, which unit_dir_remove() closes. */
static inline int unit_dir(void **state)
{
	const struct unit_dir *dir = *state;
	return dir->fd;
}

static inline void make_dir(int dir, const char *name)
{
	assert_return_code(mkdirat(dir, name, 0755), errno);
}

static inline void make_file(int dir, const char *name, const char *text)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline void assert_file(int dir, const char *name, const char *text)
{
	char is[4096] = "";
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	assert_true(read(fd, is, sizeof is - 1) >= 0);
	assert_string_equal(is, text);
}

static inline int exists(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The next number of a reproducible sequence (splitmix64), for tests on random data. The caller
 * sets the seed once; each call advances it. */
static inline uint64_t unit_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

#endif
