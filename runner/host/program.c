/* SPDX-License-Identifier: MIT
 *
 * program: the search of PATH, and what counts as a program: a regular file that may be executed.
 */
#include "program.h"

#include "cleanup.h"

bool program_is_at(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const char *name)
{
	const char *dirs = getenv("PATH");
	while (dirs && *dirs) {
		size_t len = strcspn(dirs, ":");
		_cleanup_free_ char *path = NULL;
		if (len > 0 && asprintf(&path, "%.*s/%s", (int)len, dirs, name) > 0 &&
			program_is_at(path))
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
