/* SPDX-License-Identifier: MIT
 *
 * random_request: the requests of a worker that an attacker has taken over, for
 * test_setup_requests.c and tests/fault/hostile_worker.c. Each run of a program makes the same
 * ones.
 */
#ifndef OSS_CRS_UNIT_RANDOM_REQUEST_H
#define OSS_CRS_UNIT_RANDOM_REQUEST_H

#include "door.h"
#include "step.h"

#include <stdio.h>

static uint32_t random_state = 1;

static inline uint32_t next_random(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

/* A request whose fields are each right now and then. A plan is carried out once, and the lock and
 * Docker take their time: these are rare. */
static inline struct door_message random_request(void)
{
	static const char *const targets[] = {
		"/etc/systemd/system/user@1000.service.d/50-oss-crs.conf",
		"/etc/docker/daemon.json",
		"/etc/docker/daemon.json.oss-crs-backup",
		"/etc/shadow",
		"user.slice/user-1000.slice/user@1000.service/oss-crs",
		"user.slice/user-1000.slice/user@1000.service",
		"user.slice",
		".",
		"..",
		"../../x",
		"",
		"systemd",
		"docker.service",
		"user@1000.service",
		"ssh.service",
		"alice",
		"root",
	};
	struct door_message m = {
		.what = next_random(DOOR_ANSWER + 3),
		.number = next_random(4) ? next_random(4) : next_random(UINT32_MAX),
		.kind = next_random(STEP_KINDS + 2),
		.uid = next_random(2) ? 1000 : next_random(UINT32_MAX),
		.gid = next_random(UINT32_MAX),
		.mode = next_random(UINT32_MAX),
		.record = next_random(3),
		.undoes = next_random(3),
		.failed = next_random(2),
	};
	(void)snprintf(m.text, sizeof m.text, "%s",
		targets[next_random(sizeof targets / sizeof *targets)]);
	if ((m.what == DOOR_APPLY || m.what == DOOR_LOCK || m.what == DOOR_DOCKER) &&
		next_random(50))
		m.what = DOOR_STEP;
	return m;
}

#endif
