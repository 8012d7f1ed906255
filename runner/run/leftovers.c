/* SPDX-License-Identifier: MIT
 *
 * leftovers: leftovers_find() collects runs by name from the engines' labels, the cgroups and the
 * files, then judges each. A dead run with a cgroup may be one that is just being made, so these
 * are judged again under the lock of queue.h. leftovers_remove() then removes a run's objects,
 * cgroups, Podman service and files, in this order.
 */
#include "leftovers.h"

#include "cleanup.h"
#include "compose.h"
#include "delegation.h"
#include "engine_select.h"
#include "fs.h"
#include "owner.h"
#include "podman.h"
#include "project_claim.h"
#include "queue.h"
#include "run_name.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/file.h>

#define PODMAN_SERVICE "clean" /* no run has this name */

int leftovers_open(
	const struct host *host, uid_t uid, bool wait, struct leftovers *ret, struct error *err)
{
	_cleanup_(leftovers_close) struct leftovers opened = LEFTOVERS_NONE;
	struct error ignored;
	opened.host = host;
	opened.uid = uid;
	opened.oss_crs_fd = delegation_find(host, uid, err);
	if (opened.oss_crs_fd < 0 && err->code != ENOENT)
		return -1;
	/* Without a session there are no files. */
	opened.base = scratch_open_base(uid, NULL, &ignored);
	if (opened.base >= 0)
		project_claim_sweep(opened.base);
	opened.owners = opened.base >= 0 ? scratch_open_owners(opened.base, err) : -1;
	if (opened.base >= 0 && opened.owners < 0)
		return -1;
	while (opened.owners >= 0 && flock(opened.owners, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
		if (errno != EINTR)
			return fail(
				err, errno == EWOULDBLOCK ? EBUSY : errno, "lock the runs' files");
	*ret = opened;
	opened = (struct leftovers)LEFTOVERS_NONE;
	return 0;
}

void leftovers_close(struct leftovers *leftovers)
{
	cleanup_close(&leftovers->oss_crs_fd);
	cleanup_close(&leftovers->base);
	cleanup_close(&leftovers->owners);
	*leftovers = (struct leftovers)LEFTOVERS_NONE;
}

int leftovers_open_podman(struct leftovers *leftovers, struct engine *ret, struct error *err)
{
	_cleanup_free_ char *base = NULL;
	_cleanup_free_ char *endpoint = NULL;
	if (engine_select_check_podman(leftovers->host, leftovers->uid, err) < 0)
		return -1;
	_cleanup_close_ int fd = scratch_open_base(leftovers->uid, &base, err);
	if (fd < 0 || podman_start(leftovers->uid, PODMAN_SERVICE, base, &endpoint, err) < 0)
		return -1;
	if (engine_open_at(ENGINE_PODMAN, endpoint, ret, err) == 0 && engine_check(ret, err) == 0) {
		leftovers->engines[ENGINE_PODMAN] = ret;
		return 0;
	}
	struct error ignored;
	engine_close(ret);
	(void)podman_stop(leftovers->uid, PODMAN_SERVICE, &ignored);
	return -1;
}

int leftovers_close_podman(struct leftovers *leftovers, struct error *err)
{
	struct engine *podman = leftovers->engines[ENGINE_PODMAN];
	if (!podman)
		return 0;
	engine_close(podman);
	leftovers->engines[ENGINE_PODMAN] = NULL;
	return podman_stop(leftovers->uid, PODMAN_SERVICE, err);
}

void left_runs_free(struct left_runs *runs)
{
	free(runs->list);
	*runs = (struct left_runs)LEFT_RUNS_NONE;
}

/* Return the run of that name, added if it is new; NULL if out of memory. */
static struct left_run *add_run(struct left_runs *runs, const char *name)
{
	for (size_t i = 0; i < runs->count; i++)
		if (strcmp(runs->list[i].run.name, name) == 0)
			return &runs->list[i];
	struct left_run *larger = reallocarray(runs->list, runs->count + 1, sizeof *larger);
	if (!larger)
		return NULL;
	runs->list = larger;
	larger[runs->count] = (struct left_run){.live = false};
	(void)snprintf(larger[runs->count].run.name, sizeof larger->run.name, "%s", name);
	return &larger[runs->count++];
}

static int find_objects(struct engine *engine, uid_t uid, struct left_runs *runs, struct error *err)
{
	_cleanup_(engine_runs_free) struct engine_runs found = ENGINE_RUNS_NONE;
	if (!engine)
		return 0;
	if (engine_runs(engine, uid, &found, err) < 0)
		return -1;
	struct run_name parts;
	for (size_t i = 0; i < found.count; i++) {
		if (!run_name_parse(found.list[i].name, &parts))
			continue;
		struct left_run *run = add_run(runs, found.list[i].name);
		if (!run)
			return fail(err, ENOMEM, "runs");
		run->run = found.list[i];
		run->kind = engine->kind;
		run->has_objects = true;
	}
	return 0;
}

/* Add the runs that have an entry of that type in a directory. `has` is the offset of the flag in
 * struct left_run that such an entry sets. */
static int find_names(
	int dir, unsigned char type, size_t has, struct left_runs *runs, struct error *err)
{
	if (dir < 0)
		return 0;
	_cleanup_closedir_ DIR *list = fs_list(dir, ".", err);
	if (!list)
		return add_context(err, "runs");
	const struct dirent *entry = NULL;
	struct run_name parts;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0) {
		/* A cgroup that the user made by hand is not the runner's to remove. */
		if (entry->d_type != type || !run_name_parse(entry->d_name, &parts))
			continue;
		struct left_run *run = add_run(runs, entry->d_name);
		if (!run)
			return fail(err, ENOMEM, "runs");
		*(bool *)((char *)run + has) = true;
	}
	return more;
}

/* Set the engine of each run that has files: the one that its files name. Files that name none were
 * made before any engine was started; any engine that can be asked will do, and finds nothing. */
static int find_kinds(const struct leftovers *leftovers, struct left_runs *runs, struct error *err)
{
	for (size_t i = 0; i < runs->count; i++) {
		struct left_run *run = &runs->list[i];
		if (!run->has_files || run->has_objects)
			continue;
		if (!leftovers->engines[run->kind] && leftovers->engines[ENGINE_PODMAN])
			run->kind = ENGINE_PODMAN;
		if (engine_select_recall(leftovers->base, run->run.name, &run->kind, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether the owner of a run is alive: 1, 0, or -1 with an error. */
static int run_lives(
	const struct leftovers *leftovers, const struct left_run *run, struct error *err)
{
	pid_t owner = 0;
	int live = 0;
	if (owner_lives(leftovers->host, run->run.owner))
		return 1;
	if (leftovers->base >= 0)
		live = scratch_is_live(leftovers->base, run->run.name, err);
	if (live == 0 || (live < 0 && err->code == ENOENT))
		live = leftovers->oss_crs_fd >= 0
			       ? tree_is_live(leftovers->oss_crs_fd, run->run.name, &owner, err)
			       : 0;
	return live < 0 && (err->code == ENOENT || err->code == ENODEV) ? 0 : live;
}

/* Judge the runs that are not known to live. Returns how many of them have a cgroup and no owner,
 * or -1 with an error. */
static int judge_runs(const struct leftovers *leftovers, struct left_runs *runs, struct error *err)
{
	int unowned = 0;
	for (size_t i = 0; i < runs->count; i++) {
		struct left_run *run = &runs->list[i];
		int live = run->live ? 1 : run_lives(leftovers, run, err);
		if (live < 0)
			return -1;
		run->live = live;
		unowned += !live && run->has_cgroups;
	}
	return unowned;
}

int leftovers_find(const struct leftovers *leftovers, struct left_runs *ret, struct error *err)
{
	_cleanup_(left_runs_free) struct left_runs runs = LEFT_RUNS_NONE;
	const struct {
		int dir;
		unsigned char type;
		size_t has;
	} places[] = {
		{leftovers->oss_crs_fd, DT_DIR, offsetof(struct left_run, has_cgroups)},
		{leftovers->base, DT_DIR, offsetof(struct left_run, has_files)},
		{leftovers->owners, DT_REG, offsetof(struct left_run, has_files)},
	};
	for (size_t i = 0; i < ENGINE_KINDS; i++)
		if (find_objects(leftovers->engines[i], leftovers->uid, &runs, err) < 0)
			return -1;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (find_names(places[i].dir, places[i].type, places[i].has, &runs, err) < 0)
			return -1;
	if (find_kinds(leftovers, &runs, err) < 0)
		return -1;
	int unowned = judge_runs(leftovers, &runs, err);
	if (unowned < 0)
		return -1;
	if (unowned > 0) {
		/* A run that is being made has no owner yet, but its maker holds this lock. So with
		 * the lock held here, a run without an owner is dead. */
		_cleanup_(queue_unlock) struct queue_lock lock = QUEUE_UNLOCKED;
		if (queue_lock(leftovers->host, leftovers->oss_crs_fd, leftovers->signals, &lock,
			    err) < 0 ||
			judge_runs(leftovers, &runs, err) < 0)
			return -1;
	}
	*ret = runs;
	runs = (struct left_runs)LEFT_RUNS_NONE;
	return 0;
}

static bool entry_exists(int dir, const char *name)
{
	return dir >= 0 && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int remove_objects(
	const struct leftovers *leftovers, const struct left_run *run, struct error *err)
{
	if (!run->has_files && !run->has_objects)
		return 0;
	if (!leftovers->engines[run->kind]) {
		const char *engine = engine_name(run->kind);
		(void)fail_as(err, EX_UNAVAILABLE,
			"run '%s' may have containers, but %s does not answer", run->run.name,
			engine);
		return add_hint(err, "once %s runs again, run: oss-crs-run clean %s", engine,
			run->run.name);
	}
	_cleanup_free_ char *project = compose_project(run->run.name);
	if (!project)
		return fail(err, ENOMEM, "%s", run->run.name);
	struct engine *engine = leftovers->engines[run->kind];
	int removed = engine_remove_project(engine, project, err);
	/* With --project-name, only the labels of the run say what is its. */
	int named = removed < 0 ? -1 : engine_remove_run(engine, run->run.name, err);
	int images = named < 0 ? -1 : engine_remove_images(engine, run->run.name, err);
	return images < 0 ? -1 : removed + named + images;
}

int leftovers_remove(
	const struct leftovers *leftovers, const struct left_run *run, struct error *err)
{
	const char *name = run->run.name;
	/* A run that has ended by itself since leftovers_find() has removed all its traces. */
	bool any = entry_exists(leftovers->oss_crs_fd, name) ||
		   entry_exists(leftovers->base, name) || entry_exists(leftovers->owners, name);
	int removed = remove_objects(leftovers, run, err);
	if (removed < 0 ||
		(leftovers->oss_crs_fd >= 0 &&
			tree_destroy_name(leftovers->oss_crs_fd, name, err) < 0) ||
		(run->kind == ENGINE_PODMAN && podman_stop(leftovers->uid, name, err) < 0) ||
		(leftovers->base >= 0 && scratch_remove_name(leftovers->base, name, err) < 0))
		return -1;
	return any || removed > 0;
}

/* Whether Podman has a dead run that is to be removed. */
static bool any_of_podman(const struct left_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++)
		if (runs->list[i].kind == ENGINE_PODMAN && !runs->list[i].live &&
			!runs->list[i].run.keep)
			return true;
	return false;
}

void leftovers_sweep(const struct host *host, uid_t uid, const struct log *log,
	struct engine *engine, int signals)
{
	struct engine podman = ENGINE_NONE;
	_cleanup_(leftovers_close) struct leftovers leftovers = LEFTOVERS_NONE;
	_cleanup_(left_runs_free) struct left_runs runs = LEFT_RUNS_NONE;
	struct error problem = {0};
	int opened = leftovers_open(host, uid, false, &leftovers, &problem);
	leftovers.signals = signals;
	if (opened == 0 && engine)
		leftovers.engines[engine->kind] = engine;
	if (opened < 0 || leftovers_find(&leftovers, &runs, &problem) < 0) {
		log_note(log, LOG_VERBOSE, "cannot look for dead runs: %s", problem.msg);
		return;
	}
	if (any_of_podman(&runs) && leftovers_open_podman(&leftovers, &podman, &problem) < 0)
		log_note(log, LOG_VERBOSE, "cannot remove dead runs on Podman: %s", problem.msg);
	for (size_t i = 0; i < runs.count; i++) {
		const struct left_run *run = &runs.list[i];
		if (run->live || run->run.keep || (!leftovers.engines[run->kind] && run->has_files))
			continue;
		int removed = leftovers_remove(&leftovers, run, &problem);
		if (removed > 0)
			log_note(log, LOG_NORMAL, "removed what the dead run %s left",
				run->run.name);
		else if (removed < 0)
			log_warning(log, "cannot remove the dead run %s: %s%s%s", run->run.name,
				problem.msg, problem.hint[0] ? "; " : "", problem.hint);
	}
	if (leftovers_close_podman(&leftovers, &problem) < 0)
		log_warning(log, "%s", problem.msg);
}
