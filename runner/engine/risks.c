/* SPDX-License-Identifier: MIT
 *
 * risks: one function per risk, and the table of their names. Volumes are mappings in the output
 * of Docker's plugin, and "SOURCE:TARGET:MODE" in that of docker-compose 1.29.
 */
#include "risks.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SOCKET_NAME  "docker.sock"
#define CGROUP_MOUNT "/sys/fs/cgroup"

static bool is_text(const struct doc_node *node, const char *text)
{
	const char *value = doc_text(node);
	return value && strcmp(value, text) == 0;
}

static bool is_privileged(struct doc *doc, const struct doc_node *body)
{
	return is_text(doc_get(doc, body, "privileged"), "true");
}

static bool has_host_cgroup(struct doc *doc, const struct doc_node *body)
{
	return is_text(doc_get(doc, body, "cgroup"), "host");
}

static bool has_host_pid(struct doc *doc, const struct doc_node *body)
{
	return is_text(doc_get(doc, body, "pid"), "host");
}

static bool has_admin(struct doc *doc, const struct doc_node *body)
{
	const struct doc_node *list = doc_get(doc, body, "cap_add");
	struct doc_node *item = NULL;
	for (size_t i = 0; doc_item(doc, list, i, &item); i++)
		if (is_text(item, "SYS_ADMIN") || is_text(item, "CAP_SYS_ADMIN") ||
			is_text(item, "ALL"))
			return true;
	return false;
}

/* The source of a volume, and whether the mount is writable. Returns the length of the source; 0
 * if there is none. */
static size_t volume_source(
	struct doc *doc, const struct doc_node *volume, const char **ret, bool *ret_writable)
{
	const char *text = doc_text(volume);
	if (text) {
		const char *mode = strrchr(text, ':');
		*ret = text;
		*ret_writable = !mode || strncmp(mode, ":ro", 3) != 0;
		return strcspn(text, ":");
	}
	*ret = doc_text(doc_get(doc, volume, "source"));
	*ret_writable = !is_text(doc_get(doc, volume, "read_only"), "true");
	return *ret ? strlen(*ret) : 0;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);
	return len >= end_len && strncmp(text + len - end_len, end, end_len) == 0;
}

struct source {
	const char *path;
	size_t len;
	bool writable;
};

static bool any_volume(
	struct doc *doc, const struct doc_node *body, bool (*matches)(const struct source *source))
{
	const struct doc_node *list = doc_get(doc, body, "volumes");
	struct doc_node *item = NULL;
	for (size_t i = 0; doc_item(doc, list, i, &item); i++) {
		struct source source = {.path = NULL};
		source.len = volume_source(doc, item, &source.path, &source.writable);
		if (source.len && matches(&source))
			return true;
	}
	return false;
}

/* Read-only mounts count too: a process can connect to a socket on one. */
static bool is_docker_socket(const struct source *source)
{
	return ends_with(source->path, source->len, "/" SOCKET_NAME) ||
	       ends_with(source->path, source->len, "/podman.sock");
}

/* A writable mount of the cgroup hierarchy, of a directory in it, or of a directory above it. */
static bool is_cgroup_mount(const struct source *source)
{
	size_t mount = strlen(CGROUP_MOUNT);
	size_t len = source->len;
	bool inside = len >= mount && strncmp(source->path, CGROUP_MOUNT, mount) == 0;
	bool around = len < mount && strncmp(source->path, CGROUP_MOUNT, len) == 0 &&
		      (CGROUP_MOUNT[len] == '/' || len == 1);
	return source->writable && (inside || around);
}

static bool has_docker_socket(struct doc *doc, const struct doc_node *body)
{
	return any_volume(doc, body, is_docker_socket);
}

static bool has_cgroup_mount(struct doc *doc, const struct doc_node *body)
{
	return any_volume(doc, body, is_cgroup_mount);
}

static const struct {
	const char *name;
	bool (*holds)(struct doc *doc, const struct doc_node *body);
} risks[RISK_COUNT] = {
	{"privileged", is_privileged},
	{"cgroup: host", has_host_cgroup},
	{"pid: host", has_host_pid},
	{"SYS_ADMIN", has_admin},
	{SOCKET_NAME, has_docker_socket},
	{"writable " CGROUP_MOUNT, has_cgroup_mount},
};

unsigned risks_of(struct doc *doc, const struct doc_node *body)
{
	unsigned found = 0;
	for (size_t i = 0; i < RISK_COUNT; i++)
		if (risks[i].holds(doc, body))
			found |= 1U << i;
	return found;
}

const char *risk_name(size_t i)
{
	return risks[i].name;
}

const char *risks_format(unsigned set, char buf[static RISKS_TEXT_MAX])
{
	size_t used = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < RISK_COUNT; i++)
		if (set & 1U << i)
			used += (size_t)snprintf(buf + used, RISKS_TEXT_MAX - used, "%s%s",
				used ? ", " : "", risks[i].name);
	return buf;
}
