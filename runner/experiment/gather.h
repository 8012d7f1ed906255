/* SPDX-License-Identifier: MIT
 *
 * gather: reads what the runs of an experiment left in its directory: a row per run and CRS, and
 * what the rows of a cell have in common. A run without a result is a row too. No engine is asked.
 *
 * A cell is a config, a project, a harness, a CRS and a kind of machine: runs on another CPU model
 * or kernel are another cell. The CRS "" stands for the whole run, whose figure is the sum over its
 * CRSs; it is there only for the figures of the program of `metrics`.
 */
#ifndef OSS_CRS_GATHER_H
#define OSS_CRS_GATHER_H

#include "directory.h"
#include "statistics.h"
#include "summary.h"

enum gather_state {
	GATHER_DONE,
	GATHER_FAILED,  /* the last attempt has no result */
	GATHER_MISSING, /* none has been made, or one is being made */
	GATHER_STATES,
};

/* The figures that every report has; those of `metrics` follow. */
enum gather_figure {
	GATHER_CPU,    /* CPU time used, percent of the allotted */
	GATHER_MEMORY, /* peak, MiB */
	GATHER_OOM,    /* kills */
	GATHER_OWN,    /* the number of these */
};

/* A kind of machine. */
struct gather_machine {
	char *cpu, *kernel;
	size_t runs;
};

struct gather_values {
	double *list;
	size_t count;
};

struct gather_cell {
	size_t place; /* index of the cell's run in the first trial */
	char *crs;    /* "": the whole run */
	size_t machine;
	struct gather_values *figures; /* one per figure */
	size_t next;                   /* the place's next cell; SIZE_MAX: none */
};

struct gather {
	int dir;
	const struct runs *runs;
	size_t places;  /* runs of one trial */
	char **figures; /* their names */
	size_t figure_count;
	size_t states[GATHER_STATES]; /* how many runs */
	size_t unmeasured;            /* done, but the program of `metrics` left nothing */
	size_t *first;                /* the first cell of each place; SIZE_MAX: none */
	struct gather_cell *cells;
	size_t cell_count;
	struct gather_machine *machines;
	size_t machine_count;
};

#define GATHER_NONE        \
	{                  \
		.dir = -1, \
	}

/* A row. Everything is valid during the call that gets it. */
struct gather_row {
	size_t index;
	const struct run_entry *run;
	enum gather_state state;
	/* For GATHER_DONE. */
	const struct summary *summary;
	const struct summary_crs *crs;
	size_t machine;
	/* For GATHER_FAILED. */
	const struct directory_failure *failure;
	const double *figures; /* one per figure; NAN: unknown */
};

/* Called for each row. Returns 0, or -1 with an error, which ends the reading. */
typedef int gather_taker(
	void *data, const struct gather *gather, const struct gather_row *row, struct error *err);

/* Read everything. `take` is called for each row, in the order
 * of the runs; NULL: not. Fails if a result cannot be read: what it says is unknown. The caller
 * frees *ret with gather_free(). */
int gather_read(int dir, const struct runs *runs, gather_taker *take, void *data,
	struct gather *ret, struct error *err);
void gather_free(struct gather *gather);

/* The cell of a place, a CRS and a machine; NULL if no run that is done belongs to it. */
const struct gather_cell *gather_find(
	const struct gather *gather, size_t place, const char *crs, size_t machine);

/* Two configs on one target, on one kind of machine, by one figure of `metrics`. */
struct gather_comparison {
	const struct run_entry *a, *b; /* a run of each */
	size_t machine;
	size_t figure;
	size_t count_a, count_b;
	struct mann_whitney result;
};

typedef int gather_comparer(
	void *data, const struct gather_comparison *comparison, struct error *err);

/* Compare every two of the `configs` configs, for each project, harness, machine and figure of
 * `metrics` for which both have a run. */
int gather_compare(const struct gather *gather, size_t configs, gather_comparer *take, void *data,
	struct error *err);

/* Write the rows as CSV (RFC 4180), a line as each is read; see gather_taker. `data` is a FILE. The
 * first call writes the line of titles before. */
gather_taker gather_take_csv;

/* Write JSON: first the beginning of the document; a row as each is read, with `data` a struct
 * gather_json; and then the rest. */
struct gather_json {
	FILE *to;
	bool begun; /* a row has been written */
};
void gather_json_begin(const struct gather_json *json, const char *name);
gather_taker gather_take_json;
int gather_json_end(const struct gather_json *json, const struct gather *gather, size_t configs,
	struct error *err);

/* Write a web page with a box plot per figure of `metrics`. */
int gather_html(
	const struct gather *gather, const char *name, size_t configs, FILE *to, struct error *err);

/* "done", "failed" or "missing". */
const char *gather_state_name(enum gather_state state);

#endif
