/* SPDX-License-Identifier: MIT
 *
 * bus_read: what systemd and logind say about units and users. Every user may ask for it. A list of
 * texts is returned as one string with a newline after each entry.
 */
#ifndef OSS_CRS_SETUP_BUS_READ_H
#define OSS_CRS_SETUP_BUS_READ_H

#include "error.h"
#include "facts.h"

#include <stdbool.h>
#include <sys/types.h>

struct sd_bus;

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

/* Whether logind keeps the user's services running without a login. A user whom logind does not
 * know does not linger. */
int bus_lingers(struct sd_bus *bus, uid_t uid, bool *ret, struct error *err);

#endif
