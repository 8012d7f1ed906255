/* SPDX-License-Identifier: MIT
 *
 * launch: waits for the job, in the one loop that a run has. The loop is a poll(2) on the child's
 * pidfd, a signalfd, a timerfd and the caller's sources; the program does not wake up until one of
 * them has an event.
 */
#ifndef OSS_CRS_LAUNCH_H
#define OSS_CRS_LAUNCH_H

#include "proc.h"

#include <stdint.h>

enum reason {
	REASON_EXITED,
	REASON_TIMEOUT,
	REASON_SIGNAL,
	REASON_MISMATCH, /* a source reported that the run must not go on */
};

#define LAUNCH_SOURCES_MAX 4

/* A source of events while the child runs. */
struct launch_source {
	int fd;       /* -1: none */
	short events; /* as for poll(2) */
	/* Handle an event. 0: go on; 1: stop polling, no more events will come; -1: the run must
	 * not go on, for the reason in err. */
	int (*ready)(void *data, struct error *err);
	void *data;
};

struct launch {
	struct child *child;
	uint64_t timeout;        /* seconds; 0: none */
	int signals;             /* from signals_open() */
	int worker;              /* the worker's cgroup, killed with the child; -1: none */
	bool child_has_terminal; /* the terminal sends its signals to the child as well */
	const struct launch_source *sources;
	size_t source_count; /* at most LAUNCH_SOURCES_MAX */
};

struct launch_end {
	enum reason reason;
	int signal;           /* for REASON_SIGNAL: the first one received */
	int status;           /* the child's, as in the shell's $? */
	struct error problem; /* for REASON_MISMATCH */
};

/* Block SIGINT, SIGTERM, SIGHUP and SIGQUIT and receive them through a signalfd(2). Call this
 * before anything is made, so that no signal can skip the cleanup. Returns the descriptor, which
 * the caller closes, or -1. */
int signals_open(struct error *err);

/* Consume one pending signal. Returns its number, or 0 if there is none. Never waits. */
int signals_pending(int signals);

/* Wait for the child to end, and release it. The first signal, or the timeout (as SIGTERM), is
 * passed on to the child so that it can end cleanly. The next one, LAUNCH_GRACE_SECONDS after the
 * timeout, or a source that fails kills the child and every process in the worker's cgroup. */
#define LAUNCH_GRACE_SECONDS 20
int launch_wait(const struct launch *launch, struct launch_end *ret, struct error *err);

#endif
