/* SPDX-License-Identifier: MIT
 *
 * html: a report as one HTML file. It has no scripts, loads nothing from the network, is light or
 * dark as the reader has set it, and fits the width of the window.
 */
#ifndef OSS_CRS_HTML_H
#define OSS_CRS_HTML_H

#include "summary.h"

#include <stdio.h>

/* Write the page. If the report has at least two samples, the page has a chart of each CRS, drawn
 * by gnuplot (chart.h); otherwise it says how to record samples. Fails with the errors of
 * chart_draw(), or with EIO if the stream has an error. */
int html_write(const struct summary *summary, FILE *to, struct error *err);

/* Write a text, cleaned (text.h), with each of the characters < > & " ' replaced by a character
 * reference. */
void html_escape(const char *text, FILE *to);

#endif
