/* SPDX-License-Identifier: MIT
 *
 * filter: keeps what Compose writes for a terminal out of a file or a pipe. No option of Compose
 * does: version 2.26 clears the line before each line of a container, even with --ansi never, and
 * docker-compose 1.29 ends its lines with a carriage return. What the job itself writes stays.
 *
 * A process between Compose and the output takes these out. It ends with the runner's wish, however
 * that ends, when it has passed on what was written until then.
 */
#ifndef OSS_CRS_FILTER_H
#define OSS_CRS_FILTER_H

#include "proc.h"

#include <stdbool.h>
#include <stddef.h>

/* A stream on its way through; zeroed at its beginning. */
struct filter_state {
	bool inside;    /* of a line: not at its beginning */
	size_t cleared; /* how much of the sequence that clears a line has been held back */
	bool carriage;  /* a carriage return has been held back */
};

/* How many more bytes than it took filter_text() can give. */
#define FILTER_HELD_MAX 5

/* Take len bytes, and write to `to` what goes on: at most len + FILTER_HELD_MAX bytes. A sequence
 * at the beginning of a line that clears it goes, and a carriage return before a newline. With len
 * 0, the stream has ended, and what was held back goes on. Returns the number of bytes. */
size_t filter_text(struct filter_state *state, const char *text, size_t len, char *to);

#define FILTERS_MAX 2

struct filter {
	pid_t pids[FILTERS_MAX]; /* 0: none */
	int ends[FILTERS_MAX];   /* the ends that the program writes to; -1: none */
	int alive[FILTERS_MAX];  /* closed, these tell the processes to end; -1: none */
};

#define FILTER_NONE                                  \
	{                                            \
		.ends = {-1, -1}, .alive = {-1, -1}, \
	}

/* Put a filter before the standard output and the standard error that the program would get, unless
 * they are terminals; one for both if they are the same file. Changes spawn->out and spawn->err.
 * The caller calls filter_started() when the program has started, and filter_end() in any case. */
int filter_begin(struct spawn *spawn, struct filter *ret, struct error *err);
void filter_started(struct filter *filter);

/* Wait until all that the program has written so far is passed on. */
void filter_end(struct filter *filter);

#endif
