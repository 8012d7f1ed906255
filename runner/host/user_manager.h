/* SPDX-License-Identifier: MIT
 *
 * user_manager: the user's own service manager (user@UID.service) on its bus: transient units started and stopped. Each
 * call but user_manager_begin() waits for its job.
 *
 * Rests on org.freedesktop.systemd1(5): a method that changes a unit replies with a job, and JobRemoved reports how
 * the job ended. Properties of transient units are those of systemd.exec(5) and its neighbours.
 */
#ifndef OSS_CRS_USER_MANAGER_H
#define OSS_CRS_USER_MANAGER_H

#include "error.h"

#include <sys/types.h>

struct sd_bus; /* a connection, see sd-bus(3) */

/* Connect to it: by the environment, else by its socket below /run/user (cron(8) and su(1) set no environment for it).
 * EX_UNAVAILABLE if there is no user manager. The caller closes it by user_manager_close(). */
int user_manager_open(uid_t uid, struct sd_bus **ret, struct error *err);

/* Close and set to NULL; for _cleanup_() too. */
void user_manager_close(struct sd_bus **bus);

/* Move a process into a new scope. */
int user_manager_start_scope(struct sd_bus *bus, const char *unit, const char *description,
	pid_t pid, struct error *err);

/* A service that systemd starts at the first connection to its socket. All strings are the caller's; the lists end with
 * NULL. */
struct socket_service {
	const char *socket, *service; /* names of the two units */
	const char *name;             /* of the program, for messages: "Podman" */
	const char *description;
	const char *path;               /* of the socket; only this user can connect */
	const char *const *argv;        /* argv[0] is an absolute path */
	const char *const *environment; /* NAME=VALUE */
};

/* Open the socket, for a service that is not started yet. Processes that it leaves behind are not killed with it
 * (KillMode=process). The job's code is EEXIST if a unit of that name is loaded already. */
int user_manager_start_socket(
	struct sd_bus *bus, const struct socket_service *what, struct error *err);

/* Begin to start a unit and do not wait for it. */
int user_manager_begin(struct sd_bus *bus, const char *unit, struct error *err);

/* Stop a unit. err->code is ENOENT if none of that name is loaded. `what` names it in messages, as in "Podman's
 * service". */
int user_manager_stop(struct sd_bus *bus, const char *unit, const char *what, struct error *err);

#endif
