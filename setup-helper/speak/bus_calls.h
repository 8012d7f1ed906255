/* SPDX-License-Identifier: MIT
 *
 * bus_calls: everything that this program changes over the bus.
 */
#ifndef OSS_CRS_SETUP_BUS_CALLS_H
#define OSS_CRS_SETUP_BUS_CALLS_H

#include "error.h"
#include "speaker.h"

#include <stdbool.h>
#include <sys/types.h>

struct sd_bus;

/* A row says what a call does, with a unit and a user of which it takes what it needs. It returns
 * when systemd or logind is done. A job that does not end as "done" is EX_UNAVAILABLE, and one that
 * takes too long is ETIME. */
struct bus_row {
	/* The unit is this, the uid and ".service"; NULL: it is Docker's service. */
	const char *user_unit;
	int (*call)(struct sd_bus *bus, const char *unit, uid_t uid, struct error *err);
};

extern const struct bus_row bus_calls[BUS_CALLS];

/* Have systemd say when a job ends, on a new connection, before the first call. */
int bus_watch_jobs(struct sd_bus *bus, struct error *err);

#endif
