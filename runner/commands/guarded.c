/* SPDX-License-Identifier: MIT
 *
 * guarded: starts the guard with what the run has made, and warns of the first refusals of a run.
 * The report has all of them.
 */
#include "guarded.h"

#include "cleanup.h"
#include "compose_guard.h"

#include <poll.h>

#define TOLD_MAX 20 /* warnings: a CRS may try as many things as it likes */

enum compose_guard guarded_wanted(const struct options *options)
{
	if (options->no_guard)
		return COMPOSE_GUARD_NONE;
	if (options->guard)
		return COMPOSE_GUARD_ALL;
	return options->strict_containment ? COMPOSE_GUARD_SOCKETS : COMPOSE_GUARD_NONE;
}

static void tell_refusal(void *data, const struct refusal *refusal)
{
	struct guarded *guarded = data;
	const struct log *log = &guarded->context->log;
	if (refusal->crs >= guarded->plan->crs_count || guarded->told > TOLD_MAX)
		return;
	if (guarded->told++ < TOLD_MAX)
		log_warning(log, "refused: CRS '%s': %s: %s", guarded->plan->crs[refusal->crs].name,
			refusal->request, refusal->what);
	else
		log_warning(log, "refused: more requests, which the report lists");
}

static int on_refusals(void *data, struct error *err)
{
	struct guarded *guarded = data;
	(void)err;
	if (guard_read(&guarded->guard, tell_refusal, guarded))
		return LAUNCH_GO_ON;
	log_warning(&guarded->context->log,
		"the guard has ended: the CRSs can start no more containers of their own");
	return LAUNCH_NO_MORE;
}

static bool is_wanted(const struct compose *project)
{
	return project->foreign ? project->guard != COMPOSE_GUARD_NONE : compose_guard_any(project);
}

int guarded_start(const struct context *context, const struct compose *project,
	const struct run_plan *plan, int dir, struct watch *watch, struct guarded *guarded,
	struct error *err)
{
	if (!is_wanted(project))
		return 0;
	guarded->context = context;
	guarded->plan = plan;
	if (scopes_make(project, plan, project->guard_dir, &guarded->scopes, err) < 0 ||
		guard_start(dir, project->running_engine, guarded->scopes.list,
			guarded->scopes.count, &guarded->guard, err) < 0)
		return add_context(err, "--guard");
	watch->sources[watch->source_count++] =
		(struct launch_source){.fd = guarded->guard.refusals,
			.events = POLLIN,
			.ready = on_refusals,
			.data = guarded};
	return 0;
}

int guarded_remove(
	const struct compose *project, struct engine *engine, const char *run, struct error *err)
{
	return is_wanted(project) ? engine_remove_run(engine, run, err) : 0;
}

const struct refusals *guarded_stop(struct guarded *guarded)
{
	guard_stop(&guarded->guard);
	return guarded->scopes.list ? &guarded->guard.seen : NULL;
}

void guarded_close(struct guarded *guarded)
{
	guard_close(&guarded->guard);
	scopes_free(&guarded->scopes);
}
