/* SPDX-License-Identifier: MIT
 *
 * chart: samples of a run drawn by gnuplot(1): CPU used against allotted, memory against the limit, pressure and OOM kills
 * over time, a column per CRS. gnuplot gets a script on its standard input, in which there is nothing from the report but
 * numbers and names of CRSs.
 */
#ifndef OSS_CRS_CHART_H
#define OSS_CRS_CHART_H

#include "summary.h"

struct chart {
	size_t first, count; /* CRSs of the summary, a column each */
	bool dark;           /* for a dark page */
	bool opaque;         /* with a background of its own */
};

/* Draw charts, at least one; each is an SVG document of its own. The caller frees each and the list by chart_free(). The
 * summary has at least two samples, or it is EX_USAGE. EX_UNAVAILABLE: there is no gnuplot, or it failed. */
int chart_draw(const struct summary *summary, const struct chart *charts, size_t count, char ***ret,
	struct error *err);
void chart_free(char **list, size_t count);

#endif
