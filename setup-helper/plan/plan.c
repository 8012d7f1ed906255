/* SPDX-License-Identifier: MIT
 *
 * plan: the whole plan, and the part about delegation. The steps are in the order of their
 * dependencies: the drop-in before the reload, controllers from the root cgroup down, Docker last.
 */
#include "plan.h"

#include "cgroup.h"
#include "cleanup.h"

#include <errno.h>
#include <stdarg.h>

void setup_plan_clear(struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->steps[i].before);
		free(plan->steps[i].after);
	}
	for (size_t i = 0; i < plan->note_count; i++)
		free(plan->notes[i]);
	free(plan->steps);
	free(plan->notes);
	*plan = (struct setup_plan){0};
}

static void cleanup_step(struct step *step)
{
	free(step->before);
	free(step->after);
}

int setup_plan_add(struct setup_plan *plan, enum step_kind kind, const char *target,
	const char *before, const char *after, struct error *err)
{
	_cleanup_(cleanup_step) struct step step = {
		.kind = kind,
		.mode = 0644,
		.before = before ? strdup(before) : NULL,
		.after = after ? strdup(after) : NULL,
	};
	int n = snprintf(step.target, sizeof step.target, "%s", target);
	if (n < 0 || (size_t)n >= sizeof step.target)
		return fail(err, ENAMETOOLONG, "plan %s", target);
	struct step *steps = reallocarray(plan->steps, plan->count + 1, sizeof *steps);
	if (!steps)
		return fail(err, ENOMEM, "plan %s", target);
	plan->steps = steps;
	if ((before && !step.before) || (after && !step.after))
		return fail(err, ENOMEM, "plan %s", target);
	steps[plan->count++] = step;
	step = (struct step){.kind = kind};
	return 0;
}

int setup_plan_note(struct setup_plan *plan, struct error *err, const char *fmt, ...)
{
	char **notes = reallocarray(plan->notes, plan->note_count + 1, sizeof *notes);
	if (!notes)
		return fail(err, ENOMEM, "note");
	plan->notes = notes;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&notes[plan->note_count], fmt, ap);
	va_end(ap);
	if (n < 0)
		return fail(err, ENOMEM, "note");
	plan->note_count++;
	return 0;
}

static int add_enable_step(struct setup_plan *plan, enum step_kind kind,
	const struct level_facts *level, const char *wanted, struct error *err)
{
	char after[FACTS_CONTROLLERS_MAX + POLICY_TEXT_MAX];
	if (level->exists && cgroup_has(level->enabled, wanted))
		return 0;
	step_enabled_after(level->enabled, wanted, after, sizeof after);
	return setup_plan_add(
		plan, kind, level->path, level->exists ? level->enabled : NULL, after, err);
}

static int plan_config(const struct plan_input *input, struct setup_plan *plan, struct error *err)
{
	const struct delegate_facts *facts = &input->facts->delegate;
	char wanted[STEP_DROPIN_MAX];
	char path[POLICY_DROPIN_PATH_MAX];
	(void)step_dropin_text(input->policy->controllers, wanted, sizeof wanted);
	(void)policy_dropin_path(input->policy, input->facts->user.uid, path, sizeof path);
	bool differs = !facts->dropin || strcmp(facts->dropin, wanted) != 0;
	if (differs && setup_plan_add(plan, STEP_DROPIN, path, facts->dropin, wanted, err) < 0)
		return -1;
	bool unread = differs || facts->manager.stale || !facts->dropin_read;
	if (unread && setup_plan_add(plan, STEP_RELOAD, "systemd", NULL, "daemon-reload", err) < 0)
		return -1;
	if (!unread && !cgroup_has(facts->delegated, input->policy->controllers)) {
		(void)fail_as(err, EX_CONFIG, "%s does not delegate %s although %s says so",
			facts->unit, input->policy->controllers, path);
		return add_hint(
			err, "a later drop-in overrides it; see: systemctl cat %s", facts->unit);
	}
	if (!input->policy->linger || facts->lingers)
		return 0;
	return setup_plan_add(plan, STEP_LINGER, input->facts->user.name, "no", "yes", err);
}

/* Plan the cgroups from the root down. systemd enables the controllers in root's cgroups;
 * STEP_ENABLE is for those that it leaves out. */
static int plan_cgroups(const struct plan_input *input, struct setup_plan *plan, struct error *err)
{
	const struct delegate_facts *facts = &input->facts->delegate;
	const struct level_facts *ours = &facts->levels[LEVEL_OURS];
	const char *wanted = input->policy->controllers;
	bool complete = true;
	for (int i = LEVEL_ROOT; i < LEVEL_MANAGER; i++)
		complete = complete && facts->levels[i].exists &&
			   cgroup_has(facts->levels[i].enabled, wanted);
	if (facts->manager.active && !complete &&
		setup_plan_add(plan, STEP_REALIZE, facts->unit, NULL, wanted, err) < 0)
		return -1;
	for (int i = LEVEL_ROOT; i < LEVEL_MANAGER; i++)
		if (add_enable_step(plan, STEP_ENABLE, &facts->levels[i], wanted, err) < 0)
			return -1;
	if (add_enable_step(plan, STEP_USER_ENABLE, &facts->levels[LEVEL_MANAGER], wanted, err) < 0)
		return -1;
	if (ours->exists && !ours->owned &&
		setup_plan_add(plan, STEP_USER_REMOVE, ours->path, "not the user's", NULL, err) < 0)
		return -1;
	if (!(ours->exists && ours->owned) && setup_plan_add(plan, STEP_USER_MAKE, ours->path, NULL,
						      input->facts->user.name, err) < 0)
		return -1;
	struct level_facts made = ours->owned ? *ours : (struct level_facts){0};
	(void)snprintf(made.path, sizeof made.path, "%s", ours->path);
	return add_enable_step(plan, STEP_USER_ENABLE, &made, wanted, err);
}

static int plan_delegate(const struct plan_input *input, struct setup_plan *plan, struct error *err)
{
	const struct delegate_facts *facts = &input->facts->delegate;
	const struct error *problem = facts->cgroup.msg[0] ? &facts->cgroup : &facts->systemd;
	if (problem->msg[0]) {
		*err = *problem;
		return -1;
	}
	if (plan_config(input, plan, err) < 0)
		return -1;
	bool will_linger = input->policy->linger || facts->lingers;
	if (!facts->manager.active && !will_linger)
		return setup_plan_note(plan, err,
			"%s is not logged in and does not linger: the rest takes effect at the "
			"next login",
			input->facts->user.name);
	if (!facts->manager.active && setup_plan_add(plan, STEP_START_MANAGER, facts->unit,
					      facts->manager.active_text, "active", err) < 0)
		return -1;
	return plan_cgroups(input, plan, err);
}

int setup_plan_make(const struct plan_input *input, struct setup_plan *ret, struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	if (input->delegate && plan_delegate(input, &plan, err) < 0)
		return -1;
	size_t delegating = plan.count;
	if (input->docker && plan_docker(input, &plan, &plan.blocked) < 0 && !plan.blocked.msg[0])
		return fail_as(err, EX_SOFTWARE, "the half about Docker has no plan");
	plan.docker_optional =
		plan.count > delegating && !input->docker_only && input->facts->docker.podman;
	for (size_t i = 0; i < plan.count; i++) {
		plan.steps[i].uid = input->facts->user.uid;
		plan.steps[i].gid = input->facts->user.gid;
	}
	*ret = plan;
	plan = (struct setup_plan){0};
	return 0;
}

int plan_sweep(const struct facts *facts, struct setup_plan *ret, struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	const struct sweep_facts *sweep = &facts->sweep;
	if (sweep->names && *sweep->names &&
		setup_plan_add(&plan, STEP_SWEEP, sweep->ours, sweep->names, NULL, err) < 0)
		return -1;
	*ret = plan;
	plan = (struct setup_plan){0};
	return 0;
}
