/* SPDX-License-Identifier: MIT
 *
 * launch: the one place that waits. A poll(2) over the job's pidfd, a signalfd, a timerfd and whatever else the caller
 * wants to hear of; nothing wakes up while nothing happens.
 */
#ifndef OSS_CRS_LAUNCH_H
#define OSS_CRS_LAUNCH_H

#include "proc.h"

#include <stdint.h>

enum reason {
	REASON_EXITED,
	REASON_TIMEOUT,
	REASON_SIGNAL,
	REASON_MISMATCH, /* a source said that the run must not go on */
};

#define LAUNCH_SOURCES_MAX 4

/* Something to hear of while the child runs. */
struct launch_source {
	int fd;       /* -1: none */
	short events; /* as for poll(2) */
	/* Take it in. 0: go on; 1: nothing more will come; -1: the run must not go on, for the reason in err. */
	int (*ready)(void *data, struct error *err);
	void *data;
};

struct launch {
	struct child *child;
	uint64_t timeout;        /* seconds; 0: none */
	int signals;             /* from signals_open() */
	int worker;              /* the worker's cgroup, to be killed with the child; -1: none */
	bool child_has_terminal; /* the terminal's own signals reach the child without us */
	const struct launch_source *sources;
	size_t source_count; /* at most LAUNCH_SOURCES_MAX */
};

struct launch_end {
	enum reason reason;
	int signal;           /* for REASON_SIGNAL: the first that came */
	int status;           /* the child's, as a shell's $? */
	struct error problem; /* for REASON_MISMATCH */
};

/* Block SIGINT, SIGTERM, SIGHUP and SIGQUIT and receive them by a signalfd(2), from before anything is made, so that no
 * signal can skip the cleanup. Returns the descriptor. */
int signals_open(struct error *err);

/* A signal that has come in and was not consumed: its number, else 0. Never waits. */
int signals_pending(int signals);

/* Wait for the child. The first signal, and the timeout, are passed on so that it can end in order; the second, or
 * LAUNCH_GRACE_SECONDS after the timeout, or a source that fails, kills it and everything in the worker's cgroup. Releases
 * the child. */
#define LAUNCH_GRACE_SECONDS 20
int launch_wait(const struct launch *launch, struct launch_end *ret, struct error *err);

#endif
