/* SPDX-License-Identifier: MIT
 *
 * allocation: `--allocation`, which keeps a run within the CPUs and memory that a scheduler gave
 * the process that starts it.
 */
#ifndef OSS_CRS_ALLOCATION_H
#define OSS_CRS_ALLOCATION_H

#include "allowance.h"
#include "context.h"
#include "plan.h"

/* Read what this process may use, and narrow the request to it: without --cpus, the run gets the
 * CPUs of the allocation as with --cpus LIST. Fails with EX_CONFIG if --cpus or --memory asks for
 * more, unless --share is given. `request` must have the CPUs and memory of this host, and *ret
 * must outlive it, since the request names its files. */
int allocation_apply(const struct context *context, struct plan_request *request,
	struct allowance *ret, struct error *err);

/* Add to the error of a plan that did not fit what the allocation is. Returns -1. */
int allocation_hint(const struct allowance *allocation, struct error *err);

#endif
