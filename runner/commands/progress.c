/* SPDX-License-Identifier: MIT
 *
 * progress: one line on standard error for the step that the user waits for. On a terminal the
 * line is drawn when the step begins and again by each tick, with the seconds so far. Elsewhere,
 * only the end of a long step is printed.
 */
#include "progress.h"

#include "cleanup.h"
#include "clock.h"
#include "screen.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/timerfd.h>

#define CLEAR "\r\033[K" /* clear the line that the cursor is in */

static uint64_t elapsed_seconds(const struct progress *progress)
{
	return (clock_usec() - progress->begin_usec) / 1000000;
}

static void draw_progress(const struct progress *progress)
{
	uint64_t seconds = elapsed_seconds(progress);
	(void)fprintf(stderr, CLEAR "%s: %s ...", progress->log->program, progress->what);
	if (seconds)
		(void)fprintf(stderr, " %" PRIu64 " s", seconds);
	(void)fflush(stderr);
}

void progress_begin(struct progress *progress, const struct log *log, const char *what)
{
	progress_end(progress);
	*progress = (struct progress){.log = log, .what = what, .begin_usec = clock_usec()};
	progress->live = log->level >= LOG_NORMAL && screen_is_terminal(STDERR_FILENO);
	if (progress->live)
		draw_progress(progress);
}

void progress_end(struct progress *progress)
{
	if (!progress->what)
		return;
	uint64_t seconds = elapsed_seconds(progress);
	progress_clear(progress);
	if (!progress->live && seconds >= PROGRESS_LONG_SECONDS)
		log_note(progress->log, LOG_NORMAL, "%s took %" PRIu64 " s", progress->what,
			seconds);
	progress->what = NULL;
}

void progress_clear(const struct progress *progress)
{
	if (progress->what && progress->live)
		(void)fputs(CLEAR, stderr);
}

int progress_timer(const struct progress *progress, struct error *err)
{
	const struct itimerspec second = {.it_value = {.tv_sec = 1}, .it_interval = {.tv_sec = 1}};
	if (!progress->what || !progress->live)
		return -1;
	_cleanup_close_ int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0 || timerfd_settime(timer, 0, &second, NULL) < 0)
		return fail(err, errno, "timerfd");
	return steal_fd(&timer);
}

void progress_tick(const struct progress *progress, int timer)
{
	uint64_t count = 0;
	if (read(timer, &count, sizeof count) == sizeof count && progress->what && progress->live)
		draw_progress(progress);
}
