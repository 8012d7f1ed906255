/* SPDX-License-Identifier: MIT
 *
 * openmetrics: a status as metrics for Prometheus: what each run and CRS may use and uses, its
 * pressure and OOM kills, and the queue of waiting runs.
 *
 * There are two forms of the same samples. OpenMetrics 1.0 (openmetrics.io) is what an exporter
 * serves. The text format 0.0.4 of Prometheus is what node_exporter's textfile collector reads: in
 * it a counter is described by the name of its sample, with _total, and there are no units and no
 * end mark.
 */
#ifndef OSS_CRS_OPENMETRICS_H
#define OSS_CRS_OPENMETRICS_H

#include "status.h"

#include <stdio.h>

enum metrics_format {
	METRICS_OPENMETRICS,
	METRICS_TEXTFILE,
};

/* Write all metrics of a status. A figure that the kernel does not report has no sample, and a
 * limit that is not set is +Inf. Values of labels are clean (text.h) and escaped. */
int openmetrics_write(
	const struct status *status, enum metrics_format format, FILE *to, struct error *err);

#endif
