/* SPDX-License-Identifier: MIT
 *
 * bus_message: what the files that send and read messages share: names of the bus, errors, cleanup.
 */
#ifndef OSS_CRS_SETUP_BUS_MESSAGE_H
#define OSS_CRS_SETUP_BUS_MESSAGE_H

#include "cleanup.h"
#include "error.h"

#include <systemd/sd-bus.h>

#define SYSTEMD         "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define LOGIND          "org.freedesktop.login1"
#define LOGIND_PATH     "/org/freedesktop/login1"
#define LOGIND_MANAGER  "org.freedesktop.login1.Manager"

/* Describe a failed call: r is the negative errno that sd-bus returned. Returns -1. */
int bus_fail(struct error *err, int r, const sd_bus_error *error, const char *what);

static inline void cleanup_bus_error(sd_bus_error *error)
{
	sd_bus_error_free(error);
}
#define _cleanup_bus_error_ _cleanup_(cleanup_bus_error)

static inline void cleanup_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}
#define _cleanup_message_ _cleanup_(cleanup_message)

#endif
