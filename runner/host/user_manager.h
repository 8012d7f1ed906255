/* SPDX-License-Identifier: MIT
 *
 * user_manager: start and stop transient units of the user's own service manager (user@UID.service)
 * over D-Bus. The functions that start or stop a unit, except user_manager_begin(), wait until the
 * manager's job has ended. They fail with EX_UNAVAILABLE if the manager refuses or the job fails.
 *
 * See org.freedesktop.systemd1(5): a method that changes a unit replies with a job, and the signal
 * JobRemoved reports the result of the job. systemd.exec(5) and related pages describe the
 * properties of transient units.
 */
#ifndef OSS_CRS_USER_MANAGER_H
#define OSS_CRS_USER_MANAGER_H

#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

struct sd_bus; /* a connection, see sd-bus(3) */

/* Connect to the bus of the user manager: first by the environment, then by the socket below
 * /run/user, because cron(8) and su(1) do not set the environment. Fails with EX_UNAVAILABLE if
 * there is no user manager. The caller closes *ret with user_manager_close(). */
int user_manager_open(uid_t uid, struct sd_bus **ret, struct error *err);

/* Close the connection and set *bus to NULL. Suits _cleanup_(). */
void user_manager_close(struct sd_bus **bus);

/* Move a process into a new scope. */
int user_manager_start_scope(struct sd_bus *bus, const char *unit, const char *description,
	pid_t pid, struct error *err);

/* A service that systemd starts at the first connection to its socket. The strings belong to the
 * caller; the lists end with NULL. */
struct socket_service {
	const char *socket, *service; /* the names of the two units */
	const char *name;             /* of the program, for messages: "Podman" */
	const char *description;
	const char *path;               /* of the socket; only this user can connect */
	const char *const *argv;        /* argv[0] is an absolute path */
	const char *const *environment; /* NAME=VALUE */
};

/* Open the socket; the service is not started yet. When the service stops, processes that it has
 * started survive (KillMode=process). err->code is EEXIST if a unit of that name is loaded. */
int user_manager_start_socket(
	struct sd_bus *bus, const struct socket_service *what, struct error *err);

/* A service that runs until its program ends. The strings belong to the caller; the lists end with
 * NULL. */
struct transient_service {
	const char *unit;
	const char *description;
	const char *const *argv;        /* argv[0] is an absolute path */
	const char *const *environment; /* NAME=VALUE, beside those of every service */
	bool notifies;                  /* it says when it is ready (sd_notify(3), Type=notify) */
};

/* Start the service; returns when its program runs, or has said that it is ready. When it is
 * stopped, only its first process gets SIGTERM, and all are killed a minute later
 * (KillMode=mixed). */
int user_manager_start_service(
	struct sd_bus *bus, const struct transient_service *service, struct error *err);

/* Ask the manager to start a unit, and do not wait for the result. */
int user_manager_begin(struct sd_bus *bus, const char *unit, struct error *err);

/* Stop a unit. err->code is ENOENT if no unit of that name is loaded. `what` names the unit in
 * messages, as in "Podman's service". */
int user_manager_stop(struct sd_bus *bus, const char *unit, const char *what, struct error *err);

#endif
