/* SPDX-License-Identifier: MIT
 *
 * serve: one function per request, the table of them, and the loop. What is not in the table, or
 * comes out of turn, is answered with an error.
 */
#include "serve.h"

#include "cleanup.h"
#include "door.h"
#include "entry.h"
#include "lock.h"
#include "requests.h"
#include "speaker.h"
#include "steps.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#define LOCK_TIMEOUT_S 30
#define PLAN_MAX       ((size_t)64 * 1024 * 1024) /* bytes of all steps */

/* A server at work. */
struct serving {
	const struct server *server;
	int door;
	bool locked;
	time_t lock_ends; /* on CLOCK_MONOTONIC, in seconds */
	bool deaf;        /* the worker does not take messages: it gets no more on the way */
	bool applied;
	struct journal journal;
	bool journal_open;
	struct judged **steps; /* the plan, as requests_make() gave its steps */
	size_t count;
	size_t size; /* bytes of all of them */
};

static void cleanup_serving(struct serving *s)
{
	if (s->locked)
		lock_release(s->server->lock);
	journal_close(&s->journal);
	for (size_t i = 0; i < s->count; i++)
		free(s->steps[i]);
	free(s->steps);
}

static time_t now_s(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static int open_journal(struct serving *s, int make, struct error *err)
{
	if (s->journal_open && !make)
		return 0;
	journal_close(&s->journal);
	s->journal_open = journal_open(s->server->host, make, &s->journal, err) == 0;
	return s->journal_open ? 0 : -1;
}

static int give_daemon_json(struct serving *s, struct door_incoming *in, struct error *err)
{
	char path[STEP_TARGET_MAX];
	(void)snprintf(path, sizeof path, "%s%s", s->server->policy->daemon_json,
		in->message->number ? PLAN_BACKUP_SUFFIX : "");
	return requests_open_daemon_json(s->server->host, path, &in->file, err);
}

static int give_record(struct serving *s, struct door_incoming *in, struct error *err)
{
	unsigned number = 0;
	if (open_journal(s, 0, err) < 0 ||
		journal_next(&s->journal, in->message->number, &number, &in->file, err) < 0)
		return -1;
	in->answer->number = number;
	return 0;
}

static int give_docker(struct serving *s, struct door_incoming *in, struct error *err)
{
	if (in->message->number >= DOCKER_QUESTIONS)
		return fail_as(err, EX_SOFTWARE, "a question that is not in the table");
	return speaker_ask_docker(
		s->server->speaker, s->server->connector, in->message->number, &in->file, err);
}

static int take_lock(struct serving *s, struct door_incoming *in, struct error *err)
{
	(void)in;
	if (!request_changes(s->server->request) || s->applied)
		return fail_as(err, EX_SOFTWARE, "this command changes nothing");
	if (!s->locked && lock_take(s->server->lock, LOCK_TIMEOUT_S, err) < 0)
		return -1;
	s->locked = true;
	s->lock_ends = now_s() + SERVE_LOCK_S;
	return 0;
}

static int need_lock(const struct serving *s, struct error *err)
{
	if (s->locked && !s->applied)
		return 0;
	(void)fail_as(err, EX_TEMPFAIL, "the plan took longer than %d s, and is out of date",
		SERVE_LOCK_S);
	return add_hint(err, "nothing was changed; run this again");
}

static int add_step(struct serving *s, struct door_incoming *in, struct error *err)
{
	const struct server *server = s->server;
	struct judged *step = NULL;
	size_t size = 0;
	if (need_lock(s, err) < 0)
		return -1;
	if (server->request->verb == VERB_UNDO && open_journal(s, 0, err) < 0)
		return -1;
	struct judged **steps = reallocarray(s->steps, s->count + 1, sizeof(struct judged *));
	if (!steps)
		return fail(err, ENOMEM, "make the plan");
	s->steps = steps;
	if (s->count >= REQUESTS_MAX || s->size > PLAN_MAX)
		return fail_as(err, EX_SOFTWARE, "the plan is too large");
	const struct rights rights = {server->host, server->policy, server->user, server->request,
		&server->audit, s->steps, s->count};
	if (requests_make(&rights, &s->journal, in->message, in->files, &step, &size, err) < 0)
		return -1;
	s->steps[s->count++] = step;
	s->size += size;
	return 0;
}

/* Tell the worker what goes on, as long as it listens. */
static void say(void *arg, enum door_what what, size_t number, int file, const struct error *why)
{
	struct serving *s = arg;
	struct error unsaid = {0};
	struct door_message message = {.what = what, .number = (uint32_t)number};
	const int files[] = {file, -1};
	if (why)
		message.err = *why;
	if (!s->deaf)
		s->deaf = door_send(s->door, &message, files, &unsaid) < 0;
}

static int apply_plan(struct serving *s, struct door_incoming *in, struct error *err)
{
	const struct server *server = s->server;
	const struct steps_context context = {
		.host = server->host,
		.policy = server->policy,
		.audit = server->audit,
		.ruleset = &server->ruleset,
		.confined = server->confined,
		.journal = &s->journal,
		.speaker = server->speaker,
		.connector = server->connector,
		.on_news = say,
		.arg = s,
	};
	(void)in;
	if (need_lock(s, err) < 0)
		return -1;
	s->applied = true;
	if (open_journal(s, 1, err) < 0 || entry_hold_signals(1, err) < 0)
		return -1;
	int result = steps_apply(&context, s->steps, s->count, err);
	s->lock_ends = now_s() + SERVE_LOCK_S;
	struct error held = {0};
	(void)entry_hold_signals(0, &held); /* cannot fail if holding them did not */
	return result;
}

static int (*const handlers[])(struct serving *s, struct door_incoming *in, struct error *err) = {
	[DOOR_DAEMON_JSON] = give_daemon_json,
	[DOOR_RECORD] = give_record,
	[DOOR_DOCKER] = give_docker,
	[DOOR_LOCK] = take_lock,
	[DOOR_STEP] = add_step,
	[DOOR_APPLY] = apply_plan,
};

static int answer_request(void *arg, struct door_incoming *in, struct error *err)
{
	uint32_t what = in->message->what;
	return what < sizeof handlers / sizeof *handlers && handlers[what]
		       ? handlers[what](arg, in, err)
		       : fail_as(err, EX_SOFTWARE, "a request that is not in the table");
}

/* Wait for the next request. A worker that has the lock for too long loses it. */
static int wait_request(void *arg, struct error *err)
{
	struct serving *s = arg;
	struct pollfd door = {.fd = s->door, .events = POLLIN};
	for (;;) {
		time_t left = s->lock_ends - now_s();
		if (s->locked && left <= 0) {
			lock_release(s->server->lock);
			s->locked = false;
		}
		int n = poll(&door, 1, s->locked ? (int)left * 1000 : -1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "wait for the worker");
	}
}

int serve_worker(const struct server *server, int door, struct error *err)
{
	_cleanup_(cleanup_serving) struct serving s = {
		.server = server, .door = door, .journal = JOURNAL_CLOSED};
	return door_serve(door, wait_request, answer_request, &s, err);
}
