/* SPDX-License-Identifier: MIT
 *
 * library: dlopen(3) and dlsym(3), with an error that names the Debian package to install.
 */
#include "library.h"

#include <dlfcn.h>
#include <string.h>

static int unavailable(const char *package, struct error *err)
{
	(void)fail_as(err, EX_UNAVAILABLE, "cannot load a library: %s", dlerror());
	return add_hint(err, "on Debian, run: sudo apt-get install %s", package);
}

int library_load(const char *file, const char *package, const struct library_function *list,
	size_t count, void *functions, struct error *err)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return unavailable(package, err);
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, list[i].name);
		if (!function)
			return unavailable(package, err);
		/* POSIX lets a void * hold a function's address (dlsym(3)); C has no such cast. */
		(void)memcpy((char *)functions + list[i].member, &function, sizeof function);
	}
	return 0;
}
