/* SPDX-License-Identifier: MIT
 *
 * chart: the samples of a run, drawn by gnuplot(1). A chart has a column per CRS, which shows CPU
 * use against the allotted CPUs, memory against the limit, pressure and OOM kills over time.
 * Pressure and OOM kills are left out where there were none. gnuplot reads its script from standard
 * input; all that the script takes from the report is numbers and quoted names.
 */
#ifndef OSS_CRS_CHART_H
#define OSS_CRS_CHART_H

#include "summary.h"

struct chart {
	/* The CRSs to draw, a column each, by their index in the summary. */
	size_t first, count;
	bool dark;   /* colours for a dark page */
	bool opaque; /* draw a background; otherwise it is transparent */
	bool titled; /* with the run, its host and time above, and the name of each CRS */
};

/* Draw count charts, at least one. *ret is a list of count texts, each an SVG document of its
 * own; the caller frees it with chart_free(). EX_USAGE if the summary has fewer than two samples;
 * EX_UNAVAILABLE if gnuplot is not installed, fails or draws too few charts. */
int chart_draw(const struct summary *summary, const struct chart *charts, size_t count, char ***ret,
	struct error *err);
void chart_free(char **list, size_t count);

#endif
