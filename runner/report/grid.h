/* SPDX-License-Identifier: MIT
 *
 * grid: rows of text in aligned columns, printed by libsmartcols. The library is loaded when the
 * first grid is opened.
 */
#ifndef OSS_CRS_GRID_H
#define OSS_CRS_GRID_H

#include "error.h"

#include <stdbool.h>
#include <stdio.h>

struct libscols_table;

struct grid_column {
	const char *title;
	bool right; /* align the cells to the right */
	bool cut;   /* truncate the cells if the grid is wider than the terminal */
};

/* Open an empty grid of count columns that prints to a stream. The caller closes it with
 * grid_close(). NULL on failure; EX_UNAVAILABLE if the library is not installed. */
struct libscols_table *grid_open(
	const struct grid_column *columns, size_t count, FILE *to, struct error *err);
void grid_close(struct libscols_table **grid);

/* Print as on a terminal of width columns, whatever the stream is; with a width of 0, print as
 * into a file. colours says whether cells are coloured. */
void grid_set_terminal(struct libscols_table *grid, size_t width, bool colours);

/* Add a row of count cells, which are copied and cleaned (text.h). colours has an entry per cell:
 * an escape sequence, a colour name that libsmartcols knows, or NULL for no colour. colours may
 * itself be NULL. */
int grid_add(struct libscols_table *grid, const char *const *cells, const char *const *colours,
	size_t count, struct error *err);

/* Print all rows below the titles of the columns. Fails with EIO. */
int grid_print(struct libscols_table *grid, struct error *err);

#endif
