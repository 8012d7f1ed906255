/* SPDX-License-Identifier: MIT
 *
 * experiment_steps: the programs of the user that belong to a run: `prepare` before the first run
 * on a host, `metrics` after each run.
 */
#ifndef OSS_CRS_EXPERIMENT_STEPS_H
#define OSS_CRS_EXPERIMENT_STEPS_H

#include "experiment_parts.h"

/* Run `prepare` unless it has succeeded on this host; waits while another process runs it. Fails
 * with EX_UNAVAILABLE if it fails. */
int experiment_prepare(
	const struct host *host, const struct submitted *submitted, struct error *err);

/* Run `metrics` with the report of a run and its CRSs, and keep what it prints. */
int experiment_measure(
	const struct submitted *submitted, const struct run_entry *run, struct error *err);

#endif
