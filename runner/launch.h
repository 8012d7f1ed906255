/* SPDX-License-Identifier: MIT
 *
 * launch: the one place that waits. A poll(2) over the job's pidfd, a signalfd, a timerfd and the kernel's memory
 * events; nothing wakes up while nothing happens.
 */
#ifndef OSS_CRS_LAUNCH_H
#define OSS_CRS_LAUNCH_H

#include "proc.h"

#include <stdint.h>

enum reason {
	REASON_EXITED,
	REASON_TIMEOUT,
	REASON_SIGNAL,
};

struct launch {
	struct child *child;
	uint64_t timeout;        /* seconds; 0: none */
	int signals;             /* from signals_open() */
	int worker;              /* the worker's cgroup; -1: no memory events, nothing to kill there */
	bool child_has_terminal; /* the terminal's own signals reach the child without us */
	void (*on_memory_event)(void *data); /* may be NULL */
	void *data;
};

struct launch_end {
	enum reason reason;
	int signal; /* for REASON_SIGNAL: the first that came */
	int status; /* the child's, as a shell's $? */
};

/* Block SIGINT, SIGTERM, SIGHUP and SIGQUIT and receive them by a signalfd(2), from before anything is made, so that no
 * signal can skip the cleanup. Returns the descriptor. */
int signals_open(struct error *err);

/* A signal that has come in and was not consumed: its number, else 0. Never waits. */
int signals_pending(int signals);

/* Wait for the child. The first signal, and the timeout, are passed on so that it can end in order; the second, or
 * LAUNCH_GRACE_SECONDS after the timeout, kills it and everything in the worker's cgroup. Releases the child. */
#define LAUNCH_GRACE_SECONDS 20
int launch_wait(const struct launch *launch, struct launch_end *ret, struct error *err);

#endif
