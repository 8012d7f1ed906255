/* SPDX-License-Identifier: MIT
 *
 * bus: connects, and describes a call that failed with the message from systemd or logind, which
 * gives the reason.
 */
#include "bus.h"
#include "bus_message.h"

#include <errno.h>
#include <stdint.h>

#define CALL_TIMEOUT (90 * UINT64_C(1000000)) /* µs; a daemon-reload of a large host is slow */

int bus_fail(struct error *err, int r, const sd_bus_error *error, const char *what)
{
	if (!sd_bus_error_is_set(error))
		return fail(err, -r, "%s", what);
	(void)fail_as(
		err, EX_UNAVAILABLE, "%s: %s", what, error->message ? error->message : error->name);
	err->code = -r;
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ||
		sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
		err->status = EX_NOPERM;
	return -1;
}

void bus_close(sd_bus **bus)
{
	*bus = sd_bus_flush_close_unref(*bus);
}

int bus_open(sd_bus **ret, struct error *err)
{
	/* entry.h has emptied the environment, which could name another address. */
	_cleanup_bus_ sd_bus *bus = NULL;
	const char *name = NULL;
	int r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT);
	if (r >= 0)
		r = sd_bus_get_unique_name(bus, &name);
	if (r < 0) {
		(void)fail(err, -r, "connect to the system bus");
		err->status = EX_UNAVAILABLE;
		return add_hint(
			err, "systemd must be PID 1, and the package dbus must be installed");
	}
	*ret = steal_ptr(bus);
	return 0;
}
