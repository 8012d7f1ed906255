/* SPDX-License-Identifier: MIT
 *
 * bus: what is asked of systemd and logind, over the system bus at its fixed address.
 *
 * Rests on org.freedesktop.systemd1(5), org.freedesktop.login1(5) and sd-bus(3). Text lists come back as one string
 * with a newline after each entry.
 */
#ifndef OSS_CRS_SETUP_BUS_H
#define OSS_CRS_SETUP_BUS_H

#include "error.h"
#include "facts.h"

#include <stdbool.h>
#include <sys/types.h>

struct sd_bus;

void bus_close(struct sd_bus **bus);
#define _cleanup_bus_ _cleanup_(bus_close)

/* Connect. EX_UNAVAILABLE where there is no system bus. The caller closes *ret. */
int bus_open(struct sd_bus **ret, struct error *err);

/* The state of a unit; one that does not exist is not an error. */
int bus_unit_state(struct sd_bus *bus, const char *unit, struct unit_state *ret, struct error *err);

/* A property of a service that is a string, or a list of strings. The caller frees *ret. */
int bus_text(struct sd_bus *bus, const char *unit, const char *interface, const char *property,
	char **ret, struct error *err);
int bus_text_list(struct sd_bus *bus, const char *unit, const char *interface, const char *property,
	char **ret, struct error *err);

/* The arguments of ExecStart= (all commands, one argument a line), and the files of EnvironmentFile=. */
int bus_exec_start(struct sd_bus *bus, const char *unit, char **ret, struct error *err);
int bus_environment_files(struct sd_bus *bus, const char *unit, char **ret, struct error *err);

/* Whether systemd has read this drop-in (an absolute path) as one of the unit's: DropInPaths. NeedDaemonReload alone does
 * not tell: systemd 252 was seen not to set it for a drop-in that is new. */
int bus_has_dropin(
	struct sd_bus *bus, const char *unit, const char *path, bool *ret, struct error *err);

/* systemctl daemon-reload; returns when it is done. */
int bus_reload(struct sd_bus *bus, struct error *err);

/* Make systemd apply the cgroup settings of a running unit, and what they ask of the slices above, without touching
 * its processes: SetUnitProperties commits them, whatever it sets. What is set is "no markers added or removed" (Markers is of
 * systemd 248). */
int bus_realize(struct sd_bus *bus, const char *unit, struct error *err);

/* Start or restart a unit and wait for the job. EX_UNAVAILABLE if it ends otherwise than "done", ETIME after
 * timeout_s. */
int bus_start(struct sd_bus *bus, const char *unit, int timeout_s, struct error *err);
int bus_restart(struct sd_bus *bus, const char *unit, int timeout_s, struct error *err);

/* systemctl reset-failed: forget failures, so that the rate limit of starts does not hold one back. */
int bus_reset_failed(struct sd_bus *bus, const char *unit, struct error *err);

/* Whether the user's services are kept without a login; a user logind does not know does not linger. */
int bus_lingers(struct sd_bus *bus, uid_t uid, bool *ret, struct error *err);
int bus_set_linger(struct sd_bus *bus, uid_t uid, bool linger, struct error *err);

#endif
