/* SPDX-License-Identifier: MIT
 *
 * status_view: prints a status as text, fitted to the terminal: a line per run, and below it a
 * row per CRS.
 */
#ifndef OSS_CRS_STATUS_VIEW_H
#define OSS_CRS_STATUS_VIEW_H

#include "status.h"

#include <stdio.h>

struct status_view {
	unsigned width;  /* columns of the terminal; 0: unlimited */
	unsigned height; /* lines; 0: unlimited */
	bool colours;
	bool live; /* one frame of many: show CPU use as a rate, bars, and a line with the time */
	const char *help; /* a line below that one; NULL: none */
};

/* Print a status. Columns that do not fit are left out, the least important first; if the table
 * is still too wide, the names of the CRSs are truncated. If lines do not fit, the last line says
 * how many. before is the previous frame, for the rates; NULL if there is none. */
int status_print(const struct status *status, const struct status *before,
	const struct status_view *view, FILE *to, struct error *err);

#endif
