/* SPDX-License-Identifier: MIT
 *
 * options: the command line as data. No path is ever among it.
 */
#ifndef OSS_CRS_SETUP_OPTIONS_H
#define OSS_CRS_SETUP_OPTIONS_H

#include "error.h"
#include "log.h"
#include "policy.h"

#include <stdbool.h>

enum verb {
	VERB_ALL, /* none given: delegate, then docker */
	VERB_DELEGATE,
	VERB_DOCKER,
	VERB_CHECK,
	VERB_UNDO,
	VERB_SWEEP,
};

struct request {
	enum verb verb;
	bool help;
	bool version;
	bool dry_run;
	bool yes;
	bool purge; /* of undo: forget the backups and all records too */
	bool json;
	enum log_level level;
	const char *user; /* as typed; NULL: not given */
	bool restart_set;
	enum restart restart;
	bool linger_set;
	bool linger;
};

/* What a verb looks at and changes. */
bool request_delegates(const struct request *request);
bool request_dockers(const struct request *request);

/* Whether anything at all is to be changed. */
bool request_changes(const struct request *request);

/* Parse the arguments; EX_USAGE for unknown, extra and empty ones. */
int request_parse(int argc, char **argv, struct request *ret, struct error *err);

/* Whether --json is among the arguments: for errors, of parsing them too. */
bool request_wants_json(int argc, char **argv);

/* Let the command line have the last word over the policy. */
void request_override(const struct request *request, struct policy *policy);

/* The verb as it is typed; "setup" for none. */
const char *request_verb(const struct request *request);

/* The text of --help. */
const char *request_help(void);

#endif
