/* SPDX-License-Identifier: MIT
 *
 * watch: one handler per source of the launch loop: on_memory() for OOM kills, on_events() for the
 * engine's events, on_write() for inotify events. Each takes the event and has attest.h check what
 * may have changed. A mismatch is an error of the handler, which ends the run.
 */
#include "watch.h"

#include "cgroup_stat.h"
#include "cleanup.h"
#include "clock.h"
#include "container_crs.h"
#include "ending.h"
#include "fs.h"
#include "size.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>

/* Name the limit that was hit, as the beginning of a sentence. */
static void describe_limit(
	const struct watch *watch, const struct oom_kill *kill, char *buf, size_t size)
{
	const struct run_plan *plan = watch->tree->plan;
	const char *crs = plan->crs[kill->crs].name;
	char limit[SIZE_TEXT_MAX];
	switch (kill->limit) {
	case OOM_LIMIT_CRS:
		(void)snprintf(buf, size, "CRS '%s' is at its memory limit of %s", crs,
			size_format(plan->crs[kill->crs].memory_max, limit));
		return;
	case OOM_LIMIT_CONTAINER:
		(void)snprintf(buf, size, "CRS '%s' has a container at its own memory limit", crs);
		return;
	case OOM_LIMIT_WORKER:
		(void)snprintf(buf, size, "worker '%s' is at its memory limit of %s (CRS '%s')",
			plan->worker, size_format(plan->memory_max, limit), crs);
		return;
	case OOM_LIMIT_HOST:
		(void)snprintf(buf, size,
			"the host, or a cgroup above this run, is out of memory (CRS '%s')", crs);
		return;
	}
}

static const char *format_bytes(uint64_t bytes, char buf[static SIZE_TEXT_MAX])
{
	return bytes == CGROUP_STAT_UNKNOWN ? "unknown" : size_format(bytes, buf);
}

static void tell_kill(void *data, const struct oom_kill *kill)
{
	struct watch *watch = data;
	_cleanup_(container_free) struct container container = {.name = NULL};
	struct error problem = {0};
	char limit[256];
	char anon[SIZE_TEXT_MAX];
	char file[SIZE_TEXT_MAX];
	char shmem[SIZE_TEXT_MAX];
	bool known = *kill->cgroup && watch->engine &&
		     engine_container(watch->engine, kill->cgroup, &container, &problem) == 0;
	describe_limit(watch, kill, limit, sizeof limit);
	log_warning(watch->log,
		"OOM kill: %s; the kernel killed %" PRIu64
		" process%s%s%s%s; memory now: anon %s, file %s, shmem %s",
		limit, kill->count, kill->count == 1 ? "" : "es", known ? " of container '" : "",
		known ? container.name : "", known ? "'" : "", format_bytes(kill->anon, anon),
		format_bytes(kill->file, file), format_bytes(kill->shmem, shmem));
	if (oom_kills_add(&watch->kills, kill, known ? container.name : "", &problem) < 0) {
		watch->kills.incomplete = true;
		log_error(watch->log, &problem);
	}
}

/* Look for OOM kills. Once a look fails, it is unknown how many there were, and at which limit. */
static void look_for_kills(struct watch *watch)
{
	struct error problem = {0};
	if (oom_look(watch->oom, tell_kill, watch, &problem) == 0 || watch->kills.incomplete)
		return;
	watch->kills.incomplete = true;
	log_warning(watch->log, "cannot count OOM kills: %s", problem.msg);
}

/* The kernel has counted an event in memory.events of the worker, or of a cgroup below it. */
static int on_memory(void *data, struct error *err)
{
	(void)err;
	struct watch *watch = data;
	char text[512];
	/* Reading the file re-arms the notification. */
	if (pread(watch->memory, text, sizeof text, 0) <= 0)
		return 1;
	look_for_kills(watch);
	return 0;
}

/* Warn of something that could not be checked, and go on; with --strict-limits, fail for that
 * reason. */
static int warn_unknown(const struct watch *watch, const char *what, struct error *err)
{
	if (!watch->strict) {
		log_warning(watch->log, "cannot check %s: %s", what, err->msg);
		return 0;
	}
	err->status = EX_SOFTWARE;
	(void)add_context(err, "cannot check %s", what);
	return add_hint(err, "--strict-limits and --strict end the run; without them, the report "
			     "counts what cannot be checked. If /proc hides processes, run: "
			     "oss-crs-run check");
}

/* The engine gave no answer about containers. Nothing to check in one that is already gone. */
static int warn_unanswered(struct watch *watch, const char *what, struct error *err)
{
	if (err->code == ENOENT)
		return 0;
	watch->attested.unanswered++;
	return warn_unknown(watch, what, err);
}

/* A container that another program has started is in the cgroup of no CRS. Warn; with
 * --strict-limits, fail. */
static int note_outside(
	const struct watch *watch, const struct container *container, struct error *err)
{
	const char *parent = *container->cgroup_parent ? container->cgroup_parent : "none";
	(void)fail_as(err, EX_SOFTWARE,
		"container '%s' runs without limits: its cgroup_parent is %s, not one of a CRS",
		container->name, parent);
	if (watch->strict)
		return add_hint(err,
			"--strict-limits and --strict end the run; set the container's "
			"cgroup_parent to one of those that `hold` printed");
	log_warning(watch->log, "%s", err->msg);
	return 0;
}

/* Note the outcome for a container, and warn if it could not be checked, once per container. */
static int note_container(struct watch *watch, const struct container *container,
	enum attested_state state, struct error *err)
{
	struct error problem = {0};
	char what[512];
	int news = attested_note(&watch->attested, container->id, state, &problem);
	if (news < 0) {
		*err = problem;
		return -1;
	}
	if (!news)
		return 0;
	if (state == ATTESTED_UNCONFINED && watch->compose->foreign)
		return note_outside(watch, container, err);
	if (state != ATTESTED_UNKNOWN)
		return 0;
	(void)snprintf(what, sizeof what, "container '%s'", container->name);
	return warn_unknown(watch, what, err);
}

/* Check a container. Whether a process that is outside the CRS is another container's, which shares
 * the PID namespace, only the list of all tells. Since one of them may start after the engine was
 * asked, it is asked again as long as there are more. Without an answer the mismatch stands. */
static enum attest_verdict judge_container(const struct watch *watch, const struct plan_crs *crs,
	const struct container *container, struct error *err)
{
	size_t known = 0;
	enum attest_verdict verdict =
		attest_container(watch->host, watch->tree, crs, container, NULL, err);
	while (verdict == ATTEST_MISMATCH) {
		_cleanup_(containers_free) struct containers all = CONTAINERS_NONE;
		struct error ignored;
		if (engine_containers(watch->engine, watch->compose->project, &all, &ignored) < 0 ||
			all.count <= known)
			break;
		known = all.count;
		verdict = attest_container(watch->host, watch->tree, crs, container, &all, err);
	}
	return verdict;
}

/* Check a container of the project; one whose service has no CRS has nothing to be held to. -1 ends
 * the run. */
static int look_at_container(
	struct watch *watch, const struct container *container, struct error *err)
{
	int crs = container_crs(watch->compose, watch->tree->plan, container);
	if (crs == COMPOSE_UNCONFINED)
		return note_container(watch, container, ATTESTED_UNCONFINED, err);
	switch (judge_container(watch, &watch->tree->plan->crs[crs], container, err)) {
	case ATTEST_HELD:
		return note_container(watch, container, ATTESTED_HELD, err);
	case ATTEST_UNKNOWN:
		return note_container(watch, container, ATTESTED_UNKNOWN, err);
	case ATTEST_MISMATCH:
		return -1;
	case ATTEST_ENDED:
		return 0;
	}
	return 0;
}

static int look_at_containers(struct watch *watch, struct error *err)
{
	_cleanup_(containers_free) struct containers containers = CONTAINERS_NONE;
	if (!watch->engine)
		return 0;
	if (engine_containers(watch->engine, watch->compose->project, &containers, err) < 0)
		return warn_unanswered(watch, "the containers", err);
	for (size_t i = 0; i < containers.count; i++)
		if (look_at_container(watch, &containers.list[i], err) < 0)
			return -1;
	return 0;
}

/* A container may run on fewer CPUs than its CRS has. Warn, and note the first for the report; with
 * --strict-limits, fail. */
static int note_affinity(struct watch *watch, const struct plan_crs *crs,
	const struct container *container, const struct cpulist *cpus, struct error *err)
{
	char has[CPULIST_TEXT_MAX] _unfilled_;
	char planned[CPULIST_TEXT_MAX] _unfilled_;
	char text[ATTESTED_TEXT_MAX];
	(void)snprintf(text, sizeof text,
		"container '%.100s' inherits a CPU affinity: of the CPUs %.64s of CRS '%.128s' it "
		"may use only %.64s",
		container->name, cpulist_format(&crs->cpus, planned), crs->name,
		cpulist_format(cpus, has));
	if (watch->attested.affinity_count++ == 0)
		(void)snprintf(
			watch->attested.affinity, sizeof watch->attested.affinity, "%s", text);
	if (!watch->strict) {
		log_warning(watch->log, "%s", text);
		return 0;
	}
	(void)fail_as(err, EX_SOFTWARE, "%s", text);
	return add_hint(err, "look for CPUAffinity= in the units that start it: "
			     "systemctl show -p CPUAffinity docker containerd user@$(id -u)");
}

/* Check whether a container that has just started inherited a CPU affinity. Later on, the job may
 * have set one itself. */
static int look_at_affinity(
	struct watch *watch, const struct container *container, struct error *err)
{
	struct cpulist cpus;
	int index = container_crs(watch->compose, watch->tree->plan, container);
	if (index == COMPOSE_UNCONFINED)
		return 0;
	const struct plan_crs *crs = &watch->tree->plan->crs[index];
	switch (attest_affinity(watch->host, crs, container, &cpus, err)) {
	case ATTEST_MISMATCH:
		return note_affinity(watch, crs, container, &cpus, err);
	case ATTEST_UNKNOWN:
		return note_container(watch, container, ATTESTED_UNKNOWN, err);
	case ATTEST_HELD:
	case ATTEST_ENDED:
		return 0;
	}
	return 0;
}

static int on_start(struct watch *watch, const char *id, struct error *err)
{
	_cleanup_(container_free) struct container container = {.name = NULL};
	if (engine_container(watch->engine, id, &container, err) < 0)
		return warn_unanswered(watch, "a container that started", err);
	/* Check the limits too: if the user has removed the tree by hand, the engine makes it
	 * again, without limits. */
	if (attest_limits(watch->tree, err) < 0 || look_at_container(watch, &container, err) < 0)
		return -1;
	return look_at_affinity(watch, &container, err);
}

/* A container that belongs to no CRS ends the run: its status says nothing about the job. */
static void note_helper(struct watch *watch, const struct container *container)
{
	int crs = container_crs(watch->compose, watch->tree->plan, container);
	(void)snprintf(watch->helper, sizeof watch->helper, "%s", container->id);
	log_warning(watch->log, "container '%s' of %s ends the run, with status %d",
		container->name,
		crs == COMPOSE_UNCONFINED ? "no CRS" : watch->tree->plan->crs[crs].name,
		container->exit_code);
}

static int end_run(struct watch *watch, const struct container *container)
{
	watch->decided = true;
	watch->status = container->exit_code;
	if (!ending_is_crs(watch->compose, watch->tree->plan, container->service))
		note_helper(watch, container);
	return watch->ends_by_compose ? LAUNCH_GO_ON : LAUNCH_STOP;
}

/* Whether the last container of all CRSs has ended: only helpers run on, which serve nobody. */
static int judge_all(struct watch *watch, struct error *err)
{
	_cleanup_(containers_free) struct containers containers = CONTAINERS_NONE;
	if (engine_containers(watch->engine, watch->compose->project, &containers, err) < 0)
		return warn_unanswered(watch, "the containers", err);
	const struct container *last =
		ending_of_all(watch->compose, watch->tree->plan, &containers);
	if (!last)
		return LAUNCH_GO_ON;
	watch->ends_by_compose = false; /* it waits for the helpers */
	return end_run(watch, last);
}

static int judge_end(struct watch *watch, const char *id, struct error *err)
{
	_cleanup_(container_free) struct container container = {.name = NULL};
	if (engine_container(watch->engine, id, &container, err) < 0)
		return warn_unanswered(watch, "a container that ended", err);
	switch (ending_judge(watch->compose, watch->tree->plan, &container)) {
	case ENDING_DECIDES:
		/* Compose does not hear of the end of what it is not attached to. */
		if (!compose_is_attached(watch->compose, container.service))
			watch->ends_by_compose = false;
		return end_run(watch, &container);
	case ENDING_WARNING:
		log_warning(watch->log,
			"container '%s' has ended with status %d; the run goes on without it",
			container.name, container.exit_code);
		return judge_all(watch, err);
	case ENDING_NONE:
		return container.restarting ? LAUNCH_GO_ON : judge_all(watch, err);
	}
	return LAUNCH_GO_ON;
}

/* Usually the run ends with its first container, so check those that still run once more. */
static int on_end(struct watch *watch, const char *id, struct error *err)
{
	bool first = !watch->ending;
	watch->ending = true;
	if (first && look_at_containers(watch, err) < 0)
		return -1;
	return watch->judges_ends && !watch->decided ? judge_end(watch, id, err) : LAUNCH_GO_ON;
}

static int on_overdue(void *data, struct error *err)
{
	struct watch *watch = data;
	_cleanup_(containers_free) struct containers containers = CONTAINERS_NONE;
	if (!overdue_take(&watch->overdue))
		return LAUNCH_GO_ON;
	if (engine_containers(watch->engine, watch->compose->project, &containers, err) < 0)
		return warn_unanswered(watch, "the containers", err);
	if (!ending_is_over(watch->compose, &containers))
		return LAUNCH_GO_ON;
	log_warning(watch->log, "all containers have ended, but Compose waits on: ending it");
	watch->was_overdue = true;
	return LAUNCH_STOP;
}

static int on_events(void *data, struct error *err)
{
	struct watch *watch = data;
	struct container_event event;
	int result = 0;
	int wanted = LAUNCH_GO_ON;
	while ((result = events_next(watch->events, &event, err)) > 0) {
		overdue_count(&watch->overdue, event.started);
		int now = event.started ? on_start(watch, event.id, err)
					: on_end(watch, event.id, err);
		if (now < 0)
			return -1;
		wanted = now == LAUNCH_STOP ? now : wanted;
	}
	if (result == 0)
		return wanted;
	if (watch->judges_ends && !watch->ends_by_compose && !watch->decided)
		log_warning(watch->log, "the run goes on until its last container ends: the end "
					"of its first cannot be seen");
	return warn_unanswered(watch, "containers that start from now on", err) < 0
		       ? -1
		       : LAUNCH_NO_MORE;
}

/* Whether a CRS has lost its last process since the last look: either it has ended, or someone has
 * moved its processes elsewhere. `changed` says of which CRSs the kernel reported a change. */
static bool any_emptied(struct watch *watch, const bool changed[static JOB_CRS_MAX])
{
	bool emptied = false;
	uint64_t now = clock_usec();
	for (size_t i = 0; i < watch->tree->plan->crs_count; i++) {
		struct error ignored;
		uint64_t populated = 0;
		(void)cgroup_get_key(watch->tree->worker, watch->tree->plan->crs[i].name,
			"cgroup.events", "populated", &populated, &ignored);
		emptied |= activity_note(&watch->activity[i], populated, changed[i], now);
	}
	return emptied;
}

static int on_write(void *data, struct error *err)
{
	struct watch *watch = data;
	bool changed[JOB_CRS_MAX] = {false};
	unsigned what = attest_take(watch->writes, watch->marks, watch->tree->plan, changed);
	if (what & ATTEST_LIMITS && attest_limits(watch->tree, err) < 0)
		return -1;
	return what & ATTEST_POPULATED && any_emptied(watch, changed)
		       ? look_at_containers(watch, err)
		       : 0;
}

static void add_source(
	struct watch *watch, int fd, short events, int (*ready)(void *data, struct error *err))
{
	watch->sources[watch->source_count++] =
		(struct launch_source){.fd = fd, .events = events, .ready = ready, .data = watch};
}

int watch_open(struct watch *watch, struct error *err)
{
	watch->activity = calloc(watch->tree->plan->crs_count, sizeof *watch->activity);
	watch->marks = calloc(watch->tree->plan->crs_count, sizeof *watch->marks);
	if (!watch->activity || !watch->marks)
		return fail(err, ENOMEM, "watch");
	if (oom_open(watch->tree, &watch->oom, err) < 0)
		return -1;
	watch->memory = fs_open(watch->tree->worker, "memory.events", O_RDONLY, 0, err);
	if (watch->memory < 0)
		return -1;
	add_source(watch, watch->memory, POLLPRI, on_memory);
	watch->writes = attest_watch(watch->tree, watch->marks, err);
	if (watch->writes < 0) {
		/* The host's inotify limits are reached. The tree's limits are still read at every
		 * start of a container and at the end. */
		if (err->code != ENOSPC && err->code != EMFILE)
			return -1;
		if (watch->strict)
			return add_context(err,
				"--strict-limits: changes to the cgroups would be noticed late");
		log_warning(
			watch->log, "changes to the cgroups will be noticed late: %s", err->msg);
	} else {
		add_source(watch, watch->writes, POLLIN, on_write);
	}
	if (watch->engine) {
		if (events_open(watch->engine, watch->compose->project, &watch->events, err) < 0)
			return -1;
		add_source(watch, events_fd(watch->events), POLLIN, on_events);
		if (watch->overdue.time_ms && overdue_open(&watch->overdue, err) < 0)
			return -1;
		add_source(watch, watch->overdue.timer, POLLIN, on_overdue);
	}
	return attest_limits(watch->tree, err);
}

void watch_close(struct watch *watch)
{
	events_close(watch->events);
	overdue_close(&watch->overdue);
	cleanup_close(&watch->writes);
	cleanup_close(&watch->memory);
	oom_close(watch->oom);
	oom_kills_free(&watch->kills);
	attested_free(&watch->attested);
	free(watch->activity);
	free(watch->marks);
	*watch = (struct watch)WATCH_NONE;
}

void watch_last_kills(struct watch *watch)
{
	bool changed[JOB_CRS_MAX] = {false};
	if (watch->oom)
		look_for_kills(watch);
	if (watch->writes >= 0 &&
		attest_take(watch->writes, watch->marks, watch->tree->plan, changed) &
			ATTEST_POPULATED)
		(void)any_emptied(watch, changed);
}

int watch_conclude(struct watch *watch, const struct containers *containers,
	const struct error *away, struct error *err)
{
	if (attest_limits(watch->tree, err) < 0)
		return -1;
	if (!watch->engine)
		return 0;
	if (!containers) {
		*err = *away;
		watch->attested.unanswered++;
		return warn_unknown(watch, "the containers at the end of the run", err);
	}
	for (size_t i = 0; i < containers->count; i++)
		if (look_at_container(watch, &containers->list[i], err) < 0)
			return -1;
	return 0;
}
