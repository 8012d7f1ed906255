/* SPDX-License-Identifier: MIT
 *
 * commands: one function per command, for the table in main.c. Each returns the exit status of
 * the program, or -1 with an error that main() prints.
 */
#ifndef OSS_CRS_COMMANDS_H
#define OSS_CRS_COMMANDS_H

#include "context.h"

int cmd_build(const struct context *context, struct error *err);
int cmd_run(const struct context *context, struct error *err);
int cmd_exec(const struct context *context, struct error *err);
int cmd_hold(const struct context *context, struct error *err);
int cmd_plan(const struct context *context, struct error *err);
int cmd_check(const struct context *context, struct error *err);
int cmd_selftest(const struct context *context, struct error *err);
int cmd_status(const struct context *context, struct error *err);
int cmd_report(const struct context *context, struct error *err);
int cmd_clean(const struct context *context, struct error *err);
int cmd_experiment(const struct context *context, struct error *err);

#endif
