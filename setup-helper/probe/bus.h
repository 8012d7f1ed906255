/* SPDX-License-Identifier: MIT
 *
 * bus: calls to systemd and logind over the system bus, at its fixed address. A call that they
 * refuse fails with EX_NOPERM if the caller lacks permission and with EX_UNAVAILABLE otherwise; the
 * error has their message.
 *
 * Rests on org.freedesktop.systemd1(5), org.freedesktop.login1(5) and sd-bus(3). A list of texts is
 * returned as one string with a newline after each entry.
 */
#ifndef OSS_CRS_SETUP_BUS_H
#define OSS_CRS_SETUP_BUS_H

#include "error.h"
#include "facts.h"

#include <stdbool.h>
#include <sys/types.h>

struct sd_bus;

/* Close the connection, if there is one, and set *bus to NULL. */
void bus_close(struct sd_bus **bus);
#define _cleanup_bus_ _cleanup_(bus_close)

/* Connect to the system bus. Fails with EX_UNAVAILABLE if there is none. The caller closes *ret
 * with bus_close(). */
int bus_open(struct sd_bus **ret, struct error *err);

/* Read the state of a unit. A unit that does not exist is not an error: it is not installed. */
int bus_unit_state(struct sd_bus *bus, const char *unit, struct unit_state *ret, struct error *err);

/* Read a property of a unit that is a string, or a list of strings. `interface` is the D-Bus
 * interface that has the property. The caller frees *ret. */
int bus_text(struct sd_bus *bus, const char *unit, const char *interface, const char *property,
	char **ret, struct error *err);
int bus_text_list(struct sd_bus *bus, const char *unit, const char *interface, const char *property,
	char **ret, struct error *err);

/* Read the arguments of ExecStart= (of all commands, one argument per line), or the paths in
 * EnvironmentFile= (one per line). The caller frees *ret. */
int bus_exec_start(struct sd_bus *bus, const char *unit, char **ret, struct error *err);
int bus_environment_files(struct sd_bus *bus, const char *unit, char **ret, struct error *err);

/* Whether systemd has read the drop-in at `path` (absolute) as one of the unit's, judged by
 * DropInPaths. NeedDaemonReload alone is not enough: systemd 252 was seen not to set it for a new
 * drop-in. */
int bus_has_dropin(
	struct sd_bus *bus, const char *unit, const char *path, bool *ret, struct error *err);

/* Do what systemctl daemon-reload does. Returns when systemd has finished. */
int bus_reload(struct sd_bus *bus, struct error *err);

/* Make systemd apply the cgroup settings of a running unit, and what they require of the slices
 * above it, without touching its processes. SetUnitProperties commits the settings whatever
 * property it sets; this call sets Markers (systemd 248) without adding or removing any. */
int bus_realize(struct sd_bus *bus, const char *unit, struct error *err);

/* Start or restart a unit and wait for the job. Fails with EX_UNAVAILABLE if the job's result is
 * not "done", and with ETIME after timeout_s seconds. */
int bus_start(struct sd_bus *bus, const char *unit, int timeout_s, struct error *err);
int bus_restart(struct sd_bus *bus, const char *unit, int timeout_s, struct error *err);

/* Do what systemctl reset-failed does: forget failures, so that the rate limit of starts does not
 * refuse the next one. */
int bus_reset_failed(struct sd_bus *bus, const char *unit, struct error *err);

/* Whether logind keeps the user's services running without a login. A user whom logind does not
 * know does not linger. bus_set_linger() enables or disables lingering. */
int bus_lingers(struct sd_bus *bus, uid_t uid, bool *ret, struct error *err);
int bus_set_linger(struct sd_bus *bus, uid_t uid, bool linger, struct error *err);

#endif
