/* SPDX-License-Identifier: MIT
 *
 * publish: a report to all who want it: the table for the user, --json, --report FILE, and the store that `report` reads.
 */
#ifndef OSS_CRS_PUBLISH_H
#define OSS_CRS_PUBLISH_H

#include "context.h"
#include "report.h"

/* show: print the table on standard error. keep: put the report into the store, as far as the options want any kept; that it
 * cannot be kept is a warning. What the user has asked for by an option and cannot be written is an error. */
int publish_report(const struct context *context, const struct report *report, bool show, bool keep,
	struct error *err);

#endif
