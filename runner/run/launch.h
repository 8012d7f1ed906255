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

#define LAUNCH_SOURCES_MAX 6

/* What a source wants; see struct launch_source. */
enum {
	LAUNCH_GO_ON,
	LAUNCH_NO_MORE,
	LAUNCH_STOP,
};

/* A source of events while the child runs. */
struct launch_source {
	int fd;       /* -1: none */
	short events; /* as for poll(2) */
	/* Handle an event. LAUNCH_GO_ON; LAUNCH_NO_MORE: stop polling, no more events will come;
	 * LAUNCH_STOP: the job is done, tell the child to end; -1: the run must not go on, for the
	 * reason in err. */
	int (*ready)(void *data, struct error *err);
	void *data;
};

struct launch {
	struct child *child; /* NULL: there is none, and the wait ends with `until` */
	/* Without a child: its ready() returns 0 to go on, anything else when the wait is over. */
	struct launch_source until;
	uint64_t timeout_ms; /* after the call of launch_wait(); 0: none */
	uint64_t grace_ms;   /* LAUNCH_GRACE_MS, or what the user or a test gives */
	bool limits_signals; /* grace_ms also counts from a signal; see launch_wait() */
	int signals;         /* from signals_open() */
	int worker;          /* the worker's cgroup, killed with the child; -1: none */
	/* Kill what is left of the child's own process group when the child has ended, and wait for
	 * it. The caller has made this process a subreaper (PR_SET_CHILD_SUBREAPER of prctl(2)). */
	bool ends_group;
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

/* The time that a child has to end cleanly after it was first told to. */
#define LAUNCH_GRACE_MS 20000

/* The same, if the user gives this many seconds; 0: not given. */
static inline uint64_t launch_grace_ms(uint64_t seconds)
{
	return seconds ? seconds * 1000 : LAUNCH_GRACE_MS;
}

/* Wait for the child to end, and release it. The first signal, or the timeout (as SIGTERM), is
 * passed on to the child so that it can end cleanly. The next signal, or a source that fails, kills
 * the child and every process in the worker's cgroup. So does the timer, but never before the
 * timeout nor before grace_ms after the child was first told to end: a timeout right after a signal
 * is no second signal. Without a timeout, a child that has got one signal has all the time that it
 * needs, unless limits_signals is set: then grace_ms counts from that signal. Nor is LAUNCH_STOP a
 * signal: the child gets SIGTERM, unless it has already been told to end, and all the time that it
 * needs.
 *
 * Without a child, wait until `until` says that the wait is over, or for the first signal, the
 * timeout or a source that fails. */
int launch_wait(const struct launch *launch, struct launch_end *ret, struct error *err);

#endif
