/* SPDX-License-Identifier: MIT
 *
 * grid: rows of text in aligned columns, by libsmartcols, which is loaded when there is the first one to be drawn.
 */
#ifndef OSS_CRS_GRID_H
#define OSS_CRS_GRID_H

#include "error.h"

#include <stdbool.h>
#include <stdio.h>

struct libscols_table;

struct grid_column {
	const char *title;
	bool right; /* aligned */
	bool cut;   /* made narrower if the whole is wider than the terminal */
};

/* An empty grid that will be drawn on a stream; the caller's to close. EX_UNAVAILABLE without the library. */
struct libscols_table *grid_open(
	const struct grid_column *columns, size_t count, FILE *to, struct error *err);
void grid_close(struct libscols_table **grid);

/* Draw it as on a terminal of that width in bytes, whatever the stream is, or, with 0, as in a file. */
void grid_set_terminal(struct libscols_table *grid, size_t width, bool colours);

/* One more row. Cells are copied; colours are escape sequences or names that libsmartcols knows, NULL for none: of one
 * cell or of all. */
int grid_add(struct libscols_table *grid, const char *const *cells, const char *const *colours,
	size_t count, struct error *err);

int grid_print(struct libscols_table *grid, struct error *err);

#endif
