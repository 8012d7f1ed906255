/* SPDX-License-Identifier: MIT
 *
 * directory: opens, makes and reads the files of an experiment's directory. Whole files are written
 * by rename, and the locks are record locks, which network file systems have too.
 */
#include "directory.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "fs.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define EXPERIMENT_FILE "experiment.json"
#define RUNS_FILE       "runs.tsv"
#define RUNS_SIZE_MAX   ((size_t)1 << 30)

static const char *const folders[] = {"results", "metrics", "failed", "running", "log", "prepared"};

static int make_path(const char *path, struct error *err)
{
	_cleanup_free_ char *part = strdup(path);
	if (!part)
		return fail(err, ENOMEM, "%s", path);
	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return fail(err, errno, "make %s", part);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

int directory_open(const char *path, bool make, struct error *err)
{
	if (make && make_path(path, err) < 0)
		return -1;
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(err, errno, "open %s", path);
	for (size_t i = 0; make && i < sizeof folders / sizeof *folders; i++)
		if (mkdirat(dir, folders[i], 0777) < 0 && errno != EEXIST)
			return fail(err, errno, "make %s/%s", path, folders[i]);
	return steal_fd(&dir);
}

int directory_write(
	int dir, const json_t *experiment, const char *runs, size_t len, struct error *err)
{
	_cleanup_free_ char *text = json_dumps(experiment, JSON_INDENT(2));
	if (!text)
		return fail(err, ENOMEM, EXPERIMENT_FILE);
	/* The runs last: without them nothing has been submitted. */
	return fs_replace(dir, EXPERIMENT_FILE, text, strlen(text), 0644, err) < 0
		       ? -1
		       : fs_replace(dir, RUNS_FILE, runs, len, 0644, err);
}

int directory_read_experiment(int dir, struct experiment *ret, json_t **ret_json, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	json_error_t problem;
	size_t len = 0;
	if (fs_read(dir, EXPERIMENT_FILE, DOC_SIZE_MAX, &text, &len, err) < 0)
		return -1;
	_cleanup_json_ json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
	if (!root)
		return fail_as(err, EX_DATAERR, EXPERIMENT_FILE ":%d:%d: %s", problem.line,
			problem.column, problem.text);
	if (experiment_parse(EXPERIMENT_FILE, text, len, ret, err) < 0)
		return -1;
	ret->dir = strdup("/");
	if (!ret->dir) {
		experiment_free(ret);
		return fail(err, ENOMEM, EXPERIMENT_FILE);
	}
	*ret_json = steal_ptr(root);
	return 0;
}

int directory_read_runs(int dir, struct runs *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	return fs_read(dir, RUNS_FILE, RUNS_SIZE_MAX, &text, &len, err) < 0
		       ? -1
		       : runs_parse(RUNS_FILE, text, len, ret, err);
}

int directory_has_runs(int dir, struct error *err)
{
	if (faccessat(dir, RUNS_FILE, F_OK, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : fail(err, errno, "look for " RUNS_FILE);
}

int directory_append(int dir, const char *name, const char *line, struct error *err)
{
	size_t len = strlen(line);
	struct stat st;
	_cleanup_close_ int fd = fs_open(dir, name, O_WRONLY | O_CREAT | O_APPEND, 0644, err);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "write %s", name);
	errno = ENOSPC; /* of a write that is only part of one */
	if (write(fd, line, len) == (ssize_t)len && fsync(fd) == 0)
		return 0;
	(void)fail(err, errno, "write %s", name);
	(void)!ftruncate(fd, st.st_size);
	return -1;
}

/* ---- results ------------------------------------------------------------------------------- */

static const char *run_path(
	const char *folder, const char *id, const char *suffix, char buf[static DIRECTORY_PATH_MAX])
{
	(void)snprintf(buf, DIRECTORY_PATH_MAX, "%s/%.*s%s", folder, RUNS_ID_MAX, id, suffix);
	return buf;
}

const char *directory_result_path(const char *id, char buf[static DIRECTORY_PATH_MAX])
{
	return run_path("results", id, ".json", buf);
}

const char *directory_metrics_path(const char *id, char buf[static DIRECTORY_PATH_MAX])
{
	return run_path("metrics", id, ".txt", buf);
}

const char *directory_log_path(const char *id, char buf[static DIRECTORY_PATH_MAX])
{
	return run_path("log", id, ".log", buf);
}

int directory_read_result(int dir, const char *id, json_t **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char path[DIRECTORY_PATH_MAX];
	size_t len = 0;
	json_error_t problem;
	if (fs_read(dir, directory_result_path(id, path), DIRECTORY_RESULT_MAX, &text, &len, err) <
		0)
		return -1;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
	if (!root)
		return fail_as(err, EX_DATAERR, "%s:%d:%d: %s", path, problem.line, problem.column,
			problem.text);
	*ret = root;
	return 0;
}

bool directory_is_done(const json_t *result)
{
	static const char *const reasons[] = {"exited", "timeout", "oom"};
	const char *reason = json_string_value(json_object_get(result, "reason"));
	/* Compose has ended by itself, and what it was to do is not done or unknown. */
	if (json_object_get(result, "problem"))
		return false;
	for (size_t i = 0; reason && i < sizeof reasons / sizeof *reasons; i++)
		if (strcmp(reason, reasons[i]) == 0)
			return true;
	return false;
}

int directory_find_done(int dir, const char *id, bool *ret, struct error *err)
{
	_cleanup_json_ json_t *result = NULL;
	if (directory_read_result(dir, id, &result, err) < 0 && err->code != ENOENT)
		return -1;
	*ret = directory_is_done(result);
	return 0;
}

int directory_remove_metrics(int dir, const char *id, struct error *err)
{
	char path[DIRECTORY_PATH_MAX];
	_cleanup_close_ int folder = fs_open(dir, "metrics", O_RDONLY | O_DIRECTORY, 0, err);
	return folder < 0
		       ? -1
		       : fs_remove(folder, strchr(directory_metrics_path(id, path), '/') + 1, err);
}

/* ---- hosts ----------------------------------------------------------------------------------- */

#define MACHINE_ID_LEN 32

/* Read the machine-id(5) of the host. Returns buf, which is empty if there is none: a container may
 * have an empty file, and a host that has not booted yet has a word there. */
static const char *read_machine_id(const struct host *host, char buf[static MACHINE_ID_LEN + 1])
{
	char text[MACHINE_ID_LEN + 8];
	struct error ignored;
	bool valid = fs_read_attr(host->root, "etc/machine-id", text, sizeof text, &ignored) == 0 &&
		     strlen(text) == MACHINE_ID_LEN &&
		     strspn(text, "0123456789abcdef") == MACHINE_ID_LEN;
	memcpy(buf, valid ? text : "", valid ? MACHINE_ID_LEN + 1 : 1);
	return buf;
}

const char *directory_prepared_path(const struct host *host, char buf[static DIRECTORY_PATH_MAX])
{
	char name[65] = "";
	char id[MACHINE_ID_LEN + 1];
	(void)gethostname(name, sizeof name - 1);
	(void)read_machine_id(host, id);
	(void)snprintf(buf, DIRECTORY_PATH_MAX, "prepared/%s%s%s", *name ? name : "localhost",
		*id ? "-" : "", id);
	return buf;
}

/* ---- claims -------------------------------------------------------------------------------- */

static void write_host(int fd)
{
	char host[65] = "";
	(void)gethostname(host, sizeof host - 1);
	(void)!ftruncate(fd, 0);
	(void)!pwrite(fd, host, strlen(host), 0);
}

int directory_claim(int dir, const char *id, struct error *err)
{
	char path[DIRECTORY_PATH_MAX];
	struct stat st;
	(void)run_path("running", id, "", path);
	for (;;) {
		_cleanup_close_ int fd = fs_open(dir, path, O_RDWR | O_CREAT, 0644, err);
		if (fd < 0)
			return -1;
		if (fs_lock(fd, path, err) < 0) {
			if (err->code == EACCES)
				err->code = EAGAIN;
			return -1;
		}
		if (fstat(fd, &st) < 0)
			return fail(err, errno, "read %s", path);
		/* Removed by the one that had it before. */
		if (!st.st_nlink)
			continue;
		write_host(fd);
		return steal_fd(&fd);
	}
}

void directory_release(int dir, const char *id, int claim)
{
	char path[DIRECTORY_PATH_MAX];
	(void)unlinkat(dir, run_path("running", id, "", path), 0);
	cleanup_close(&claim);
}

int directory_is_claimed(int dir, const char *id, struct error *err)
{
	char path[DIRECTORY_PATH_MAX];
	pid_t pid = 0;
	int result = fs_is_locked(dir, run_path("running", id, "", path), &pid, err);
	return result < 0 && err->code == ENOENT ? 0 : result;
}

/* ---- failures ------------------------------------------------------------------------------ */

int directory_note_failure(
	int dir, const char *id, const struct directory_failure *failure, struct error *err)
{
	char text[1024];
	char why[sizeof failure->why];
	_cleanup_close_ int folder = fs_open(dir, "failed", O_RDONLY | O_DIRECTORY, 0, err);
	if (folder < 0)
		return -1;
	if (!failure)
		return fs_remove(folder, id, err);
	(void)text_clean(failure->why, why, sizeof why);
	int n = snprintf(text, sizeof text, "%d\t%s\t%s\n", failure->status, failure->host, why);
	return fs_replace(folder, id, text, (size_t)n, 0644, err);
}

int directory_read_failure(
	int dir, const char *id, struct directory_failure *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char path[DIRECTORY_PATH_MAX];
	struct directory_failure failure = {0};
	if (fs_read(dir, run_path("failed", id, "", path), 4096, &text, NULL, err) < 0)
		return -1;
	char *host = strchr(text, '\t');
	char *why = host ? strchr(host + 1, '\t') : NULL;
	if (!why)
		return fail_as(err, EX_DATAERR, "%s is not a failure", path);
	*host++ = *why++ = '\0';
	why[strcspn(why, "\n")] = '\0';
	failure.status = (int)strtol(text, NULL, 10);
	(void)text_clean(host, failure.host, sizeof failure.host);
	(void)text_clean(why, failure.why, sizeof failure.why);
	*ret = failure;
	return 0;
}
