/* SPDX-License-Identifier: MIT
 *
 * manager: the user's own service manager (user@UID.service) on its bus: calls of its that end in a job, each waited
 * for.
 *
 * Rests on org.freedesktop.systemd1(5): a method that changes a unit answers with a job, and JobRemoved tells how that
 * ended.
 */
#ifndef OSS_CRS_MANAGER_H
#define OSS_CRS_MANAGER_H

#include "sdbus.h"

#include <sys/types.h>

/* Connect to it: by the environment, else by the socket that it has below /run/user (cron(8) and su(1) set no
 * environment for it). EX_UNAVAILABLE if there is none. The caller closes by sdbus_closep(). */
int manager_open(uid_t uid, sd_bus **ret, struct error *err);

/* Begin a call of that method, which the caller appends to and unrefs. */
int manager_call(sd_bus *bus, const char *method, sd_bus_message **ret, struct error *err);

/* Send the call and wait until its job is done. `what` is for messages, as in "start a scope". err->code is EEXIST where a
 * unit of that name is loaded already, ENOENT where none is; a job that fails is EX_UNAVAILABLE. */
int manager_do(sd_bus *bus, sd_bus_message *call, const char *what, struct error *err);

#endif
