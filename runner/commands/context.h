/* SPDX-License-Identifier: MIT
 *
 * context: what every command gets, and what the commands are. A command returns its exit status, or -1 with an
 * error that main prints.
 */
#ifndef OSS_CRS_CONTEXT_H
#define OSS_CRS_CONTEXT_H

#include "host.h"
#include "job.h"
#include "log.h"
#include "options.h"
#include "plan.h"

struct context {
	struct host host;
	struct options options;
	struct log log;
	uid_t uid;
};

int cmd_build(const struct context *context, struct error *err);
int cmd_run(const struct context *context, struct error *err);
int cmd_exec(const struct context *context, struct error *err);
int cmd_plan(const struct context *context, struct error *err);
int cmd_check(const struct context *context, struct error *err);
int cmd_selftest(const struct context *context, struct error *err);
int cmd_status(const struct context *context, struct error *err);
int cmd_report(const struct context *context, struct error *err);
int cmd_clean(const struct context *context, struct error *err);

/* Read CONFIG (the first argument) and plan it for this machine, or the one that the options describe. The plan's
 * warnings have been logged. Both are the caller's to free, the plan first. */
int load_plan(const struct context *context, enum phase phase, struct job *ret_job,
	struct run_plan *ret_plan, struct error *err);

/* The variables that a job of any kind sees, into this process's environment. project, harness: NULL for none. */
int export_environment(const struct run_plan *plan, enum phase phase, const char *project,
	const char *harness, struct error *err);

#endif
