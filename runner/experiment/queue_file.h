/* SPDX-License-Identifier: MIT
 *
 * queue_file: the runs that wait for the engine local: the file `queue` of the experiment's
 * directory, from which its lanes take one after another. A lane is a process that does runs one by
 * one; as many lanes as the experiment's limit says share the queue.
 *
 * Records have a fixed length, so that taking a run costs the same however long the queue is.
 * Record 0 is the number of the next record to take. Everything happens under a lock (fcntl(2)).
 */
#ifndef OSS_CRS_QUEUE_FILE_H
#define OSS_CRS_QUEUE_FILE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Put runs behind those that wait; see queue_file_each() for those that do. */
int queue_file_add(int dir, const size_t *indices, size_t count, struct error *err);

/* Take the next run. Returns 1, or 0 if there is none. Then `last` is called, under the lock, so
 * that nobody adds a run meanwhile. */
int queue_file_take(int dir, void (*last)(void *data), void *data, size_t *ret, struct error *err);

/* Call `each` for every run that waits. A missing file has none. */
int queue_file_each(int dir, void (*each)(size_t index, void *data), void *data, struct error *err);

/* Take all runs out. */
int queue_file_clear(int dir, struct error *err);

#endif
