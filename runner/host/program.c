/* SPDX-License-Identifier: MIT
 *
 * program: search the directories of PATH for an executable file.
 */
#include "program.h"

#include "cleanup.h"

char *program_find(const char *name)
{
	const char *dirs = getenv("PATH");
	while (dirs && *dirs) {
		size_t len = strcspn(dirs, ":");
		_cleanup_free_ char *path = NULL;
		if (asprintf(&path, "%.*s/%s", (int)len, dirs, name) > 0 && access(path, X_OK) == 0)
			return steal_ptr(path);
		dirs += len + (dirs[len] == ':');
	}
	return NULL;
}

bool program_exists(const char *name)
{
	_cleanup_free_ char *path = program_find(name);
	return path != NULL;
}
