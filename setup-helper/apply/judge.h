/* SPDX-License-Identifier: MIT
 *
 * judge: the closed table of what the worker may ask for. A request names a kind of step; the
 * step itself, with its target and texts, is made here, from the command line, the policy and the
 * host as it is now. What the worker planned must be the same. So a worker that an attacker has
 * taken over can ask for what the caller could have asked for, and for nothing else.
 *
 * All of this runs in a check (checks.h) that the root side starts for one request, and that knows
 * nothing of the worker but that request.
 */
#ifndef OSS_CRS_SETUP_JUDGE_H
#define OSS_CRS_SETUP_JUDGE_H

#include "audit.h"
#include "caller.h"
#include "host.h"
#include "options.h"
#include "plan.h"
#include "policy.h"

/* What decides about requests. */
struct rights {
	const struct host *host;
	const struct policy *policy;
	const struct caller *user;
	const struct request *request; /* the command line */
	const struct audit *audit;
	struct judged *const *steps; /* those that are in the plan already */
	size_t count;
};

/* A step that may be done. What belongs to it follows it, each text with a NUL: `before`, `after`,
 * `record` (journal.h, if the change can be undone) and `entry` (audit.h, for when it is done) are
 * the places from the beginning, 0 if there is none. */
struct judged {
	struct step step;
	size_t before;
	size_t after;
	size_t record;
	size_t entry;
	size_t entry_len;
};

/* Write the step that `asked` describes to `out`, as a struct judged. Only kind, uid, gid, mode,
 * record, undoes and target of `asked` are needed, and the texts of an undo, of STEP_DAEMON_JSON
 * (after) and of STEP_SWEEP (before). `present` is what there is now, opened by root: the record of
 * an undo, daemon.json for the steps that are about it; -1 if there is none. EX_SOFTWARE for what
 * is not in the table, EX_TEMPFAIL if the host has changed since the worker looked. */
int judge_step(const struct rights *rights, const struct step *asked, int present, int out,
	struct error *err);

#endif
