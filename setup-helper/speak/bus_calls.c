/* SPDX-License-Identifier: MIT
 *
 * bus_calls: each call has its method and its arguments but unit and uid as constants. A start or
 * restart queues a job, and the signal JobRemoved reports its result.
 */
#include "bus_calls.h"

#include "bus_message.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define USEC_PER_SEC     UINT64_C(1000000)
#define START_TIMEOUT_S  90
#define DOCKER_TIMEOUT_S 300 /* Docker may have many containers to stop */

/* Whom to call. */
struct manager {
	const char *name;
	const char *path;
	const char *interface;
};
static const struct manager systemd = {SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER};
static const struct manager logind = {LOGIND, LOGIND_PATH, LOGIND_MANAGER};
static const struct manager broker = {
	"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"};

/* Call a method with arguments of these types; `what` says in an error what failed. ret_reply may
 * be NULL. */
static int call(sd_bus *bus, const struct manager *to, const char *method, const char *what,
	sd_bus_message **ret_reply, struct error *err, const char *types, ...)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	va_list ap;
	va_start(ap, types);
	int r = sd_bus_call_methodv(
		bus, to->name, to->path, to->interface, method, &error, ret_reply, types, ap);
	va_end(ap);
	return r < 0 ? bus_fail(err, r, &error, what) : 0;
}

int bus_watch_jobs(sd_bus *bus, struct error *err)
{
	static const char rule[] = "type='signal',sender='" SYSTEMD "',path='" SYSTEMD_PATH
				   "',interface='" SYSTEMD_MANAGER "',member='JobRemoved'";
	if (call(bus, &systemd, "Subscribe", "subscribe to systemd", NULL, err, "") < 0)
		return -1;
	return call(bus, &broker, "AddMatch", "match JobRemoved", NULL, err, "s", rule);
}

static uint64_t now_us(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* Whether a message says that the job has ended; the sender must be who queued it. */
static bool is_end_of_job(
	sd_bus_message *message, const char *sender, const char *job, const char **ret_result)
{
	uint32_t id = 0;
	const char *path = NULL;
	const char *unit = NULL;
	return sd_bus_message_is_signal(message, SYSTEMD_MANAGER, "JobRemoved") > 0 &&
	       strcmp(sd_bus_message_get_sender(message), sender) == 0 &&
	       sd_bus_message_read(message, "uoss", &id, &path, &unit, ret_result) >= 0 &&
	       strcmp(path, job) == 0;
}

/* Queue a job and wait until systemd removes it. Replies and signals arrive in the order in which
 * they were sent, and wait in the connection until they are looked at. */
static int run_job(
	sd_bus *bus, const char *method, const char *unit, int timeout_s, struct error *err)
{
	_cleanup_message_ sd_bus_message *queued = NULL;
	const char *job = NULL;
	char what[192];
	(void)snprintf(what, sizeof what, "%s %s", method, unit);
	if (call(bus, &systemd, method, what, &queued, err, "ss", unit, "replace") < 0)
		return -1;
	uint64_t deadline = now_us() + (uint64_t)timeout_s * USEC_PER_SEC;
	int r = sd_bus_message_read(queued, "o", &job);
	while (r >= 0) {
		_cleanup_message_ sd_bus_message *message = NULL;
		const char *result = NULL;
		r = sd_bus_process(bus, &message);
		if (message &&
			is_end_of_job(message, sd_bus_message_get_sender(queued), job, &result))
			return strcmp(result, "done") == 0
				       ? 0
				       : fail_as(err, EX_UNAVAILABLE, "%s: the job ended as '%s'",
						 what, result);
		if (r != 0)
			continue;
		uint64_t now = now_us();
		if (now >= deadline)
			return fail(err, ETIME, "%s: not done after %d s", what, timeout_s);
		r = sd_bus_wait(bus, deadline - now);
		r = r == -EINTR ? 0 : r;
	}
	return fail(err, -r, "%s: wait for the job", what);
}

/* Do what systemctl daemon-reload does. */
static int reload(sd_bus *bus, const char *unit, uid_t uid, struct error *err)
{
	(void)unit;
	(void)uid;
	return call(bus, &systemd, "Reload", "daemon-reload", NULL, err, "");
}

/* Have logind keep the user's services running without a login, or no longer. */
static int linger(sd_bus *bus, const char *unit, uid_t uid, struct error *err)
{
	(void)unit;
	return call(bus, &logind, "SetUserLinger", "enable lingering", NULL, err, "ubb",
		(uint32_t)uid, 1, 0);
}

static int unlinger(sd_bus *bus, const char *unit, uid_t uid, struct error *err)
{
	(void)unit;
	return call(bus, &logind, "SetUserLinger", "disable lingering", NULL, err, "ubb",
		(uint32_t)uid, 0, 0);
}

static int start(sd_bus *bus, const char *unit, uid_t uid, struct error *err)
{
	(void)uid;
	return run_job(bus, "StartUnit", unit, START_TIMEOUT_S, err);
}

/* Make systemd apply the cgroup settings of a running unit, and what they require of the slices
 * above it, without touching its processes. SetUnitProperties commits the settings whatever
 * property it sets; this call sets Markers (systemd 248) without adding or removing any. */
static int realize(sd_bus *bus, const char *unit, uid_t uid, struct error *err)
{
	(void)uid;
	return call(bus, &systemd, "SetUnitProperties", "apply the cgroup settings", NULL, err,
		"sba(sv)", unit, 1, 1, "Markers", "as", 0);
}

/* Forget the unit's failures, so that the rate limit of starts does not refuse this one. */
static int restart(sd_bus *bus, const char *unit, uid_t uid, struct error *err)
{
	(void)uid;
	if (call(bus, &systemd, "ResetFailedUnit", "reset-failed", NULL, err, "s", unit) < 0)
		return -1;
	return run_job(bus, "RestartUnit", unit, DOCKER_TIMEOUT_S, err);
}

/* The unit hands the CPUs down when it starts, if there is a drop-in, and takes them back when it
 * stops. */
static int reserve(sd_bus *bus, const char *unit, uid_t uid, struct error *err)
{
	(void)uid;
	return run_job(bus, "RestartUnit", unit, START_TIMEOUT_S, err) == 0
		       ? 0
		       : add_hint(err, "its log has the kernel's reason: journalctl -u %s", unit);
}

const struct bus_row bus_calls[BUS_CALLS] = {
	[BUS_RELOAD] = {NULL, reload},
	[BUS_LINGER] = {"user@", linger},
	[BUS_UNLINGER] = {"user@", unlinger},
	[BUS_START_MANAGER] = {"user@", start},
	[BUS_REALIZE_MANAGER] = {"user@", realize},
	[BUS_RESTART_DOCKER] = {NULL, restart},
	[BUS_RESERVE] = {"oss-crs-reserve@", reserve},
};
