/* SPDX-License-Identifier: MIT
 *
 * sdbus: see sdbus.h.
 */
#include "sdbus.h"

#include "library.h"

struct sdbus sdbus;

static const struct library_function list[] = {
#define SDBUS_FUNCTION(name) {"sd_bus_" #name, offsetof(struct sdbus, name)},
	SDBUS_FUNCTIONS(SDBUS_FUNCTION)
#undef SDBUS_FUNCTION
};

int sdbus_load(struct error *err)
{
	struct sdbus loaded;
	if (sdbus.call)
		return 0;
	if (library_load("libsystemd.so.0", "libsystemd0", list, sizeof list / sizeof *list,
		    &loaded, err) < 0)
		return -1;
	sdbus = loaded;
	return 0;
}
