/* SPDX-License-Identifier: MIT
 *
 * steps: see steps.h. In the user's own cgroups nothing is done as root: a child that has become the user does it.
 */
#include "steps.h"

#include "cleanup.h"
#include "daemon_json.h"
#include "fs.h"
#include "privs.h"
#include "probe.h"
#include "unitlog.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define START_TIMEOUT_S    90
#define RESTART_TIMEOUT_S  300
#define USER_TIMEOUT_MS    30000
#define LOG_LINES          10
#define USER_CGROUP_ADVICE "before Linux 6.6 no container may run below it: stop them, then run this again"

struct operation {
	const struct steps_context *context;
	const struct step *step;
};

/* Open the directory of the last component of path (beneath dir) and give that component's name, which is within
 * path. Returns a descriptor that the caller closes. */
static int open_parent(int dir, const char *path, const char **ret_name, struct error *err)
{
	char copy[FACTS_PATH_MAX + 32];
	int n = snprintf(copy, sizeof copy, "%s", path);
	if (n < 0 || (size_t)n >= sizeof copy)
		return fail(err, ENAMETOOLONG, "open the directory of %s", path);
	char *slash = strrchr(copy, '/');
	*ret_name = slash ? path + (slash - copy) + 1 : path;
	if (slash)
		*slash = '\0';
	return fs_open(dir, slash ? copy : ".", O_PATH | O_DIRECTORY, 0, err);
}

/* The same for an absolute path of ours, whose directory is made if it alone is missing. */
static int open_directory(const struct host *host, const char *path, const char **ret_name, struct error *err)
{
	int dir = open_parent(host->root, path + 1, ret_name, err);
	if (dir >= 0 || err->code != ENOENT)
		return dir;
	char directory[FACTS_PATH_MAX + 32];
	const char *name = "";
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(*ret_name - path - 2), path + 1);
	_cleanup_close_ int parent = open_parent(host->root, directory, &name, err);
	if (parent < 0)
		return -1;
	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return fail(err, errno, "make the directory of %s", path);
	return fs_open(parent, name, O_PATH | O_DIRECTORY, 0, err);
}

static int write_file(const struct operation *op, struct error *err)
{
	const char *name = "";
	_cleanup_close_ int dir = open_directory(op->context->host, op->step->target, &name, err);
	if (dir < 0)
		return -1;
	const char *text = op->step->after;
	return fs_replace(dir, name, text, strlen(text), op->step->mode, err);
}

static int reload(const struct operation *op, struct error *err)
{
	return bus_reload(op->context->bus, err);
}

static int linger(const struct operation *op, struct error *err)
{
	return bus_set_linger(op->context->bus, op->context->user->uid, err);
}

static int start_manager(const struct operation *op, struct error *err)
{
	return bus_start(op->context->bus, op->step->target, START_TIMEOUT_S, err);
}

static int realize(const struct operation *op, struct error *err)
{
	return bus_realize(op->context->bus, op->step->target, err);
}

static int enable_here(void *arg, struct error *err)
{
	const struct operation *op = arg;
	return cgroup_enable(
		op->context->host->cgroup, op->step->target, op->context->policy->controllers, err);
}

/* Nothing is written where systemd has enabled the controllers already. */
static int enable(const struct operation *op, struct error *err)
{
	struct operation copy = *op;
	return privs_with(PRIVS_NICE, enable_here, &copy, err);
}

static int as_user(const struct operation *op, int (*work)(void *, struct error *), struct error *err)
{
	struct operation copy = *op;
	const struct caller *user = op->context->user;
	return privs_as_user(
		user->uid, user->gid, op->context->host->cgroup, USER_TIMEOUT_MS, work, &copy, err);
}

static int user_enable(const struct operation *op, struct error *err)
{
	if (as_user(op, enable_here, err) == 0)
		return 0;
	return err->code == EPERM ? add_hint(err, USER_CGROUP_ADVICE) : -1;
}

static int remove_here(void *arg, struct error *err)
{
	const struct operation *op = arg;
	return cgroup_remove(op->context->host->cgroup, op->step->target, err);
}

static int user_remove(const struct operation *op, struct error *err)
{
	if (as_user(op, remove_here, err) == 0)
		return 0;
	return add_hint(err, "it is not the user's and not empty: end what runs in it and remove it as root");
}

static int make_here(void *arg, struct error *err)
{
	const struct operation *op = arg;
	if (cgroup_make(op->context->host->cgroup, op->step->target, err) == 0)
		return 0;
	return err->code == EEXIST ? 0 : -1;
}

static int user_make(const struct operation *op, struct error *err)
{
	return as_user(op, make_here, err);
}

static int idle(const struct operation *op, struct error *err)
{
	struct docker_state state = {0};
	if (dockerapi_state(op->context->host, op->context->policy->socket, &state, err) < 0)
		return -1;
	int result = plan_check_idle(&state, err);
	free(state.names);
	return result;
}

/* Restart Docker and look whether it came back with the driver. */
static int restart(const struct operation *op, struct error *err)
{
	const struct steps_context *context = op->context;
	const char *unit = op->step->target;
	if (bus_reset_failed(context->bus, unit, err) < 0 ||
		bus_restart(context->bus, unit, RESTART_TIMEOUT_S, err) < 0)
		return -1;
	struct docker_state state = {0};
	if (dockerapi_state(context->host, context->policy->socket, &state, err) < 0)
		return -1;
	free(state.names);
	if (strcmp(state.driver, DRIVER_WANTED) == 0)
		return 0;
	return fail_as(err, EX_UNAVAILABLE, "%s runs with the driver '%s' still", unit, state.driver);
}

static int unwrite_file(const struct operation *op, struct error *err)
{
	const char *name = "";
	_cleanup_close_ int dir = open_directory(op->context->host, op->step->target, &name, err);
	if (dir < 0)
		return -1;
	const char *text = op->step->before;
	if (text)
		return fs_replace(dir, name, text, strlen(text), op->step->mode, err);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return fail(err, errno, "remove %s", op->step->target);
	return 0;
}

static const struct {
	const char *name;
	const char *title;
	unsigned privs;
	int (*apply)(const struct operation *op, struct error *err);
	int (*undo)(const struct operation *op, struct error *err); /* on a failed STEP_RESTART */
} operations[STEP_KINDS] = {
	[STEP_DROPIN] = {"drop-in", "write", PRIVS_NONE, write_file, NULL},
	[STEP_RELOAD] = {"reload", "reload", PRIVS_NONE, reload, NULL},
	[STEP_LINGER] = {"linger", "keep services across logout of", PRIVS_NONE, linger, NULL},
	[STEP_START_MANAGER] = {"start-manager", "start", PRIVS_NONE, start_manager, NULL},
	[STEP_REALIZE] = {"realize", "apply the delegation to the running", PRIVS_NONE, realize, NULL},
	[STEP_ENABLE] = {"enable", "enable controllers in cgroup", PRIVS_NICE, enable, NULL},
	[STEP_USER_ENABLE] = {"user-enable", "as the user, enable controllers in cgroup", PRIVS_BECOME,
		user_enable, NULL},
	[STEP_USER_REMOVE] = {"user-remove", "as the user, remove cgroup", PRIVS_BECOME, user_remove, NULL},
	[STEP_USER_MAKE] = {"user-make", "as the user, make cgroup", PRIVS_BECOME, user_make, NULL},
	[STEP_IDLE] = {"idle", "see that no container runs under", PRIVS_NONE, idle, NULL},
	[STEP_BACKUP] = {"backup", "keep a copy:", PRIVS_NONE, write_file, NULL},
	[STEP_DAEMON_JSON] = {"daemon-json", "write", PRIVS_NONE, write_file, unwrite_file},
	[STEP_RESTART] = {"restart", "restart", PRIVS_NONE, restart, NULL},
};

const char *step_name(enum step_kind kind)
{
	return operations[kind].name;
}

const char *step_title(enum step_kind kind)
{
	return operations[kind].title;
}

unsigned steps_privs(const struct setup_plan *plan, size_t first)
{
	unsigned privs = PRIVS_NONE;
	for (size_t i = first; i < plan->count; i++)
		privs |= operations[plan->steps[i].kind].privs;
	return privs;
}

/* Docker is down or wrong after step `failed`: undo what was done for it and start it again. */
static int put_back(
	const struct steps_context *context, const struct setup_plan *plan, size_t failed, struct error *err)
{
	const struct operation restarted = {context, &plan->steps[failed]};
	struct error back = {0};
	bool undone = false;
	unitlog_tail(restarted.step->target, LOG_LINES, context->on_log, context->arg);
	for (size_t i = failed; i-- > 0;) {
		const struct operation op = {context, &plan->steps[i]};
		int (*undo)(const struct operation *, struct error *) = operations[op.step->kind].undo;
		if (!undo)
			continue;
		undone = true;
		if (undo(&op, &back) < 0)
			return add_hint(err, "putting %s back failed too: %s", op.step->target, back.msg);
	}
	if (!undone)
		return -1;
	if (bus_reset_failed(context->bus, restarted.step->target, &back) < 0 ||
		bus_restart(context->bus, restarted.step->target, RESTART_TIMEOUT_S, &back) < 0)
		return add_hint(err, "the old settings are back, but Docker does not start: %s", back.msg);
	err->status = EX_PUT_BACK;
	return add_hint(err, "the old settings are back and Docker runs with them; see journalctl -u %s",
		restarted.step->target);
}

int steps_apply(const struct steps_context *context, const struct setup_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct operation op = {context, &plan->steps[i]};
		if (privs_limit(steps_privs(plan, i), err) < 0)
			return -1;
		context->on_step(context->arg, op.step);
		if (operations[op.step->kind].apply(&op, err) == 0)
			continue;
		return op.step->kind == STEP_RESTART ? put_back(context, plan, i, err) : -1;
	}
	return privs_limit(PRIVS_NONE, err);
}
