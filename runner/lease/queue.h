/* SPDX-License-Identifier: MIT
 *
 * queue: a run's way to its CPUs and memory, beside those of all users of the host, without a daemon.
 *
 * To look into the ledger (lease.h) and to enter oneself there has to be one step, or two runs that start together would
 * both find the CPUs free. It is one by a lock, flock(2) on QUEUE_LOCK, which packages make at boot by tmpfiles.d(5):
 * root's, readable by all, writable by none, since a lock needs no more. Anybody can hold it for ever; so nobody
 * waits longer than QUEUE_LOCK_SECONDS for one holder, and then says who that is. Where the file is missing, the lock is on the user's own oss-crs and
 * keeps only runs of that user apart.
 *
 * A run that has to wait enters its cgroup first and lets go of the lock: from then on those who come later see it and
 * stand behind it, with or without --wait, as far as they ask for the same. Then it waits, by poll(2), for the owner of the
 * last one before it that has CPUs it wants: that one began only when all before it had ended, so at its end there is as a
 * rule nobody left, and the end of one run wakes one other, however many wait. Where only memory is short, any end may
 * do, and it waits for them all. Whoever gives up or is killed wakes the next in the same way, and that one looks again.
 */
#ifndef OSS_CRS_QUEUE_H
#define OSS_CRS_QUEUE_H

#include "lease.h"
#include "proc.h"

#define QUEUE_LOCK         "run/oss-crs/lease" /* below the root of the host */
#define QUEUE_LOCK_SECONDS 30                  /* for one holder */
#define QUEUE_FOREVER      UINT64_MAX          /* seconds: wait without an end */
#define QUEUE_LOCK_TURNS   20                  /* so many times, while holders change */

struct queue_request {
	const struct host *host;
	const struct run_plan *plan;
	const struct tree_options *tree;
	struct lease_claim claim; /* what the plan asks for */
	uint64_t wait;            /* seconds; 0: not at all; or QUEUE_FOREVER */
	bool share;               /* begin, whoever is in the way */
	int oss_crs_fd;           /* from delegation_open() */
	int signals; /* from signals_open(); one that comes ends a wait, and is left there to be read */

	/* What the user should know: that the run waits, and where in the queue it stands; warnings. */
	void (*tell)(const void *data, bool warning, const char *text);
	/* Something to be done while it waits, when a descriptor is readable; -1: nothing. */
	int ticker;
	void (*tick)(const void *data);
	const void *data;
};

/* Make the run's cgroups as soon as its CPUs and memory are free. ret_shared: with whom it shares them if that was allowed,
 * marked by conflicts; the caller frees. EX_TEMPFAIL: they are taken, and are not to be waited for, or not any longer. On
 * failure nothing is left. */
int queue_enter(const struct queue_request *request, struct cg_tree *ret, struct ledger *ret_shared,
	struct error *err);

/* The lock by itself, for whoever judges whether runs are dead: between mkdir(2) and its own lock, both made under this
 * one, a run looks like that. EX_TEMPFAIL with the holder's name if it cannot be had. */
struct queue_lock {
	int fd;              /* -1: not locked */
	struct child locker; /* who waited for it, if somebody had to */
	bool own;            /* the host has none: it is the user's own */
};

#define QUEUE_UNLOCKED                        \
	{                                     \
		.fd = -1, .locker = {-1, -1}, \
	}

int queue_lock(const struct host *host, int oss_crs_fd, int signals, struct queue_lock *ret,
	struct error *err);
void queue_unlock(struct queue_lock *lock);

#endif
