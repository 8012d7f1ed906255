/* SPDX-License-Identifier: MIT
 *
 * options: the command line as data. No part of it is a path.
 */
#ifndef OSS_CRS_SETUP_OPTIONS_H
#define OSS_CRS_SETUP_OPTIONS_H

#include "cpulist.h"
#include "error.h"
#include "log.h"
#include "policy.h"

#include <stdbool.h>

enum verb {
	VERB_ALL, /* no verb given: delegate, then docker */
	VERB_DELEGATE,
	VERB_DOCKER,
	VERB_CHECK,
	VERB_UNDO,
	VERB_SWEEP,
	VERB_RESERVE,
};

struct request {
	enum verb verb;
	bool help;
	bool version;
	bool dry_run;
	bool yes;
	bool purge; /* with undo: remove the backups and forget all records too */
	bool json;
	enum log_level level;
	const char *user; /* as typed; NULL if not given */
	bool restart_set;
	enum restart restart;
	bool linger_set;
	bool linger;
	struct cpulist cpus; /* of reserve: these; empty if not given */
	unsigned all_but;    /* of reserve: all but so many; 0 if not given */
};

/* Whether the verb is about delegation, and whether it is about Docker. */
bool request_delegates(const struct request *request);
bool request_dockers(const struct request *request);

/* Whether the request may change the host: true except for check and --dry-run. */
bool request_changes(const struct request *request);

/* Parse the arguments. EX_USAGE for unknown, superfluous and empty ones, and for options that do
 * not go together. */
int request_parse(int argc, char **argv, struct request *ret, struct error *err);

/* Whether --json is among the arguments. Does not parse them, so that main() can report an error
 * in them as JSON too. */
bool request_wants_json(int argc, char **argv);

/* Override the policy with what the command line sets. */
void request_override(const struct request *request, struct policy *policy);

/* The verb as typed; "setup" if none was given. */
const char *request_verb(const struct request *request);

/* The text of --help. */
const char *request_help(void);

#endif
