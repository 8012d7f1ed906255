/* SPDX-License-Identifier: MIT
 *
 * environment: the environment of a child process, built when the child is started. The environment
 * of this process never changes, so modules cannot pass anything to each other through it.
 */
#ifndef OSS_CRS_ENVIRONMENT_H
#define OSS_CRS_ENVIRONMENT_H

#include "error.h"

#include <stddef.h>

#define VARIABLES_MAX 32

/* Changes to an environment: "NAME=VALUE" sets a variable, "NAME" removes it. A name occurs only
 * once. The list owns its strings. */
struct variables {
	char *list[VARIABLES_MAX + 1]; /* with a NULL at its end */
	size_t count;
};

#define VARIABLES_NONE      \
	{                   \
		.count = 0, \
	}

/* Add a change to a list; if value is NULL, the change removes the variable. Fails with ENOSPC if
 * the list has VARIABLES_MAX changes, or with ENOMEM. variables_free() frees the list. */
int variables_add(
	struct variables *variables, const char *name, const char *value, struct error *err);
/* Add those of the variables that this process has, as they are. `names` ends with NULL. Fails as
 * variables_add() does. */
int variables_add_own(struct variables *variables, const char *const *names, struct error *err);
void variables_free(struct variables *variables);

/* Copy the environment of this process and apply the changes of up to two lists, in the form of
 * environ(7). Either list may be NULL. The strings still belong to environ and to the lists; the
 * caller frees only the array *ret. */
int environment_make(const struct variables *first, const struct variables *second,
	const char ***ret, struct error *err);

#endif
