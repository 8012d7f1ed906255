/* SPDX-License-Identifier: MIT
 *
 * images: asks the run's engine by its API. Of the other engine it asks Docker's API too, and
 * podman(1), which has no service to ask.
 */
#include "images.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "engine_request.h"
#include "http.h"
#include "podman.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>

int images_has(struct engine *engine, const char *image, struct error *err)
{
	char escaped[1024];
	char path[1200];
	_cleanup_json_ json_t *json = NULL;
	if (http_escape(image, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/images/%s/json", escaped);
	if (engine_request(engine, "GET", path, &json, err) == 0)
		return 1;
	return err->code == ENOENT ? 0 : -1;
}

static int docker_has(const char *image, struct error *err)
{
	_cleanup_(engine_close) struct engine docker = ENGINE_NONE;
	return engine_open(&docker, err) < 0 ? -1 : images_has(&docker, image, err);
}

/* `podman image exists` ends with 0 or 1 (podman-image-exists(1)). */
static int podman_has(const char *image, struct error *err)
{
	_cleanup_free_ char *program = NULL;
	int status = 0;
	if (podman_find(&program, err) < 0)
		return -1;
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct spawn spawn =
		SPAWN(((const char *const[]){program, "image", "exists", image, NULL}));
	struct child child = CHILD_NONE;
	spawn.in = spawn.out = spawn.err = null;
	if (proc_spawn(&spawn, &child, err) < 0 || proc_wait(&child, &status, err) < 0)
		return -1;
	return status == 0   ? 1
	       : status == 1 ? 0
			     : fail_as(err, EX_UNAVAILABLE, "podman failed with status %d", status);
}

const char *images_copy_command(
	enum engine_kind to, const char *image, char buf[static IMAGES_COMMAND_MAX])
{
	bool podman = to == ENGINE_PODMAN;
	(void)snprintf(buf, IMAGES_COMMAND_MAX, "%s save %.256s | %s load",
		podman ? "docker" : "podman", image, podman ? "podman" : "docker");
	return buf;
}

bool images_hint_missing(const struct compose *compose, struct engine *engine, struct error *err)
{
	struct error ignored;
	char command[IMAGES_COMMAND_MAX];
	enum engine_kind kind = engine->kind;
	const char *other = engine_name(kind == ENGINE_DOCKER ? ENGINE_PODMAN : ENGINE_DOCKER);
	for (size_t i = 0; i < compose->service_count; i++) {
		const char *image = compose->services[i].image;
		if (!image || images_has(engine, image, &ignored) != 0)
			continue;
		int elsewhere = kind == ENGINE_DOCKER ? podman_has(image, &ignored)
						      : docker_has(image, &ignored);
		if (elsewhere > 0)
			(void)add_hint(err, "image '%.256s' is in %s, and this run uses %s: %s",
				image, other, engine_name(kind),
				images_copy_command(kind, image, command));
		else
			(void)add_hint(err, "%s has no image '%.256s'%s%s: pull or build it",
				engine_name(kind), image, elsewhere == 0 ? ", nor has " : "",
				elsewhere == 0 ? other : "");
		return true;
	}
	return false;
}
