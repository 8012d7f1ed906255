/* SPDX-License-Identifier: MIT
 *
 * bus: the D-Bus calls, and the readers that turn a reply into text. A start or restart queues a
 * job, and the signal JobRemoved reports its result. An error contains the message from systemd or
 * logind, which gives the reason.
 */
#include "bus.h"

#include "cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define SYSTEMD         "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define LOGIND          "org.freedesktop.login1"
#define LOGIND_PATH     "/org/freedesktop/login1"
#define LOGIND_MANAGER  "org.freedesktop.login1.Manager"
#define USEC_PER_SEC    UINT64_C(1000000)
#define CALL_TIMEOUT    (90 * USEC_PER_SEC) /* a daemon-reload of a large host is slow */

static void cleanup_bus_error(sd_bus_error *error)
{
	sd_bus_error_free(error);
}
#define _cleanup_bus_error_ _cleanup_(cleanup_bus_error)

static void cleanup_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}
#define _cleanup_message_ _cleanup_(cleanup_message)

static void cleanup_slot(sd_bus_slot **slot)
{
	(void)sd_bus_slot_unref(*slot);
}

/* Describe a failed call: r is the negative errno that sd-bus returned. */
static int fail_bus(struct error *err, int r, const sd_bus_error *error, const char *what)
{
	if (!sd_bus_error_is_set(error))
		return fail(err, -r, "%s", what);
	(void)fail_as(
		err, EX_UNAVAILABLE, "%s: %s", what, error->message ? error->message : error->name);
	err->code = -r;
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ||
		sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
		err->status = EX_NOPERM;
	return -1;
}

void bus_close(sd_bus **bus)
{
	*bus = sd_bus_flush_close_unref(*bus);
}

int bus_open(sd_bus **ret, struct error *err)
{
	_cleanup_bus_ sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, "unix:path=/run/dbus/system_bus_socket");
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		(void)fail(err, -r, "connect to the system bus");
		err->status = EX_UNAVAILABLE;
		return add_hint(err, "systemd has to be PID 1, and the package dbus installed");
	}
	*ret = steal_ptr(bus);
	return 0;
}

static int unit_object_path(const char *unit, char **ret, struct error *err)
{
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, ret);
	return r < 0 ? fail(err, -r, "unit %s", unit) : 0;
}

static int get_property(sd_bus *bus, const char *unit, const char *interface, const char *property,
	const char *type, sd_bus_message **ret, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	if (unit_object_path(unit, &path, err) < 0)
		return -1;
	int r = sd_bus_get_property(bus, SYSTEMD, path, interface, property, &error, ret, type);
	if (r < 0) {
		(void)fail_bus(err, r, &error, property);
		return add_context(err, "%s", unit);
	}
	return 0;
}

int bus_text(sd_bus *bus, const char *unit, const char *interface, const char *property, char **ret,
	struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *text = NULL;
	if (get_property(bus, unit, interface, property, "s", &reply, err) < 0)
		return -1;
	int r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return fail(err, -r, "read %s of %s", property, unit);
	char *copy = strdup(text);
	if (!copy)
		return fail(err, ENOMEM, "read %s of %s", property, unit);
	*ret = copy;
	return 0;
}

/* Copy a one-word property of a unit to buf. */
static int get_state_word(sd_bus *bus, const char *unit, const char *property, char *buf,
	size_t size, struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *text = NULL;
	if (get_property(bus, unit, SYSTEMD ".Unit", property, "s", &reply, err) < 0)
		return -1;
	int r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return fail(err, -r, "read %s of %s", property, unit);
	(void)snprintf(buf, size, "%s", text);
	return 0;
}

int bus_unit_state(sd_bus *bus, const char *unit, struct unit_state *ret, struct error *err)
{
	char load[32] = "";
	struct unit_state state = {0};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int stale = 0;
	if (get_state_word(bus, unit, "LoadState", load, sizeof load, err) < 0 ||
		get_state_word(bus, unit, "ActiveState", state.active_text,
			sizeof state.active_text, err) < 0 ||
		get_property(bus, unit, SYSTEMD ".Unit", "NeedDaemonReload", "b", &reply, err) < 0)
		return -1;
	int r = sd_bus_message_read(reply, "b", &stale);
	if (r < 0)
		return fail(err, -r, "read the state of %s", unit);
	state.installed = strcmp(load, "loaded") == 0;
	state.active = strcmp(state.active_text, "active") == 0 ||
		       strcmp(state.active_text, "reloading") == 0;
	state.stale = stale;
	*ret = state;
	return 0;
}

/* Read the strings up to the end of the container, one per line. */
static int read_lines(sd_bus_message *message, FILE *out)
{
	const char *text = NULL;
	int r = 0;
	while ((r = sd_bus_message_read(message, "s", &text)) > 0)
		(void)fprintf(out, "%s\n", text);
	return r;
}

static int read_string_list(sd_bus_message *message, FILE *out)
{
	int r = sd_bus_message_enter_container(message, 'a', "s");
	return r < 0 ? r : read_lines(message, out);
}

static int read_commands(sd_bus_message *message, FILE *out)
{
	int r = sd_bus_message_enter_container(message, 'a', "(sasbttttuii)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'r', "sasbttttuii")) > 0) {
		if ((r = sd_bus_message_skip(message, "s")) < 0 ||
			(r = read_string_list(message, out)) < 0 ||
			(r = sd_bus_message_exit_container(message)) < 0 ||
			(r = sd_bus_message_skip(message, "bttttuii")) < 0 ||
			(r = sd_bus_message_exit_container(message)) < 0)
			return r;
	}
	return r;
}

static int read_files(sd_bus_message *message, FILE *out)
{
	const char *file = NULL;
	int optional = 0;
	int r = sd_bus_message_enter_container(message, 'a', "(sb)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(message, "(sb)", &file, &optional)) > 0)
		(void)fprintf(out, "%s\n", file);
	return r;
}

/* Read a property into one string. `reader` reads the property's type. */
static int read_property_lines(sd_bus *bus, const char *unit, const char *interface,
	const char *property, const char *type, int (*reader)(sd_bus_message *, FILE *), char **ret,
	struct error *err)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	if (get_property(bus, unit, interface, property, type, &reply, err) < 0)
		return -1;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "read %s of %s", property, unit);
	int r = reader(reply, out);
	if (fclose(out) != 0)
		return fail(err, errno, "read %s of %s", property, unit);
	if (r < 0)
		return fail(err, -r, "read %s of %s", property, unit);
	*ret = steal_ptr(text);
	return 0;
}

int bus_text_list(sd_bus *bus, const char *unit, const char *interface, const char *property,
	char **ret, struct error *err)
{
	return read_property_lines(
		bus, unit, interface, property, "as", read_string_list, ret, err);
}

int bus_has_dropin(sd_bus *bus, const char *unit, const char *path, bool *ret, struct error *err)
{
	_cleanup_free_ char *paths = NULL;
	size_t len = strlen(path);
	if (bus_text_list(bus, unit, SYSTEMD ".Unit", "DropInPaths", &paths, err) < 0)
		return -1;
	bool found = false;
	for (const char *line = paths ? paths : ""; *line && !found;
		line += strcspn(line, "\n") + 1)
		found = strncmp(line, path, len) == 0 && line[len] == '\n';
	*ret = found;
	return 0;
}

int bus_exec_start(sd_bus *bus, const char *unit, char **ret, struct error *err)
{
	return read_property_lines(bus, unit, SYSTEMD ".Service", "ExecStart", "a(sasbttttuii)",
		read_commands, ret, err);
}

int bus_environment_files(sd_bus *bus, const char *unit, char **ret, struct error *err)
{
	return read_property_lines(
		bus, unit, SYSTEMD ".Service", "EnvironmentFiles", "a(sb)", read_files, ret, err);
}

int bus_reload(sd_bus *bus, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(
		bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "Reload", &error, NULL, "");
	return r < 0 ? fail_bus(err, r, &error, "daemon-reload") : 0;
}

int bus_realize(sd_bus *bus, const char *unit, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "SetUnitProperties",
		&error, NULL, "sba(sv)", unit, 1, 1, "Markers", "as", 0);
	return r < 0 ? fail_bus(err, r, &error, "apply the cgroup settings") : 0;
}

int bus_reset_failed(sd_bus *bus, const char *unit, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "ResetFailedUnit",
		&error, NULL, "s", unit);
	return r < 0 ? fail_bus(err, r, &error, "reset-failed") : 0;
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
	char what[FACTS_UNIT_MAX + 32];
	(void)snprintf(what, sizeof what, "%s %s", method, unit);
	int r = sd_bus_call_method(
		bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", &error, NULL, "");
	if (r < 0 && !sd_bus_error_has_name(&error, SYSTEMD ".AlreadySubscribed"))
		return fail_bus(err, r, &error, "subscribe to systemd");
	sd_bus_error_free(&error);
	r = sd_bus_match_signal(bus, &slot, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
		on_job_removed, &job);
	if (r < 0)
		return fail(err, -r, "match JobRemoved");
	r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, method, &error, &reply,
		"ss", unit, "replace");
	if (r < 0)
		return fail_bus(err, r, &error, what);
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

/* Whether logind has no such user, or has no more since it named the user's object: one who is
 * logged in nowhere and does not linger. */
static bool is_unknown_user(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, LOGIND ".NoSuchUser") ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT);
}

int bus_lingers(sd_bus *bus, uid_t uid, bool *ret, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *path = NULL;
	int lingers = 0;
	int r = sd_bus_call_method(bus, LOGIND, LOGIND_PATH, LOGIND_MANAGER, "GetUser", &error,
		&reply, "u", (uint32_t)uid);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0)
		r = sd_bus_get_property_trivial(
			bus, LOGIND, path, LOGIND ".User", "Linger", &error, 'b', &lingers);
	if (r < 0 && !is_unknown_user(&error))
		return fail_bus(err, r, &error, "ask logind whether the user lingers");
	*ret = lingers;
	return 0;
}

int bus_set_linger(sd_bus *bus, uid_t uid, bool linger, struct error *err)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, LOGIND, LOGIND_PATH, LOGIND_MANAGER, "SetUserLinger",
		&error, NULL, "ubb", (uint32_t)uid, linger, 0);
	return r < 0 ? fail_bus(err, r, &error, linger ? "enable lingering" : "disable lingering")
		     : 0;
}
