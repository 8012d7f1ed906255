/* SPDX-License-Identifier: MIT
 *
 * cmd_clean: the `clean` command: remove what runs have left. leftovers.h finds the runs, decides
 * which are live, and removes them in the right order. This file selects the runs that the user
 * wants removed, and prints what happened to them.
 */
#include "commands.h"

#include "cleanup.h"
#include "engine_select.h"
#include "json_build.h"
#include "leftovers.h"
#include "podman.h"
#include "scratch.h"
#include "text.h"

#include <errno.h>

struct cleaner {
	const struct context *context;
	struct engine docker, podman;
	struct leftovers leftovers;
	struct left_runs runs;
	unsigned removed;
	struct json_build build; /* --json: what was removed, printed at the end */
	json_t *list;
};

/* Connect to Docker. Removal works with any cgroup driver; the daemon only has to run on this
 * host. */
static int open_docker(struct engine *ret, struct error *err)
{
	struct engine_info info = {0};
	if (engine_open(ret, err) < 0)
		return -1;
	if (engine_info(ret, &info, err) == 0 && engine_check_local(ret, &info, err) == 0)
		return 0;
	engine_close(ret);
	return -1;
}

/* Start and connect to Podman, if that has not happened yet. It takes longer than everything
 * else, so the callers do it only if the user has had runs on Podman. */
static int open_podman(struct cleaner *cleaner, struct error *err)
{
	if (cleaner->leftovers.engines[ENGINE_PODMAN])
		return 0;
	return leftovers_open_podman(&cleaner->leftovers, &cleaner->podman, err);
}

/* Open each engine that is available, and print a note if none is. */
static void open_engines(struct cleaner *cleaner)
{
	const struct context *context = cleaner->context;
	struct error docker = {0};
	struct error podman = {0};
	if (open_docker(&cleaner->docker, &docker) == 0)
		cleaner->leftovers.engines[ENGINE_DOCKER] = &cleaner->docker;
	if (engine_select_noted_podman(&podman) > 0)
		(void)open_podman(cleaner, &podman);
	if (!cleaner->leftovers.engines[ENGINE_DOCKER] &&
		!cleaner->leftovers.engines[ENGINE_PODMAN])
		log_note(&context->log, LOG_NORMAL, "cannot look for containers: %s%s%s",
			docker.msg, podman.msg[0] ? "; " : "", podman.msg);
}

static int remove_run(struct cleaner *cleaner, const struct left_run *run, struct error *err)
{
	bool dry = cleaner->context->options.dry_run;
	/* The run may have been started with another state directory. Then open_engines() did not
	 * see that the user has runs on Podman. */
	if (run->kind == ENGINE_PODMAN && !dry && open_podman(cleaner, err) < 0)
		return -1;
	int removed = dry ? 1 : leftovers_remove(&cleaner->leftovers, run, err);
	if (removed <= 0)
		return removed;
	cleaner->removed++;
	if (cleaner->list)
		json_build_append(&cleaner->build, cleaner->list,
			json_build_pack(&cleaner->build, "{s:s, s:b}", "name", run->run.name,
				"active", run->live));
	else
		text_line(stdout, "%s %s%s", dry ? "would remove" : "removed", run->run.name,
			run->live ? " (active)" : "");
	return 0;
}

/* Remove a run that the user named. A live one needs --all. */
static int clean_named(struct cleaner *cleaner, const char *name, struct error *err)
{
	const struct left_run *run = NULL;
	for (size_t i = 0; i < cleaner->runs.count && !run; i++)
		if (strcmp(cleaner->runs.list[i].run.name, name) == 0)
			run = &cleaner->runs.list[i];
	if (!run) {
		(void)fail_as(err, EX_USAGE, "no run named '%s'", name);
		return add_hint(err, "to list the runs, run: oss-crs-run clean --all --dry-run");
	}
	if (run->live && !cleaner->context->options.all) {
		(void)fail_as(err, EX_TEMPFAIL, "run '%s' is active", name);
		return add_hint(err, "end it where it was started, or use --all");
	}
	return remove_run(cleaner, run, err);
}

/* Remove every dead run, and with --all the active ones too. An error does not stop the others: the
 * last error is returned, and the earlier ones are logged. */
static int clean_all(struct cleaner *cleaner, struct error *err)
{
	int result = 0;
	for (size_t i = 0; i < cleaner->runs.count; i++) {
		const struct left_run *run = &cleaner->runs.list[i];
		struct error problem = {0};
		if ((run->live && !cleaner->context->options.all) ||
			remove_run(cleaner, run, &problem) == 0)
			continue;
		if (result < 0)
			log_error(&cleaner->context->log, err);
		*err = problem;
		result = -1;
	}
	return result;
}

static int clean_runs(struct cleaner *cleaner, struct error *err)
{
	const struct options *options = &cleaner->context->options;
	if (leftovers_find(&cleaner->leftovers, &cleaner->runs, err) < 0)
		return -1;
	for (int i = 0; i < options->arg_count; i++)
		if (clean_named(cleaner, options->args[i], err) < 0)
			return -1;
	if (options->arg_count == 0 && clean_all(cleaner, err) < 0)
		return -1;
	if (cleaner->removed == 0)
		log_note(&cleaner->context->log, LOG_NORMAL, "nothing to clean");
	return 0;
}

int cmd_clean(const struct context *context, struct error *err)
{
	struct cleaner cleaner = {.context = context,
		.docker = ENGINE_NONE,
		.podman = ENGINE_NONE,
		.leftovers = LEFTOVERS_NONE,
		.runs = LEFT_RUNS_NONE,
		.build = JSON_BUILD_NONE};
	struct error closing = {0};
	if (context->options.json && !(cleaner.list = json_array()))
		return fail(err, ENOMEM, "runs");
	int result = leftovers_open(&context->host, context->uid, true, &cleaner.leftovers, err);
	if (result == 0) {
		open_engines(&cleaner);
		result = clean_runs(&cleaner, err);
		engine_close(&cleaner.docker);
		if (leftovers_close_podman(&cleaner.leftovers, &closing) < 0 && result == 0) {
			*err = closing;
			result = -1;
		}
	}
	left_runs_free(&cleaner.runs);
	leftovers_close(&cleaner.leftovers);
	if (result == 0 && cleaner.list)
		return json_build_print(&cleaner.build,
			json_build_pack(&cleaner.build, "{s:i, s:b, s:o}", "version", 1, "dry_run",
				context->options.dry_run, "runs", cleaner.list),
			err);
	json_decref(cleaner.list);
	return result;
}
