/* SPDX-License-Identifier: MIT
 *
 * hold_line: what `hold` prints when the cgroups exist: where they are, and what goes with them.
 */
#ifndef OSS_CRS_HOLD_LINE_H
#define OSS_CRS_HOLD_LINE_H

#include "context.h"
#include "engine.h"
#include "guarded.h"

/* What is held. All of it belongs to the caller. */
struct hold_line {
	const struct context *context;
	const struct run_plan *plan;
	const struct engine *engine;   /* whose containers are watched; NULL: none */
	const struct guarded *guarded; /* its sockets; NULL: there is no guard */
};

/* Say on standard output that the cgroups are there, and where: one line of JSON, or a line per
 * CRS. */
int hold_line_print(const struct hold_line *line, struct error *err);

#endif
