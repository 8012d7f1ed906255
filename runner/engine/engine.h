/* SPDX-License-Identifier: MIT
 *
 * engine: the container engine behind its Engine API socket; Docker and Podman (podman.h) both
 * serve this API. Except for Compose's CLI, this is the only interface to either: what the
 * engine is, which containers a project has and how they ended, and the removal of what a
 * project leaves.
 *
 * Rests on the Docker Engine API reference (1.41 and later; unversioned paths) and, for where
 * the daemon is, on "Docker contexts" and DOCKER_HOST in Docker's CLI manual.
 */
#ifndef OSS_CRS_ENGINE_H
#define OSS_CRS_ENGINE_H

#include "error.h"
#include "host.h"
#include "owner.h"
#include "unfinished.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The label with which Compose marks what belongs to a project. */
#define ENGINE_PROJECT_LABEL "com.docker.compose.project"

/* The labels with which the runner marks what belongs to a run, so that it can be found and
 * judged when nothing else is left of the run: the run's name, its user's uid, its owner
 * (owner.h), and, with --keep, that it stays until the user asks for its removal. */
#define ENGINE_RUN_LABEL   "oss-crs.run"
#define ENGINE_UID_LABEL   "oss-crs.uid"
#define ENGINE_OWNER_LABEL "oss-crs.owner"
#define ENGINE_KEEP_LABEL  "oss-crs.keep"

/* The labels of a container or volume that a CRS has made over its own socket (runner/guard): the
 * name of the CRS, and both the run's name and its own, RUN/CRS. */
#define ENGINE_GUARD_LABEL "oss-crs.guard"
#define ENGINE_MAKER_LABEL "oss-crs.maker"

/* The labels of an image that a run builds: the run's name, and the name that Compose gives to the
 * image. Whatever is made of the image inherits them, so they alone do not make it the run's. */
#define ENGINE_BUILT_BY_LABEL "oss-crs.built-by"
#define ENGINE_BUILT_AS_LABEL "oss-crs.built-as"

enum engine_kind {
	ENGINE_DOCKER,
	ENGINE_PODMAN,
};

#define ENGINE_KINDS 2

/* The name as it is written in text: "Docker". */
const char *engine_name(enum engine_kind kind);

struct engine {
	enum engine_kind kind;
	char *endpoint;     /* "unix:///run/docker.sock", for messages */
	const char *socket; /* the path in endpoint */
	/* The requests without a client that were there before this program started one. */
	struct unfinished before;
	/* A client of the run may have left requests: a removal waits for them. */
	bool settles;
	/* A removal has ended while the engine still worked on a request without a client. */
	bool unsettled;
};

#define ENGINE_NONE              \
	{                        \
		.endpoint = NULL \
	}

/* Find Docker (DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket; see
 * endpoint.h) and check that its address is a socket of this host. Does not connect. Returns 0,
 * or -1 with an error; EX_UNAVAILABLE for a daemon elsewhere. The caller releases *ret with
 * engine_close(). */
int engine_open(struct engine *ret, struct error *err);

/* The same for an engine whose address ("unix://…") is known. */
int engine_open_at(
	enum engine_kind kind, const char *endpoint, struct engine *ret, struct error *err);
void engine_close(struct engine *engine);

struct engine_info {
	/* The host name and kernel release of the daemon's machine, and the daemon's version. */
	char name[256], kernel[256], version[64];
	/* "cgroupfs" or "systemd"; "2" or "1". */
	char driver[32], cgroup_version[8];
	long images;   /* how many the engine has */
	bool snap;     /* the daemon is a snap's, which has its own daemon.json */
	bool rootless; /* the daemon has the rights of a user only, in a user namespace */
};

/* GET /info. Returns 0, or -1 with an error and a hint: EX_UNAVAILABLE if the engine does not
 * answer, EX_NOPERM if this user may not connect. */
int engine_info(struct engine *engine, struct engine_info *ret, struct error *err);

/* The conditions of every run, each of them a finding of `check`: the daemon runs on this
 * kernel, uses cgroup v2, and has the cgroupfs driver; rootless Docker fails the last. Each
 * returns 0, or -1 with an EX_UNAVAILABLE error and a hint. */
int engine_check_local(
	const struct engine *engine, const struct engine_info *info, struct error *err);
int engine_check_version(
	const struct engine *engine, const struct engine_info *info, struct error *err);
int engine_check_driver(
	const struct engine *engine, const struct engine_info *info, struct error *err);

/* Check all three, and that Podman is not too old, with one request. */
int engine_check(struct engine *engine, struct error *err);

/* Whether the user may talk to this engine from the next login on: the user database has them in
 * the group of its socket, and this process is from a login before that. False if that cannot be
 * known. */
bool engine_awaits_login(const struct engine *engine);

/* Find Docker and check that it can serve runs: engine_open() and engine_check(). */
int engine_open_docker(struct engine *ret, struct error *err);

struct container {
	char id[65];
	char *name, *service, *cgroup_parent;
	/* The id of the container whose PID namespace it shares (pid: "service:…"); empty if it has
	 * one of its own, or the host's. */
	char *pid_owner;
	/* The CRS that has made it over its own socket (ENGINE_GUARD_LABEL); empty: Compose, or the
	 * program that holds the run, has made it. */
	char *guard;
	/* As the engine writes it, RFC 3339; empty if the container has not ended. */
	char finished[40];
	int exit_code;
	/* The container's first process, as this host numbers it; 0 if it does not run. */
	pid_t pid;
	bool started;
	bool restarting; /* it has ended, and the engine is about to start it again */
	/* If it has ended, the engine may be about to start it again: it does so unless somebody
	 * has stopped the container, and does not say. */
	bool may_restart;
};

struct containers {
	struct container *list;
	size_t count;
};

#define CONTAINERS_NONE      \
	{                    \
		.list = NULL \
	}

/* All containers of a Compose project, running or not, with how they ended. The caller releases
 * *ret with containers_free(). */
int engine_containers(
	struct engine *engine, const char *project, struct containers *ret, struct error *err);
void containers_free(struct containers *containers);

/* Whether a container ended before another; both have ended. */
bool containers_ended_before(const struct container *a, const struct container *b);

/* One container, by its id or by the name of its cgroup below the cgroup_parent. err->code is
 * ENOENT if it no longer exists, and EINVAL if the name has no id in it (container_id.h): then
 * there is no request. The caller releases *ret with container_free(). */
int engine_container(
	struct engine *engine, const char *id, struct container *ret, struct error *err);
void container_free(struct container *container);

/* What a volume is, as JSON in the words of the Compose file: its driver and its driver_opts.
 * err->code is ENOENT if there is no volume of that name. The caller frees *ret. */
int engine_volume(struct engine *engine, const char *name, char **ret, struct error *err);

/* A run of which the engine still has containers, networks or volumes. */
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

/* All runs of a user that have containers, networks or volumes, each once, found by their
 * labels. What the labels say is not checked. The caller releases *ret with
 * engine_runs_free(). */
int engine_runs(struct engine *engine, uid_t uid, struct engine_runs *ret, struct error *err);
void engine_runs_free(struct engine_runs *runs);

/* Whether a request failed by the engine's answer; if not, the engine is away. */
bool engine_answered(const struct error *err);

/* Note which requests the engine works on although their clients are gone, before there is a client
 * of the run. Those are not waited for when the run's things are removed; others are, unless the
 * caller takes engine->settles back. */
void engine_note_unfinished(struct engine *engine);

/* Remove a project's containers, running ones too (the engine kills them), with their anonymous
 * volumes, then its networks, then its own volumes, which are named "<project>_…". Volumes with
 * a name that the user chose stay. Lists them again until nothing is left to remove and, with
 * engine->settles, until the engine is done with the requests of clients that are gone, since one
 * of these may make another container; after 10 s of nothing but that, it sets engine->unsettled
 * and returns. The engine may refuse to remove one thing before another: what it refuses does not
 * stop the rest, and only when a pass removes nothing is what stays an error, with the reason for
 * the first. Can be repeated. Returns the number of things it removed, or -1 with an error. */
int engine_remove_project(struct engine *engine, const char *project, struct error *err);

/* The same for what has the run's own label, whatever its project is called (--project-name). What
 * the project had before, such as its volumes, has no such label. */
int engine_remove_run(struct engine *engine, const char *run, struct error *err);

/* Check that no container belongs to a project, so that a run can have its name: Compose would take
 * the container for one of the run's own. EX_TEMPFAIL names the first. */
int engine_check_project(struct engine *engine, const char *project, struct error *err);

/* Remove the images that a run built, once its containers are gone: the names that Compose gave
 * them, and what has no other name. An image that the user named, or that was made of one of these,
 * stays. Returns the number of names it removed, or -1 with an error. */
int engine_remove_images(struct engine *engine, const char *run, struct error *err);

/* How many things engine_remove_project() would now remove, or -1 with an error. */
int engine_count_project(struct engine *engine, const char *project, struct error *err);

#endif
