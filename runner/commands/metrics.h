/* SPDX-License-Identifier: MIT
 *
 * metrics: `status --openmetrics` and `--textfile`.
 */
#ifndef OSS_CRS_METRICS_H
#define OSS_CRS_METRICS_H

#include "context.h"

/* Whether the options ask for metrics. */
bool metrics_are_wanted(const struct options *options);

/* Print the status of all runs as metrics on standard output, or replace the file of --textfile in
 * one step, so that a reader finds the old file or the new one. Returns EX_OK, or -1 with an error:
 * EX_USAGE for options that do not go together, EX_TEMPFAIL if another process writes metrics into
 * the same directory. */
int metrics_publish(const struct context *context, struct error *err);

#endif
