/* SPDX-License-Identifier: MIT
 *
 * metrics: makes the whole text first, so that an error leaves an existing file as it is. The file
 * is for node_exporter, which runs as another user, so everybody may read it.
 */
#include "metrics.h"

#include "cleanup.h"
#include "fs.h"
#include "openmetrics.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

bool metrics_are_wanted(const struct options *options)
{
	return options->openmetrics || options->textfile;
}

/* Open the directory of a file. Returns a descriptor that the caller closes, or -1. *ret_name is
 * the file's name in it, a part of path. */
static int open_directory_of(const char *path, const char **ret_name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	_cleanup_free_ char *parent =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	if (!parent)
		return fail(err, ENOMEM, "%s", path);
	if (!*name)
		return fail_as(
			err, EX_USAGE, "--textfile needs a file, not the directory '%s'", path);
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "open %s", parent);
	*ret_name = name;
	return fd;
}

/* The temporary file has a fixed name (fs_replace()), so one process writes at a time. */
static int replace_textfile(const char *path, const char *text, size_t len, struct error *err)
{
	const char *name = NULL;
	_cleanup_close_ int dir = open_directory_of(path, &name, err);
	if (dir < 0)
		return -1;
	if (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		(void)fail(err, errno, "lock the directory of %s", path);
		err->status = EX_TEMPFAIL;
		return -1;
	}
	return fs_replace(dir, name, text, len, 0644, err);
}

int metrics_publish(const struct context *context, struct error *err)
{
	const struct options *options = &context->options;
	_cleanup_(status_free) struct status status = STATUS_NONE;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	/* One run's place in the queue depends on the others. */
	if (options->json || options->watch || options->arg_count)
		return fail_as(err, EX_USAGE,
			"metrics cover all runs: they cannot be used with --json, --watch or the "
			"name of a run");
	if (status_read(&context->host, NULL, &status, err) < 0)
		return -1;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return fail(err, ENOMEM, "metrics");
	int result = openmetrics_write(
		&status, options->textfile ? METRICS_TEXTFILE : METRICS_OPENMETRICS, out, err);
	if (fclose(out) != 0 || result < 0)
		return result < 0 ? -1 : fail(err, ENOMEM, "metrics");
	if (options->textfile && strcmp(options->textfile, "-") != 0)
		return replace_textfile(options->textfile, text, len, err) < 0 ? -1 : EX_OK;
	return fwrite(text, 1, len, stdout) == len ? EX_OK : fail(err, errno, "standard output");
}
