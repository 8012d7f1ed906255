/* SPDX-License-Identifier: MIT
 *
 * start: from a plan to its cgroups, when its turn has come; what build, run and exec have in common.
 */
#ifndef OSS_CRS_START_H
#define OSS_CRS_START_H

#include "context.h"
#include "queue.h"

/* queue_enter() as the options want it: says on standard error that the run waits, and with whom it shares. A signal that
 * comes meanwhile is a failure and is left in `signals` (launch.h). ret_shared is the caller's to free. */
int start_tree(const struct context *context, const struct run_plan *plan,
	const struct tree_options *how, int oss_crs_fd, int signals, struct cg_tree *ret,
	struct ledger *ret_shared, struct error *err);

/* What a plan asks for, on this machine. */
int start_claim(const struct context *context, const struct run_plan *plan, struct lease_claim *ret,
	struct error *err);

#endif
