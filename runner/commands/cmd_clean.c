/* SPDX-License-Identifier: MIT
 *
 * cmd_clean: remove what runs have left. What there is, whether it lives, and the order of removal are leftovers.h's; here
 * is which of it the user wants gone, and what is said.
 */
#include "commands.h"

#include "cleanup.h"
#include "engine_select.h"
#include "leftovers.h"
#include "podman.h"
#include "scratch.h"

#include <errno.h>

struct cleaner {
	const struct context *context;
	struct engine docker, podman;
	struct leftovers leftovers;
	struct left_runs runs;
	unsigned removed;
};

/* What is removed needs no particular driver, only that it is here. */
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

/* To start Podman takes longer than all else: it is asked only if the user has had runs on it. */
static int open_podman(struct cleaner *cleaner, struct error *err)
{
	if (cleaner->leftovers.engines[ENGINE_PODMAN])
		return 0;
	return leftovers_open_podman(&cleaner->leftovers, &cleaner->podman, err);
}

/* Both engines, as far as they are there. That neither is, is worth a word. */
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
		log_note(&context->log, LOG_NORMAL, "containers were not looked for: %s%s%s",
			docker.msg, podman.msg[0] ? "; " : "", podman.msg);
}

static int remove_run(struct cleaner *cleaner, const struct left_run *run, struct error *err)
{
	bool dry = cleaner->context->options.dry_run;
	/* It may have been started where another directory is the one for state. */
	if (run->kind == ENGINE_PODMAN && !dry && open_podman(cleaner, err) < 0)
		return -1;
	int removed = dry ? 1 : leftovers_remove(&cleaner->leftovers, run, err);
	if (removed <= 0)
		return removed;
	cleaner->removed++;
	(void)printf("%s %s%s\n", dry ? "would remove" : "removed", run->run.name,
		run->live ? " (alive)" : "");
	return 0;
}

/* A run that the user has asked for. */
static int clean_named(struct cleaner *cleaner, const char *name, struct error *err)
{
	const struct left_run *run = NULL;
	for (size_t i = 0; i < cleaner->runs.count && !run; i++)
		if (strcmp(cleaner->runs.list[i].run.name, name) == 0)
			run = &cleaner->runs.list[i];
	if (!run) {
		(void)fail_as(err, EX_USAGE, "no run '%s'", name);
		return add_hint(err, "see what there is: oss-crs-run clean --all --dry-run");
	}
	if (run->live && !cleaner->context->options.all) {
		(void)fail_as(err, EX_TEMPFAIL, "run '%s' is alive", name);
		return add_hint(err, "end it where it was started, or add --all");
	}
	return remove_run(cleaner, run, err);
}

/* Every run that is dead, or with --all every run. One that fails keeps none of the others. */
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

static int clean(struct cleaner *cleaner, struct error *err)
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
		.runs = LEFT_RUNS_NONE};
	struct error closing = {0};
	int result = leftovers_open(&context->host, context->uid, true, &cleaner.leftovers, err);
	if (result == 0) {
		open_engines(&cleaner);
		result = clean(&cleaner, err);
		engine_close(&cleaner.docker);
		if (leftovers_close_podman(&cleaner.leftovers, &closing) < 0 && result == 0) {
			*err = closing;
			result = -1;
		}
	}
	left_runs_free(&cleaner.runs);
	leftovers_close(&cleaner.leftovers);
	return result;
}
