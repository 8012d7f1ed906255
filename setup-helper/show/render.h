/* SPDX-License-Identifier: MIT
 *
 * render: plans and findings as text for people and as JSON. Makes strings; main prints them.
 */
#ifndef OSS_CRS_SETUP_RENDER_H
#define OSS_CRS_SETUP_RENDER_H

#include "findings.h"
#include "plan.h"

/* Every step with its before and after, then the notes and what is blocked. The caller frees *ret. */
int render_plan(const struct setup_plan *plan, char **ret, struct error *err);
/* {"version":1,"steps":[{"step","target","before","after"}],"notes":[…],"blocked":null|{"message","hint"}} */
int render_plan_json(const struct setup_plan *plan, char **ret, struct error *err);

/* One line per finding, a hint below those that are not ok. The caller frees *ret. */
int render_findings(const struct findings *findings, char **ret, struct error *err);
/* {"version":1,"ready":bool,"findings":[{"id","ok","detail","hint"}]} */
int render_findings_json(const struct findings *findings, char **ret, struct error *err);

/* An error as {"version", "error": {"message", "hint", "status"}}. */
int render_error_json(const struct error *error, char **ret, struct error *err);

#endif
