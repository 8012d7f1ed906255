/* SPDX-License-Identifier: MIT
 *
 * bus: the connection to systemd and logind over the system bus, at its fixed address. A call that
 * they refuse fails with EX_NOPERM if the caller lacks permission and with EX_UNAVAILABLE
 * otherwise; the error has their message. bus_calls.h has the calls that change something,
 * probe/bus_read.h those that only read.
 *
 * Rests on org.freedesktop.systemd1(5), org.freedesktop.login1(5) and sd-bus(3).
 */
#ifndef OSS_CRS_SETUP_BUS_H
#define OSS_CRS_SETUP_BUS_H

#include "error.h"

struct sd_bus;

/* Close the connection, if there is one, and set *bus to NULL. */
void bus_close(struct sd_bus **bus);
#define _cleanup_bus_ _cleanup_(bus_close)

/* Connect to the system bus, and wait until it has let this process in. Fails with EX_UNAVAILABLE
 * if there is none. The caller closes *ret with bus_close(). */
int bus_open(struct sd_bus **ret, struct error *err);

#endif
