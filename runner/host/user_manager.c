/* SPDX-License-Identifier: MIT
 *
 * manager: see manager.h.
 */
#include "user_manager.h"

#include "cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define DESTINATION  "org.freedesktop.systemd1"
#define OBJECT       "/org/freedesktop/systemd1"
#define MANAGER      "org.freedesktop.systemd1.Manager"
#define TIMEOUT_USEC (UINT64_C(60) * 1000000) /* without a word of it */

struct job {
	const char *path;
	bool done;
	char result[32];
};

static int open_by_address(uid_t uid, sd_bus **ret)
{
	_cleanup_(sdbus_closep) sd_bus *bus = NULL;
	char address[64];
	(void)snprintf(address, sizeof address, "unix:path=/run/user/%u/bus", (unsigned)uid);
	int r = sdbus.new(&bus);
	if (r >= 0)
		r = sdbus.set_address(bus, address);
	if (r >= 0)
		r = sdbus.set_bus_client(bus, true);
	if (r >= 0)
		r = sdbus.start(bus);
	if (r >= 0)
		*ret = steal_ptr(bus);
	return r;
}

int manager_open(uid_t uid, sd_bus **ret, struct error *err)
{
	sd_bus *bus = NULL;
	if (sdbus_load(err) < 0)
		return -1;
	int r = sdbus.open_user(&bus);
	if (r < 0)
		r = open_by_address(uid, &bus);
	if (r < 0) {
		(void)fail_as(err, EX_UNAVAILABLE, "no connection to the user manager: %s",
			strerrordesc_np(-r));
		return add_hint(err,
			"log in by ssh or at a terminal (not by su), or have an administrator: "
			"loginctl enable-linger $USER");
	}
	*ret = bus;
	return 0;
}

int manager_call(sd_bus *bus, const char *method, sd_bus_message **ret, struct error *err)
{
	int r = sdbus.message_new_method_call(bus, ret, DESTINATION, OBJECT, MANAGER, method);
	return r < 0 ? fail(err, -r, "call the user manager's %s", method) : 0;
}

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	(void)error;
	struct job *job = data;
	const char *path = NULL;
	const char *result = NULL;
	uint32_t id = 0;
	if (sdbus.message_read(message, "uoss", &id, &path, NULL, &result) < 0 || !job->path ||
		strcmp(path, job->path) != 0)
		return 0;
	job->done = true;
	(void)snprintf(job->result, sizeof job->result, "%s", result);
	return 0;
}

static int send_call(sd_bus *bus, sd_bus_message *call, const char *what,
	sd_bus_message **ret_reply, struct error *err)
{
	sd_bus_error problem = SD_BUS_ERROR_NULL;
	int r = sdbus.call(bus, call, TIMEOUT_USEC, &problem, ret_reply);
	if (r < 0) {
		(void)fail_as(err, EX_UNAVAILABLE, "the user manager does not %s: %s", what,
			problem.message ? problem.message : strerrordesc_np(-r));
		(void)add_hint(err, "look at: systemctl --user status");
		err->code = sdbus.error_has_name(&problem, "org.freedesktop.systemd1.UnitExists")
				    ? EEXIST
			    : sdbus.error_has_name(&problem, "org.freedesktop.systemd1.NoSuchUnit")
				    ? ENOENT
				    : EIO;
	}
	sdbus.error_free(&problem);
	return r < 0 ? -1 : 0;
}

static int wait_for_job(sd_bus *bus, const struct job *job, const char *what, struct error *err)
{
	while (!job->done) {
		int r = sdbus.process(bus, NULL);
		if (r == 0) {
			r = sdbus.wait(bus, TIMEOUT_USEC);
			r = r == 0 ? -ETIMEDOUT : r;
		}
		if (r < 0)
			return fail(err, -r, "wait for the user manager to %s", what);
	}
	if (strcmp(job->result, "done") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "the user manager's job to %s ended as '%s'", what,
		job->result);
	return add_hint(err, "look at: journalctl --user -e");
}

int manager_do(sd_bus *bus, sd_bus_message *call, const char *what, struct error *err)
{
	struct job job = {.path = NULL};
	_cleanup_(sdbus_slot_unrefp) sd_bus_slot *slot = NULL;
	_cleanup_(sdbus_message_unrefp) sd_bus_message *reply = NULL;
	/* Before the call: the job may be done before its answer has been read. */
	int r = sdbus.match_signal(
		bus, &slot, DESTINATION, OBJECT, MANAGER, "JobRemoved", on_job_removed, &job);
	if (r < 0)
		return fail(err, -r, "listen to the user manager");
	if (send_call(bus, call, what, &reply, err) < 0)
		return -1;
	r = sdbus.message_read(reply, "o", &job.path);
	if (r < 0)
		return fail(err, -r, "read the user manager's answer");
	return wait_for_job(bus, &job, what, err);
}
