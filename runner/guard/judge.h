/* SPDX-License-Identifier: MIT
 *
 * judge: what a CRS may ask of the engine, and what becomes of its request. A request is on a list
 * of those that the guard passes or it is refused; so is each key of a body that creates a
 * container. What limits a container is lowered to what its CRS has. What is sent on is made anew
 * from what was judged.
 *
 * Nothing here talks to the engine: what only the engine knows is asked through struct
 * judge_lookup. Rests on the Docker Engine API reference, versions 1.41 to 1.48.
 */
#ifndef OSS_CRS_JUDGE_H
#define OSS_CRS_JUDGE_H

#include "container_id.h"
#include "cpulist.h"
#include "error.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a CRS's services find the guard's socket, in their containers. */
#define JUDGE_SOCKET "/run/oss-crs/engine.sock"

#define JUDGE_LABELS_MAX 8

struct judge_label {
	const char *name, *value;
};

/* A path of the host, or a volume, that the CRS's own services have. */
struct judge_mount {
	const char *source;
	bool writable;
};

/* What a CRS has. All pointers belong to the caller. */
struct judge_scope {
	const char *crs;
	const char *parent; /* the CgroupParent of its containers */
	const struct cpulist *cpus;
	uint64_t memory_max; /* bytes */
	/* Of everything that it makes. The first identifies it, by the run and the CRS. */
	struct judge_label labels[JUDGE_LABELS_MAX];
	size_t label_count;
	struct judge_mount *mounts;
	size_t mount_count;
	const char **networks; /* that its services are in */
	size_t network_count;
	const char *project; /* the run's project; names that begin like it are Compose's */
	/* Names by which containers find the run's services; no other may take them. */
	const char **reserved;
	size_t reserved_count;
	const char *socket; /* the path of the CRS's guard socket on the host */
	const char *engine_socket;
	/* Podman makes a command line of a creation, sets variables without a value from its own
	 * environment, and shows the events that fit any one of several labels. */
	bool podman;
};

/* What is asked of the engine. Each returns 0, or -1 with an error: EX_NOPERM for what is not the
 * CRS's own, ENOENT for what does not exist, anything else if the engine cannot be asked. */
struct judge_lookup {
	/* The whole id of a container that the CRS has made, by its name or id. */
	int (*container)(
		void *data, const char *name, char ret[CONTAINER_ID_MAX + 1], struct error *err);
	/* Check that an exec is in such a container. */
	int (*exec)(void *data, const char *id, struct error *err);
	/* Check that a volume is one that the CRS has made; with `make`, one that does not exist
	 * is made. */
	int (*volume)(void *data, const char *name, bool make, struct error *err);
	void *data;
};

struct route;

/* Find the route of a request. EX_NOPERM, with the reason, for a request that the guard does not
 * pass. What is returned is static. */
const struct route *judge_route(const char *method, const struct target *target, struct error *err);

/* Whether the connection becomes a stream in both directions after the head of the answer. */
bool judge_hijacks(const struct route *route);
/* Whether it starts processes, so that it must not be broken off half-way. */
bool judge_starts(const struct route *route);

/* Judge a request, and make what is sent on: its target and, unless *ret_body is NULL, its body,
 * which is JSON. EX_NOPERM: refused, and the message says what and why. EX_DATAERR: malformed.
 * Other errors are those of the lookup. The target is changed. The caller frees both texts. */
int judge_request(const struct route *route, const struct judge_scope *scope,
	const struct judge_lookup *lookup, struct target *target, const char *body, size_t len,
	char **ret_target, char **ret_body, struct error *err);

#endif
