/* SPDX-License-Identifier: MIT
 *
 * environment: lists of changes, and the one function that applies them to environ(7).
 */
#include "environment.h"

#include "cleanup.h"

#include <errno.h>
#include <stdbool.h>

int variables_add(
	struct variables *variables, const char *name, const char *value, struct error *err)
{
	char *text = NULL;
	if (variables->count == VARIABLES_MAX)
		return fail(err, ENOSPC, "set %s", name);
	if (asprintf(&text, "%s%s%s", name, value ? "=" : "", value ? value : "") < 0)
		return fail(err, ENOMEM, "set %s", name);
	variables->list[variables->count++] = text;
	return 0;
}

int variables_add_own(struct variables *variables, const char *const *names, struct error *err)
{
	for (; *names; names++) {
		const char *value = getenv(*names);
		if (value && variables_add(variables, *names, value, err) < 0)
			return -1;
	}
	return 0;
}

void variables_free(struct variables *variables)
{
	for (size_t i = 0; i < variables->count; i++)
		free(variables->list[i]);
	variables->count = 0;
}

/* Whether a list sets or removes the variable of this entry of environ. */
static bool is_changed(const struct variables *variables, const char *entry)
{
	size_t len = strcspn(entry, "=");
	for (size_t i = 0; variables && i < variables->count; i++)
		if (strcspn(variables->list[i], "=") == len &&
			strncmp(variables->list[i], entry, len) == 0)
			return true;
	return false;
}

static void append_set(const struct variables *variables, const char **list, size_t *count)
{
	for (size_t i = 0; variables && i < variables->count; i++)
		if (strchr(variables->list[i], '='))
			list[(*count)++] = variables->list[i];
}

int environment_make(const struct variables *first, const struct variables *second,
	const char ***ret, struct error *err)
{
	size_t count = 0;
	size_t kept = 0;
	while (environ && environ[count])
		count++;
	const char **list = calloc(count + 2 * (size_t)VARIABLES_MAX + 1, sizeof *list);
	if (!list)
		return fail(err, ENOMEM, "create an environment");
	for (size_t i = 0; i < count; i++)
		if (!is_changed(first, environ[i]) && !is_changed(second, environ[i]))
			list[kept++] = environ[i];
	append_set(first, list, &kept);
	append_set(second, list, &kept);
	*ret = list;
	return 0;
}
