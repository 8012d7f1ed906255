/* SPDX-License-Identifier: MIT
 *
 * runconf: read the two files as INI. The one section is [defaults], and its keys are the long
 * names of options; options_default() checks and sets each.
 */
#include "runconf.h"

#include "cleanup.h"
#include "conf.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>

#define SYSTEM_FILE "/etc/oss-crs/run.conf"

struct target {
	unsigned command;
	struct options *options;
};

static int set_default(
	void *data, const char *section, const char *name, const char *value, struct error *err)
{
	const struct target *target = data;
	if (strcmp(section, "defaults") != 0) {
		(void)fail_as(err, EX_CONFIG, "unknown section [%.32s]", section);
		return add_hint(err, "put the options below [defaults]");
	}
	return options_default(name, value, target->command, target->options, err);
}

/* Read one file. fd is the open file, which the caller closes, or -1 with errno set if it could
 * not be opened. A missing file is not an error. */
static int read_conf_file(int fd, const char *path, struct target *target, struct error *err)
{
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (fd < 0 || fs_read_fd(fd, path, CONF_SIZE_MAX, &text, &len, err) < 0) {
		if (fd < 0)
			(void)fail(err, errno, "open %s", path);
		err->status = EX_CONFIG;
		return -1;
	}
	return conf_parse(path, text, len, set_default, target, err);
}

/* The directory of the user's file; NULL if there is no home directory. The caller frees. */
static char *user_dir(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	int n = -1;
	if (config && *config == '/')
		n = asprintf(&path, "%s/oss-crs", config);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.config/oss-crs", home);
	return n < 0 ? NULL : path;
}

int runconf_read(
	const struct host *host, unsigned command, struct options *options, struct error *err)
{
	struct target target = {.command = command, .options = options};
	_cleanup_close_ int system =
		openat(host->root, &SYSTEM_FILE[1], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (read_conf_file(system, SYSTEM_FILE, &target, err) < 0)
		return -1;
	/* After su(1) and the like, HOME can be another user's. A directory that this user cannot
	 * open is not the user's own, so its file is skipped. */
	_cleanup_free_ char *name = user_dir();
	_cleanup_close_ int dir = name ? open(name, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir < 0)
		return 0;
	_cleanup_free_ char *path = NULL;
	if (asprintf(&path, "%s/run.conf", name) < 0)
		return fail(err, ENOMEM, "%s", name);
	_cleanup_close_ int user = openat(dir, "run.conf", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return read_conf_file(user, path, &target, err);
}
