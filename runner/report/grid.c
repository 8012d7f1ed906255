/* SPDX-License-Identifier: MIT
 *
 * grid: calls libsmartcols through pointers, so that a command without a table does not load it.
 * SCOLS_FUNCTIONS lists each function of the library that is used; library.h looks them up by
 * name.
 */
#include "grid.h"

#include "cleanup.h"
#include "library.h"
#include "text.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>

#define SCOLS_FUNCTIONS(X)     \
	X(cell_set_color)      \
	X(line_get_cell)       \
	X(line_set_data)       \
	X(new_table)           \
	X(print_table)         \
	X(table_enable_colors) \
	X(table_new_column)    \
	X(table_new_line)      \
	X(table_set_stream)    \
	X(table_set_termforce) \
	X(table_set_termwidth) \
	X(unref_table)

/* scols.NAME points to scols_NAME(). All pointers are NULL until load_smartcols() succeeds. */
static struct scols {
#define SCOLS_MEMBER(name) __typeof__(scols_##name)(*(name));
	SCOLS_FUNCTIONS(SCOLS_MEMBER)
#undef SCOLS_MEMBER
} scols;

static const struct library_function scols_functions[] = {
#define SCOLS_FUNCTION(name) {"scols_" #name, offsetof(struct scols, name)},
	SCOLS_FUNCTIONS(SCOLS_FUNCTION)
#undef SCOLS_FUNCTION
};

static int load_smartcols(struct error *err)
{
	struct scols loaded;
	if (scols.new_table)
		return 0;
	if (library_load("libsmartcols.so.1", "libsmartcols1", scols_functions,
		    sizeof scols_functions / sizeof *scols_functions, &loaded, err) < 0)
		return -1;
	scols = loaded;
	return 0;
}

void grid_close(struct libscols_table **grid)
{
	if (*grid)
		scols.unref_table(*grid);
	*grid = NULL;
}

struct libscols_table *grid_open(
	const struct grid_column *columns, size_t count, FILE *to, struct error *err)
{
	if (load_smartcols(err) < 0)
		return NULL;
	_cleanup_(grid_close) struct libscols_table *grid = scols.new_table();
	bool made = grid && scols.table_set_stream(grid, to) == 0;
	for (size_t i = 0; made && i < count; i++) {
		int flags = (columns[i].right ? SCOLS_FL_RIGHT : 0) |
			    (columns[i].cut ? SCOLS_FL_TRUNC : 0);
		made = scols.table_new_column(grid, columns[i].title, 0, flags);
	}
	if (!made)
		(void)fail(err, ENOMEM, "table");
	return made ? steal_ptr(grid) : NULL;
}

void grid_set_terminal(struct libscols_table *grid, size_t width, bool colours)
{
	(void)scols.table_enable_colors(grid, colours);
	(void)scols.table_set_termforce(
		grid, width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (width)
		(void)scols.table_set_termwidth(grid, width);
}

int grid_add(struct libscols_table *grid, const char *const *cells, const char *const *colours,
	size_t count, struct error *err)
{
	struct libscols_line *line = scols.table_new_line(grid, NULL);
	bool added = line;
	for (size_t i = 0; added && i < count; i++) {
		/* The library makes text safe too, but not against bidirectional controls. */
		_cleanup_free_ char *text = text_cleaned(cells[i]);
		added = text && scols.line_set_data(line, i, text) == 0;
		if (added && colours && colours[i])
			added = scols.cell_set_color(scols.line_get_cell(line, i), colours[i]) == 0;
	}
	return added ? 0 : fail(err, ENOMEM, "table");
}

int grid_print(struct libscols_table *grid, struct error *err)
{
	return scols.print_table(grid) == 0 ? 0 : fail(err, EIO, "print a table");
}
