/* SPDX-License-Identifier: MIT
 *
 * judge_parts: what the files of judge.h share: tables of the keys of an object, and the functions
 * of the routes.
 */
#ifndef OSS_CRS_JUDGE_PARTS_H
#define OSS_CRS_JUDGE_PARTS_H

#include "judge.h"
#include "text.h"

#include <jansson.h>

/* A request while it is judged. */
struct judging {
	const struct judge_scope *scope;
	const struct judge_lookup *lookup;
	struct target *target;
	json_t *body;                  /* the object that is sent on; NULL: none */
	char id[CONTAINER_ID_MAX + 1]; /* of the container in the path */
	char *filters;                 /* the new value of that parameter */
};

struct route {
	const char *method, *pattern;
	unsigned flags;
	const char *const *parameters; /* those that it may have; ends with NULL */
	int (*judge)(struct judging *judging, struct error *err);
};

enum {
	ROUTE_BODY = 1 << 0,
	ROUTE_HIJACK = 1 << 1,
	ROUTE_STARTS = 1 << 2,
};

/* A key of an object. A value that sets nothing (null, false, 0, an empty text, list or object) is
 * left out, whatever the key, so that the engine's default holds; any other value of a key without
 * a row is refused. Keys differ by case here, but not in the engine, and so no key is sent on that
 * has no row. */
struct key_row {
	const char *key;
	/* Its value must be one of these texts; ends with NULL. NULL: `judge` decides or, if that
	 * is NULL too, anything is fine. */
	const char *const *texts;
	/* Judge the value, which is not empty, and change it in place or, with *value, replace it.
	 * `where` is the key with those above it: "HostConfig.Binds". */
	int (*judge)(struct judging *judging, const char *where, json_t **value, struct error *err);
	const char *why; /* what other texts would do */
};

struct key_rows {
	const char *where; /* of the object; "" for the body */
	const struct key_row *rows;
	size_t count;
};

#define ROW_TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROW_PASS(k)                   \
	{                             \
		(k), NULL, NULL, NULL \
	}
#define ROW_CHECK(k, f)              \
	{                            \
		(k), NULL, (f), NULL \
	}
#define ROW_WORDS(k, w, ...)                           \
	{                                              \
		(k), ROW_TEXTS(__VA_ARGS__), NULL, (w) \
	}
#define KEY_ROWS(w, r)                            \
	{                                         \
		(w), (r), sizeof(r) / sizeof *(r) \
	}

/* Judge an object by its table: what remains of it is sent on. */
int judge_object(
	struct judging *judging, const struct key_rows *rows, json_t *object, struct error *err);

/* Whether a value sets nothing. */
bool judge_is_empty(const json_t *value);

/* Refuse a value: "HostConfig.PidMode "host": WHY". Returns -1. */
int judge_refuse(const char *where, const json_t *value, const char *why, struct error *err);

/* Check the name of something new. The names that Compose would choose are the run's. */
int judge_name(
	const struct judging *judging, const char *where, const char *name, struct error *err);

/* Add the run's labels to an object's key, and refuse those that only the run may set. */
int judge_labels(struct judging *judging, json_t *object, const char *key, struct error *err);

/* Lower what HostConfig, or the body of an update, sets of CPUs and memory to what the CRS has. */
int judge_limits(struct judging *judging, json_t *object, struct error *err);

/* The rows of those limits, which both objects have. */
#define LIMIT_ROWS                                                                           \
	ROW_CHECK("CpuPeriod", judge_count), ROW_CHECK("CpuQuota", judge_quantity),          \
		ROW_CHECK("CpuShares", judge_count), ROW_CHECK("CpusetCpus", judge_cpus),    \
		ROW_CHECK("CpusetMems", judge_nodes), ROW_CHECK("Memory", judge_count),      \
		ROW_CHECK("MemoryReservation", judge_count),                                 \
		ROW_CHECK("MemorySwap", judge_quantity), ROW_CHECK("NanoCpus", judge_count), \
		ROW_CHECK("PidsLimit", judge_quantity)

int judge_count(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_quantity(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_cpus(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_nodes(struct judging *judging, const char *where, json_t **value, struct error *err);

/* Lists of HostConfig: CapAdd, GroupAdd, SecurityOpt, Sysctls, Ulimits; and Env. */
int judge_capabilities(
	struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_groups(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_security(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_sysctls(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_ulimits(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_environment(
	struct judging *judging, const char *where, json_t **value, struct error *err);

/* HostConfig.Binds and HostConfig.Mounts, and Volumes: those without a name. */
int judge_binds(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_mounts(struct judging *judging, const char *where, json_t **value, struct error *err);
int judge_anonymous(struct judging *judging, const char *where, json_t **value, struct error *err);

/* The routes with a body. */
int judge_create(struct judging *judging, struct error *err);
int judge_update(struct judging *judging, struct error *err);
int judge_exec_create(struct judging *judging, struct error *err);
int judge_exec_start(struct judging *judging, struct error *err);
int judge_volume_create(struct judging *judging, struct error *err);

/* The routes without. */
int judge_container(struct judging *judging, struct error *err);
int judge_rename(struct judging *judging, struct error *err);
int judge_exec(struct judging *judging, struct error *err);
int judge_volume(struct judging *judging, struct error *err);
int judge_list(struct judging *judging, struct error *err);
int judge_events(struct judging *judging, struct error *err);

#endif
