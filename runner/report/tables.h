/* SPDX-License-Identifier: MIT
 *
 * tables: reports for people.
 */
#ifndef OSS_CRS_TABLES_H
#define OSS_CRS_TABLES_H

#include "comparison.h"
#include "summary.h"

#include <stdio.h>

/* What a run came to: a row per CRS, then what makes it less comparable. The same at its end and later. */
int tables_print(const struct summary *summary, FILE *to, struct error *err);

/* What there is to say of the run as a whole: its name, when, how long, on what machine, how it ended. */
int tables_print_run(const struct summary *summary, FILE *to, struct error *err);

/* Two runs side by side, and whether they can be compared. */
int tables_print_comparison(const struct comparison *comparison, FILE *to, struct error *err);

/* OOM kills in words: "3 processes of container 'x' in CRS 'a', at the CRS's memory limit of 1G". Returns buf. */
#define TABLES_OOM_MAX 1536
const char *tables_oom(const struct summary *summary, const struct summary_crs *crs,
	const struct summary_oom *oom, char buf[static TABLES_OOM_MAX]);

/* The parts of it, for other forms of a report. */
#define TABLES_TEXT_MAX 128
const char *tables_seconds(uint64_t usec, char buf[static TABLES_TEXT_MAX]);
const char *tables_percent(uint64_t thousandths, char buf[static TABLES_TEXT_MAX]);
const char *tables_bytes(uint64_t bytes, char buf[static TABLES_TEXT_MAX]);
const char *tables_count(uint64_t count, char buf[static TABLES_TEXT_MAX]);
const char *tables_stalled(const struct cgroup_stat *figures, char buf[static TABLES_TEXT_MAX]);
const char *tables_time(time_t when, char buf[static TABLES_TEXT_MAX]);

#endif
