/* SPDX-License-Identifier: MIT
 *
 * drawing: the machine of a plan, drawn as text: sockets, NUMA nodes, cores, and which CRS has
 * which CPUs.
 */
#ifndef OSS_CRS_DRAWING_H
#define OSS_CRS_DRAWING_H

#include "plan.h"

#include <stdio.h>

/* Draw the machine of a plan whose topology is known. Adjacent cores that are alike share a line.
 * Fails if out of memory, or with EIO if the stream has an error. */
int drawing_print(const struct run_plan *plan, FILE *to, struct error *err);

#endif
