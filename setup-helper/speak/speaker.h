/* SPDX-License-Identifier: MIT
 *
 * speaker: the process that calls systemd and logind. It connects to the system bus as root, which
 * is what systemd goes by (the bus says who connected), and is nobody from then on. It is apart
 * from the one that changes files, so that neither can do the work of the other: this one changes
 * no file, that one has no bus.
 *
 * Each request is one of a closed list and has no text in it that goes out: units and users are put
 * together here from numbers. Besides, it receives what Docker answers on a connection that it is
 * given, and hands it on unread.
 */
#ifndef OSS_CRS_SETUP_SPEAKER_H
#define OSS_CRS_SETUP_SPEAKER_H

#include "connector.h"
#include "error.h"
#include "policy.h"

#include <stdbool.h>
#include <sys/types.h>

enum bus_call {
	BUS_RELOAD,
	BUS_LINGER,
	BUS_UNLINGER,
	BUS_START_MANAGER,   /* user@UID.service */
	BUS_REALIZE_MANAGER, /* the same */
	BUS_RESTART_DOCKER,  /* the service of the policy, after forgetting its failures */
	BUS_RESERVE,         /* oss-crs-reserve@UID.service: restart it */
	BUS_CALLS,
};

struct sd_bus;

struct speaker {
	const struct policy *policy;
	bool changes; /* the calls are allowed at all */
	uid_t uid;    /* the only user whom a call may be about; 0: any */
	/* the speaker's own: */
	struct sd_bus *bus; /* NULL: no_bus says why */
	struct error no_bus;
	bool watches; /* systemd says on it when a job ends */
};

/* Connect to the bus, if there will be calls, while this process is root still. */
void speaker_connect(struct speaker *speaker);

/* Answer requests until the other side ends. */
int speaker_serve(struct speaker *speaker, int door, struct error *err);

/* The root side's call. It returns when systemd or logind is done; uid counts for the calls that
 * are about a user. */
int speaker_call(int door, enum bus_call call, uid_t uid, struct error *err);

/* The root side's question to Docker, over both doors: the connector asks, and the speaker receives
 * the answer. *ret_file is the whole of it, head and body, as the daemon sent it, sealed (door.h);
 * the caller closes it. Fails as connector_ask() does, and with EX_UNAVAILABLE if none comes. */
int speaker_ask_docker(
	int door, int connector, enum docker_question question, int *ret_file, struct error *err);

#endif
