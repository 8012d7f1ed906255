/* SPDX-License-Identifier: MIT
 *
 * sharing: a container either has a PID namespace or names the container whose it shares, which may
 * name another one. Containers are of one namespace if these names lead to the same.
 */
#include "sharing.h"

#include "container_id.h"

#include <stdio.h>
#include <string.h>

static const struct container *find_container(const struct containers *all, const char *id)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].id, id) == 0)
			return &all->list[i];
	return NULL;
}

static bool has_owner(const struct container *container)
{
	return container->pid_owner && *container->pid_owner;
}

/* The id of the container that has the namespace. It may be none of the project's. The engine's
 * answers may go in a circle, so that there are at most as many steps as containers. */
static const char *find_owner(const struct containers *all, const struct container *container)
{
	for (size_t steps = 0; has_owner(container) && steps <= all->count; steps++) {
		const struct container *owner = find_container(all, container->pid_owner);
		if (!owner)
			return container->pid_owner;
		container = owner;
	}
	return container->id;
}

/* Whether a component of the path is the cgroup of the container of that id. The kernel marks a
 * cgroup that is removed: a process that has ended stays in it until its parent waits for it, which
 * the first process of another container may never do. */
static bool names_container(const char *path, const char *id)
{
	static const char removed[] = " (deleted)";
	char name[256];
	char found[CONTAINER_ID_MAX + 1];
	for (size_t len = 0; *path; path += len) {
		path += *path == '/';
		len = strcspn(path, "/");
		if (len >= sizeof name)
			continue;
		(void)snprintf(name, sizeof name, "%.*s", (int)len, path);
		char *mark = strstr(name, removed);
		if (mark && !mark[sizeof removed - 1])
			*mark = '\0';
		if (container_id_of(name, found) && strcmp(found, id) == 0)
			return true;
	}
	return false;
}

static bool is_in(const char *cgroup, const char *parent, const char *id)
{
	size_t len = strlen(parent);
	return strncmp(cgroup, parent, len) == 0 && cgroup[len] == '/' &&
	       names_container(cgroup + len, id);
}

bool sharing_owns(
	const struct containers *all, const struct container *container, const char *cgroup)
{
	const char *owner = find_owner(all, container);
	for (size_t i = 0; i < all->count; i++) {
		const struct container *other = &all->list[i];
		if (strcmp(other->id, container->id) != 0 &&
			strcmp(find_owner(all, other), owner) == 0 &&
			is_in(cgroup, other->cgroup_parent, other->id))
			return true;
	}
	/* The owner can be a container that is none of the project's. */
	return !find_container(all, owner) && is_in(cgroup, "", owner);
}
