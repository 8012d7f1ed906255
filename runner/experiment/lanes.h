/* SPDX-License-Identifier: MIT
 *
 * lanes: the processes of one host, each of which does one run after another. A lane is there while
 * it holds the lock on its file, lanes/N beside the queue (queue_file.h), N from 1. The file says
 * which run it does.
 */
#ifndef OSS_CRS_LANES_H
#define OSS_CRS_LANES_H

#include "error.h"

#include <sys/types.h>

/* How many lanes there may be: the limit, or, if that is 0, as many as this host has CPUs for runs
 * of `cpus` CPUs, at least 1. */
unsigned lanes_limit(unsigned limit, unsigned cpus);

/* Become a lane: take the first of `limit` files that is free. Returns a descriptor whose closing
 * gives it up, or -1: with err->code EAGAIN if there are as many lanes as there may be. */
int lanes_enter(int dir, unsigned limit, struct error *err);

/* Note in the lane's file which run it does. The caller holds the queue from which the run was
 * taken, so that every run that was taken and not done is in the queue or noted. */
int lanes_note(int lane, size_t index, struct error *err);

/* Call `each` for the run of every lane that is there. Returns the number of lanes, or -1. */
int lanes_each(int dir, void (*each)(size_t index, void *data), void *data, struct error *err);

/* The number of lanes that are there; -1 with an error. */
int lanes_count(int dir, struct error *err);

/* Send SIGTERM to every lane, and wait until they have ended. */
int lanes_end(int dir, struct error *err);

#endif
