/* SPDX-License-Identifier: MIT
 *
 * attested: what was found of each container of a run, for the report. A container counts once,
 * however often it is checked or restarted. What could not be checked is not attested, whatever
 * later checks say.
 */
#ifndef OSS_CRS_ATTESTED_H
#define OSS_CRS_ATTESTED_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

enum attested_state {
	ATTESTED_HELD,       /* found in its CRS at each check */
	ATTESTED_UNKNOWN,    /* at least one check of it could not be made */
	ATTESTED_UNCONFINED, /* its service belongs to no CRS */
};

struct attested_container {
	char id[65];
	enum attested_state state;
};

#define ATTESTED_TEXT_MAX 480

struct attested {
	struct attested_container *list;
	size_t count;
	size_t unanswered; /* checks of containers that the engine did not name */
	/* Containers whose first process may not run on all CPUs of its CRS, and which the first of
	 * them is, as text for the report. */
	size_t affinity_count;
	char affinity[ATTESTED_TEXT_MAX];
};

/* Note the state of a container; ATTESTED_UNKNOWN replaces ATTESTED_HELD, and not the reverse.
 * Returns 1 if the state is news, 0 if it was noted before, -1 if out of memory. */
int attested_note(
	struct attested *attested, const char *id, enum attested_state state, struct error *err);

/* The number of containers in a state. Those that are unknown include `unanswered`. */
size_t attested_count(const struct attested *attested, enum attested_state state);

void attested_free(struct attested *attested);

#endif
