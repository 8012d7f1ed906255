/* SPDX-License-Identifier: MIT
 *
 * sdbus: what of sd-bus(3) is used here, from a libsystemd that is loaded when it is first needed: most commands talk to
 * no bus, and to map and relocate that library would be the greater part of their start (docs/performance.md).
 */
#ifndef OSS_CRS_SDBUS_H
#define OSS_CRS_SDBUS_H

#include "error.h"

#include <systemd/sd-bus.h>

#define SDBUS_FUNCTIONS(X)          \
	X(call)                     \
	X(error_free)               \
	X(error_has_name)           \
	X(flush_close_unref)        \
	X(match_signal)             \
	X(message_append)           \
	X(message_close_container)  \
	X(message_new_method_call)  \
	X(message_open_container)   \
	X(message_read)             \
	X(message_set_expect_reply) \
	X(message_unref)            \
	X(new)                      \
	X(open_user)                \
	X(process)                  \
	X(send)                     \
	X(set_address)              \
	X(set_bus_client)           \
	X(slot_unref)               \
	X(start)                    \
	X(wait)

/* sdbus.NAME is sd_bus_NAME. */
struct sdbus {
#define SDBUS_MEMBER(name) __typeof__(sd_bus_##name)(*(name));
	SDBUS_FUNCTIONS(SDBUS_MEMBER)
#undef SDBUS_MEMBER
};

extern struct sdbus sdbus; /* all NULL before sdbus_load() */

/* Load it, once; it stays for the rest of the process. EX_UNAVAILABLE if there is none. */
int sdbus_load(struct error *err);

/* For _cleanup_(): nothing is there to be closed unless it was loaded. */
static inline void sdbus_closep(sd_bus **bus)
{
	if (*bus)
		(void)sdbus.flush_close_unref(*bus);
}

static inline void sdbus_message_unrefp(sd_bus_message **message)
{
	if (*message)
		(void)sdbus.message_unref(*message);
}

static inline void sdbus_slot_unrefp(sd_bus_slot **slot)
{
	if (*slot)
		(void)sdbus.slot_unref(*slot);
}

#endif
