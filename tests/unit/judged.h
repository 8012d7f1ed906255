/* SPDX-License-Identifier: MIT
 *
 * judged: a CRS with two CPUs and 1 GiB, and an engine that is a table, for tests of the guard's
 * judgement.
 */
#ifndef OSS_CRS_JUDGED_H
#define OSS_CRS_JUDGED_H

#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define JUDGED_PARENT "/user.slice/user-1000.slice/user@1000.service/oss-crs/run/alpha"
#define JUDGED_SOCKET "/run/user/1000/oss-crs/run/engine-0.sock"

/* The containers of which the CRS has made the first. */
#define JUDGED_OWN   "1111111111111111111111111111111111111111111111111111111111111111"
#define JUDGED_OTHER "2222222222222222222222222222222222222222222222222222222222222222"
#define JUDGED_EXEC  "3333333333333333333333333333333333333333333333333333333333333333"

static inline int judged_container(
	void *data, const char *name, char ret[CONTAINER_ID_MAX + 1], struct error *err)
{
	(void)data;
	if (strcmp(name, "mine") == 0 || strcmp(name, JUDGED_OWN) == 0) {
		(void)snprintf(ret, CONTAINER_ID_MAX + 1, "%s", JUDGED_OWN);
		return 0;
	}
	if (strcmp(name, "theirs") == 0 || strcmp(name, JUDGED_OTHER) == 0)
		return fail_as(err, EX_NOPERM, "container '%s': not one of the CRS", name);
	return fail(err, ENOENT, "container '%s'", name);
}

static inline int judged_exec(void *data, const char *id, struct error *err)
{
	(void)data;
	return strcmp(id, JUDGED_EXEC) == 0 ? 0 : fail_as(err, EX_NOPERM, "exec '%s'", id);
}

static inline int judged_volume(void *data, const char *name, bool make, struct error *err)
{
	(void)data;
	if (strcmp(name, "cache") == 0 || (make && strcmp(name, "new") == 0))
		return 0;
	return strcmp(name, "new") == 0 ? fail(err, ENOENT, "volume")
					: fail_as(err, EX_NOPERM, "volume '%s'", name);
}

static const struct judge_lookup judged_lookup = {
	.container = judged_container, .exec = judged_exec, .volume = judged_volume};

/* CPUs 1 and 2. */
static const struct cpulist judged_cpus = {.used = 1, .words = {6}};

static inline struct judge_scope judged_scope(void)
{
	static struct judge_mount mounts[] = {
		{"/home/alice/job/out", true}, {"/home/alice/job/src", false}, {"job_data", true}};
	static const char *networks[] = {"job_default"};
	static const char *reserved[] = {"beta"};
	return (struct judge_scope){
		.crs = "alpha",
		.parent = JUDGED_PARENT,
		.cpus = &judged_cpus,
		.memory_max = UINT64_C(1) << 30,
		.labels = {{"oss-crs.maker", "run/alpha"}, {"oss-crs.run", "run"},
			{"oss-crs.guard", "alpha"}, {"com.docker.compose.project", "job"}},
		.label_count = 4,
		.mounts = mounts,
		.mount_count = sizeof mounts / sizeof *mounts,
		.networks = networks,
		.network_count = 1,
		.project = "job",
		.reserved = reserved,
		.reserved_count = 1,
		.socket = JUDGED_SOCKET,
		.engine_socket = "/run/docker.sock",
	};
}

#endif
