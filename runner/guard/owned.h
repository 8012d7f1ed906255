/* SPDX-License-Identifier: MIT
 *
 * owned: what a CRS has made over its socket, as the engine knows it by its labels.
 */
#ifndef OSS_CRS_OWNED_H
#define OSS_CRS_OWNED_H

#include "engine.h"
#include "judge.h"

struct owned {
	struct engine *engine;
	const struct judge_scope *scope;
};

/* The lookup that asks the engine. `owned` belongs to the caller and outlives it. */
struct judge_lookup owned_lookup(struct owned *owned);

#endif
