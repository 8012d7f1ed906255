/* SPDX-License-Identifier: MIT
 *
 * fs: files beneath a directory descriptor. Every path is resolved by openat2(2) with RESOLVE_BENEATH,
 * RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, and every descriptor is close-on-exec.
 */
#ifndef OSS_CRS_FS_H
#define OSS_CRS_FS_H

#include "error.h"

#include <stddef.h>
#include <sys/types.h>

/* Open path beneath dir. flags and mode as in open(2); O_CLOEXEC is added. A path that leads out of dir fails with
 * EXDEV, one through a symbolic link with ELOOP. Returns a descriptor that the caller closes, or -1. */
int fs_open(int dir, const char *path, int flags, mode_t mode, struct error *err);

/* Read a whole file of at most max bytes, plus a NUL that is not counted. The caller frees *ret; ret_len may be
 * NULL. A larger file fails with EFBIG. */
int fs_read(int dir, const char *path, size_t max, char **ret, size_t *ret_len, struct error *err);

/* The same from a descriptor that is already open, from where it stands; name is for the message. */
int fs_read_fd(
	int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct error *err);

/* Read a small kernel file into buf, without its last newline. Fails with EFBIG if it does not fit. */
int fs_read_attr(int dir, const char *path, char *buf, size_t size, struct error *err);

/* Write value to an existing kernel file in one write(2), as cgroup v2 wants it. */
int fs_write_attr(int dir, const char *path, const char *value, struct error *err);

/* Put len bytes in the place of the file `name` in dir (one component, no slash): temporary file beside it, checked
 * writes, fsync of file and directory, rename(2). Whoever opens it sees the old or the new file, never a mixture. The
 * temporary file has a fixed name (".NAME.new"): one writer at a time, and the next one removes what a killed one left. */
int fs_replace(
	int dir, const char *name, const void *data, size_t len, mode_t mode, struct error *err);

/* Remove what a killed fs_replace() of `name` may have left; or that and the file itself, for good (fsync of the
 * directory). Nothing there is fine. */
int fs_sweep(int dir, const char *name, struct error *err);
int fs_remove(int dir, const char *name, struct error *err);

/* Hold a record lock (fcntl(2)) for writing on the whole of an open file, for as long as this process lives and closes
 * no descriptor of that file. Another holder: EAGAIN. */
int fs_lock(int fd, const char *name, struct error *err);

/* Whether another process holds one, without taking any: 1, 0, or -1 with an error. ret_pid is the holder, 0 if it is in
 * a PID namespace that cannot be seen from here. Never for a file that this process has locked itself. */
int fs_is_locked(int dir, const char *path, pid_t *ret_pid, struct error *err);

#endif
