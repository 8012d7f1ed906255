/* SPDX-License-Identifier: MIT
 *
 * render: plans and findings as text for people and as JSON. The functions return strings that the
 * caller frees; main.c prints them.
 */
#ifndef OSS_CRS_SETUP_RENDER_H
#define OSS_CRS_SETUP_RENDER_H

#include "findings.h"
#include "plan.h"

/* List each step with its before and after, then the notes, then what is blocked.
 * render_plan_json() gives {"version":1, "steps":[{"step","target","before","after"}],
 * "notes":["..."], "blocked":null or {"message","hint"}}. */
int render_plan(const struct setup_plan *plan, char **ret, struct error *err);
int render_plan_json(const struct setup_plan *plan, char **ret, struct error *err);

/* Give one line per finding, and a hint below each that is not ok. render_findings_json() gives
 * {"version":1, "ready":bool, "findings":[{"id","ok","detail","hint"}]}. */
int render_findings(const struct findings *findings, char **ret, struct error *err);
int render_findings_json(const struct findings *findings, char **ret, struct error *err);

/* Give an error as {"version":1, "error":{"message","hint","status"}}. */
int render_error_json(const struct error *error, char **ret, struct error *err);

#endif
