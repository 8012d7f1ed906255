/* SPDX-License-Identifier: MIT
 *
 * fs: files beneath a directory descriptor. openat2(2) resolves every path with RESOLVE_BENEATH,
 * RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, and every descriptor is close-on-exec. Where
 * openat2(2) does not exist (ENOSYS), the path is opened component by component to the same effect.
 *
 * Functions that return an int return 0, or -1 with an error whose code is an errno value, unless
 * their comment says otherwise.
 */
#ifndef OSS_CRS_FS_H
#define OSS_CRS_FS_H

#include "error.h"

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

/* Open path beneath dir. flags and mode are those of open(2); O_CLOEXEC is added. A path that
 * leads out of dir fails with EXDEV, a path through a symbolic link with ELOOP. Returns a
 * descriptor that the caller closes, or -1. */
int fs_open(int dir, const char *path, int flags, mode_t mode, struct error *err);

/* List the directory at path beneath dir. Returns a list that the caller closes (closedir(3)), or
 * NULL with an error. */
DIR *fs_list(int dir, const char *path, struct error *err);

/* Take the next entry of a list, other than "." and "..", which is valid until the next call.
 * Returns 1, 0 at the end, or -1 with an error, when the rest is unknown. */
int fs_next(DIR *list, const struct dirent **ret, struct error *err);

/* Read a whole file of at most max bytes and add a NUL, which *ret_len does not count. The caller
 * frees *ret. ret_len may be NULL. A larger file fails with EFBIG. */
int fs_read(int dir, const char *path, size_t max, char **ret, size_t *ret_len, struct error *err);

/* The same for an open descriptor, from its current position. `name` names the file in
 * messages. */
int fs_read_fd(
	int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct error *err);

/* Read a small kernel file into buf, without its last newline. Fails with EFBIG if it does not
 * fit. */
int fs_read_attr(int dir, const char *path, char *buf, size_t size, struct error *err);

/* Write value to an existing kernel file in one write(2), as cgroup v2 requires. */
int fs_write_attr(int dir, const char *path, const char *value, struct error *err);

/* Replace the file `name` in dir (one component, no slash) by one with these len bytes and this
 * mode, or create it. Writes a temporary file in the same directory, syncs it, renames it and
 * syncs the directory, so that a reader finds the old file or the new one, never a mixture. The
 * temporary file has a fixed name (".NAME.new"): only one process may write at a time, and the
 * next one removes the temporary file that a killed one left behind. */
int fs_replace(
	int dir, const char *name, const void *data, size_t len, mode_t mode, struct error *err);

/* The same for the file at a path, whose mode stays; a new file has what the umask allows of 0666.
 * A symbolic link is followed. What is not a regular file, such as a pipe or /dev/stdout, is
 * written to. */
int fs_replace_path(const char *path, const void *data, size_t len, struct error *err);

/* fs_sweep() removes the temporary file that a killed fs_replace() of `name` may have left.
 * fs_remove() removes that and the file itself, and syncs the directory. A file that does not
 * exist is not an error. */
int fs_sweep(int dir, const char *name, struct error *err);
int fs_remove(int dir, const char *name, struct error *err);

/* Take a record lock (fcntl(2)) for writing on the whole of an open file. The kernel drops it when
 * this process ends or closes any descriptor of that file. Fails with EAGAIN if another process
 * holds a lock. */
int fs_lock(int fd, const char *name, struct error *err);

/* The same, and wait for the lock. */
int fs_lock_wait(int fd, const char *name, struct error *err);

/* Whether another process holds such a lock; takes no lock. Returns 1, 0, or -1 with an error.
 * *ret_pid is the holder's PID, or 0 if the holder is in a PID namespace that this process cannot
 * see. Do not call it for a file that this process has locked: closing the descriptor would drop
 * the lock. */
int fs_is_locked(int dir, const char *path, pid_t *ret_pid, struct error *err);

#endif
