/* SPDX-License-Identifier: MIT
 *
 * compose_guard: reads `volumes`, `networks` and `network_mode` of a service. Volumes are mappings
 * in the output of Docker's plugin, and "SOURCE:TARGET:MODE" in that of docker-compose 1.29.
 */
#include "compose_guard.h"

#include "cleanup.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

void compose_guard_name(size_t crs, char buf[static COMPOSE_GUARD_NAME_MAX])
{
	(void)snprintf(buf, COMPOSE_GUARD_NAME_MAX, "engine-%zu.sock", crs);
}

bool compose_guard_is_socket(const char *path, const char *socket)
{
	static const char *const names[] = {"docker.sock", "podman.sock"};
	struct stat st;
	char real[PATH_MAX];
	char real_socket[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (!slash || (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode)))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(slash + 1, names[i]) == 0)
			return true;
	return socket && (strcmp(path, socket) == 0 ||
				 (realpath(path, real) && realpath(socket, real_socket) &&
					 strcmp(real, real_socket) == 0));
}

bool compose_guard_replaces(const struct compose *compose, int crs, const char *path)
{
	return compose->guard != COMPOSE_GUARD_NONE && crs != COMPOSE_UNCONFINED &&
	       compose_guard_is_socket(
		       path, compose->running_engine ? compose->running_engine->socket : NULL);
}

char *compose_engine_name(
	const struct compose *compose, struct doc *doc, const char *section, const char *key)
{
	const struct doc_node *definition = doc_get(doc, doc_get(doc, doc_root(doc), section), key);
	const struct doc_node *external = doc_get(doc, definition, "external");
	const char *text = doc_text(external);
	const char *name = doc_text(doc_get(doc, definition, "name"));
	char *made = NULL;
	if (!name)
		name = doc_text(doc_get(doc, external, "name"));
	if (!name && external && !(text && strcmp(text, "false") == 0))
		name = key;
	if (name)
		return strdup(name);
	return asprintf(&made, "%s_%s", compose->project, key) < 0 ? NULL : made;
}

/* Append a mount; it takes over both texts, NULL if out of memory. */
static int add_mount(struct compose_mounts *mounts, struct compose_mount mount, struct error *err)
{
	struct compose_mount *larger =
		reallocarray(mounts->list, mounts->count + 1, sizeof *larger);
	if (larger)
		mounts->list = larger;
	if (!larger || !mount.source || !mount.target) {
		free(mount.source);
		free(mount.target);
		return fail(err, ENOMEM, "Compose");
	}
	larger[mounts->count++] = mount;
	return 0;
}

static bool is_path(const char *source)
{
	return strchr("/.~", *source) != NULL;
}

static int add_source(const struct compose *compose, struct doc *doc,
	struct compose_service *service, const char *source, const char *target, bool writable,
	struct error *err)
{
	bool path = is_path(source);
	struct compose_mount mount = {
		.source = path ? strdup(source)
			       : compose_engine_name(compose, doc, "volumes", source),
		.target = strdup(target),
		.writable = writable,
		.is_socket = path && compose_guard_replaces(compose, service->crs, source),
	};
	return add_mount(&service->mounts, mount, err);
}

/* "SOURCE:TARGET:MODE"; without a source it is a volume of its own. */
static int add_short(const struct compose *compose, struct doc *doc,
	struct compose_service *service, const char *text, struct error *err)
{
	_cleanup_free_ char *source = strdup(text);
	if (!source)
		return fail(err, ENOMEM, "Compose");
	char *target = strchr(source, ':');
	if (!target)
		return 0;
	*target++ = '\0';
	char *mode = strchr(target, ':');
	if (mode)
		*mode++ = '\0';
	bool writable = true;
	char *rest = NULL;
	for (char *option = mode ? strtok_r(mode, ",", &rest) : NULL; option;
		option = strtok_r(NULL, ",", &rest))
		writable = writable && strcmp(option, "ro") != 0;
	return *source ? add_source(compose, doc, service, source, target, writable, err) : 0;
}

static int add_long(const struct compose *compose, struct doc *doc, struct compose_service *service,
	const struct doc_node *mount, struct error *err)
{
	const char *type = doc_text(doc_get(doc, mount, "type"));
	const char *source = doc_text(doc_get(doc, mount, "source"));
	const char *target = doc_text(doc_get(doc, mount, "target"));
	const char *read_only = doc_text(doc_get(doc, mount, "read_only"));
	if (!type || !source || !*source || !target ||
		(strcmp(type, "bind") != 0 && strcmp(type, "volume") != 0) ||
		(strcmp(type, "bind") == 0) != is_path(source))
		return 0;
	return add_source(compose, doc, service, source, target,
		!read_only || strcmp(read_only, "true") != 0, err);
}

static int read_mounts(const struct compose *compose, struct doc *doc, const struct doc_node *body,
	struct compose_service *service, struct error *err)
{
	const struct doc_node *volumes = doc_get(doc, body, "volumes");
	struct doc_node *item = NULL;
	for (size_t i = 0; doc_item(doc, volumes, i, &item); i++) {
		const char *text = doc_text(item);
		int result = text ? add_short(compose, doc, service, text, err)
				  : add_long(compose, doc, service, item, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int add_network(const struct compose *compose, struct doc *doc,
	struct compose_service *service, const struct doc_node *key, struct error *err)
{
	const char *text = doc_text(key);
	_cleanup_free_ char *name =
		text ? compose_engine_name(compose, doc, "networks", text) : NULL;
	if (!text)
		return 0;
	return name ? compose_add_name(&service->networks, name, err)
		    : fail(err, ENOMEM, "Compose");
}

static int read_networks(const struct compose *compose, struct doc *doc,
	const struct doc_node *body, struct compose_service *service, struct error *err)
{
	const struct doc_node *networks = doc_get(doc, body, "networks");
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	if (doc_get(doc, body, "network_mode"))
		return 0;
	for (size_t i = 0; doc_item(doc, networks, i, &key); i++)
		if (add_network(compose, doc, service, key, err) < 0)
			return -1;
	for (size_t i = 0; doc_pair(doc, networks, i, &key, &value); i++)
		if (add_network(compose, doc, service, key, err) < 0)
			return -1;
	if (service->networks.count > 0)
		return 0;
	_cleanup_free_ char *name = compose_engine_name(compose, doc, "networks", "default");
	return name ? compose_add_name(&service->networks, name, err)
		    : fail(err, ENOMEM, "Compose");
}

int compose_guard_read(const struct compose *compose, struct doc *doc, const struct doc_node *body,
	struct compose_service *service, struct error *err)
{
	if (compose->guard == COMPOSE_GUARD_NONE)
		return 0;
	if (read_mounts(compose, doc, body, service, err) < 0 ||
		read_networks(compose, doc, body, service, err) < 0)
		return -1;
	service->guarded =
		compose->guard == COMPOSE_GUARD_ALL && service->crs != COMPOSE_UNCONFINED;
	for (size_t i = 0; i < service->mounts.count; i++)
		service->guarded = service->guarded || service->mounts.list[i].is_socket;
	return 0;
}

bool compose_guard_any(const struct compose *compose)
{
	for (size_t i = 0; i < compose->service_count; i++)
		if (compose->services[i].guarded)
			return true;
	return false;
}

void compose_guard_free(struct compose_service *service)
{
	for (size_t i = 0; i < service->mounts.count; i++) {
		free(service->mounts.list[i].source);
		free(service->mounts.list[i].target);
	}
	free(service->mounts.list);
	for (size_t i = 0; i < service->networks.count; i++)
		free(service->networks.list[i]);
	free(service->networks.list);
}
