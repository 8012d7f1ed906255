/* SPDX-License-Identifier: MIT
 *
 * bus_calls: each call has a function, which has its path, interface, method and properties as
 * constants. A start or restart queues a job, and the signal JobRemoved reports its result.
 */
#include "bus_calls.h"

#include "bus_message.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define WHAT_MAX     192

static void cleanup_slot(sd_bus_slot **slot)
{
	(void)sd_bus_slot_unref(*slot);
}

int bus_reload(sd_bus *bus, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(
		bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "Reload", &error, NULL, "");
	return r < 0 ? bus_fail(err, r, &error, "daemon-reload") : 0;
}

int bus_realize(sd_bus *bus, const char *unit, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "SetUnitProperties",
		&error, NULL, "sba(sv)", unit, 1, 1, "Markers", "as", 0);
	return r < 0 ? bus_fail(err, r, &error, "apply the cgroup settings") : 0;
}

int bus_reset_failed(sd_bus *bus, const char *unit, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "ResetFailedUnit",
		&error, NULL, "s", unit);
	return r < 0 ? bus_fail(err, r, &error, "reset-failed") : 0;
}

struct job {
	const char *path; /* NULL until systemd answers the call */
	char result[32];  /* empty until systemd removes the job */
};

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	(void)error;
	struct job *job = userdata;
	const char *path = NULL;
	const char *unit = NULL;
	const char *result = NULL;
	uint32_t id = 0;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
		strcmp(path, job->path) == 0)
		(void)snprintf(job->result, sizeof job->result, "%s", result);
	return 0;
}

static uint64_t now_us(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static int wait_job(
	sd_bus *bus, const struct job *job, const char *what, int timeout_s, struct error *err)
{
	uint64_t deadline = now_us() + (uint64_t)timeout_s * USEC_PER_SEC;
	while (!job->result[0]) {
		int r = sd_bus_process(bus, NULL);
		if (r < 0)
			return fail(err, -r, "%s: wait for the job", what);
		if (r > 0)
			continue;
		uint64_t now = now_us();
		if (now >= deadline)
			return fail(err, ETIME, "%s: not done after %d s", what, timeout_s);
		r = sd_bus_wait(bus, deadline - now);
		if (r < 0 && r != -EINTR)
			return fail(err, -r, "%s: wait for the job", what);
	}
	if (strcmp(job->result, "done") == 0)
		return 0;
	return fail_as(err, EX_UNAVAILABLE, "%s: the job ended as '%s'", what, job->result);
}

/* Queue a job with a method of the manager and wait until systemd removes it. The match is
 * installed before the call; replies and signals arrive in the order in which they were sent. */
static int run_job(
	sd_bus *bus, const char *method, const char *unit, int timeout_s, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct job job = {0};
	_cleanup_(cleanup_slot) sd_bus_slot *slot = NULL;
	char what[WHAT_MAX];
	(void)snprintf(what, sizeof what, "%s %s", method, unit);
	int r = sd_bus_call_method(
		bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", &error, NULL, "");
	if (r < 0 && !sd_bus_error_has_name(&error, SYSTEMD ".AlreadySubscribed"))
		return bus_fail(err, r, &error, "subscribe to systemd");
	sd_bus_error_free(&error);
	r = sd_bus_match_signal(bus, &slot, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
		on_job_removed, &job);
	if (r < 0)
		return fail(err, -r, "match JobRemoved");
	r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, method, &error, &reply,
		"ss", unit, "replace");
	if (r < 0)
		return bus_fail(err, r, &error, what);
	r = sd_bus_message_read(reply, "o", &job.path);
	if (r < 0)
		return fail(err, -r, "%s", what);
	return wait_job(bus, &job, what, timeout_s, err);
}

int bus_start(sd_bus *bus, const char *unit, int timeout_s, struct error *err)
{
	return run_job(bus, "StartUnit", unit, timeout_s, err);
}

int bus_restart(sd_bus *bus, const char *unit, int timeout_s, struct error *err)
{
	return run_job(bus, "RestartUnit", unit, timeout_s, err);
}

int bus_set_linger(sd_bus *bus, uid_t uid, bool linger, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, LOGIND, LOGIND_PATH, LOGIND_MANAGER, "SetUserLinger",
		&error, NULL, "ubb", (uint32_t)uid, linger, 0);
	return r < 0 ? bus_fail(err, r, &error, linger ? "enable lingering" : "disable lingering")
		     : 0;
}
