/* SPDX-License-Identifier: MIT
 *
 * start: from a plan to its cgroups, when it is the run's turn, and to what watches them; build,
 * run, hold, exec and selftest share it.
 */
#ifndef OSS_CRS_START_H
#define OSS_CRS_START_H

#include "context.h"
#include "engine_select.h"
#include "exclusive.h"
#include "load.h"
#include "queue.h"
#include "record.h"
#include "watch.h"

/* A plan whose turn it is to be, and how its CPUs by number are chosen when it is; see struct
 * queue_request. */
struct start {
	const struct run_plan *plan;
	struct cpulist host_cpus;
	struct cpulist given; /* CPUs of the plan that are listed */
	unsigned any;         /* the number of the others */
	int (*choose)(void *chooser, const struct cpulist *taken, struct error *err);
	void *chooser;

	struct tree_options tree; /* start_tree() adds what the options say (--oom, --exclusive) */
	int oss_crs_fd, signals;
	/* What else may use the CPUs of a run with --exclusive; the caller frees it with
	 * exclusive_free(). NULL for a run that cannot be exclusive. */
	struct exclusive *exclusive;
};

/* The start of a loaded plan, which must outlive it, without its last three fields. */
struct start start_loaded(struct loaded *loaded);

/* Choose the engine as engine_select() does with --engine, and say which it is where the user left
 * it open and it is not Docker. */
int start_choose_engine(const struct context *context, enum engine_kind *ret,
	struct engine *ret_docker, struct error *err);

/* Call queue_enter() with what the options say (--wait, --share). Prints on standard error that
 * the run waits, and with which runs it shares. With --share the plan is not changed. A signal that
 * arrives meanwhile is a failure and stays pending in start->signals (launch.h). With --exclusive,
 * fails with EX_UNAVAILABLE if the CPUs are not the run's alone and, with --strict-limits, with
 * EX_SOFTWARE if that is unknown. The caller frees *ret_shared. */
int start_tree(const struct context *context, const struct start *start, struct cg_tree *ret,
	struct ledger *ret_shared, struct error *err);

/* Open the watch over a tree, and with --record the record, which the watch then follows. The
 * caller has filled in the watch's tree, project and engine; it closes both, also after a
 * failure. */
int start_watch(const struct context *context, struct watch *watch, struct record **ret_record,
	struct error *err);

/* The claim of a plan (lease.h), with the memory of this machine. Its id is 0, as for a run that
 * has just arrived. */
int start_claim(const struct context *context, const struct start *start, struct lease_claim *ret,
	struct error *err);

#endif
