/* SPDX-License-Identifier: MIT
 *
 * queue: how a run gets its CPUs and memory among the runs of all users, without a daemon.
 *
 * Reading the ledger (lease.h) and entering a run in it must be one step, or two runs that start at
 * the same time would both find the CPUs free. A lock makes it one step: flock(2) on QUEUE_LOCK, a
 * file that the packages create at boot with tmpfiles.d(5). Root owns the file, every user can read
 * it and none can write it, because flock(2) needs no more. Any user can hold the lock, so each run
 * gives up on a holder after QUEUE_LOCK_SECONDS and names the process. Where the file is missing,
 * the run locks the user's own oss-crs cgroup, which keeps only the runs of that user apart.
 *
 * A run that has to wait makes its cgroup, and so enters the ledger, before it drops the lock. From
 * then on later runs see it and queue behind it if they ask for the same CPUs or memory, with or
 * without --wait. The run then waits in poll(2) for the owner of one run: the last one ahead of it
 * that has CPUs it wants. That run began only after all those before it had ended, so when it ends
 * there is usually none left, and the end of one run wakes one other, however many wait. If only
 * memory is short, the end of any run may be enough, and the run waits for all of them. A waiting
 * run that gives up or is killed wakes the next one in the same way, which reads the ledger again.
 *
 * A number of CPUs is not a list until the run begins. While the run waits, the ledger has the
 * number, and any run that ends may be the one whose CPUs are enough: the run waits for all. When
 * enough are free it chooses its CPUs of those, still under the lock, and begins.
 */
#ifndef OSS_CRS_QUEUE_H
#define OSS_CRS_QUEUE_H

#include "lease.h"
#include "proc.h"

#define QUEUE_LOCK         "run/oss-crs/lease" /* below the root of the host */
#define QUEUE_LOCK_SECONDS 30                  /* to wait for one holder */
#define QUEUE_FOREVER      UINT64_MAX          /* seconds: no time limit */
#define QUEUE_LOCK_TURNS   20                  /* such waits, if the holders change */

struct queue_request {
	const struct host *host;
	const struct run_plan *plan;
	const struct tree_options *tree;
	struct lease_claim claim; /* what the plan asks for; id 0 */
	/* For a claim with a number of CPUs: change the plan so that its CPUs are the claim's list
	 * and so many others that are not in `taken`. Called under the lock. */
	int (*choose)(void *chooser, const struct cpulist *taken, struct error *err);
	void *chooser;  /* passed to choose() */
	uint64_t wait;  /* seconds; 0: do not wait; QUEUE_FOREVER: no time limit */
	bool share;     /* begin even if other runs have the CPUs or memory */
	int oss_crs_fd; /* from delegation_open() */
	/* From signals_open(). A signal ends the wait; it is not read from the descriptor. */
	int signals;

	/* Reports to the user: the run's place in the queue while it waits, or a warning. */
	void (*tell)(const void *data, bool warning, const char *text);
	/* While the run waits, tick() is called when `ticker` is readable; -1: never. */
	int ticker;
	void (*tick)(const void *data);
	const void *data; /* passed to tell() and tick() */
};

/* Make the run's cgroups as soon as its CPUs and memory are free. Fails with EX_TEMPFAIL if they
 * are taken and the run does not wait or has waited long enough, with EX_UNAVAILABLE if some run
 * cannot be looked at and request->share is not set, with EINTR at a signal. A failure leaves
 * nothing behind. *ret_shared is the ledger, where `conflicts` marks the leases that this
 * run shares CPUs or memory with, if request->share let it begin; the caller frees it with
 * ledger_free(). The caller releases *ret with tree_destroy() or tree_close(). */
int queue_enter(const struct queue_request *request, struct cg_tree *ret, struct ledger *ret_shared,
	struct error *err);

/* The lock by itself, for a caller that judges whether runs are dead. A run looks dead between
 * mkdir(2) of its cgroup and its own lock there, and does both while it holds this lock. */
struct queue_lock {
	int fd;              /* -1: not locked */
	struct child locker; /* the child that waited for the lock, if it was not free */
	bool own;            /* QUEUE_LOCK is missing: the lock is on the user's own oss-crs */
};

#define QUEUE_UNLOCKED                        \
	{                                     \
		.fd = -1, .locker = {-1, -1}, \
	}

/* Take the lock. oss_crs_fd is the user's oss-crs cgroup, locked if QUEUE_LOCK is missing. A signal
 * on `signals` ends the wait with EINTR; -1: no signals. Fails with EX_TEMPFAIL if others keep the
 * lock, and says of the holder what is known (lock_holder.h). The caller calls queue_unlock(),
 * which does nothing for QUEUE_UNLOCKED. */
int queue_lock(const struct host *host, int oss_crs_fd, int signals, struct queue_lock *ret,
	struct error *err);
void queue_unlock(struct queue_lock *lock);

#endif
