/* SPDX-License-Identifier: MIT
 *
 * scope: StartTransientUnit of org.freedesktop.systemd1 on the user's bus, and the wait for its job.
 */
#include "scope.h"

#include "cgroup.h"
#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define DESTINATION  "org.freedesktop.systemd1"
#define OBJECT       "/org/freedesktop/systemd1"
#define MANAGER      "org.freedesktop.systemd1.Manager"
#define TIMEOUT_USEC (UINT64_C(30) * 1000000)

struct wanted_job {
	const char *path; /* NULL: not known yet */
	bool done;
	char result[32];
};

static int is_below_manager(const struct host *host, uid_t uid, bool *ret, struct error *err)
{
	char path[64];
	char text[CGROUP_PATH_MAX];
	char user[CGROUP_PATH_MAX];
	(void)snprintf(path, sizeof path, "proc/%d/cgroup", (int)getpid());
	if (fs_read_attr(host->root, path, text, sizeof text, err) < 0 ||
		cgroup_user_path(uid, user, sizeof user, err) < 0)
		return -1;
	const char *own = strstr(text, "0::/");
	size_t len = strlen(user);
	*ret = own && strncmp(own + 4, user, len) == 0 && (own[4 + len] == '/' || !own[4 + len]);
	return 0;
}

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	(void)error;
	struct wanted_job *job = data;
	const char *path = NULL;
	const char *result = NULL;
	uint32_t id = 0;
	if (sd_bus_message_read(message, "uoss", &id, &path, NULL, &result) < 0 || !job->path ||
		strcmp(path, job->path) != 0)
		return 0;
	job->done = true;
	(void)snprintf(job->result, sizeof job->result, "%s", result);
	return 0;
}

static int start_scope(sd_bus *bus, const char *unit, sd_bus_message **ret_reply, struct error *err)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	sd_bus_error problem = SD_BUS_ERROR_NULL;
	int r = sd_bus_message_new_method_call(
		bus, &call, DESTINATION, OBJECT, MANAGER, "StartTransientUnit");
	if (r >= 0)
		r = sd_bus_message_append(call, "ssa(sv)a(sa(sv))", unit, "fail", 3, "Description", "s",
			"oss-crs-run: on the way into the cgroup of a CRS", "PIDs", "au", 1,
			(uint32_t)getpid(), "CollectMode", "s", "inactive-or-failed", 0);
	if (r >= 0)
		r = sd_bus_call(bus, call, TIMEOUT_USEC, &problem, ret_reply);
	if (r < 0) {
		(void)fail_as(err, EX_UNAVAILABLE, "the user manager does not start a scope: %s",
			problem.message ? problem.message : strerrordesc_np(-r));
		(void)add_hint(err, "look at: systemctl --user status");
	}
	sd_bus_error_free(&problem);
	return r < 0 ? -1 : 0;
}

static int wait_for_job(sd_bus *bus, struct wanted_job *job, struct error *err)
{
	while (!job->done) {
		int r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, TIMEOUT_USEC);
		if (r < 0)
			return fail(err, -r, "wait for the user manager");
	}
	if (strcmp(job->result, "done") != 0)
		return fail_as(err, EX_UNAVAILABLE, "the user manager's scope ended as '%s'", job->result);
	return 0;
}

int scope_enter(const struct host *host, uid_t uid, const char *name, struct error *err)
{
	bool below = false;
	if (is_below_manager(host, uid, &below, err) < 0 || below)
		return below ? 0 : -1;
	char unit[256 + 16];
	(void)snprintf(unit, sizeof unit, "oss-crs-%.200s-%d.scope", name, (int)getpid());
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	int r = sd_bus_open_user(&bus);
	if (r < 0) {
		(void)fail_as(
			err, EX_UNAVAILABLE, "no connection to the user manager: %s", strerrordesc_np(-r));
		return add_hint(
			err, "log in by ssh or at a terminal (not by su), so that XDG_RUNTIME_DIR is set");
	}
	struct wanted_job job = {0};
	r = sd_bus_match_signal(bus, NULL, DESTINATION, OBJECT, MANAGER, "JobRemoved", on_job_removed, &job);
	if (r < 0)
		return fail(err, -r, "listen to the user manager");
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	if (start_scope(bus, unit, &reply, err) < 0)
		return -1;
	r = sd_bus_message_read(reply, "o", &job.path);
	if (r < 0)
		return fail(err, -r, "read the user manager's answer");
	return wait_for_job(bus, &job, err);
}
