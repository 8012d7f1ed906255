/* SPDX-License-Identifier: MIT
 *
 * status_view: a status for people: a line per run, below it a row per CRS, as wide and as high as there is room.
 */
#ifndef OSS_CRS_STATUS_VIEW_H
#define OSS_CRS_STATUS_VIEW_H

#include "status.h"

#include <stdio.h>

struct status_view {
	unsigned width;  /* columns of the terminal; 0: no bound */
	unsigned height; /* lines; 0: no bound */
	bool colours;
	bool live; /* a frame of many: use as a rate, bars, a line with the time */
};

/* Write a status. Columns that there is no room for are left out, the least important first; a name that still does not fit
 * is cut. Lines that there is no room for are counted in the last one. before: the frame before, for the rates; NULL where
 * there is none. */
int status_print(const struct status *status, const struct status *before,
	const struct status_view *view, FILE *to, struct error *err);

#endif
