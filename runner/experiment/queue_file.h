/* SPDX-License-Identifier: MIT
 *
 * queue_file: the runs that wait on one host: the file `queue`, from which lanes take one after
 * another. A lane is a process that does runs one by one; as many lanes as the experiment's limit
 * says share the queue.
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

/* Open the queue of a directory, make it if it does not exist, and wait for its lock, which the
 * descriptor holds until the caller closes it. Returns it, or -1. */
int queue_file_open(int dir, struct error *err);

/* Put runs behind those that wait: all of them, or none. */
int queue_file_add(int queue, const size_t *indices, size_t count, struct error *err);

/* Take the next run. Returns 1, 0 if there is none, or -1. */
int queue_file_take(int queue, size_t *ret, struct error *err);

/* Call `each` for every run that waits. */
int queue_file_each(
	int queue, void (*each)(size_t index, void *data), void *data, struct error *err);

/* Take all runs out. */
int queue_file_clear(int queue, struct error *err);

#endif
