/* SPDX-License-Identifier: MIT
 *
 * carry: sends the steps of a plan, and reports what comes back until they are done.
 */
#include "carry.h"

#include "cleanup.h"
#include "door.h"
#include "entry.h"

#define LINES_MAX ((size_t)64 * 1024) /* bytes of what a service logged */

int carry_lock(int door, struct error *err)
{
	const struct door_message request = {.what = DOOR_LOCK};
	return door_ask(door, &request, NULL, NULL, NULL, err);
}

static int send_step(int door, const struct step *step, struct error *err)
{
	struct door_message request = {
		.what = DOOR_STEP,
		.number = (step->before ? DOOR_HAS_BEFORE : 0) | (step->after ? DOOR_HAS_AFTER : 0),
		.kind = step->kind,
		.uid = step->uid,
		.gid = step->gid,
		.mode = step->mode,
		.record = step->record,
		.undoes = step->undoes,
	};
	const char *texts[] = {step->before, step->after};
	_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
	size_t count = 0;
	int result = 0;
	(void)snprintf(request.text, sizeof request.text, "%s", step->target);
	for (size_t i = 0; i < sizeof texts / sizeof *texts && result == 0; i++) {
		if (!texts[i])
			continue;
		files[count] = door_file(texts[i], strlen(texts[i]), err);
		result = files[count] < 0 ? -1 : 0;
		count += result == 0;
	}
	return result < 0 ? -1 : door_ask(door, &request, files, NULL, NULL, err);
}

/* Report the lines that a service logged, each with its NUL. */
static void take_lines(int file, const struct carry_watch *watch)
{
	_cleanup_free_ char *lines = NULL;
	size_t len = 0;
	struct error unread = {0};
	if (door_read(file, LINES_MAX, &lines, &len, &unread) < 0)
		return;
	for (const char *line = lines; line < lines + len; line += strlen(line) + 1)
		watch->on_log(watch->arg, line);
}

/* Report one message and its file. Returns 1 if it was the last one, 0, or -1 with the error of the
 * plan. */
static int take_message(const struct door_message *message, int file, const struct setup_plan *plan,
	const struct carry_watch *watch, struct error *err)
{
	bool about_step = message->what == DOOR_BEGUN || message->what == DOOR_LEFT;
	if (about_step && message->number >= plan->count)
		return fail_as(err, EX_SOFTWARE, "received news of a step that does not exist");
	const struct step *step = about_step ? &plan->steps[message->number] : NULL;
	struct error why;
	switch (message->what) {
	case DOOR_BEGUN:
		watch->on_step(watch->arg, step);
		return 0;
	case DOOR_LEFT:
		error_take(&why, &message->err);
		watch->on_left(watch->arg, step, &why);
		return 0;
	case DOOR_LOG:
		take_lines(file, watch);
		return 0;
	default:
		if (!message->failed)
			return 1;
		error_take(err, &message->err);
		return -1;
	}
}

static int watch_plan(
	int door, const struct setup_plan *plan, const struct carry_watch *watch, struct error *err)
{
	const struct door_message request = {.what = DOOR_APPLY};
	if (door_send(door, &request, NULL, err) < 0)
		return -1;
	for (;;) {
		struct door_message message;
		_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
		int n = door_receive(door, &message, files, err);
		if (n < 0)
			return -1;
		if (n == 0)
			return fail_as(err, EX_SOFTWARE, "the root side of this program has ended");
		int result = take_message(&message, files[0], plan, watch, err);
		if (result != 0)
			return result < 0 ? -1 : 0;
	}
}

int carry_plan(
	int door, const struct setup_plan *plan, const struct carry_watch *watch, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++)
		if (send_step(door, &plan->steps[i], err) < 0)
			return -1;
	if (entry_hold_signals(1, err) < 0)
		return -1;
	int result = watch_plan(door, plan, watch, err);
	struct error held = {0};
	if (entry_hold_signals(0, &held) < 0 && result == 0) {
		*err = held;
		return -1;
	}
	return result;
}
