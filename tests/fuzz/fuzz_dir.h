/* SPDX-License-Identifier: MIT
 *
 * fuzz_dir: a directory that stands for the root of a host, for parsers that open their files
 * themselves. The input is the contents of some files, one after the other.
 */
#ifndef OSS_CRS_FUZZ_DIR_H
#define OSS_CRS_FUZZ_DIR_H

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>

#define FUZZ_PART_END '|' /* between the contents of two files in an input */

/* The path of the directory; empty before fuzz_dir(). */
static char fuzz_path[64];

static inline int fuzz_remove_entry(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void fuzz_remove_dir(void)
{
	(void)nftw(fuzz_path, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Open the directory, which the first call makes. It goes with the process. */
static inline int fuzz_dir(void)
{
	static int fd = -1;
	if (fd >= 0)
		return fd;
	/* In memory, where there is such a file system. */
	(void)snprintf(fuzz_path, sizeof fuzz_path, "%s/oss-crs-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir);
	CHECK(mkdtemp(fuzz_path) && atexit(fuzz_remove_dir) == 0);
	fd = open(fuzz_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* Make the directories that a path leads through, once. */
static inline void fuzz_make_dirs(const char *path)
{
	char dirs[256];
	if (faccessat(fuzz_dir(), path, F_OK, 0) == 0)
		return;
	CHECK(snprintf(dirs, sizeof dirs, "%s", path) < (int)sizeof dirs);
	for (char *slash = strchr(dirs, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		CHECK(mkdirat(fuzz_dir(), dirs, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

/* Write a file, whose directory exists. */
static inline void fuzz_put(const char *path, const void *data, size_t size)
{
	_cleanup_close_ int fd =
		openat(fuzz_dir(), path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

/* Take the first part off the input. Returns its beginning; the part that is missing is empty. */
static inline const uint8_t *fuzz_take(const uint8_t **data, size_t *size, size_t *ret_len)
{
	const uint8_t *part = *data;
	const uint8_t *end = *size ? memchr(part, FUZZ_PART_END, *size) : NULL;
	*ret_len = end ? (size_t)(end - part) : *size;
	*data += *ret_len + (end != NULL);
	*size -= *ret_len + (end != NULL);
	return part;
}

/* Write the parts of the input to these files (NULL-terminated), one each; what has no part is
 * removed. */
static inline void fuzz_put_parts(const char *const *paths, const uint8_t *data, size_t size)
{
	for (; *paths; paths++) {
		size_t len = 0;
		bool any = size > 0;
		const uint8_t *part = fuzz_take(&data, &size, &len);
		if (any)
			fuzz_put(*paths, part, len);
		else
			CHECK(unlinkat(fuzz_dir(), *paths, 0) == 0 || errno == ENOENT);
	}
}

/* Check that an error has text that is safe to print and an exit status. */
static inline void check_any_error(const struct error *err)
{
	check_error(err, err->status);
	CHECK(err->status > 0);
}

#endif
