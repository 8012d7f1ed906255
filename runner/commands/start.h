/* SPDX-License-Identifier: MIT
 *
 * start: from a plan to its cgroups, when it is the run's turn; build, run, exec and selftest
 * share it.
 */
#ifndef OSS_CRS_START_H
#define OSS_CRS_START_H

#include "context.h"
#include "queue.h"

/* Call queue_enter() with what the options say (--wait, --share). Prints on standard error that
 * the run waits, and with which runs it shares. A signal that arrives meanwhile is a failure and
 * stays pending in `signals` (launch.h). The caller frees *ret_shared. */
int start_tree(const struct context *context, const struct run_plan *plan,
	const struct tree_options *how, int oss_crs_fd, int signals, struct cg_tree *ret,
	struct ledger *ret_shared, struct error *err);

/* The claim of a plan (lease.h), with the memory of this machine. Its id is 0, as for a run that
 * has just arrived. */
int start_claim(const struct context *context, const struct run_plan *plan, struct lease_claim *ret,
	struct error *err);

#endif
