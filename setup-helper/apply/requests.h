/* SPDX-License-Identifier: MIT
 *
 * requests: the closed table of what the worker may ask for. A request names a kind of step; the
 * step itself, with its target and texts, is made here, from the command line, the policy and the
 * host as it is now. What the worker planned must be the same. So a worker that an attacker has
 * taken over can ask for what the caller could have asked for, and for nothing else.
 */
#ifndef OSS_CRS_SETUP_REQUESTS_H
#define OSS_CRS_SETUP_REQUESTS_H

#include "caller.h"
#include "host.h"
#include "journal.h"
#include "options.h"
#include "plan.h"
#include "policy.h"

/* What decides about requests. */
struct rights {
	const struct host *host;
	const struct policy *policy;
	const struct caller *user;
	const struct request *request; /* the command line */
	const struct journal *journal;
};

#define REQUESTS_MAX 32768 /* steps of a plan */

/* Add the step that `asked` describes to the plan. Only kind, uid, gid, mode, record, undoes and
 * target of `asked` are needed, and the texts of an undo, of STEP_DAEMON_JSON (after) and of
 * STEP_SWEEP (before). EX_SOFTWARE for what is not in the table, EX_TEMPFAIL if the host has
 * changed since the worker looked. */
int requests_add(const struct rights *rights, const struct step *asked, struct setup_plan *plan,
	struct error *err);

/* Open daemon.json. Only root may be able to change it, and nothing may be lost when it is
 * replaced: EX_CONFIG otherwise. *ret is -1 if there is none; the caller closes it. */
int requests_open_daemon_json(
	const struct host *host, const char *path, int *ret, struct error *err);

#endif
