/* SPDX-License-Identifier: MIT
 *
 * environment: the environment of a child, made once, where the child is started. This process's own environment never
 * changes, so nothing can travel through it from one module to another.
 */
#ifndef OSS_CRS_ENVIRONMENT_H
#define OSS_CRS_ENVIRONMENT_H

#include "error.h"

#include <stddef.h>

#define VARIABLES_MAX 16

/* Changes to an environment: "NAME=VALUE" sets a variable, "NAME" removes it. No name is there twice. */
struct variables {
	char *list[VARIABLES_MAX];
	size_t count;
};

#define VARIABLES_NONE      \
	{                   \
		.count = 0, \
	}

/* Add a change; value NULL: remove the variable. */
int variables_add(
	struct variables *variables, const char *name, const char *value, struct error *err);
void variables_free(struct variables *variables);

/* This process's environment with the changes of up to two lists, either of which may be NULL; as environ(7) has it. The
 * strings stay those of environ and of the lists; the caller frees the array alone. */
int environment_make(const struct variables *first, const struct variables *second,
	const char ***ret, struct error *err);

#endif
