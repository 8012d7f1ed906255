/* SPDX-License-Identifier: MIT
 *
 * overdue: a timer that runs while no container does.
 */
#include "overdue.h"

#include "cleanup.h"

#include <errno.h>
#include <sys/timerfd.h>

int overdue_open(struct overdue *overdue, struct error *err)
{
	overdue->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return overdue->timer < 0 ? fail(err, errno, "timerfd") : 0;
}

void overdue_close(struct overdue *overdue)
{
	cleanup_close(&overdue->timer);
	overdue->timer = -1;
}

/* Have the timer fire after time_ms; 0: not any more. Neither can fail for a timer that exists. */
static void set_timer(const struct overdue *overdue, uint64_t time_ms)
{
	const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(time_ms / 1000),
						.tv_nsec = (long)(time_ms % 1000) * 1000000}};
	(void)timerfd_settime(overdue->timer, 0, &when, NULL);
}

void overdue_count(struct overdue *overdue, bool started)
{
	if (overdue->timer < 0)
		return;
	if (started && overdue->running++ == 0)
		set_timer(overdue, 0);
	if (!started && overdue->running > 0 && --overdue->running == 0)
		set_timer(overdue, overdue->time_ms);
}

bool overdue_take(struct overdue *overdue)
{
	uint64_t count = 0;
	return read(overdue->timer, &count, sizeof count) == sizeof count && overdue->running == 0;
}
