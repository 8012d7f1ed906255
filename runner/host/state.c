/* SPDX-License-Identifier: MIT
 *
 * state: find the directory in the environment, make what is missing, and open it.
 */
#include "state.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* The user's directory from the environment, which the caller frees, or NULL. *ret_below is the
 * path from there to the directory of oss-crs. */
static char *state_dir(const char **ret_below)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	bool own = state && *state == '/';
	*ret_below = own ? "oss-crs" : ".local/state/oss-crs";
	if (!own && !(home && *home == '/'))
		return NULL;
	return asprintf(&path, "%s", own ? state : home) < 0 ? NULL : path;
}

/* Make each missing part of the directory `path` below dir. */
static int make_below(int dir, const char *path, struct error *err)
{
	char part[PATH_MAX];
	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] && path[i] != '/')
			continue;
		(void)snprintf(part, sizeof part, "%.*s", (int)i, path);
		if (mkdirat(dir, part, 0700) < 0 && errno != EEXIST)
			return fail(err, errno, "create %s", part);
	}
	return 0;
}

int state_open(const char *sub, bool make, char **ret_path, struct error *err)
{
	const char *own_part = NULL;
	_cleanup_free_ char *below = NULL;
	_cleanup_free_ char *base = state_dir(&own_part);
	if (!base)
		return fail(err, ENOENT,
			"no directory for reports: neither XDG_STATE_HOME nor HOME is an absolute "
			"path");
	if (asprintf(&below, "%s%s%s", own_part, sub ? "/" : "", sub ? sub : "") < 0)
		return fail(err, ENOMEM, "state");
	if (make && mkdir(base, 0700) < 0 && errno != EEXIST)
		return fail(err, errno, "create %s", base);
	_cleanup_close_ int dir = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(err, errno, "open %s", base);
	if (make && make_below(dir, below, err) < 0)
		return add_context(err, "%s", base);
	/* Follow symbolic links: it is the user who decides where the files are. */
	_cleanup_close_ int opened = openat(dir, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (opened < 0)
		return fail(err, errno, "open %s/%s", base, below);
	if (ret_path && asprintf(ret_path, "%s/%s", base, below) < 0)
		return fail(err, ENOMEM, "state");
	return steal_fd(&opened);
}
