/* SPDX-License-Identifier: MIT
 *
 * check_engine: the findings about the container engines and Compose. look_docker() opens the
 * connection that the other findings about Docker use. look_engine() reads the errors of all of
 * them and applies the rule of engine_select.h.
 */
#include "check_parts.h"

#include "cleanup.h"
#include "compose.h"
#include "engine_select.h"
#include "images.h"
#include "podman.h"
#include "podman_storage.h"

#include <errno.h>
#include <limits.h>

static int not_connected(char *detail)
{
	(void)snprintf(detail, DETAIL_MAX, "cannot be checked without Docker");
	return 1;
}

int look_docker(struct check_facts *facts, char *detail, struct error *err)
{
	if (engine_open(&facts->engine, err) < 0 ||
		engine_info(&facts->engine, &facts->info, err) < 0)
		return -1;
	facts->connected = true;
	(void)snprintf(
		detail, DETAIL_MAX, "Docker %s at %s", facts->info.version, facts->engine.endpoint);
	return 0;
}

int look_local(struct check_facts *facts, char *detail, struct error *err)
{
	if (!facts->connected)
		return not_connected(detail);
	(void)snprintf(detail, DETAIL_MAX, "the daemon runs on this host");
	return engine_check_local(&facts->engine, &facts->info, err);
}

int look_version(struct check_facts *facts, char *detail, struct error *err)
{
	if (!facts->connected)
		return not_connected(detail);
	(void)snprintf(detail, DETAIL_MAX, "Docker uses cgroup v2");
	return engine_check_version(&facts->engine, &facts->info, err);
}

int look_driver(struct check_facts *facts, char *detail, struct error *err)
{
	if (!facts->connected)
		return not_connected(detail);
	(void)snprintf(detail, DETAIL_MAX, "Docker's cgroup driver is cgroupfs");
	return engine_check_driver(&facts->engine, &facts->info, err);
}

int look_podman(struct check_facts *facts, char *detail, struct error *err)
{
	(void)facts;
	char version[PODMAN_VERSION_MAX] = "";
	_cleanup_free_ char *program = NULL;
	int result =
		podman_find(&program, err) < 0 ? -1 : podman_ask_version(program, version, err);
	(void)snprintf(detail, DETAIL_MAX, "Podman %s at %s", version, program ? program : "");
	return result;
}

int look_podman_ids(struct check_facts *facts, char *detail, struct error *err)
{
	(void)snprintf(detail, DETAIL_MAX, "this user has subordinate user and group ids");
	return podman_check_ids(&facts->context->host, facts->context->uid, err);
}

int look_podman_namespaces(struct check_facts *facts, char *detail, struct error *err)
{
	_cleanup_free_ char *program = NULL;
	(void)snprintf(detail, DETAIL_MAX, "users may make user namespaces");
	return podman_find(&program, err) < 0
		       ? -1
		       : podman_check_namespaces(&facts->context->host, program, err);
}

int look_podman_manager(struct check_facts *facts, char *detail, struct error *err)
{
	(void)snprintf(detail, DETAIL_MAX, "the user manager answers");
	return podman_check_manager(facts->context->uid, err);
}

int look_engine(struct check_facts *facts, char *detail, struct error *err)
{
	const struct error *docker = &facts->problems[NEED_DOCKER];
	const struct error *podman = &facts->problems[NEED_PODMAN];
	if (engine_select_by_rule(
		    facts->context->options.engine, docker, podman, &facts->kind, err) < 0)
		return -1;
	facts->chosen = true;
	bool later = docker->status == EX_NOPERM && engine_awaits_login(&facts->engine);
	(void)snprintf(detail, DETAIL_MAX, "%s",
		facts->kind == ENGINE_DOCKER ? "Docker (Podman is not needed)"
		: later                      ? "rootless Podman; from your next login on, Docker"
					     : "rootless Podman (Docker is not needed)");
	return 0;
}

/* Whether the user's Podman has images: 1, 0, or -1. */
static int podman_has_images(struct error *err)
{
	char data[PATH_MAX];
	const char *set = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	if (set && *set == '/')
		return podman_storage_has_images(set, err);
	if (!home)
		return fail_as(err, EX_USAGE, "HOME is not set");
	int n = snprintf(data, sizeof data, "%s/.local/share", home);
	return n < PATH_MAX ? podman_storage_has_images(data, err)
			    : fail(err, ENAMETOOLONG, "%s", home);
}

int look_images(struct check_facts *facts, char *detail, struct error *err)
{
	char command[IMAGES_COMMAND_MAX];
	struct error ignored;
	if (!facts->chosen) {
		(void)snprintf(detail, DETAIL_MAX, "cannot be checked without an engine");
		return 1;
	}
	bool docker = facts->kind == ENGINE_DOCKER;
	int in_podman = docker && facts->info.images > 0 ? 0 : podman_has_images(&ignored);
	int in_docker = facts->connected ? facts->info.images > 0 : -1;
	int here = docker ? in_docker : in_podman;
	int there = docker ? in_podman : in_docker;
	const char *name = engine_name(facts->kind);
	(void)snprintf(detail, DETAIL_MAX, "%s %s", name,
		here > 0    ? "has images"
		: here == 0 ? "has no images yet"
			    : "may have images: they cannot be looked at");
	if (here != 0 || there <= 0)
		return here < 0 ? 1 : 0;
	(void)fail_as(err, EX_UNAVAILABLE, "%s, which jobs get, has no images, and %s has some",
		name, engine_name(docker ? ENGINE_PODMAN : ENGINE_DOCKER));
	return add_hint(err, "to copy one: %s", images_copy_command(facts->kind, "IMAGE", command));
}

int look_compose(struct check_facts *facts, char *detail, struct error *err)
{
	(void)facts;
	_cleanup_free_ char *tool = compose_find_tool(err);
	if (!tool)
		return -1;
	(void)snprintf(detail, DETAIL_MAX, "%s", tool);
	return 0;
}
