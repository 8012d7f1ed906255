/* SPDX-License-Identifier: MIT
 *
 * guarded: the guard of a run: whether there is one, its scopes, and its refusals as messages to
 * the user; build, run and hold share it.
 */
#ifndef OSS_CRS_GUARDED_H
#define OSS_CRS_GUARDED_H

#include "compose.h"
#include "context.h"
#include "guard.h"
#include "scopes.h"
#include "watch.h"

struct guarded {
	const struct context *context;
	const struct run_plan *plan;
	struct scopes scopes;
	struct guard guard;
	size_t told; /* refusals that the user was warned of */
};

#define GUARDED_NONE                                       \
	{                                                  \
		.scopes = SCOPES_NONE, .guard = GUARD_NONE \
	}

/* Which services the options give a guarded socket. */
enum compose_guard guarded_wanted(const struct options *options);

/* Start the guard, if a service of the project is guarded or another program starts its containers
 * and project->guard is set, and have the watch wait for its refusals. dir is the directory of the
 * sockets, and project->guard_dir its path. The project's mark is filled in. The project, its
 * engine and the plan outlive the guard. Call guarded_close() even if it fails. */
int guarded_start(const struct context *context, const struct compose *project,
	const struct run_plan *plan, int dir, struct watch *watch, struct guarded *guarded,
	struct error *err);

/* Remove what the CRSs of a run with a guard have made themselves, which the run's project does not
 * name: volumes. Does nothing without one. */
int guarded_remove(
	const struct compose *project, struct engine *engine, const char *run, struct error *err);

/* End the guard. Nothing is made for a CRS from then on. Returns what it has refused, which belongs
 * to the guard; NULL if there was none. */
const struct refusals *guarded_stop(struct guarded *guarded);

void guarded_close(struct guarded *guarded);

#endif
