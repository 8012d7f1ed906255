/* SPDX-License-Identifier: MIT
 *
 * operations: the operations and their table. Root changes nothing in the user's own cgroups,
 * except that it removes empty ones (sweep): a child that has become the user makes the change.
 */
#include "operations.h"

#include "cgroup.h"
#include "checks.h"
#include "cleanup.h"
#include "daemon_json.h"
#include "fs.h"
#include "privs.h"
#include "speaker.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define USER_TIMEOUT_MS 30000
#define USER_CGROUP_ADVICE \
	"before Linux 6.6 no container may run below it: stop them, then run this again"

int operation_open_parent(int dir, const char *path, const char **ret_name, struct error *err)
{
	char copy[CGROUP_PATH_MAX];
	int n = snprintf(copy, sizeof copy, "%s", path);
	if (n < 0 || (size_t)n >= sizeof copy)
		return fail(err, ENAMETOOLONG, "open the directory of %s", path);
	char *slash = strrchr(copy, '/');
	*ret_name = slash ? path + (slash - copy) + 1 : path;
	if (slash)
		*slash = '\0';
	return fs_open(dir, slash ? copy : ".", O_PATH | O_DIRECTORY, 0, err);
}

int operation_open_above(
	const struct host *host, const char *path, char *buf, size_t size, struct error *err)
{
	char directory[STEP_TARGET_MAX];
	const char *name = "";
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (!directory[0])
		return fail_as(err, EX_SOFTWARE, "nothing is above %s", path);
	int dir = operation_open_parent(host->root, directory + 1, &name, err);
	(void)snprintf(buf, size, "%s", name);
	return dir;
}

int operation_open_directory(
	const struct host *host, const char *path, const char **ret_name, struct error *err)
{
	char name[FACTS_PATH_MAX];
	_cleanup_close_ int dir = operation_open_parent(host->root, path + 1, ret_name, err);
	if (dir < 0 && err->code != ENOENT)
		return -1;
	if (dir < 0) {
		_cleanup_close_ int above =
			operation_open_above(host, path, name, sizeof name, err);
		if (above < 0)
			return -1;
		if (mkdirat(above, name, 0755) < 0 && errno != EEXIST)
			return fail(err, errno, "make the directory of %s", path);
		dir = fs_open(above, name, O_PATH | O_DIRECTORY, 0, err);
	}
	(void)snprintf(name, sizeof name, "%.*s", (int)(*ret_name - path - 1), path);
	if (dir < 0 || trusted_directory(dir, name, err) < 0)
		return -1;
	return steal_fd(&dir);
}

static int put_step_file(const struct operation *op, const char *text, struct error *err)
{
	if (text)
		return fs_replace(op->dir, op->name, text, strlen(text), op->step->mode, err);
	return fs_remove(op->dir, op->name, err);
}

/* Check that the file still has the text that the step begins with, or does not exist: whoever
 * changed it meanwhile may have meant to. */
static int check_unchanged(const struct operation *op, struct error *err)
{
	_cleanup_free_ char *now = NULL;
	const char *before = op->step->before;
	if (fs_read(op->dir, op->name, DAEMON_JSON_MAX, &now, NULL, err) < 0 && err->code != ENOENT)
		return -1;
	if (now && before ? strcmp(now, before) == 0 : now == before)
		return 0;
	(void)fail_as(err, EX_TEMPFAIL, "%s has changed since the plan was made", op->step->target);
	return add_hint(err, "it has been left as it is; run this again");
}

static int write_step_file(const struct operation *op, struct error *err)
{
	return check_unchanged(op, err) < 0 ? -1 : put_step_file(op, op->step->after, err);
}

/* A backup may replace an older one. */
static int write_backup(const struct operation *op, struct error *err)
{
	return put_step_file(op, op->step->after, err);
}

static int restore_step_file(const struct operation *op, struct error *err)
{
	return put_step_file(op, op->step->before, err);
}

/* Remove the directory of the file if it is a drop-in directory and empty. Such a directory has no
 * effect, so a failure does not matter. */
static void remove_empty_directory(const struct operation *op)
{
	char name[FACTS_PATH_MAX];
	struct error stays = {0};
	_cleanup_close_ int above = operation_open_above(
		op->context->host, op->step->target, name, sizeof name, &stays);
	size_t len = strlen(name);
	if (above >= 0 && len > 2 && strcmp(name + len - 2, ".d") == 0)
		(void)unlinkat(above, name, AT_REMOVEDIR);
}

static int remove_step_file(const struct operation *op, struct error *err)
{
	if (check_unchanged(op, err) < 0 || put_step_file(op, NULL, err) < 0)
		return -1;
	remove_empty_directory(op);
	return 0;
}

/* Remove the temporary file that an interrupted change may have left, before its record goes. */
static int forget_step_file(const struct operation *op, struct error *err)
{
	if (op->dir < 0)
		return 0;
	if (fs_sweep(op->dir, op->name, err) < 0)
		return -1;
	remove_empty_directory(op);
	return 0;
}

static int reload_systemd(const struct operation *op, struct error *err)
{
	return speaker_call(op->context->speaker, BUS_RELOAD, 0, err);
}

static int enable_linger(const struct operation *op, struct error *err)
{
	return speaker_call(op->context->speaker, BUS_LINGER, op->step->uid, err);
}

static int disable_linger(const struct operation *op, struct error *err)
{
	return speaker_call(op->context->speaker, BUS_UNLINGER, op->step->uid, err);
}

static int start_manager(const struct operation *op, struct error *err)
{
	return speaker_call(op->context->speaker, BUS_START_MANAGER, op->step->uid, err);
}

static int realize_unit(const struct operation *op, struct error *err)
{
	return speaker_call(op->context->speaker, BUS_REALIZE_MANAGER, op->step->uid, err);
}

static int enable_target_controllers(void *arg, struct error *err)
{
	const struct operation *op = arg;
	return cgroup_enable(
		op->context->host->cgroup, op->step->target, op->context->policy->controllers, err);
}

/* Writes nothing if systemd has enabled the controllers already. */
static int enable_controllers(const struct operation *op, struct error *err)
{
	struct operation copy = *op;
	return privs_with(PRIVS_NICE, enable_target_controllers, &copy, err);
}

static int run_as_user(
	const struct operation *op, int (*work)(void *, struct error *), struct error *err)
{
	struct operation copy = *op;
	const struct privs_child child = {
		.uid = op->step->uid,
		.gid = op->step->gid,
		.group = op->step->gid,
		.keep = {op->context->host->cgroup},
		.timeout_ms = USER_TIMEOUT_MS,
	};
	return privs_in_child(&child, work, &copy, err);
}

static int enable_user_controllers(const struct operation *op, struct error *err)
{
	if (run_as_user(op, enable_target_controllers, err) == 0)
		return 0;
	return err->code == EPERM ? add_hint(err, USER_CGROUP_ADVICE) : -1;
}

static int remove_target_cgroup(void *arg, struct error *err)
{
	const struct operation *op = arg;
	return cgroup_remove(op->context->host->cgroup, op->step->target, err);
}

static int remove_user_cgroup(const struct operation *op, struct error *err)
{
	if (run_as_user(op, remove_target_cgroup, err) == 0)
		return 0;
	return add_hint(err, "it does not belong to the user and is not empty; stop what runs in "
			     "it and remove it as root");
}

static int make_target_cgroup(void *arg, struct error *err)
{
	const struct operation *op = arg;
	if (cgroup_make(op->context->host->cgroup, op->step->target, err) == 0)
		return 0;
	return err->code == EEXIST ? 0 : -1;
}

static int make_user_cgroup(const struct operation *op, struct error *err)
{
	return run_as_user(op, make_target_cgroup, err);
}

/* Fails if there are cgroups below it: those of runs, or what runs left behind. */
static int unmake_target_cgroup(void *arg, struct error *err)
{
	const struct operation *op = arg;
	if (unlinkat(op->context->host->cgroup, op->step->target, AT_REMOVEDIR) == 0 ||
		errno == ENOENT)
		return 0;
	return fail(err, errno, "remove cgroup %s", op->step->target);
}

/* Turn an error that means "in use" into OPERATION_LEFT, and add the advice as its hint: a run that
 * is in the way is not a failure. */
static int leave_busy_target(int result, const char *advice, struct error *err)
{
	if (result == 0 || (err->code != EBUSY && err->code != ENOTEMPTY && err->code != EPERM))
		return result;
	(void)add_hint(err, "%s", advice);
	return OPERATION_LEFT;
}

static int unmake_user_cgroup(const struct operation *op, struct error *err)
{
	return leave_busy_target(run_as_user(op, unmake_target_cgroup, err),
		"runs are active; stop them, run oss-crs-run clean, then undo again", err);
}

/* Disable the controllers that are in `before` and not in `after`. */
static int disable_target_controllers(void *arg, struct error *err)
{
	const struct operation *op = arg;
	char copy[FACTS_CONTROLLERS_MAX];
	char text[FACTS_CONTROLLERS_MAX] = "";
	char *rest = NULL;
	(void)snprintf(copy, sizeof copy, "%s", op->step->before ? op->step->before : "");
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		size_t used = strlen(text);
		if (!cgroup_has(op->step->after ? op->step->after : "", word))
			(void)snprintf(
				text + used, sizeof text - used, "%s-%s", used ? " " : "", word);
	}
	return cgroup_set(
		op->context->host->cgroup, op->step->target, "cgroup.subtree_control", text, err);
}

static int disable_user_controllers(const struct operation *op, struct error *err)
{
	return leave_busy_target(
		run_as_user(op, disable_target_controllers, err), "cgroups below it use them", err);
}

/* Whether a run is over. The live owner of a run holds a lock on a file of its cgroup, which only
 * processes of its user can take (runner/lease/tree.h). */
static bool is_run_over(int ours, const char *path)
{
	char file[CGROUP_PATH_MAX];
	pid_t owner = 0;
	struct error err = {0};
	(void)snprintf(file, sizeof file, "%.*s/" CGROUP_OWNED_FILE, (int)strcspn(path, "/"), path);
	return fs_is_locked(ours, file, &owner, &err) == 0 || err.code == ENOENT;
}

/* Remove one cgroup of the list. Root needs no capability for this if it owns the parent. Whatever
 * the user has put there meanwhile, only an empty cgroup below the user's own oss-crs can go. */
static int sweep_cgroup(int ours, const char *path, struct error *err)
{
	const char *name = "";
	if (!is_run_over(ours, path))
		return fail(err, EBUSY, "remove cgroup %s", path);
	_cleanup_close_ int dir = operation_open_parent(ours, path, &name, err);
	if (dir < 0)
		return err->code == ENOENT ? 0 : -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return fail(err, errno, "remove cgroup %s", path);
}

static int sweep_cgroups(const struct operation *op, struct error *err)
{
	int result = 0;
	_cleanup_free_ char *names = strdup(op->step->before);
	_cleanup_close_ int ours = cgroup_open(op->context->host->cgroup, op->step->target, err);
	if (!names || ours < 0)
		return ours < 0 ? -1 : fail(err, ENOMEM, "cgroups to remove");
	char *rest = NULL;
	for (char *path = strtok_r(names, "\n", &rest); path; path = strtok_r(NULL, "\n", &rest)) {
		int one = leave_busy_target(
			sweep_cgroup(ours, path, err), "something runs in it again", err);
		if (one < 0)
			return -1;
		result = one ? one : result;
	}
	return result;
}

static int check_docker_idle(const struct operation *op, struct error *err)
{
	return checks_docker_idle(op->context->speaker, op->context->policy, err);
}

/* Restart Docker and check that it came back with the wanted cgroup driver. */
static int restart_docker(const struct operation *op, struct error *err)
{
	int speaker = op->context->speaker;
	return speaker_call(speaker, BUS_RESTART_DOCKER, 0, err) < 0
		       ? -1
		       : checks_docker_driver(speaker, op->context->policy, op->step->after, err);
}

const struct operation_kind operation_kinds[STEP_KINDS] = {
	[STEP_DROPIN] = {FILE_STEP | RECORDED, PRIVS_NONE, 0, write_step_file, NULL},
	[STEP_RELOAD] = {0, PRIVS_NONE, 0, reload_systemd, NULL},
	[STEP_LINGER] = {RECORDED, PRIVS_NONE, 0, enable_linger, NULL},
	[STEP_START_MANAGER] = {0, PRIVS_NONE, 0, start_manager, NULL},
	[STEP_REALIZE] = {0, PRIVS_NONE, 0, realize_unit, NULL},
	[STEP_ENABLE] = {0, PRIVS_NICE, CONFINE_WRITE, enable_controllers, NULL},
	[STEP_USER_ENABLE] = {RECORDED, PRIVS_BECOME, CONFINE_WRITE, enable_user_controllers, NULL},
	[STEP_USER_REMOVE] = {0, PRIVS_BECOME, CONFINE_CGROUPS, remove_user_cgroup, NULL},
	[STEP_USER_MAKE] = {RECORDED, PRIVS_BECOME, CONFINE_CGROUPS, make_user_cgroup, NULL},
	[STEP_IDLE] = {0, PRIVS_NONE, 0, check_docker_idle, NULL},
	[STEP_BACKUP] = {FILE_STEP | RECORDED, PRIVS_NONE, 0, write_backup, NULL},
	[STEP_DAEMON_JSON] = {FILE_STEP | RECORDED, PRIVS_NONE, 0, write_step_file,
		restore_step_file},
	[STEP_RESTART] = {0, PRIVS_NONE, 0, restart_docker, NULL},
	[STEP_REMOVE_FILE] = {FILE_STEP, PRIVS_NONE, 0, remove_step_file, restore_step_file},
	[STEP_UNLINGER] = {0, PRIVS_NONE, 0, disable_linger, NULL},
	[STEP_USER_UNMAKE] = {0, PRIVS_BECOME, CONFINE_CGROUPS, unmake_user_cgroup, NULL},
	[STEP_USER_DISABLE] = {0, PRIVS_BECOME, CONFINE_WRITE, disable_user_controllers, NULL},
	[STEP_FORGET] = {FILE_STEP, PRIVS_NONE, 0, forget_step_file, NULL},
	[STEP_SWEEP] = {0, PRIVS_NONE, CONFINE_RMDIR, sweep_cgroups, NULL},
};
