/* SPDX-License-Identifier: MIT
 *
 * library: load a shared library that only some commands need, when a command first needs it.
 * Mapping and relocating it always would slow down the start of all other commands
 * (docs/performance.md).
 */
#ifndef OSS_CRS_LIBRARY_H
#define OSS_CRS_LIBRARY_H

#include "error.h"

#include <stddef.h>

/* The name of a function in the library, and the offset of its pointer in the caller's struct. */
struct library_function {
	const char *name;
	size_t member;
};

/* Load a library with dlopen(3) and look up `count` functions. The library stays loaded until the
 * process ends. `functions` is the caller's struct of pointers; after a failure it may be
 * incomplete. Fails with EX_UNAVAILABLE if the library does not exist or lacks one of the
 * functions. `package` is the name of its Debian package, for the hint. */
int library_load(const char *file, const char *package, const struct library_function *list,
	size_t count, void *functions, struct error *err);

#endif
