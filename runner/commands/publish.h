/* SPDX-License-Identifier: MIT
 *
 * publish: pass a report on: as a table to the user, to standard output (--json), to a file
 * (--report FILE) and to the store that `report` reads.
 */
#ifndef OSS_CRS_PUBLISH_H
#define OSS_CRS_PUBLISH_H

#include "context.h"
#include "report.h"

/* show: print the table on standard error. keep: put the report into the store, unless
 * --keep-reports is 0. If the table or the store fails, the problem is only logged. If an output
 * that the user asked for with --json or --report cannot be written, that is an error. */
int publish_report(const struct context *context, const struct report *report, bool show, bool keep,
	struct error *err);

/* Say that the time limit ended the run. */
void publish_time_limit(const struct context *context);

#endif
