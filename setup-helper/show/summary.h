/* SPDX-License-Identifier: MIT
 *
 * summary: a plan in three lines, for the question whether to carry it out: what changes, whom it
 * affects, and what becomes of Docker. And how the program ends: what is still to do, if anything.
 */
#ifndef OSS_CRS_SETUP_SUMMARY_H
#define OSS_CRS_SETUP_SUMMARY_H

#include "engine.h"
#include "findings.h"
#include "options.h"
#include "plan.h"

/* Three lines about a plan that has steps, made from these facts. The caller frees *ret. */
int summary_of_plan(const struct setup_plan *plan, const struct facts *facts,
	const struct policy *policy, char **ret, struct error *err);

/* How a command that changed what it planned ends. `findings` are from a look afterwards. */
struct summary_end {
	const struct request *request;
	const struct facts *facts;
	const struct findings *findings; /* NULL if the command is not about a host being ready */
	enum engine engine;
	size_t left; /* changes that an undo left alone */
	bool self;   /* the user of the facts is the one who started the program */
};

/* One line: "ready; next: ...", or a line per thing that is still to do, each beginning with "still
 * to do: ". The caller frees *ret. */
int summary_of_end(const struct summary_end *end, char **ret, struct error *err);

#endif
