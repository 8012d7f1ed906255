/* SPDX-License-Identifier: MIT
 *
 * container_id: recognizes the ids of containers, and finds them in the names that Docker and
 * Podman give to cgroups.
 */
#include "container_id.h"

#include <stdio.h>
#include <string.h>

#define PODMAN_PREFIX "libpod-"
#define PODMAN_SUFFIX ".scope"

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

bool container_id_is(const char *text)
{
	size_t len = count_digits(text);
	return len >= CONTAINER_ID_MIN && len <= CONTAINER_ID_MAX && !text[len];
}

bool container_id_of(const char *cgroup, char ret[static CONTAINER_ID_MAX + 1])
{
	char id[CONTAINER_ID_MAX + 1];
	size_t prefix = strlen(PODMAN_PREFIX);
	bool podman = strncmp(cgroup, PODMAN_PREFIX, prefix) == 0;
	const char *begin = podman ? cgroup + prefix : cgroup;
	size_t len = count_digits(begin);
	if (begin[len] && !(podman && strcmp(begin + len, PODMAN_SUFFIX) == 0))
		return false;
	if (len > CONTAINER_ID_MAX)
		return false;
	(void)snprintf(id, sizeof id, "%.*s", (int)len, begin);
	if (!container_id_is(id))
		return false;
	memcpy(ret, id, sizeof id);
	return true;
}
