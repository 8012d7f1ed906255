/* SPDX-License-Identifier: MIT
 *
 * load: from the command line and the machine to a plan.
 */
#ifndef OSS_CRS_LOAD_H
#define OSS_CRS_LOAD_H

#include "allowance.h"
#include "context.h"
#include "plan.h"

/* A plan and what it was made of. The parts point to each other, so it must not be moved. */
struct loaded {
	struct allowance allowance; /* the request names its files */
	/* With --allocation, what this process may use; else its CPUs are empty. The request names
	 * its files too. */
	struct allowance allocation;
	struct job job;
	struct run_plan plan;
	struct plan_request request;
	char *default_id;     /* belongs to request */
	struct cpulist given; /* CPUs of the plan that the config or --cpus lists */
	/* The number of the others. The plan chooses them, and which ones does not matter. */
	unsigned any;
	bool warned; /* load_warn() has run */
};

#define LOADED_NONE                                 \
	{                                           \
		.job = JOB_NONE, .plan = PLAN_NONE, \
	}

/* Read the config (the first argument) and plan the phase for this machine, or for the one that
 * the options describe, as if no other run had CPUs. Logs the
 * plan's warnings if its CPUs are final. Bad options are EX_USAGE. *ret is LOADED_NONE;
 * the caller frees it with loaded_free(), also after a failure. */
int load_plan(
	const struct context *context, enum phase phase, struct loaded *ret, struct error *err);
/* The same with a config of len bytes that does not come from a file; name stands for it in
 * messages. */
int load_plan_text(const struct context *context, enum phase phase, const char *name,
	const char *text, size_t len, struct loaded *ret, struct error *err);
void loaded_free(struct loaded *loaded);

/* Make the plan again, with its CPUs by number chosen of those that are not in `taken` if these are
 * enough. Only CPUs, nodes and warnings of the plan change. It reads no file, so it can be
 * called under the lock of queue.h. */
int load_choose(struct loaded *loaded, const struct cpulist *taken, struct error *err);

/* Log the plan's warnings, once its CPUs are final; does nothing if that is done. */
void load_warn(const struct context *context, struct loaded *loaded);

#endif
