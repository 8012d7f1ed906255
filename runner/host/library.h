/* SPDX-License-Identifier: MIT
 *
 * library: a shared library that only some commands need, loaded when the first of them does. To map and relocate one that is
 * not used would be a good part of the start of all others (docs/performance.md).
 */
#ifndef OSS_CRS_LIBRARY_H
#define OSS_CRS_LIBRARY_H

#include "error.h"

#include <stddef.h>

/* A function by its name in the library, and where in the caller's struct of pointers its address goes. */
struct library_function {
	const char *name;
	size_t member;
};

/* Load a library, which stays for the rest of the process, and look up all functions (dlopen(3)). functions is the
 * caller's struct, which is complete on success only. EX_UNAVAILABLE if there is no such library or it lacks one of
 * them; package is Debian's name for it, for the hint. */
int library_load(const char *file, const char *package, const struct library_function *list,
	size_t count, void *functions, struct error *err);

#endif
