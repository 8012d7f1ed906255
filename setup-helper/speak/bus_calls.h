/* SPDX-License-Identifier: MIT
 *
 * bus_calls: everything that this program changes over the bus.
 */
#ifndef OSS_CRS_SETUP_BUS_CALLS_H
#define OSS_CRS_SETUP_BUS_CALLS_H

#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

struct sd_bus;

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

/* Have logind keep the user's services running without a login, or no longer. */
int bus_set_linger(struct sd_bus *bus, uid_t uid, bool linger, struct error *err);

#endif
