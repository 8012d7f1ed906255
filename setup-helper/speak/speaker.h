/* SPDX-License-Identifier: MIT
 *
 * speaker: the process that talks to systemd and logind, and connects to Docker, as root. It is
 * apart from the one that changes files, so that neither can do the work of the other: this one
 * changes no file, that one makes no connection.
 *
 * Each request is one of a closed list and has no text in it that goes out: units and users are put
 * together here from numbers.
 */
#ifndef OSS_CRS_SETUP_SPEAKER_H
#define OSS_CRS_SETUP_SPEAKER_H

#include "error.h"
#include "host.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum bus_call {
	BUS_RELOAD,
	BUS_LINGER,
	BUS_UNLINGER,
	BUS_START_MANAGER,   /* user@UID.service */
	BUS_REALIZE_MANAGER, /* the same */
	BUS_RESTART_DOCKER,  /* the service of the policy, after forgetting its failures */
	BUS_CALLS,
};

enum docker_question {
	DOCKER_INFO,
	DOCKER_CONTAINERS,
	DOCKER_QUESTIONS,
};
/* The paths in Docker's API. */
extern const char *const docker_targets[DOCKER_QUESTIONS];

struct speaker {
	const struct host *host;
	const struct policy *policy;
	bool changes; /* the bus calls are allowed at all */
	uid_t uid;    /* the only user whom a call may be about; 0: any */
};

/* Answer requests until the other side ends. Returns the exit status of this process. */
int speaker_serve(const struct speaker *speaker, int door);

/* The other side's calls. speaker_call() returns when systemd or logind is done; uid counts for the
 * calls that are about a user. */
int speaker_call(int door, enum bus_call call, uid_t uid, struct error *err);

/* Ask Docker. *ret_file is a connection on which the answer comes (docker_socket.h), which a check
 * reads; the caller closes it. Fails with EX_NOPERM if this user may not connect, and with
 * EX_UNAVAILABLE if no daemon listens. */
int speaker_ask_docker(int door, enum docker_question question, int *ret_file, struct error *err);

/* Ask the root side, which has a check read the answer: the whole of it, head and body, as the
 * daemon sent it, with a NUL after it. The caller frees *ret. */
int speaker_read_docker(
	int door, enum docker_question question, char **ret, size_t *ret_len, struct error *err);

/* The most bytes in such an answer. */
#define SPEAKER_ANSWER_MAX ((size_t)1024 * 1024 + 65536)

#endif
