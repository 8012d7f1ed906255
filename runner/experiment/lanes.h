/* SPDX-License-Identifier: MIT
 *
 * lanes: the processes of the engine local, each of which does one run after another. A lane is
 * there while it holds the lock on its file, lanes/N of the experiment's directory, N from 1.
 */
#ifndef OSS_CRS_LANES_H
#define OSS_CRS_LANES_H

#include "experiment.h"

#include <sys/types.h>

/* How many lanes the experiment has: its limit, or as many as this host has CPUs for runs of
 * `cpus` CPUs, at least 1. */
unsigned lanes_limit(const struct experiment *experiment, unsigned cpus);

/* Become a lane: take the first of `limit` files that is free. Returns a descriptor whose closing
 * gives it up, or -1: with err->code EAGAIN if there are as many lanes as there may be. */
int lanes_enter(int dir, unsigned limit, struct error *err);

/* The number of lanes that are there; -1 with an error. */
int lanes_count(int dir, struct error *err);

/* Send SIGTERM to every lane, and wait until they have ended. */
int lanes_end(int dir, struct error *err);

#endif
