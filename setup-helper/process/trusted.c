/* SPDX-License-Identifier: MIT
 *
 * trusted: the checks of type, owner, mode and link count. Each refusal says how to look at the
 * file and how to mend it.
 */
#include "trusted.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static int check_owner(const struct stat *st, const char *name, struct error *err)
{
	if (st->st_uid != 0) {
		(void)fail_as(err, EX_CONFIG, "%s is owned by user %u, not by root", name,
			(unsigned)st->st_uid);
		return add_hint(err, "check its contents, then: chown root:root %s", name);
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		(void)fail_as(err, EX_CONFIG, "%s is writable by users other than root (mode %04o)",
			name, (unsigned)(st->st_mode & 07777));
		return add_hint(err, "check its contents, then: chmod go-w %s", name);
	}
	return 0;
}

int trusted_file(int fd, const char *name, mode_t *ret_mode, struct error *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat %s", name);
	if (!S_ISREG(st.st_mode)) {
		(void)fail_as(err, EX_CONFIG, "%s is not a regular file", name);
		return add_hint(err, "see what it is: ls -ld %s", name);
	}
	if (check_owner(&st, name, err) < 0)
		return -1;
	if (st.st_nlink != 1) {
		(void)fail_as(
			err, EX_CONFIG, "%s has %lu hard links", name, (unsigned long)st.st_nlink);
		return add_hint(err,
			"find the others, then make it a file of its own: find / -xdev -samefile "
			"%s",
			name);
	}
	if (ret_mode)
		*ret_mode = st.st_mode & 0777;
	return 0;
}

int trusted_whole_file(int fd, const char *name, mode_t *ret_mode, struct error *err)
{
	struct stat st;
	if (trusted_file(fd, name, ret_mode, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat %s", name);
	if (st.st_gid == 0 && fgetxattr(fd, "system.posix_acl_access", NULL, 0) <= 0)
		return 0;
	(void)fail_as(
		err, EX_CONFIG, "%s has a group or an ACL, which a new file would not have", name);
	return add_hint(err, "chgrp root %s; setfacl -b %s", name, name);
}

int trusted_directory(int fd, const char *name, struct error *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat %s", name);
	if (!S_ISDIR(st.st_mode))
		return fail_as(err, EX_CONFIG, "%s is not a directory", name);
	return check_owner(&st, name, err);
}
