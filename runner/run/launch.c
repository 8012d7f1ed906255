/* SPDX-License-Identifier: MIT
 *
 * launch: struct wait_state holds what the loop knows; each kind of event has one short handler.
 * The first signal or the timeout begins the stop, from which the grace counts. A second signal,
 * or the timer after the grace, kills the worker's cgroup and the child. The loop ends when the
 * child's pidfd is readable. Without a child, the stop itself ends it.
 */
#include "launch.h"

#include "cgroup.h"
#include "cleanup.h"
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

struct wait_state {
	const struct launch *launch;
	int timer;
	uint64_t stopped_ms; /* when the child was first told to end; 0: not yet */
	bool killed;
	bool done; /* a source said LAUNCH_STOP */
	struct launch_end end;
};

int signals_open(struct error *err)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fail(err, errno, "block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 ? fd : fail(err, errno, "signalfd");
}

int signals_pending(int signals)
{
	struct signalfd_siginfo info;
	return read(signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/* Signal the child's whole process group, which may have more than one process. A child that has
 * the terminal shares the runner's group, so only the child itself is signalled. */
static void pass_signal_on(const struct launch *launch, int signal)
{
	struct error ignored;
	if (!launch->child)
		return;
	if (launch->child_has_terminal)
		(void)proc_signal(launch->child, signal, &ignored);
	else
		(void)kill(-launch->child->pid, signal);
}

static void kill_worker_and_child(struct wait_state *state)
{
	struct error ignored;
	if (state->killed)
		return;
	state->killed = true;
	if (state->launch->worker >= 0)
		(void)cgroup_kill(state->launch->worker, ".", &ignored);
	pass_signal_on(state->launch, SIGKILL);
}

static uint64_t now_ms(void)
{
	return clock_usec() / 1000;
}

/* The timer expires at a time of now_ms(), or at once if that time has passed. */
static void arm_timer(int timer, uint64_t ms)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(ms / 1000),
					  .tv_nsec = (long)(ms % 1000 * 1000000)}};
	(void)timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void on_signal(struct wait_state *state)
{
	struct signalfd_siginfo info;
	if (read(state->launch->signals, &info, sizeof info) != sizeof info)
		return;
	if (state->end.reason == REASON_EXITED) {
		state->end.reason = REASON_SIGNAL;
		state->end.signal = (int)info.ssi_signo;
	}
	if (state->stopped_ms) {
		kill_worker_and_child(state);
		return;
	}
	state->stopped_ms = now_ms();
	if (state->launch->limits_signals)
		arm_timer(state->timer, state->stopped_ms + state->launch->grace_ms);
	/* The terminal has already sent this signal to the child. A second one from the runner
	 * would look like an impatient user. */
	if (!state->launch->child_has_terminal || info.ssi_code != SI_KERNEL)
		pass_signal_on(state->launch, (int)info.ssi_signo);
}

static void on_timer(struct wait_state *state)
{
	uint64_t count = 0;
	if (read(state->timer, &count, sizeof count) != sizeof count)
		return;
	if (state->end.reason == REASON_EXITED)
		state->end.reason = REASON_TIMEOUT;
	if (!state->stopped_ms) {
		state->stopped_ms = now_ms();
		pass_signal_on(state->launch, SIGTERM);
	}
	uint64_t end = state->stopped_ms + state->launch->grace_ms;
	if (now_ms() >= end)
		kill_worker_and_child(state);
	else
		arm_timer(state->timer, end);
}

static void on_source(struct wait_state *state, size_t i, struct pollfd *polled)
{
	struct error problem = {0};
	int result = state->launch->sources[i].ready(state->launch->sources[i].data, &problem);
	if (result < 0 || result == LAUNCH_NO_MORE)
		polled->fd = -1;
	if (result == LAUNCH_STOP && !state->done && !state->stopped_ms) {
		state->done = true;
		pass_signal_on(state->launch, SIGTERM);
	}
	if (result >= 0)
		return;
	if (state->end.reason == REASON_EXITED) {
		state->end.reason = REASON_MISMATCH;
		state->end.problem = problem;
	}
	kill_worker_and_child(state);
}

/* Whether the wait is over. revents is of the child's pidfd, or of `until`. */
static bool is_over(const struct wait_state *state, short revents)
{
	const struct launch *launch = state->launch;
	struct error ignored = {0};
	if (launch->child)
		return revents & POLLIN;
	return state->stopped_ms || state->killed ||
	       (revents && launch->until.ready(launch->until.data, &ignored) != 0);
}

static int wait_loop(struct wait_state *state, struct error *err)
{
	enum { CHILD, SIGNALS, TIMER, SOURCES };
	const struct launch *launch = state->launch;
	struct pollfd fds[SOURCES + LAUNCH_SOURCES_MAX] = {
		[CHILD] = {.fd = launch->child ? launch->child->pidfd : launch->until.fd,
			.events = launch->child ? POLLIN : launch->until.events},
		[SIGNALS] = {.fd = launch->signals, .events = POLLIN},
		[TIMER] = {.fd = state->timer, .events = POLLIN},
	};
	for (size_t i = 0; i < launch->source_count; i++)
		fds[SOURCES + i] = (struct pollfd){
			.fd = launch->sources[i].fd, .events = launch->sources[i].events};
	do {
		if (poll(fds, SOURCES + launch->source_count, -1) < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		if (fds[SIGNALS].revents & POLLIN)
			on_signal(state);
		if (fds[TIMER].revents & POLLIN)
			on_timer(state);
		for (size_t i = 0; i < launch->source_count; i++)
			if (fds[SOURCES + i].revents)
				on_source(state, i, &fds[SOURCES + i]);
	} while (!is_over(state, fds[CHILD].revents));
	return 0;
}

/* Wait for the child, which has ended, and end its group. While the child is a zombie, its pid
 * names no other group; while the group has a process, neither. */
static int end_child(const struct launch *launch, int *ret_status, struct error *err)
{
	siginfo_t info;
	pid_t group = launch->child->pid;
	if (launch->ends_group)
		(void)kill(-group, SIGKILL);
	if (proc_wait(launch->child, ret_status, err) < 0)
		return -1;
	while (launch->ends_group &&
		(waitid(P_PGID, (id_t)group, &info, WEXITED) == 0 || errno == EINTR))
		;
	return 0;
}

int launch_wait(const struct launch *launch, struct launch_end *ret, struct error *err)
{
	_cleanup_close_ int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0)
		return fail(err, errno, "timerfd");
	struct wait_state state = {.launch = launch, .timer = timer};
	if (launch->timeout_ms)
		arm_timer(timer, now_ms() + launch->timeout_ms);
	if (wait_loop(&state, err) < 0 ||
		(launch->child && end_child(launch, &state.end.status, err) < 0))
		return -1;
	*ret = state.end;
	return 0;
}
