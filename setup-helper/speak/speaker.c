/* SPDX-License-Identifier: MIT
 *
 * speaker: the table of bus calls, the questions to Docker, and the loop that answers requests.
 */
/* The source line that wrote an entry means nothing to the people who read it. */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include "speaker.h"

#include "bus.h"
#include "bus_calls.h"
#include "cleanup.h"
#include "docker_socket.h"
#include "door.h"

#include <errno.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#define UNIT_MAX         128
#define START_TIMEOUT_S  90
#define DOCKER_TIMEOUT_S 300 /* Docker may have many containers to stop */
#define FIELDS_MAX       16
#define AUDIT_MAX        ((size_t)16 * 1024 * 1024)

/* A speaker at work. */
struct speaking {
	const struct speaker *speaker;
	struct sd_bus *bus; /* NULL until the first call */
	uid_t uid;          /* whom the call is about */
};

static void manager_unit(const struct speaking *s, char unit[static UNIT_MAX])
{
	(void)snprintf(unit, UNIT_MAX, "user@%u.service", (unsigned)s->uid);
}

static int call_reload(struct speaking *s, struct error *err)
{
	return bus_reload(s->bus, err);
}

static int call_linger(struct speaking *s, struct error *err)
{
	return bus_set_linger(s->bus, s->uid, true, err);
}

static int call_unlinger(struct speaking *s, struct error *err)
{
	return bus_set_linger(s->bus, s->uid, false, err);
}

static int call_start_manager(struct speaking *s, struct error *err)
{
	char unit[UNIT_MAX];
	manager_unit(s, unit);
	return bus_start(s->bus, unit, START_TIMEOUT_S, err);
}

static int call_realize_manager(struct speaking *s, struct error *err)
{
	char unit[UNIT_MAX];
	manager_unit(s, unit);
	return bus_realize(s->bus, unit, err);
}

static int call_restart_docker(struct speaking *s, struct error *err)
{
	const char *unit = s->speaker->policy->service;
	if (bus_reset_failed(s->bus, unit, err) < 0)
		return -1;
	return bus_restart(s->bus, unit, DOCKER_TIMEOUT_S, err);
}

static const struct {
	int (*call)(struct speaking *s, struct error *err);
	bool about_user;
} bus_calls[] = {
	[BUS_RELOAD] = {call_reload, false},
	[BUS_LINGER] = {call_linger, true},
	[BUS_UNLINGER] = {call_unlinger, true},
	[BUS_START_MANAGER] = {call_start_manager, true},
	[BUS_REALIZE_MANAGER] = {call_realize_manager, true},
	[BUS_RESTART_DOCKER] = {call_restart_docker, false},
};

static int refuse_call(struct error *err)
{
	return fail_as(err, EX_SOFTWARE, "a request that is not in the table");
}

static int answer_bus(struct speaking *s, const struct door_message *request, struct error *err)
{
	const struct speaker *speaker = s->speaker;
	if (!speaker->changes || request->number >= sizeof bus_calls / sizeof *bus_calls)
		return refuse_call(err);
	if (bus_calls[request->number].about_user &&
		(request->uid == 0 || (speaker->uid && request->uid != speaker->uid)))
		return refuse_call(err);
	if (!s->bus && bus_open(&s->bus, err) < 0)
		return -1;
	s->uid = request->uid;
	return bus_calls[request->number].call(s, err);
}

static int answer_docker(
	const struct speaking *s, const struct door_message *request, int *ret, struct error *err)
{
	static const char *const targets[] = {
		[DOCKER_INFO] = "/info",
		[DOCKER_CONTAINERS] = "/containers/json",
	};
	if (request->number >= sizeof targets / sizeof *targets)
		return refuse_call(err);
	return docker_socket_get(s->speaker->host, s->speaker->policy->socket,
		targets[request->number], SPEAKER_ANSWER_MAX, ret, err);
}

/* A host without journald has no audit trail, which is not an error. */
static int answer_audit(const struct speaking *s, int file, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	struct iovec fields[FIELDS_MAX];
	int count = 0;
	if (!s->speaker->changes)
		return refuse_call(err);
	if (door_read(file, AUDIT_MAX, &text, &len, err) < 0)
		return -1;
	for (char *field = text; field < text + len && count < FIELDS_MAX;
		field += strlen(field) + 1)
		fields[count++] = (struct iovec){.iov_base = field, .iov_len = strlen(field)};
	(void)sd_journal_sendv(fields, count);
	return 0;
}

static int answer_request(struct speaking *s, const struct door_message *request, int file,
	int *ret_file, struct error *err)
{
	switch (request->what) {
	case DOOR_BUS:
		return answer_bus(s, request, err);
	case DOOR_DOCKER:
		return answer_docker(s, request, ret_file, err);
	case DOOR_AUDIT:
		return answer_audit(s, file, err);
	default:
		return refuse_call(err);
	}
}

int speaker_serve(const struct speaker *speaker, int door)
{
	_cleanup_bus_ struct sd_bus *bus = NULL;
	struct speaking s = {.speaker = speaker};
	struct error err = {0};
	for (;;) {
		struct door_message request;
		_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
		_cleanup_close_ int file = -1;
		int n = door_receive(door, &request, files, &err);
		if (n <= 0)
			return n < 0 ? EX_SOFTWARE : EX_OK;
		struct door_message answer = {.what = DOOR_ANSWER};
		answer.failed = answer_request(&s, &request, files[0], &file, &answer.err) < 0;
		bus = s.bus;
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

int speaker_audit(int door, const char *fields, size_t len, struct error *err)
{
	const struct door_message request = {.what = DOOR_AUDIT};
	_cleanup_close_ int file = door_file(fields, len, err);
	const int files[] = {file, -1};
	return file < 0 ? -1 : door_ask(door, &request, files, NULL, NULL, err);
}
