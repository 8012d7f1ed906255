/* SPDX-License-Identifier: MIT
 *
 * tables: reports printed as text, in tables and sentences.
 */
#ifndef OSS_CRS_TABLES_H
#define OSS_CRS_TABLES_H

#include "comparison.h"
#include "summary.h"

#include <stdio.h>

/* Print the outcome of a run: a row per CRS, then the OOM kills and the caveats. The output is
 * the same when the run ends and whenever its report is read later. Fails with the errors of
 * grid_open() and grid_print(). */
int tables_print(const struct summary *summary, FILE *to, struct error *err);

/* Print what concerns the run as a whole: its name, when it began, how long it took, how it
 * ended, and the machine. Fails with EIO if the stream has an error. */
int tables_print_run(const struct summary *summary, FILE *to, struct error *err);

/* Whether the report shows that any container or command ran. */
bool tables_any_ran(const struct summary *summary);

/* An empty list of runs that prints to a stream; grid_print() prints it and grid_close() frees it.
 * NULL on failure, as grid_open(). */
struct libscols_table *tables_list_open(FILE *to, struct error *err);

/* Add a run to such a list. The summary is NULL if its report cannot be read. */
int tables_list_add(struct libscols_table *list, const char *name, const struct summary *summary,
	struct error *err);

/* Print two runs side by side, and whether they can be compared. Fails like tables_print(), or
 * with EIO if the stream has an error. */
int tables_print_comparison(const struct comparison *comparison, FILE *to, struct error *err);

/* Describe OOM kills: "3 processes of container 'x' in CRS 'a', at the CRS's memory limit of 1G".
 * Returns buf. */
#define TABLES_OOM_MAX 1536
const char *tables_oom(const struct summary *summary, const struct summary_crs *crs,
	const struct summary_oom *oom, char buf[static TABLES_OOM_MAX]);

/* Describe what the guard has refused, the first kinds of it and then how much more: "CRS 'a': POST
 * /containers/create: HostConfig.Privileged true: ... (2 times)". index counts from 0; NULL when
 * there is no more to say. Returns buf. */
#define TABLES_REFUSAL_MAX 1792
const char *tables_refusal(
	const struct summary *summary, size_t index, char buf[static TABLES_REFUSAL_MAX]);

/* Figures as text, also for other forms of a report. Each returns buf, which has "-" for a figure
 * that is CGROUP_STAT_UNKNOWN or a time that is 0. tables_percent() takes tenths of a percent;
 * tables_stalled() gives the stalled time as CPU/memory/I/O, in seconds. */
#define TABLES_TEXT_MAX 128
const char *tables_seconds(uint64_t usec, char buf[static TABLES_TEXT_MAX]);
const char *tables_percent(uint64_t thousandths, char buf[static TABLES_TEXT_MAX]);
const char *tables_bytes(uint64_t bytes, char buf[static TABLES_TEXT_MAX]);
const char *tables_count(uint64_t count, char buf[static TABLES_TEXT_MAX]);
const char *tables_stalled(const struct cgroup_stat *figures, char buf[static TABLES_TEXT_MAX]);
const char *tables_time(time_t when, char buf[static TABLES_TEXT_MAX]);

#endif
