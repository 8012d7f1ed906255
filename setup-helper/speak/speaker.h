/* SPDX-License-Identifier: MIT
 *
 * speaker: the process that talks to systemd, logind, journald and Docker, as root. It is apart
 * from the one that changes files, so that neither can do the work of the other: this one changes
 * no file, that one has no socket.
 *
 * Each request is one of a closed list and has no text in it that goes out but the fields of an
 * audit entry: units and users are put together here from numbers.
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
};

enum docker_question {
	DOCKER_INFO,
	DOCKER_CONTAINERS,
};

struct speaker {
	const struct host *host;
	const struct policy *policy;
	bool changes; /* the bus calls and audit entries are allowed at all */
	uid_t uid;    /* the only user whom a call may be about; 0: any */
};

/* Answer requests until the other side ends. Returns the exit status of this process. */
int speaker_serve(const struct speaker *speaker, int door);

/* The other side's calls. speaker_call() returns when systemd or logind is done; uid counts for the
 * calls that are about a user. */
int speaker_call(int door, enum bus_call call, uid_t uid, struct error *err);

/* Ask Docker. *ret_file is the whole answer, head and body, as the daemon sent it, to be read with
 * door_read(); the caller closes it. Fails with EX_NOPERM if this user may not connect, and with
 * EX_UNAVAILABLE if nobody answers. */
int speaker_ask_docker(int door, enum docker_question question, int *ret_file, struct error *err);

/* The same, read as text with a NUL after it, which the caller frees. The other side of the door is
 * the speaker, or the root side, which passes the question on. */
int speaker_read_docker(
	int door, enum docker_question question, char **ret, size_t *ret_len, struct error *err);

/* The most bytes in such an answer. */
#define SPEAKER_ANSWER_MAX ((size_t)1024 * 1024 + 65536)

/* Write an entry to the audit trail: len bytes of NAME=VALUE strings, each with its NUL. */
int speaker_audit(int door, const char *fields, size_t len, struct error *err);

#endif
