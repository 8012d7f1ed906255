/* SPDX-License-Identifier: MIT
 *
 * engine: the container engine behind its Engine API socket, which Docker and Podman (podman.h) both speak. This is the
 * one seam to either beside Compose's CLI: what it is, what containers a project has and how they ended, and the removal
 * of what a project leaves.
 *
 * Rests on the Docker Engine API reference (1.41 and later; unversioned paths) and, for where the daemon is, on
 * "Docker contexts" and DOCKER_HOST in Docker's CLI manual.
 */
#ifndef OSS_CRS_ENGINE_H
#define OSS_CRS_ENGINE_H

#include "error.h"
#include "host.h"
#include "owner.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The label by which Compose marks what belongs to a project. */
#define ENGINE_PROJECT_LABEL "com.docker.compose.project"

/* The labels by which we mark what belongs to a run, so that it can be found and judged when nothing else is left of it:
 * its name, whose it is, its owner (owner.h), and, with --keep, that it is to stay until somebody asks for its removal. */
#define ENGINE_RUN_LABEL   "oss-crs.run"
#define ENGINE_UID_LABEL   "oss-crs.uid"
#define ENGINE_OWNER_LABEL "oss-crs.owner"
#define ENGINE_KEEP_LABEL  "oss-crs.keep"

enum engine_kind {
	ENGINE_DOCKER,
	ENGINE_PODMAN,
};

#define ENGINE_KINDS 2

/* As one writes it, "Docker". */
const char *engine_name(enum engine_kind kind);

struct engine {
	enum engine_kind kind;
	char *endpoint;     /* "unix:///run/docker.sock", for messages */
	const char *socket; /* its path */
};

#define ENGINE_NONE              \
	{                        \
		.endpoint = NULL \
	}

/* Find Docker (DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket) and check that its socket is one of
 * this host. Makes no connection yet. EX_UNAVAILABLE for a daemon elsewhere. */
int engine_open(struct engine *ret, struct error *err);

/* The same for an engine whose address ("unix://…") is known. */
int engine_open_at(
	enum engine_kind kind, const char *endpoint, struct engine *ret, struct error *err);
void engine_close(struct engine *engine);

struct engine_info {
	char name[256], kernel[256],
		version[64]; /* host name and kernel of the daemon's machine; its version */
	char driver[32], cgroup_version[8]; /* "cgroupfs" or "systemd"; "2" or "1" */
};

/* GET /info. Not reachable: EX_UNAVAILABLE; no access: EX_NOPERM; each with a hint. */
int engine_info(struct engine *engine, struct engine_info *ret, struct error *err);

/* The conditions that every run needs, one finding each: the daemon runs on this very kernel, uses cgroup v2, and
 * has the cgroupfs driver. */
int engine_check_local(
	const struct engine *engine, const struct engine_info *info, struct error *err);
int engine_check_version(
	const struct engine *engine, const struct engine_info *info, struct error *err);
int engine_check_driver(
	const struct engine *engine, const struct engine_info *info, struct error *err);

/* All three, and Podman's version, by one request. */
int engine_check(struct engine *engine, struct error *err);

/* Find Docker and check that it is one for runs. */
int engine_open_docker(struct engine *ret, struct error *err);

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
int engine_containers(
	struct engine *engine, const char *project, struct containers *ret, struct error *err);
void containers_free(struct containers *containers);

/* One container by its id, or by the name of its cgroup below the cgroup_parent; ENOENT: it is gone. */
int engine_container(
	struct engine *engine, const char *id, struct container *ret, struct error *err);
void container_free(struct container *container);

/* A run that the engine has something of. */
struct engine_run {
	char name[NAME_MAX + 1];
	char owner[OWNER_TEXT_MAX];
	bool keep;
};

struct engine_runs {
	struct engine_run *list;
	size_t count;
};

#define ENGINE_RUNS_NONE     \
	{                    \
		.list = NULL \
	}

/* All runs of a user that have containers, networks or volumes, by their labels, each once. What the labels say is not
 * checked. The caller frees. */
int engine_runs(struct engine *engine, uid_t uid, struct engine_runs *ret, struct error *err);
void engine_runs_free(struct engine_runs *runs);

/* Remove a project's containers (killing those that run) with their anonymous volumes, then its networks, then its own
 * volumes: those named "<project>_…". Volumes with a name of the user's choice stay. Looks again until there are no more
 * containers, since a client that has just been killed may have left one to be made. Idempotent. Returns how many things it
 * has removed, or -1. */
int engine_remove_project(struct engine *engine, const char *project, struct error *err);

#endif
