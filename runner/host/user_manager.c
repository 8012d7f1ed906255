/* SPDX-License-Identifier: MIT
 *
 * user_manager: calls to systemd with sd-bus(3). The first user_manager_open() loads libsystemd:
 * most commands use no bus, and mapping and relocating that library would take most of their
 * start-up time (docs/performance.md). No other file of the program includes <systemd/sd-bus.h>.
 */
#include "user_manager.h"

#include "cleanup.h"
#include "library.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define DESTINATION  "org.freedesktop.systemd1"
#define OBJECT       "/org/freedesktop/systemd1"
#define MANAGER      "org.freedesktop.systemd1.Manager"
#define TIMEOUT_USEC (UINT64_C(60) * 1000000) /* without a reply or signal from the manager */

/* ---- the library ---- */

#define SDBUS_FUNCTIONS(X)          \
	X(call)                     \
	X(error_free)               \
	X(error_has_name)           \
	X(flush_close_unref)        \
	X(match_signal)             \
	X(message_append)           \
	X(message_append_strv)      \
	X(message_close_container)  \
	X(message_new_method_call)  \
	X(message_open_container)   \
	X(message_read)             \
	X(message_set_expect_reply) \
	X(message_unref)            \
	X(new)                      \
	X(open_user)                \
	X(process)                  \
	X(send)                     \
	X(set_address)              \
	X(set_bus_client)           \
	X(slot_unref)               \
	X(start)                    \
	X(wait)

/* sdbus.NAME is sd_bus_NAME. All members are NULL before load_sdbus(). */
static struct {
#define SDBUS_MEMBER(name) __typeof__(sd_bus_##name)(*(name));
	SDBUS_FUNCTIONS(SDBUS_MEMBER)
#undef SDBUS_MEMBER
} sdbus;

static int load_sdbus(struct error *err)
{
	static const struct library_function list[] = {
#define SDBUS_FUNCTION(name) {"sd_bus_" #name, offsetof(__typeof__(sdbus), name)},
		SDBUS_FUNCTIONS(SDBUS_FUNCTION)
#undef SDBUS_FUNCTION
	};
	__typeof__(sdbus) loaded;
	if (sdbus.call)
		return 0;
	if (library_load("libsystemd.so.0", "libsystemd0", list, sizeof list / sizeof *list,
		    &loaded, err) < 0)
		return -1;
	sdbus = loaded;
	return 0;
}

void user_manager_close(struct sd_bus **bus)
{
	/* If there is a connection, the library is loaded. */
	if (*bus)
		(void)sdbus.flush_close_unref(*bus);
	*bus = NULL;
}

static void unref_message(sd_bus_message **message)
{
	if (*message)
		(void)sdbus.message_unref(*message);
}

static void unref_slot(sd_bus_slot **slot)
{
	if (*slot)
		(void)sdbus.slot_unref(*slot);
}

/* ---- calls and their jobs ---- */

struct manager_job {
	const char *path;
	bool done;
	char result[32];
};

static int open_by_address(uid_t uid, sd_bus **ret)
{
	_cleanup_(user_manager_close) sd_bus *bus = NULL;
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

int user_manager_open(uid_t uid, sd_bus **ret, struct error *err)
{
	sd_bus *bus = NULL;
	if (load_sdbus(err) < 0)
		return -1;
	int r = sdbus.open_user(&bus);
	if (r < 0)
		r = open_by_address(uid, &bus);
	if (r < 0) {
		(void)fail_as(err, EX_UNAVAILABLE, "cannot connect to the user manager: %s",
			strerrordesc_np(-r));
		return add_hint(err, "log in over ssh or at a terminal (not with su), or run: sudo "
				     "loginctl enable-linger $USER");
	}
	*ret = bus;
	return 0;
}

static int new_call(sd_bus *bus, const char *method, sd_bus_message **ret, struct error *err)
{
	int r = sdbus.message_new_method_call(bus, ret, DESTINATION, OBJECT, MANAGER, method);
	return r < 0 ? fail(err, -r, "call the user manager's %s", method) : 0;
}

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	(void)error;
	struct manager_job *job = data;
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
		(void)fail_as(err, EX_UNAVAILABLE, "the user manager cannot %s: %s", what,
			problem.message ? problem.message : strerrordesc_np(-r));
		(void)add_hint(err, "see: systemctl --user status");
		err->code = sdbus.error_has_name(&problem, "org.freedesktop.systemd1.UnitExists")
				    ? EEXIST
			    : sdbus.error_has_name(&problem, "org.freedesktop.systemd1.NoSuchUnit")
				    ? ENOENT
				    : EIO;
	}
	sdbus.error_free(&problem);
	return r < 0 ? -1 : 0;
}

static int wait_for_job(
	sd_bus *bus, const struct manager_job *job, const char *what, struct error *err)
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
	(void)fail_as(err, EX_UNAVAILABLE, "the user manager's job to %s ended with result '%s'",
		what, job->result);
	return add_hint(err, "see: journalctl --user -e");
}

static int do_call(sd_bus *bus, sd_bus_message *call, const char *what, struct error *err)
{
	struct manager_job job = {.path = NULL};
	_cleanup_(unref_slot) sd_bus_slot *slot = NULL;
	_cleanup_(unref_message) sd_bus_message *reply = NULL;
	/* Subscribe before the call: the job may end before this process has read the reply. */
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

/* ---- requests ---- */

int user_manager_start_scope(
	struct sd_bus *bus, const char *unit, const char *description, pid_t pid, struct error *err)
{
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	if (new_call(bus, "StartTransientUnit", &call, err) < 0)
		return -1;
	int r = sdbus.message_append(call, "ssa(sv)a(sa(sv))", unit, "fail", 3, "Description", "s",
		description, "PIDs", "au", 1, (uint32_t)pid, "CollectMode", "s",
		"inactive-or-failed", 0);
	return r < 0 ? fail(err, -r, "ask for a scope") : do_call(bus, call, "start a scope", err);
}

/* sd_bus_message_append_strv() copies the strings, but its prototype lacks const. */
static int append_list(sd_bus_message *call, const char *const *list)
{
	char **same = NULL;
	memcpy(&same, &list, sizeof same);
	return sdbus.message_append_strv(call, same);
}

static int close_containers(sd_bus_message *call, int r, int count)
{
	for (; r >= 0 && count > 0; count--)
		r = sdbus.message_close_container(call);
	return r;
}

/* Environment=: a property whose value is a list. */
static int append_environment(sd_bus_message *call, const char *const *environment)
{
	int r = sdbus.message_open_container(call, 'r', "sv");
	if (r >= 0)
		r = sdbus.message_append(call, "s", "Environment");
	if (r >= 0)
		r = sdbus.message_open_container(call, 'v', "as");
	if (r >= 0)
		r = append_list(call, environment);
	return close_containers(call, r, 2);
}

/* ExecStart=: a list of commands, each with a path, arguments, and whether a failure is ignored. */
static int append_command(sd_bus_message *call, const char *const *argv)
{
	int r = sdbus.message_open_container(call, 'r', "sv");
	if (r >= 0)
		r = sdbus.message_append(call, "s", "ExecStart");
	if (r >= 0)
		r = sdbus.message_open_container(call, 'v', "a(sasb)");
	if (r >= 0)
		r = sdbus.message_open_container(call, 'a', "(sasb)");
	if (r >= 0)
		r = sdbus.message_open_container(call, 'r', "sasb");
	if (r >= 0)
		r = sdbus.message_append(call, "s", argv[0]);
	if (r >= 0)
		r = append_list(call, argv);
	if (r >= 0)
		r = sdbus.message_append(call, "b", false);
	return close_containers(call, r, 4);
}

static int append_socket(sd_bus_message *call, const struct socket_service *what)
{
	return sdbus.message_append(call, "ssa(sv)", what->socket, "fail", 5, "Description", "s",
		what->description, "Listen", "a(ss)", 1, "Stream", what->path, "SocketMode", "u",
		(uint32_t)0600, "RemoveOnStop", "b", true, "CollectMode", "s",
		"inactive-or-failed");
}

/* The service is an auxiliary unit of the call that starts the socket. PartOf=: stopping the socket
 * stops the service first. */
static int append_service(sd_bus_message *call, const struct socket_service *what)
{
	int r = sdbus.message_open_container(call, 'a', "(sa(sv))");
	if (r >= 0)
		r = sdbus.message_open_container(call, 'r', "sa(sv)");
	if (r >= 0)
		r = sdbus.message_append(call, "s", what->service);
	if (r >= 0)
		r = sdbus.message_open_container(call, 'a', "(sv)");
	if (r >= 0)
		r = append_environment(call, what->environment);
	if (r >= 0)
		r = sdbus.message_append(call, "(sv)(sv)(sv)(sv)(sv)", "Description", "s",
			what->description, "Type", "s", "exec", "KillMode", "s", "process",
			"CollectMode", "s", "inactive-or-failed", "PartOf", "as", 1, what->socket);
	if (r >= 0)
		r = append_command(call, what->argv);
	return close_containers(call, r, 3);
}

int user_manager_start_socket(
	struct sd_bus *bus, const struct socket_service *what, struct error *err)
{
	char doing[128];
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	if (new_call(bus, "StartTransientUnit", &call, err) < 0)
		return -1;
	(void)snprintf(doing, sizeof doing, "open a socket for %s", what->name);
	int r = append_socket(call, what);
	if (r >= 0)
		r = append_service(call, what);
	return r < 0 ? fail(err, -r, "%s", doing) : do_call(bus, call, doing, err);
}

#define STOP_USEC (UINT64_C(60) * 1000000)

int user_manager_start_service(
	struct sd_bus *bus, const struct transient_service *service, struct error *err)
{
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	if (new_call(bus, "StartTransientUnit", &call, err) < 0)
		return -1;
	int r = sdbus.message_append(call, "ss", service->unit, "fail");
	if (r >= 0)
		r = sdbus.message_open_container(call, 'a', "(sv)");
	if (r >= 0)
		r = append_environment(call, service->environment);
	if (r >= 0)
		r = sdbus.message_append(call, "(sv)(sv)(sv)(sv)(sv)", "Description", "s",
			service->description, "Type", "s", service->notifies ? "notify" : "exec",
			"KillMode", "s", "mixed", "TimeoutStopUSec", "t", STOP_USEC, "CollectMode",
			"s", "inactive-or-failed");
	if (r >= 0)
		r = append_command(call, service->argv);
	if (r >= 0)
		r = sdbus.message_close_container(call);
	if (r >= 0)
		r = sdbus.message_append(call, "a(sa(sv))", 0);
	return r < 0 ? fail(err, -r, "start %s", service->unit)
		     : do_call(bus, call, "start a service", err);
}

int user_manager_begin(struct sd_bus *bus, const char *unit, struct error *err)
{
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	if (new_call(bus, "StartUnit", &call, err) < 0)
		return -1;
	int r = sdbus.message_append(call, "ss", unit, "fail");
	if (r >= 0)
		r = sdbus.message_set_expect_reply(call, false);
	if (r >= 0)
		r = sdbus.send(bus, call, NULL);
	return r < 0 ? fail(err, -r, "start %s", unit) : 0;
}

int user_manager_stop(struct sd_bus *bus, const char *unit, const char *what, struct error *err)
{
	char doing[128];
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	if (new_call(bus, "StopUnit", &call, err) < 0)
		return -1;
	(void)snprintf(doing, sizeof doing, "stop %s", what);
	int r = sdbus.message_append(call, "ss", unit, "replace");
	return r < 0 ? fail(err, -r, "%s", doing) : do_call(bus, call, doing, err);
}
