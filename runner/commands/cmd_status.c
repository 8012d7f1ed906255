/* SPDX-License-Identifier: MIT
 *
 * cmd_status: the `status` command: print the runs as they are now. With --watch on a terminal,
 * draw them again every second until a key (q or Ctrl-D) or a signal ends the command. Other keys
 * change what is drawn: the order of the CRSs, and all runs or one. No key touches a run.
 */
#include "commands.h"

#include "cleanup.h"
#include "json_build.h"
#include "metrics.h"
#include "screen.h"
#include "status_sort.h"
#include "status_view.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#define HELP_HEIGHT 8 /* lines of the smallest terminal that has a line of help */

struct watcher {
	const struct context *context;
	const char *run;
	struct screen screen;
	struct status now, before; /* now in `order`, before in STATUS_BY_NAME */
	enum status_order order;
	uint64_t chosen; /* id of the lease of the one run that is shown; 0: all */
	int signals, timer;
	bool ended;
	int status; /* the exit status, if it has ended */
};

static int print_status_json(const struct status *status, struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	return json_build_print(&build, status_to_json(&build, status), err) < 0 ? -1 : EX_OK;
}

static int print_status_once(const struct context *context, const char *run, struct error *err)
{
	_cleanup_(status_free) struct status status = STATUS_NONE;
	if (status_read(&context->host, run, &status, err) < 0)
		return -1;
	if (context->options.json)
		return print_status_json(&status, err);
	struct status_view view = {.colours = screen_has_colours(STDOUT_FILENO)};
	unsigned lines = 0;
	if (screen_is_terminal(STDOUT_FILENO))
		screen_size(STDOUT_FILENO, &lines, &view.width);
	return status_print(&status, NULL, &view, stdout, err) < 0 ? -1 : EX_OK;
}

/* ---- the live view ------------------------------------------------------------------------- */

static void end_watch(struct watcher *watcher, int status)
{
	watcher->ended = true;
	watcher->status = status;
}

/* The index of the chosen run; the number of runs if all are shown, or if it is gone. */
static size_t chosen_run(const struct watcher *watcher)
{
	size_t i = 0;
	while (i < watcher->now.count && watcher->now.runs[i].lease.id != watcher->chosen)
		i++;
	return i;
}

/* Print what the keys have left of the status. */
static int print_frame(
	struct watcher *watcher, const struct status_view *plain, FILE *out, struct error *err)
{
	char help[80];
	const struct status *before = watcher->before.runs ? &watcher->before : NULL;
	size_t i = chosen_run(watcher);
	bool one = i < watcher->now.count;
	struct status shown = watcher->now;
	struct status_view view = *plain;
	if (one) {
		shown.runs = &watcher->now.runs[i];
		shown.count = 1;
	}
	(void)snprintf(help, sizeof help, "q quit  s sort: %s  n next run%s",
		status_order_name(watcher->order), one ? "  a all runs" : "");
	/* Where lines are few, they are for the runs. */
	if (view.height >= HELP_HEIGHT)
		view.help = help;
	status_sort(&shown, before, watcher->order);
	return status_print(&shown, before, &view, out, err);
}

static int draw_frame(struct watcher *watcher, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	struct status_view view = {
		.colours = screen_has_colours(watcher->screen.out), .live = true};
	screen_size(watcher->screen.out, &view.height, &view.width);
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, ENOMEM, "draw");
	int result = print_frame(watcher, &view, out, err);
	if (fclose(out) != 0 || result < 0)
		return result < 0 ? -1 : fail(err, ENOMEM, "draw");
	return screen_draw(&watcher->screen, text, err);
}

/* Read the runs again and draw a frame. If a single run is watched and has ended, end too. */
static int refresh_frame(struct watcher *watcher, struct error *err)
{
	struct status status = STATUS_NONE;
	if (status_read(&watcher->context->host, watcher->run, &status, err) < 0) {
		if (!watcher->run || err->status != EX_USAGE || !watcher->now.runs)
			return -1;
		end_watch(watcher, EX_OK);
		return 0;
	}
	status_free(&watcher->before);
	status_sort(&watcher->now, NULL, STATUS_BY_NAME);
	watcher->before = watcher->now;
	watcher->now = status;
	return draw_frame(watcher, err);
}

/* Ctrl-Z: restore the terminal for the shell, stop, and set the terminal up again on SIGCONT. */
static int suspend_watch(struct watcher *watcher, struct error *err)
{
	int out = watcher->screen.out;
	screen_close(&watcher->screen);
	(void)raise(SIGSTOP);
	return screen_open(out, STDIN_FILENO, &watcher->screen, err) < 0 ? -1
									 : draw_frame(watcher, err);
}

static int on_signal(struct watcher *watcher, struct error *err)
{
	struct signalfd_siginfo info;
	if (read(watcher->signals, &info, sizeof info) != sizeof info)
		return 0;
	switch (info.ssi_signo) {
	case SIGWINCH:
	case SIGCONT:
		return draw_frame(watcher, err);
	case SIGTSTP:
		return suspend_watch(watcher, err);
	case SIGINT: /* the usual way to leave, as in top(1) */
		end_watch(watcher, EX_OK);
		return 0;
	default:
		end_watch(watcher, EX_SIGNAL + (int)info.ssi_signo);
		return 0;
	}
}

static int on_timer(struct watcher *watcher, struct error *err)
{
	uint64_t count = 0;
	return read(watcher->timer, &count, sizeof count) == sizeof count
		       ? refresh_frame(watcher, err)
		       : 0;
}

static void quit(struct watcher *watcher)
{
	end_watch(watcher, EX_OK);
}

static void next_order(struct watcher *watcher)
{
	watcher->order = (watcher->order + 1) % STATUS_ORDERS;
}

/* From all runs to the first, from the last to all. */
static void next_run(struct watcher *watcher)
{
	size_t i = chosen_run(watcher);
	size_t next = i < watcher->now.count ? i + 1 : 0;
	watcher->chosen = next < watcher->now.count ? watcher->now.runs[next].lease.id : 0;
}

static void all_runs(struct watcher *watcher)
{
	watcher->chosen = 0;
}

static const struct {
	char key;
	void (*act)(struct watcher *watcher);
} keys[] = {{'q', quit}, {'Q', quit}, {'\004', quit}, {'s', next_order}, {'n', next_run},
	{'a', all_runs}};

static int on_key(struct watcher *watcher, struct error *err)
{
	char key = 0;
	if (read(watcher->screen.keys, &key, 1) <= 0)
		quit(watcher);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].key == key)
			keys[i].act(watcher);
	return watcher->ended ? 0 : draw_frame(watcher, err);
}

static int watch_loop(struct watcher *watcher, struct error *err)
{
	enum { SIGNALS, TIMER, KEYS, COUNT };
	while (!watcher->ended) {
		struct pollfd fds[COUNT] = {
			[SIGNALS] = {.fd = watcher->signals, .events = POLLIN},
			[TIMER] = {.fd = watcher->timer, .events = POLLIN},
			[KEYS] = {.fd = watcher->screen.keys, .events = POLLIN},
		};
		if (poll(fds, COUNT, -1) < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		if ((fds[SIGNALS].revents && on_signal(watcher, err) < 0) ||
			(fds[TIMER].revents && on_timer(watcher, err) < 0) ||
			(fds[KEYS].revents && on_key(watcher, err) < 0))
			return -1;
	}
	return watcher->status;
}

static int open_sources(struct watcher *watcher, struct error *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		(void)sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return fail(err, errno, "block signals");
	watcher->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	watcher->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	const struct itimerspec second = {.it_value = {.tv_sec = 1}, .it_interval = {.tv_sec = 1}};
	if (watcher->signals < 0 || watcher->timer < 0 ||
		timerfd_settime(watcher->timer, 0, &second, NULL) < 0)
		return fail(err, errno, "watch");
	return 0;
}

static void watcher_close(struct watcher *watcher)
{
	screen_close(&watcher->screen);
	status_free(&watcher->now);
	status_free(&watcher->before);
	cleanup_close(&watcher->signals);
	cleanup_close(&watcher->timer);
}

static int watch_runs(const struct context *context, const char *run, struct error *err)
{
	_cleanup_(watcher_close) struct watcher watcher = {
		.context = context,
		.run = run,
		.screen = SCREEN_CLOSED,
		.now = STATUS_NONE,
		.before = STATUS_NONE,
		.signals = -1,
		.timer = -1,
	};
	/* Read the runs before the alternate screen opens, so that an early error is printed on
	 * the normal one. */
	if (status_read(&context->host, run, &watcher.now, err) < 0 ||
		open_sources(&watcher, err) < 0 ||
		screen_open(STDOUT_FILENO, STDIN_FILENO, &watcher.screen, err) < 0 ||
		draw_frame(&watcher, err) < 0)
		return -1;
	return watch_loop(&watcher, err);
}

int cmd_status(const struct context *context, struct error *err)
{
	const struct options *options = &context->options;
	const char *run = options->arg_count ? options->args[0] : NULL;
	if (metrics_are_wanted(options))
		return metrics_publish(context, err);
	/* Output to a pipe or a file is for a program or to be kept: print once, without control
	 * sequences. */
	if (options->watch && !options->json && screen_is_terminal(STDOUT_FILENO))
		return watch_runs(context, run, err);
	return print_status_once(context, run, err);
}
