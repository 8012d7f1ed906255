/* SPDX-License-Identifier: MIT
 *
 * drawing: a plan's machine for people: sockets, nodes, cores, and who has what.
 */
#ifndef OSS_CRS_DRAWING_H
#define OSS_CRS_DRAWING_H

#include "plan.h"

#include <stdio.h>

/* Draw the machine of a plan that knows its topology. Cores beside each other that are alike share a line. */
int drawing_print(const struct run_plan *plan, FILE *to, struct error *err);

#endif
