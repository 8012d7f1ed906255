/* SPDX-License-Identifier: MIT
 *
 * cmd_clean: remove what runs have left: containers, networks, cgroups, files, in this order. Whether a run's owner
 * lives is the kernel's answer (tree.h), so that no living run is taken for a dead one.
 */
#include "context.h"

#include "check.h"
#include "cleanup.h"
#include "compose.h"
#include "delegation.h"
#include "engine.h"
#include "fs.h"
#include "queue.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>

struct cleaner {
	const struct context *context;
	int ours;       /* oss-crs */
	int scratch;    /* the scratch directories; -1: there are none */
	bool connected; /* engine is */
	struct engine engine;
	unsigned removed;
};

static bool has_dir(int base, const char *name)
{
	return base >= 0 && faccessat(base, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A run that had a scratch directory was one of Compose's: without Docker its containers stay, and while they do, so
 * must its cgroups. */
static int remove_containers(struct cleaner *cleaner, const char *name, struct error *err)
{
	if (!has_dir(cleaner->scratch, name))
		return 0;
	if (!cleaner->connected && check_open_engine(&cleaner->engine, err) < 0)
		return -1;
	cleaner->connected = true;
	_cleanup_free_ char *project = compose_project(name);
	if (!project)
		return fail(err, ENOMEM, "%s", name);
	return engine_remove_project(&cleaner->engine, project, err);
}

/* As tree_is_live(), under the lock: a run that is being made has no owner yet. */
static int is_live(const struct cleaner *cleaner, const char *name, struct error *err)
{
	pid_t owner = 0;
	_cleanup_(queue_unlock) struct queue_lock lock = QUEUE_UNLOCKED;
	if (queue_lock(&cleaner->context->host, cleaner->ours, -1, &lock, err) < 0)
		return -1;
	return tree_is_live(cleaner->ours, name, &owner, err);
}

/* named: the user asked for this very run. */
static int clean_run(struct cleaner *cleaner, const char *name, bool named, struct error *err)
{
	const struct options *options = &cleaner->context->options;
	int live = is_live(cleaner, name, err);
	if (live < 0 && err->code != ENOENT)
		return -1;
	if (live < 0 && !has_dir(cleaner->scratch, name)) {
		if (!named)
			return 0;
		(void)fail_as(err, EX_USAGE, "no run '%s'", name);
		return add_hint(err, "see what there is: oss-crs-run clean --all --dry-run");
	}
	if (live > 0 && !options->all) {
		if (!named)
			return 0;
		(void)fail_as(err, EX_TEMPFAIL, "run '%s' is alive", name);
		return add_hint(err, "end it where it was started, or add --all");
	}
	cleaner->removed++;
	(void)printf(
		"%s %s%s\n", options->dry_run ? "would remove" : "removed", name, live > 0 ? " (alive)" : "");
	if (options->dry_run)
		return 0;
	if (remove_containers(cleaner, name, err) < 0 || tree_destroy_name(cleaner->ours, name, err) < 0)
		return -1;
	return has_dir(cleaner->scratch, name) ? scratch_remove_name(cleaner->context->uid, name, err) : 0;
}

/* Every run that has a directory below fd: cgroups of live and dead runs, or scratch directories. */
static int clean_all(struct cleaner *cleaner, int fd, struct error *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
	if (!list)
		return fail(err, errno, "list runs");
	int result = 0;
	const struct dirent *entry = NULL;
	while ((entry = readdir(list))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		struct error problem = {0};
		if (clean_run(cleaner, entry->d_name, false, &problem) == 0)
			continue;
		if (result < 0)
			log_error(&cleaner->context->log, err);
		*err = problem;
		result = -1;
	}
	return result;
}

static int clean(struct cleaner *cleaner, struct error *err)
{
	const struct options *options = &cleaner->context->options;
	for (int i = 0; i < options->arg_count; i++) {
		if (strchr(options->args[i], '/'))
			return fail_as(err, EX_USAGE, "'%s' is not the name of a run", options->args[i]);
		if (clean_run(cleaner, options->args[i], true, err) < 0)
			return -1;
	}
	if (options->arg_count == 0 &&
		(clean_all(cleaner, cleaner->ours, err) < 0 ||
			(cleaner->scratch >= 0 && clean_all(cleaner, cleaner->scratch, err) < 0)))
		return -1;
	if (cleaner->removed == 0)
		log_note(&cleaner->context->log, LOG_NORMAL, "nothing to clean");
	return 0;
}

int cmd_clean(const struct context *context, struct error *err)
{
	struct cleaner cleaner = {.context = context, .engine = ENGINE_NONE};
	struct error ignored;
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int ours = delegation_open(&context->host, context->uid, err);
	if (ours < 0)
		return -1;
	_cleanup_close_ int scratch = scratch_open_base(context->uid, &path, &ignored);
	cleaner.ours = ours;
	cleaner.scratch = scratch;
	int result = clean(&cleaner, err);
	engine_close(&cleaner.engine);
	return result;
}
