/* SPDX-License-Identifier: MIT
 *
 * sdbus: see sdbus.h.
 */
#include "sdbus.h"

#include <dlfcn.h>
#include <stddef.h>

#define LIBRARY "libsystemd.so.0"

struct sdbus sdbus;

static const struct {
	const char *name;
	size_t member;
} functions[] = {
#define SDBUS_FUNCTION(name) {"sd_bus_" #name, offsetof(struct sdbus, name)},
	SDBUS_FUNCTIONS(SDBUS_FUNCTION)
#undef SDBUS_FUNCTION
};

static int unavailable(struct error *err)
{
	(void)fail_as(err, EX_UNAVAILABLE, "no connection to the user manager: %s", dlerror());
	return add_hint(err, "install libsystemd: on Debian: sudo apt-get install libsystemd0");
}

int sdbus_load(struct error *err)
{
	struct sdbus loaded;
	if (sdbus.call)
		return 0;
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return unavailable(err);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		void *function = dlsym(library, functions[i].name);
		if (!function)
			return unavailable(err);
		/* POSIX has a function's address be that of an object (dlsym(3)); C has no cast for it. */
		(void)memcpy((char *)&loaded + functions[i].member, &function, sizeof function);
	}
	sdbus = loaded;
	return 0;
}
