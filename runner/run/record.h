/* SPDX-License-Identifier: MIT
 *
 * record: samples the CRSs of a run while it goes on (--record), as one more source of the launch
 * loop. Its timer is the only one that wakes the program up while nothing happens: at most once a
 * second, and half as often after each halving of the series.
 */
#ifndef OSS_CRS_RECORD_H
#define OSS_CRS_RECORD_H

#include "launch.h"
#include "series.h"
#include "tree.h"

struct record;

/* Open the files to read once for the whole run and take the first sample. EX_UNAVAILABLE where
 * the limit of open files is too low for so many CRSs. The caller closes *ret with
 * record_close(). */
int record_open(const struct cg_tree *tree, struct record **ret, struct error *err);
void record_close(struct record *record);

/* The source for the launch loop. The record outlives it. */
struct launch_source record_source(struct record *record);

/* Take the last sample. */
void record_conclude(struct record *record);

/* The samples so far; they belong to the record. */
const struct series *record_series(const struct record *record);

#endif
