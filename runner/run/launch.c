/* SPDX-License-Identifier: MIT
 *
 * launch: struct wait_state holds what the loop knows; each kind of event has one short handler.
 * stop_child() passes the first signal on, and its second call kills the worker's cgroup and the
 * child. The loop ends when the child's pidfd is readable.
 */
#include "launch.h"

#include "cgroup.h"
#include "cleanup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

struct wait_state {
	const struct launch *launch;
	int timer;
	bool stopping, killed;
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
	state->stopping = state->killed = true;
	if (state->launch->worker >= 0)
		(void)cgroup_kill(state->launch->worker, ".", &ignored);
	pass_signal_on(state->launch, SIGKILL);
}

static void stop_child(struct wait_state *state, int signal)
{
	if (state->stopping) {
		kill_worker_and_child(state);
		return;
	}
	state->stopping = true;
	pass_signal_on(state->launch, signal);
}

static void arm_timeout(int timer, uint64_t seconds)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)seconds}};
	if (seconds)
		(void)timerfd_settime(timer, 0, &when, NULL);
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
	/* The terminal has already sent this signal to the child. A second one from the runner
	 * would look like an impatient user. */
	if (state->launch->child_has_terminal && info.ssi_code == SI_KERNEL && !state->stopping)
		state->stopping = true;
	else
		stop_child(state, (int)info.ssi_signo);
}

static void on_timeout(struct wait_state *state)
{
	uint64_t count = 0;
	if (read(state->timer, &count, sizeof count) != sizeof count)
		return;
	if (state->end.reason == REASON_EXITED)
		state->end.reason = REASON_TIMEOUT;
	stop_child(state, SIGTERM);
	if (!state->killed)
		arm_timeout(state->timer, LAUNCH_GRACE_SECONDS);
}

static void on_source(struct wait_state *state, size_t i, struct pollfd *polled)
{
	struct error problem = {0};
	int result = state->launch->sources[i].ready(state->launch->sources[i].data, &problem);
	if (result != 0)
		polled->fd = -1;
	if (result >= 0)
		return;
	if (state->end.reason == REASON_EXITED) {
		state->end.reason = REASON_MISMATCH;
		state->end.problem = problem;
	}
	kill_worker_and_child(state);
}

static int wait_loop(struct wait_state *state, struct error *err)
{
	enum { CHILD, SIGNALS, TIMER, SOURCES };
	const struct launch *launch = state->launch;
	struct pollfd fds[SOURCES + LAUNCH_SOURCES_MAX] = {
		[CHILD] = {.fd = launch->child->pidfd, .events = POLLIN},
		[SIGNALS] = {.fd = launch->signals, .events = POLLIN},
		[TIMER] = {.fd = state->timer, .events = POLLIN},
	};
	for (size_t i = 0; i < launch->source_count; i++)
		fds[SOURCES + i] = (struct pollfd){
			.fd = launch->sources[i].fd, .events = launch->sources[i].events};
	while (!(fds[CHILD].revents & POLLIN)) {
		if (poll(fds, SOURCES + launch->source_count, -1) < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		if (fds[SIGNALS].revents & POLLIN)
			on_signal(state);
		if (fds[TIMER].revents & POLLIN)
			on_timeout(state);
		for (size_t i = 0; i < launch->source_count; i++)
			if (fds[SOURCES + i].revents)
				on_source(state, i, &fds[SOURCES + i]);
	}
	return 0;
}

int launch_wait(const struct launch *launch, struct launch_end *ret, struct error *err)
{
	_cleanup_close_ int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0)
		return fail(err, errno, "timerfd");
	struct wait_state state = {.launch = launch, .timer = timer};
	arm_timeout(timer, launch->timeout);
	if (wait_loop(&state, err) < 0 || proc_wait(launch->child, &state.end.status, err) < 0)
		return -1;
	*ret = state.end;
	return 0;
}
