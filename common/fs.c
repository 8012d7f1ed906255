/* SPDX-License-Identifier: MIT
 *
 * fs: open, read, write, replace, remove and lock files beneath a directory descriptor.
 *
 * The kernel's small files are read and written with one call each, because a read or write of a
 * cgroup file is an operation and not part of a stream. Other files are replaced whole, through a
 * temporary file and rename(2).
 */
#include "fs.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Open one component of a path, and fail with ELOOP if it is a link: openat(2) opens the link
 * itself with O_PATH, and fails with ENOTDIR with O_DIRECTORY. */
static int open_component(int dir, const char *name, int flags, mode_t mode)
{
	if (strcmp(name, "..") == 0) {
		errno = EXDEV;
		return -1;
	}
	_cleanup_close_ int fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	int errnum = fd < 0 ? errno : 0;
	struct stat st;
	if (errnum == ENOTDIR && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISLNK(st.st_mode))
		errnum = ELOOP;
	if (errnum == 0 && flags & O_PATH && (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode)))
		errnum = ELOOP;
	errno = errnum;
	return errnum == 0 ? steal_fd(&fd) : -1;
}

/* Open a path beneath a directory without openat2(2): component by component. */
static int open_by_components(int dir, const char *path, int flags, mode_t mode)
{
	_cleanup_close_ int above = -1;
	if (*path == '/' || *path == '\0') {
		errno = *path ? EXDEV : ENOENT;
		return -1;
	}
	for (;;) {
		char name[NAME_MAX + 1];
		size_t len = strcspn(path, "/");
		if (len >= sizeof name) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		bool last = path[strspn(path, "/")] == '\0';
		int in = above < 0 ? dir : above;
		int fd = open_component(in, name, last ? flags : O_PATH, mode);
		if (fd < 0 || last)
			return fd;
		path += strspn(path, "/");
		cleanup_close(&above);
		above = fd;
	}
}

int fs_open(int dir, const char *path, int flags, mode_t mode, struct error *err)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
	if (fd < 0 && errno == ENOSYS)
		fd = open_by_components(dir, path, flags, mode);
	return fd >= 0 ? fd : fail(err, errno, "open %s", path);
}

DIR *fs_list(int dir, const char *path, struct error *err)
{
	_cleanup_close_ int fd = fs_open(dir, path, O_RDONLY | O_DIRECTORY, 0, err);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	if (list)
		(void)steal_fd(&fd);
	else if (fd >= 0)
		(void)fail(err, errno, "list %s", path);
	return list;
}

int fs_next(DIR *list, const struct dirent **ret, struct error *err)
{
	do {
		errno = 0;
		*ret = readdir(list);
	} while (*ret && (strcmp((*ret)->d_name, ".") == 0 || strcmp((*ret)->d_name, "..") == 0));
	if (*ret)
		return 1;
	return errno ? fail(err, errno, "read a directory") : 0;
}

int fs_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct error *err)
{
	size_t size = max < 4096 ? max + 1 : 4096;
	size_t len = 0;
	_cleanup_free_ char *buf = malloc(size + 1);
	if (!buf)
		return fail(err, ENOMEM, "read %s", name);
	for (;;) {
		ssize_t n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, errno, "read %s", name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return fail(err, EFBIG, "read %s", name);
		if (len < size)
			continue;
		size = size > max / 2 ? max + 1 : size * 2;
		char *larger = realloc(buf, size + 1);
		if (!larger)
			return fail(err, ENOMEM, "read %s", name);
		buf = larger;
	}
	buf[len] = '\0';
	if (ret_len)
		*ret_len = len;
	*ret = steal_ptr(buf);
	return 0;
}

int fs_read(int dir, const char *path, size_t max, char **ret, size_t *ret_len, struct error *err)
{
	_cleanup_close_ int fd = fs_open(dir, path, O_RDONLY, 0, err);
	if (fd < 0)
		return -1;
	return fs_read_fd(fd, path, max, ret, ret_len, err);
}

int fs_read_attr(int dir, const char *path, char *buf, size_t size, struct error *err)
{
	_cleanup_close_ int fd = fs_open(dir, path, O_RDONLY, 0, err);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, buf, size);
	if (n < 0)
		return fail(err, errno, "read %s", path);
	if ((size_t)n == size)
		return fail(err, EFBIG, "read %s", path);
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return 0;
}

int fs_write_attr(int dir, const char *path, const char *value, struct error *err)
{
	_cleanup_close_ int fd = fs_open(dir, path, O_WRONLY, 0, err);
	if (fd < 0)
		return -1;
	size_t len = strlen(value);
	ssize_t n = write(fd, value, len);
	if (n < 0)
		return fail(err, errno, "write '%s' to %s", value, path);
	if ((size_t)n != len)
		return fail(err, EIO, "write '%s' to %s", value, path);
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int fill_and_sync(int fd, const void *data, size_t len, mode_t mode)
{
	if (write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -1;
	return 0;
}

/* The temporary file for `name`. Its name is fixed, so that the next writer finds what an
 * interrupted one left behind. */
static int temporary_name(const char *name, char *buf, size_t size, struct error *err)
{
	int n = snprintf(buf, size, ".%s.new", name);
	return n > 0 && (size_t)n < size ? 0 : fail(err, ENAMETOOLONG, "write %s", name);
}

/* fsync(2) fails on an O_PATH descriptor, so open the directory again, through dir. */
static int sync_directory(int dir, const char *name, struct error *err)
{
	_cleanup_close_ int fd = fs_open(dir, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return -1;
	return fsync(fd) < 0 ? fail(err, errno, "sync the directory of %s", name) : 0;
}

int fs_sweep(int dir, const char *name, struct error *err)
{
	char temp[NAME_MAX + 1];
	if (temporary_name(name, temp, sizeof temp, err) < 0)
		return -1;
	if (unlinkat(dir, temp, 0) < 0 && errno != ENOENT)
		return fail(err, errno, "remove %s", temp);
	return 0;
}

int fs_replace(
	int dir, const char *name, const void *data, size_t len, mode_t mode, struct error *err)
{
	char temp[NAME_MAX + 1];
	if (temporary_name(name, temp, sizeof temp, err) < 0 || fs_sweep(dir, name, err) < 0)
		return -1;
	_cleanup_close_ int fd = fs_open(dir, temp, O_WRONLY | O_CREAT | O_EXCL, 0600, err);
	if (fd < 0)
		return -1;
	if (fill_and_sync(fd, data, len, mode) < 0 || renameat(dir, temp, dir, name) < 0) {
		int errnum = errno;
		(void)unlinkat(dir, temp, 0);
		return fail(err, errnum, "write %s", name);
	}
	return sync_directory(dir, name, err);
}

static int write_in_place(const char *path, const void *data, size_t len, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd < 0 || write_all(fd, data, len) < 0 ? fail(err, errno, "write %s", path) : 0;
}

int fs_replace_path(const char *path, const void *data, size_t len, struct error *err)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	/* A link that leads nowhere yet is followed too. */
	if (exists ? !S_ISREG(st.st_mode) : lstat(path, &st) == 0)
		return write_in_place(path, data, len, err);
	_cleanup_free_ char *target = exists ? realpath(path, NULL) : strdup(path);
	if (!target)
		return fail(err, errno, "write %s", path);
	char *slash = strrchr(target, '/');
	const char *name = slash ? slash + 1 : target;
	if (!*name)
		return fail(err, EISDIR, "write %s", path);
	/* The directory's name without the file's; "/" stays. */
	_cleanup_free_ char *parent =
		slash ? strndup(target, slash == target ? 1 : (size_t)(slash - target))
		      : strdup(".");
	if (!parent)
		return fail(err, ENOMEM, "write %s", path);
	_cleanup_close_ int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(err, errno, "write %s", path);
	mode_t mask = umask(0);
	(void)umask(mask);
	mode_t mode = exists ? st.st_mode & 0777 : 0666 & ~mask;
	return fs_replace(dir, name, data, len, mode, err) < 0 ? add_context(err, "%s", parent) : 0;
}

int fs_remove(int dir, const char *name, struct error *err)
{
	if (fs_sweep(dir, name, err) < 0)
		return -1;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return fail(err, errno, "remove %s", name);
	return sync_directory(dir, name, err);
}

int fs_lock(int fd, const char *name, struct error *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return fcntl(fd, F_SETLK, &whole) < 0 ? fail(err, errno, "lock %s", name) : 0;
}

int fs_lock_wait(int fd, const char *name, struct error *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	while (fcntl(fd, F_SETLKW, &whole) < 0)
		if (errno != EINTR)
			return fail(err, errno, "lock %s", name);
	return 0;
}

int fs_is_locked(int dir, const char *path, pid_t *ret_pid, struct error *err)
{
	_cleanup_close_ int fd = fs_open(dir, path, O_RDONLY, 0, err);
	if (fd < 0)
		return -1;
	struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_GETLK, &whole) < 0)
		return fail(err, errno, "ask for the lock of %s", path);
	if (whole.l_type == F_UNLCK)
		return 0;
	*ret_pid = whole.l_pid;
	return 1;
}
