/* SPDX-License-Identifier: MIT
 *
 * crew: starts and ends lanes. What is in the queue and what lanes do is read under the lock of the
 * queue, under which lanes take runs and leave, so no run is between the two.
 */
#include "crew.h"

#include "cleanup.h"
#include "environment.h"
#include "lanes.h"
#include "queue_file.h"
#include "user_manager.h"

#include <errno.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What the runs take from the environment of the one who submits them: the user manager's own has
 * none of it. */
static const char *const passed_on[] = {"PATH", "HOME", "LANG", "DOCKER_HOST", "DOCKER_CONFIG",
	"DOCKER_CONTEXT", "CONTAINER_HOST", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR",
	"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", NULL};

/* ---- one lane ------------------------------------------------------------------------------ */

static int start_lane(const struct crew *crew, struct sd_bus *bus, struct error *err)
{
	_cleanup_(variables_free) struct variables environment = VARIABLES_NONE;
	const char *argv[CREW_WORDS_MAX + 2] = {NULL};
	char self[PATH_MAX];
	char unit[NAME_MAX];
	uint32_t random = 0;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		return fail(err, errno, "read /proc/self/exe");
	self[n] = '\0';
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return fail(err, errno, "getrandom");
	if (variables_add_own(&environment, passed_on, err) < 0)
		return -1;
	argv[0] = self;
	for (size_t i = 0; crew->argv[i] && i < CREW_WORDS_MAX; i++)
		argv[i + 1] = crew->argv[i];
	(void)snprintf(unit, sizeof unit, "oss-crs-%s-%08x.service", crew->name, (unsigned)random);
	const struct transient_service service = {.unit = unit,
		.description = "runs of an experiment of oss-crs-run",
		.argv = argv,
		.environment = (const char *const *)environment.list,
		.notifies = true};
	return user_manager_start_service(bus, &service, err);
}

int crew_ready(struct error *err)
{
	static const char ready[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!path || !*path || strlen(path) >= sizeof address.sun_path)
		return 0;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, ready, strlen(ready), MSG_NOSIGNAL,
			      (const struct sockaddr *)&address, len) < 0)
		return fail(err, errno, "notify the user manager");
	return 0;
}

/* ---- all of them --------------------------------------------------------------------------- */

static int queue_runs(int dir, const size_t *indices, size_t count, struct error *err)
{
	_cleanup_close_ int queue = queue_file_open(dir, err);
	int lanes = queue < 0 ? -1 : lanes_count(dir, err);
	return lanes < 0 || (lanes == 0 && queue_file_clear(queue, err) < 0)
		       ? -1
		       : queue_file_add(queue, indices, count, err);
}

int crew_submit(const struct crew *crew, const size_t *indices, size_t count, struct error *err)
{
	_cleanup_(user_manager_close) struct sd_bus *bus = NULL;
	if (user_manager_open(crew->uid, &bus, err) < 0 ||
		queue_runs(crew->dir, indices, count, err) < 0)
		return -1;
	/* A lane leaves only when the queue is empty, and so not between here and there. */
	int lanes = lanes_count(crew->dir, err);
	if (lanes < 0)
		return -1;
	for (size_t i = (size_t)lanes; i < crew->limit && i < (size_t)lanes + count; i++)
		if (start_lane(crew, bus, err) < 0)
			return -1;
	return 0;
}

struct listing {
	enum placer_state *states;
	size_t count;
};

static void note_queued(size_t index, void *data)
{
	const struct listing *listing = data;
	if (index < listing->count)
		listing->states[index] = PLACER_QUEUED;
}

static void note_running(size_t index, void *data)
{
	const struct listing *listing = data;
	if (index < listing->count)
		listing->states[index] = PLACER_RUNNING;
}

int crew_list(int dir, enum placer_state *states, size_t count, struct error *err)
{
	struct listing listing = {.states = states, .count = count};
	int lanes = lanes_count(dir, err);
	if (lanes <= 0)
		return lanes;
	_cleanup_close_ int queue = queue_file_open(dir, err);
	return queue < 0 || queue_file_each(queue, note_queued, &listing, err) < 0 ||
			       lanes_each(dir, note_running, &listing, err) < 0
		       ? -1
		       : 0;
}

int crew_cancel(int dir, struct error *err)
{
	_cleanup_close_ int queue = queue_file_open(dir, err);
	if (queue < 0 || queue_file_clear(queue, err) < 0)
		return -1;
	/* The lanes need it to end. */
	(void)close(steal_fd(&queue));
	return lanes_end(dir, err);
}
