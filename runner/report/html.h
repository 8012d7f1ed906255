/* SPDX-License-Identifier: MIT
 *
 * html: a report as one file for a browser: no script, nothing from the network, light or dark as the reader has it, as wide
 * as there is room.
 */
#ifndef OSS_CRS_HTML_H
#define OSS_CRS_HTML_H

#include "summary.h"

#include <stdio.h>

/* Write the page. Where there are samples, each CRS has its charts, drawn by gnuplot (chart.h); else the page says how to get
 * them. */
int html_write(const struct summary *summary, FILE *to, struct error *err);

/* Text with what means something in HTML replaced. */
void html_escape(const char *text, FILE *to);

#endif
