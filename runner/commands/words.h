/* SPDX-License-Identifier: MIT
 *
 * words: the words of `build` and `run` that go on to the containers: PROJECT, HARNESS and ARG….
 */
#ifndef OSS_CRS_WORDS_H
#define OSS_CRS_WORDS_H

#include "context.h"
#include "run_variables.h"

/* Refuse words that are not UTF-8 (EX_USAGE): they reach the containers by a file, which Compose
 * reads as UTF-8. */
int words_check(const struct context *context, struct error *err);

/* Add the variables of the run, with the words of the command line; ARG… are joined by spaces. The
 * caller releases the variables, also after a failure. */
int words_add_variables(const struct context *context, const struct run_plan *plan,
	enum phase phase, struct variables *variables, struct error *err);

#endif
