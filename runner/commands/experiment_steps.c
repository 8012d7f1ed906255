/* SPDX-License-Identifier: MIT
 *
 * experiment_steps: both programs are lines of shell, which sh(1) runs in the experiment's
 * directory for commands.
 */
#include "experiment_steps.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "fs.h"
#include "metric_lines.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

/* $0 is the directory, $1 the line of shell, $2 the log, and the rest the arguments of the line. */
static const char shell_line[] =
	"cd \"$0\" && OSS_CRS_LOG=$2 && export OSS_CRS_LOG && line=$1 && shift 2 && "
	"eval \"$line \\\"\\$@\\\"\"";

#define DONE "done\n"

static const char *directory_of(const struct submitted *submitted)
{
	return submitted->experiment.directory ? submitted->experiment.directory : "/";
}

/* ---- prepare ------------------------------------------------------------------------------- */

/* Open the file of this host and wait for its lock. */
static int lock_host(const struct host *host, int dir, struct error *err)
{
	char path[DIRECTORY_PATH_MAX];
	_cleanup_close_ int fd =
		fs_open(dir, directory_prepared_path(host, path), O_RDWR | O_CREAT, 0644, err);
	return fd < 0 || fs_lock_wait(fd, path, err) < 0 ? -1 : steal_fd(&fd);
}

int experiment_prepare(
	const struct host *host, const struct submitted *submitted, struct error *err)
{
	const char *prepare = submitted->experiment.prepare;
	char done[sizeof DONE] = "";
	int status = 0;
	if (!prepare)
		return 0;
	_cleanup_close_ int fd = lock_host(host, submitted->dir, err);
	if (fd < 0)
		return -1;
	if (pread(fd, done, sizeof done - 1, 0) == sizeof done - 1 && strcmp(done, DONE) == 0)
		return 0;
	const char *const argv[] = {
		"/bin/sh", "-c", shell_line, directory_of(submitted), prepare, "", NULL};
	struct spawn spawn = SPAWN(argv);
	struct child child = CHILD_NONE;
	spawn.dies_with_parent = true;
	if (proc_spawn(&spawn, &child, err) < 0 || proc_wait(&child, &status, err) < 0)
		return -1;
	if (status != 0)
		return fail_as(
			err, EX_UNAVAILABLE, "`prepare` ended with status %d (see above)", status);
	return pwrite(fd, DONE, strlen(DONE), 0) == (ssize_t)strlen(DONE)
		       ? 0
		       : fail(err, errno, "write prepared/");
}

/* ---- metrics ------------------------------------------------------------------------------- */

static bool has_crs(const json_t *list, const char *name)
{
	size_t i = 0;
	const json_t *crs = NULL;
	json_array_foreach (list, i, crs) {
		const char *its = json_string_value(json_object_get(crs, "name"));
		if (its && strcmp(its, name) == 0)
			return true;
	}
	return false;
}

/* Check what the program printed against the CRSs of the run. */
static int check_metrics(const char *id, const char *text, const json_t *crs, struct error *err)
{
	_cleanup_(metric_lines_free) struct metric_lines lines = METRIC_LINES_NONE;
	char name[RUNS_ID_MAX + 16];
	(void)snprintf(name, sizeof name, "%s: metrics", id);
	if (metric_lines_parse(name, text, strlen(text), &lines, err) < 0)
		return -1;
	for (size_t i = 0; i < lines.count; i++) {
		const struct metric_line *line = &lines.list[i];
		if (!*line->crs && json_array_size(crs) > 1)
			return fail_as(err, EX_DATAERR,
				"%s: the figure '%s' does not say of which CRS it is", name,
				line->name);
		if (*line->crs && !has_crs(crs, line->crs))
			return fail_as(
				err, EX_DATAERR, "%s: the run has no CRS '%s'", name, line->crs);
	}
	return 0;
}

static int keep_metrics(
	const struct submitted *submitted, const char *id, const char *text, struct error *err)
{
	char path[DIRECTORY_PATH_MAX];
	_cleanup_close_ int folder =
		fs_open(submitted->dir, "metrics", O_RDONLY | O_DIRECTORY, 0, err);
	return folder < 0 ? -1
			  : fs_replace(folder, strchr(directory_metrics_path(id, path), '/') + 1,
				    text, strlen(text), 0644, err);
}

/* Find the file to which the run has printed: what standard error is. Returns buf, which is empty
 * if that is no file. */
static const char *find_log(char buf[static PATH_MAX])
{
	struct stat st;
	ssize_t n = -1;
	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		n = readlink("/proc/self/fd/2", buf, PATH_MAX - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

/* The arguments of the program: the report, and the CRSs. Their texts belong to the caller's. */
static const char **metrics_argv(
	const struct submitted *submitted, const char *report, const char *log, const json_t *crs)
{
	const char *const first[] = {"/bin/sh", "-c", shell_line, directory_of(submitted),
		submitted->experiment.metrics, log, report};
	size_t count = sizeof first / sizeof *first;
	size_t i = 0;
	const json_t *item = NULL;
	const char **argv = calloc(count + json_array_size(crs) + 1, sizeof *argv);
	for (; argv && i < count; i++)
		argv[i] = first[i];
	json_array_foreach (crs, i, item) {
		const char *name = json_string_value(json_object_get(item, "name"));
		if (argv)
			argv[count + i] = name ? name : "";
	}
	return argv;
}

int experiment_measure(
	const struct submitted *submitted, const struct run_entry *run, struct error *err)
{
	_cleanup_json_ json_t *result = NULL;
	_cleanup_free_ char *report = NULL;
	_cleanup_free_ char *out = NULL;
	_cleanup_free_ const char **argv = NULL;
	char path[DIRECTORY_PATH_MAX];
	char log[PATH_MAX];
	int status = 0;
	if (!submitted->experiment.metrics)
		return 0;
	if (directory_read_result(submitted->dir, run->id, &result, err) < 0)
		return -1;
	const json_t *crs = json_object_get(result, "crs");
	if (asprintf(&report, "%s/%s", submitted->path, directory_result_path(run->id, path)) < 0) {
		report = NULL;
		return fail(err, ENOMEM, "%s", run->id);
	}
	argv = metrics_argv(submitted, report, find_log(log), crs);
	if (!argv)
		return fail(err, ENOMEM, "%s", run->id);
	struct spawn spawn = SPAWN(argv);
	spawn.dies_with_parent = true;
	if (proc_capture(&spawn, METRIC_LINES_SIZE_MAX, &out, &status, err) < 0)
		return -1;
	if (status != 0)
		return fail_as(
			err, EX_DATAERR, "%s: `metrics` ended with status %d", run->id, status);
	return check_metrics(run->id, out, crs, err) < 0
		       ? -1
		       : keep_metrics(submitted, run->id, out, err);
}
