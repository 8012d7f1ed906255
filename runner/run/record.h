/* SPDX-License-Identifier: MIT
 *
 * record: samples of a run while it goes on (--record), as one more source of the launch loop. Its timer is the only one
 * that wakes the program up while nothing happens, once a second at most: each time the series is halved it goes half as fast.
 */
#ifndef OSS_CRS_RECORD_H
#define OSS_CRS_RECORD_H

#include "launch.h"
#include "series.h"
#include "tree.h"

struct record;

/* Open the files to be read, once for the whole run, and take the first sample. EX_UNAVAILABLE where the limit of open files is too
 * low for so many CRSs. The caller closes. */
int record_open(const struct cg_tree *tree, struct record **ret, struct error *err);
void record_close(struct record *record);

/* For the loop. */
struct launch_source record_source(struct record *record);

/* Take one sample more, the last one. */
void record_conclude(struct record *record);

const struct series *record_series(const struct record *record);

#endif
