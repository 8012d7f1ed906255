/* SPDX-License-Identifier: MIT
 *
 * speaker: the loop that answers requests, from the table of bus calls and that of questions to
 * Docker.
 */
#include "speaker.h"

#include "bus.h"
#include "bus_calls.h"
#include "cleanup.h"
#include "docker_socket.h"
#include "door.h"

#define UNIT_MAX 128

const char *const docker_targets[DOCKER_QUESTIONS] = {
	[DOCKER_INFO] = "/info",
	[DOCKER_CONTAINERS] = "/containers/json",
};

static int refuse_call(struct error *err)
{
	return fail_as(err, EX_SOFTWARE, "a request that is not in the table");
}

/* Make a call. *bus is NULL until the first one. */
static int answer_bus(const struct speaker *speaker, struct sd_bus **bus,
	const struct door_message *request, struct error *err)
{
	char manager[UNIT_MAX];
	if (!speaker->changes || request->number >= BUS_CALLS)
		return refuse_call(err);
	const struct bus_row *row = &bus_calls[request->number];
	if (row->about_user &&
		(request->uid == 0 || (speaker->uid && request->uid != speaker->uid)))
		return refuse_call(err);
	if (!*bus && (bus_open(bus, err) < 0 || bus_watch_jobs(*bus, err) < 0))
		return -1;
	(void)snprintf(manager, sizeof manager, "user@%u.service", (unsigned)request->uid);
	return row->call(
		*bus, row->about_user ? manager : speaker->policy->service, request->uid, err);
}

static int answer_request(const struct speaker *speaker, struct sd_bus **bus,
	const struct door_message *request, int *ret_file, struct error *err)
{
	if (request->what == DOOR_BUS)
		return answer_bus(speaker, bus, request, err);
	if (request->what != DOOR_DOCKER || request->number >= DOCKER_QUESTIONS)
		return refuse_call(err);
	return docker_socket_ask(speaker->host, speaker->policy->socket,
		docker_targets[request->number], ret_file, err);
}

int speaker_serve(const struct speaker *speaker, int door)
{
	_cleanup_bus_ struct sd_bus *bus = NULL;
	struct error err = {0};
	for (;;) {
		struct door_message request;
		_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
		_cleanup_close_ int file = -1;
		int n = door_receive(door, &request, files, &err);
		if (n <= 0)
			return n < 0 ? EX_SOFTWARE : EX_OK;
		struct door_message answer = {.what = DOOR_ANSWER};
		answer.failed = answer_request(speaker, &bus, &request, &file, &answer.err) < 0;
		const int sent[] = {file, -1};
		if (door_send(door, &answer, sent, &err) < 0)
			return EX_SOFTWARE;
	}
}

int speaker_call(int door, enum bus_call call, uid_t uid, struct error *err)
{
	const struct door_message request = {.what = DOOR_BUS, .number = call, .uid = uid};
	return door_ask(door, &request, NULL, NULL, NULL, err);
}

int speaker_ask_docker(int door, enum docker_question question, int *ret_file, struct error *err)
{
	const struct door_message request = {.what = DOOR_DOCKER, .number = question};
	return door_ask(door, &request, NULL, NULL, ret_file, err);
}

int speaker_read_docker(
	int door, enum docker_question question, char **ret, size_t *ret_len, struct error *err)
{
	int file = -1;
	if (speaker_ask_docker(door, question, &file, err) < 0)
		return -1;
	_cleanup_close_ int owned = file;
	return door_read(owned, SPEAKER_ANSWER_MAX, ret, ret_len, err);
}
