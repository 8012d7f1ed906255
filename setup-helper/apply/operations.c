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
#include "door.h"
#include "fs.h"
#include "privs.h"
#include "speaker.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define USER_TIMEOUT_MS 30000

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

/* In a check: the file still has the text that the step begins with, or does not exist. Whoever
 * changed it meanwhile may have meant to. */
static int work_unchanged(const struct check *check, int out, struct error *err)
{
	const struct step *step = check->question;
	_cleanup_free_ char *now = NULL;
	(void)out;
	if (check->files[0] >= 0 &&
		fs_read_fd(check->files[0], step->target, DAEMON_JSON_MAX, &now, NULL, err) < 0)
		return -1;
	if (journal_same_text(now, step->before))
		return 0;
	(void)fail_as(err, EX_TEMPFAIL, "%s has changed since the plan was made", step->target);
	return add_hint(err, "it has been left as it is; run this again");
}

static int check_unchanged(const struct operation *op, struct error *err)
{
	_cleanup_close_ int file = fs_open(op->dir, op->name, O_RDONLY, 0, err);
	const struct check check = {.work = work_unchanged, .question = op->step, .files = {file}};
	return file < 0 && err->code != ENOENT ? -1 : check_run(&check, NULL, err);
}

static int write_step_file(const struct operation *op, struct error *err)
{
	bool replaces = op->step->kind == STEP_BACKUP; /* a backup may replace an older one */
	if (!replaces && check_unchanged(op, err) < 0)
		return -1;
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

static int call_systemd(const struct operation *op, struct error *err)
{
	return speaker_call(
		op->context->speaker, operation_kinds[op->step->kind].call, op->step->uid, err);
}

/* ---- cgroups --------------------------------------------------------------------------------- */

/* Write to buf, each after its sign, the words of `list` that are not in `others`. */
static void list_others(const char *list, const char *others, char sign, char *buf, size_t size)
{
	char copy[FACTS_CONTROLLERS_MAX];
	char *rest = NULL;
	buf[0] = '\0';
	(void)snprintf(copy, sizeof copy, "%s", list ? list : "");
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		size_t used = strlen(buf);
		if (!cgroup_has(others ? others : "", word))
			(void)snprintf(
				buf + used, size - used, "%s%c%s", used ? " " : "", sign, word);
	}
}

/* In a check: what to write to enable the controllers that systemd has not enabled already. */
static int work_missing(const struct check *check, int out, struct error *err)
{
	const struct operation *op = check->question;
	char enabled[FACTS_CONTROLLERS_MAX];
	char text[FACTS_CONTROLLERS_MAX];
	if (cgroup_get(check->host->cgroup, op->step->target, "cgroup.subtree_control", enabled,
		    sizeof enabled, err) < 0)
		return -1;
	list_others(op->context->policy->controllers, enabled, '+', text, sizeof text);
	return door_write(out, text, strlen(text), err);
}

struct controllers {
	const struct operation *op;
	char *text;
};

static int write_controllers(void *arg, struct error *err)
{
	const struct controllers *c = arg;
	char path[STEP_TARGET_MAX + sizeof "/cgroup.subtree_control"];
	(void)snprintf(path, sizeof path, "%s/cgroup.subtree_control", c->op->step->target);
	return fs_write_attr(c->op->context->host->cgroup, path, c->text, err);
}

static int enable_controllers(const struct operation *op, struct error *err)
{
	const struct check check = {
		.work = work_missing, .question = op, .host = op->context->host};
	_cleanup_free_ char *text = NULL;
	if (check_read(&check, FACTS_CONTROLLERS_MAX, &text, NULL, err) < 0)
		return -1;
	struct controllers controllers = {op, text};
	return *text ? privs_with(PRIVS_NICE, write_controllers, &controllers, err) : 0;
}

/* Whether an error means that the target is in use, by a run for one. */
static bool is_busy(const struct error *err)
{
	return err->code == EBUSY || err->code == ENOTEMPTY || err->code == EPERM;
}

/* Run the function of the table as the user. */
static int run_as_user(const struct operation *op, struct error *err)
{
	const struct operation_kind *kind = &operation_kinds[op->step->kind];
	struct operation copy = *op;
	const struct privs_child child = {
		.uid = op->step->uid,
		.gid = op->step->gid,
		.group = op->step->gid,
		.keep = {op->context->host->cgroup},
		.timeout_ms = USER_TIMEOUT_MS,
	};
	int result = privs_in_child(&child, kind->as_user, &copy, err);
	/* Whatever the user does to the cgroup or to the child, the other steps go on. */
	return result < 0 && kind->traits & MAY_BE_LEFT ? OPERATION_LEFT : result;
}

static int user_enable(void *arg, struct error *err)
{
	const struct operation *op = arg;
	if (cgroup_enable(op->context->host->cgroup, op->step->target,
		    op->context->policy->controllers, err) == 0)
		return 0;
	return err->code == EPERM
		       ? add_hint(err, "before Linux 6.6 no container may run below it: stop them, "
				       "then run this again")
		       : -1;
}

static int user_remove(void *arg, struct error *err)
{
	const struct operation *op = arg;
	if (cgroup_remove(op->context->host->cgroup, op->step->target, err) == 0)
		return 0;
	return add_hint(err, "it does not belong to the user and is not empty; stop what runs in "
			     "it and remove it as root");
}

static int user_make(void *arg, struct error *err)
{
	const struct operation *op = arg;
	if (cgroup_make(op->context->host->cgroup, op->step->target, err) == 0)
		return 0;
	return err->code == EEXIST ? 0 : -1;
}

/* Fails if there are cgroups below it: those of runs, or what runs left behind. */
static int user_unmake(void *arg, struct error *err)
{
	const struct operation *op = arg;
	if (unlinkat(op->context->host->cgroup, op->step->target, AT_REMOVEDIR) == 0 ||
		errno == ENOENT)
		return 0;
	(void)fail(err, errno, "remove cgroup %s", op->step->target);
	return !is_busy(err) ? -1
			     : add_hint(err, "runs are active; stop them, run oss-crs-run clean, "
					     "then undo again");
}

/* Disable the controllers that are in `before` and not in `after`. */
static int user_disable(void *arg, struct error *err)
{
	const struct operation *op = arg;
	char text[FACTS_CONTROLLERS_MAX];
	list_others(op->step->before, op->step->after, '-', text, sizeof text);
	if (cgroup_set(op->context->host->cgroup, op->step->target, "cgroup.subtree_control", text,
		    err) == 0)
		return 0;
	return is_busy(err) ? add_hint(err, "cgroups below it use them") : -1;
}

#define RUN_IS_OVER '1'

/* In a check: write a character for each cgroup of the list. It is RUN_IS_OVER if its run is: the
 * live owner of a run holds a lock on a file of its cgroup, which only processes of its user can
 * take (runner/lease/tree.h). */
static int work_over(const struct check *check, int out, struct error *err)
{
	const struct operation *op = check->question;
	_cleanup_free_ char *names = strdup(op->step->before);
	_cleanup_close_ int ours = cgroup_open(check->host->cgroup, op->step->target, err);
	if (!names || ours < 0)
		return ours < 0 ? -1 : fail(err, ENOMEM, "cgroups to remove");
	char *rest = NULL;
	for (char *path = strtok_r(names, "\n", &rest); path; path = strtok_r(NULL, "\n", &rest)) {
		char file[CGROUP_PATH_MAX];
		pid_t owner = 0;
		struct error unread = {0};
		(void)snprintf(file, sizeof file, "%.*s/" CGROUP_OWNED_FILE,
			(int)strcspn(path, "/"), path);
		bool over = fs_is_locked(ours, file, &owner, &unread) == 0 || unread.code == ENOENT;
		if (door_write(out, over ? "1" : "0", 1, err) < 0)
			return -1;
	}
	return 0;
}

/* Remove one cgroup of the list. Root needs no capability for this if it owns the parent. Whatever
 * the user has put there meanwhile, only an empty cgroup below the user's own oss-crs can go. */
static int sweep_cgroup(int ours, const char *path, bool over, struct error *err)
{
	const char *name = "";
	if (!over)
		return fail(err, EBUSY, "remove cgroup %s", path);
	_cleanup_close_ int dir = operation_open_parent(ours, path, &name, err);
	if (dir < 0)
		return err->code == ENOENT ? 0 : -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return fail(err, errno, "remove cgroup %s", path);
}

/* A cgroup that is made while this runs cannot have the name of one that exists. */
static int sweep_cgroups(const struct operation *op, struct error *err)
{
	int result = 0;
	const struct check check = {.work = work_over, .question = op, .host = op->context->host};
	_cleanup_free_ char *over = NULL;
	_cleanup_free_ char *names = strdup(op->step->before);
	if (check_read(&check, strlen(op->step->before), &over, NULL, err) < 0)
		return -1;
	_cleanup_close_ int ours = cgroup_open(op->context->host->cgroup, op->step->target, err);
	if (!names || ours < 0)
		return ours < 0 ? -1 : fail(err, ENOMEM, "cgroups to remove");
	char *rest = NULL;
	const char *next = over;
	for (char *path = strtok_r(names, "\n", &rest); path; path = strtok_r(NULL, "\n", &rest)) {
		bool is_over = *next && *next++ == RUN_IS_OVER;
		if (sweep_cgroup(ours, path, is_over, err) == 0)
			continue;
		if (!is_busy(err))
			return -1;
		(void)add_hint(err, "something runs in it again");
		result = OPERATION_LEFT;
	}
	return result;
}

/* ---- Docker ---------------------------------------------------------------------------------- */

static int check_docker_idle(const struct operation *op, struct error *err)
{
	return checks_docker(
		op->context->speaker, op->context->connector, op->context->policy, true, NULL, err);
}

/* Restart Docker and check that it came back with the wanted cgroup driver. */
static int restart_docker(const struct operation *op, struct error *err)
{
	if (call_systemd(op, err) < 0)
		return -1;
	return checks_docker(op->context->speaker, op->context->connector, op->context->policy,
		false, op->step->after, err);
}

const struct operation_kind operation_kinds[STEP_KINDS] = {
	[STEP_DROPIN] = {.traits = FILE_STEP | RECORDED, .apply = write_step_file},
	[STEP_RELOAD] = {.apply = call_systemd, .call = BUS_RELOAD},
	[STEP_LINGER] = {.traits = RECORDED, .apply = call_systemd, .call = BUS_LINGER},
	[STEP_START_MANAGER] = {.apply = call_systemd, .call = BUS_START_MANAGER},
	[STEP_REALIZE] = {.apply = call_systemd, .call = BUS_REALIZE_MANAGER},
	[STEP_ENABLE] = {.privs = PRIVS_NICE,
		.cgroups = CONFINE_WRITE,
		.apply = enable_controllers},
	[STEP_USER_ENABLE] = {.traits = RECORDED,
		.privs = PRIVS_BECOME,
		.cgroups = CONFINE_WRITE,
		.apply = run_as_user,
		.as_user = user_enable},
	[STEP_USER_REMOVE] = {.privs = PRIVS_BECOME,
		.cgroups = CONFINE_CGROUPS,
		.apply = run_as_user,
		.as_user = user_remove},
	[STEP_USER_MAKE] = {.traits = RECORDED,
		.privs = PRIVS_BECOME,
		.cgroups = CONFINE_CGROUPS,
		.apply = run_as_user,
		.as_user = user_make},
	[STEP_IDLE] = {.apply = check_docker_idle},
	[STEP_BACKUP] = {.traits = FILE_STEP | RECORDED, .apply = write_step_file},
	[STEP_DAEMON_JSON] = {.traits = FILE_STEP | RECORDED,
		.apply = write_step_file,
		.undo = restore_step_file},
	[STEP_RESTART] = {.apply = restart_docker, .call = BUS_RESTART_DOCKER},
	[STEP_REMOVE_FILE] = {.traits = FILE_STEP,
		.apply = remove_step_file,
		.undo = restore_step_file},
	[STEP_UNLINGER] = {.apply = call_systemd, .call = BUS_UNLINGER},
	[STEP_USER_UNMAKE] = {.traits = MAY_BE_LEFT,
		.privs = PRIVS_BECOME,
		.cgroups = CONFINE_CGROUPS,
		.apply = run_as_user,
		.as_user = user_unmake},
	[STEP_USER_DISABLE] = {.traits = MAY_BE_LEFT,
		.privs = PRIVS_BECOME,
		.cgroups = CONFINE_WRITE,
		.apply = run_as_user,
		.as_user = user_disable},
	[STEP_FORGET] = {.traits = FILE_STEP, .apply = forget_step_file},
	[STEP_RESERVE] = {.apply = call_systemd, .call = BUS_RESERVE},
	[STEP_SWEEP] = {.cgroups = CONFINE_RMDIR, .apply = sweep_cgroups},
};
