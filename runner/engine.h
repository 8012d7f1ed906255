/* SPDX-License-Identifier: MIT
 *
 * engine: the container engine behind its Engine API socket. This is the one seam to Docker beside Compose's CLI:
 * what it is, what containers a project has and how they ended, and the removal of what a project leaves.
 *
 * Rests on the Docker Engine API reference (1.41 and later; unversioned paths) and, for where the daemon is, on
 * "Docker contexts" and DOCKER_HOST in Docker's CLI manual.
 */
#ifndef OSS_CRS_ENGINE_H
#define OSS_CRS_ENGINE_H

#include "error.h"
#include "host.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The label by which Compose marks what belongs to a project. */
#define ENGINE_PROJECT_LABEL "com.docker.compose.project"

struct engine {
	char *endpoint;     /* "unix:///run/docker.sock", for messages */
	const char *socket; /* its path */
};

#define ENGINE_NONE              \
	{                        \
		.endpoint = NULL \
	}

/* Find the daemon (DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket) and check that its socket
 * is one of this host. Makes no connection yet. EX_UNAVAILABLE for a daemon elsewhere. */
int engine_open(struct engine *ret, struct error *err);
void engine_close(struct engine *engine);

struct engine_info {
	char name[256], kernel[256],
		version[64];                /* host name and kernel of the daemon's machine; its version */
	char driver[32], cgroup_version[8]; /* "cgroupfs" or "systemd"; "2" or "1" */
};

/* GET /info. Not reachable: EX_UNAVAILABLE; no access: EX_NOPERM; each with a hint. */
int engine_info(struct engine *engine, struct engine_info *ret, struct error *err);

/* The conditions that every run needs, one finding each: the daemon runs on this very kernel, uses cgroup v2, and
 * has the cgroupfs driver. */
int engine_check_local(const struct engine *engine, const struct engine_info *info, struct error *err);
int engine_check_version(const struct engine_info *info, struct error *err);
int engine_check_driver(const struct engine_info *info, struct error *err);

struct container {
	char id[65];
	char *name, *service, *cgroup_parent;
	char finished[40]; /* as the engine writes it, RFC 3339; empty if it never ended */
	int exit_code;
	pid_t pid; /* of its first process, as this host knows it; 0: it does not run */
	bool started;
};

struct containers {
	struct container *list;
	size_t count;
};

#define CONTAINERS_NONE      \
	{                    \
		.list = NULL \
	}

/* All containers of a Compose project, running or not, with how they ended. */
int engine_containers(struct engine *engine, const char *project, struct containers *ret, struct error *err);
void containers_free(struct containers *containers);

/* One container by its id; ENOENT: it is gone. */
int engine_container(struct engine *engine, const char *id, struct container *ret, struct error *err);
void container_free(struct container *container);

/* Remove a project's containers (killing those that run) with their anonymous volumes, then its networks, then its own volumes: those named
 * "<project>_…". Volumes with a name of the user's choice stay. Idempotent. */
int engine_remove_project(struct engine *engine, const char *project, struct error *err);

#endif
