/* SPDX-License-Identifier: MIT
 *
 * speaker: checks each request for a call of the bus, and makes it; receives what Docker answers.
 */
#include "speaker.h"

#include "bus.h"
#include "bus_calls.h"
#include "cleanup.h"
#include "connector.h"
#include "door.h"
#include "fs.h"

#include <errno.h>

#define UNIT_MAX 128

static int refuse_call(struct error *err)
{
	return fail_as(err, EX_SOFTWARE, "a request that is not in the table");
}

static int answer_bus(
	struct speaker *speaker, const struct door_message *request, struct error *err)
{
	char unit[UNIT_MAX];
	if (!speaker->changes || request->number >= BUS_CALLS)
		return refuse_call(err);
	const struct bus_row *row = &bus_calls[request->number];
	if (row->user_unit && (request->uid == 0 || (speaker->uid && request->uid != speaker->uid)))
		return refuse_call(err);
	if (!speaker->bus) {
		*err = speaker->no_bus;
		return -1;
	}
	if (!speaker->watches && bus_watch_jobs(speaker->bus, err) < 0)
		return -1;
	speaker->watches = true;
	(void)snprintf(unit, sizeof unit, "%s%u.service", row->user_unit ? row->user_unit : "",
		(unsigned)request->uid);
	return row->call(
		speaker->bus, row->user_unit ? unit : speaker->policy->service, request->uid, err);
}

/* Receive until Docker closes the connection, as a server of HTTP/1.0 does. */
static int answer_docker(const struct speaker *speaker, const struct door_message *request,
	int connection, int *ret_file, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (request->number >= DOCKER_QUESTIONS || connection < 0)
		return refuse_call(err);
	if (fs_read_fd(connection, "", CONNECTOR_ANSWER_MAX, &text, &len, err) == 0) {
		*ret_file = door_file(text, len, err);
		return *ret_file < 0 ? -1 : 0;
	}
	(void)fail(err, err->code == EAGAIN ? ETIMEDOUT : err->code,
		err->code == EFBIG ? "answer" : "no answer");
	err->status = EX_UNAVAILABLE;
	return add_context(
		err, "%s on %s", docker_targets[request->number], speaker->policy->socket);
}

static int answer_request(void *arg, struct door_incoming *in, struct error *err)
{
	struct speaker *speaker = arg;
	switch (in->message->what) {
	case DOOR_BUS:
		return answer_bus(speaker, in->message, err);
	case DOOR_DOCKER:
		return answer_docker(speaker, in->message, in->files[0], &in->file, err);
	default:
		return refuse_call(err);
	}
}

void speaker_connect(struct speaker *speaker)
{
	if (speaker->changes)
		(void)bus_open(&speaker->bus, &speaker->no_bus);
}

int speaker_serve(struct speaker *speaker, int door, struct error *err)
{
	int result = door_serve(door, NULL, answer_request, speaker, err);
	bus_close(&speaker->bus);
	return result;
}

int speaker_call(int door, enum bus_call call, uid_t uid, struct error *err)
{
	const struct door_message request = {.what = DOOR_BUS, .number = call, .uid = uid};
	return door_ask(door, &request, NULL, NULL, NULL, err);
}

int speaker_ask_docker(
	int door, int connector, enum docker_question question, int *ret_file, struct error *err)
{
	const struct door_message request = {.what = DOOR_DOCKER, .number = question};
	int connection = -1;
	if (connector_ask(connector, question, &connection, err) < 0)
		return -1;
	_cleanup_close_ int owned = connection;
	const int files[] = {owned, -1};
	return door_ask(door, &request, files, NULL, ret_file, err);
}
