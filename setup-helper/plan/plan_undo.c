/* SPDX-License-Identifier: MIT
 *
 * plan_undo: undoes the changes in the journal, newest first. A target that has changed since is
 * left alone, for the change is somebody else's. Of a list of controllers, only those that this
 * program added count.
 */
#include "cgroup.h"
#include "cleanup.h"
#include "daemon_json.h"
#include "plan.h"
#include "step.h"

#include <errno.h>

struct undoing {
	const struct undo_facts *facts;
	const struct docker_facts *docker;
	const struct policy *policy;
	bool purge;
	struct setup_plan *plan;
	/* the state of each item after the steps planned so far; the texts belong to the facts */
	const char **now;
};

/* Add a step that undoes item i, or a part of it. */
static int add_undo_step(struct undoing *undoing, size_t i, enum step_kind kind, const char *after,
	struct error *err)
{
	const struct journal_record *record = undoing->facts->items[i].record;
	if (setup_plan_add(undoing->plan, kind, record->target, undoing->now[i], after, err) < 0)
		return -1;
	struct step *step = &undoing->plan->steps[undoing->plan->count - 1];
	step->mode = record->mode;
	step->uid = record->uid;
	step->gid = record->gid;
	step->record = record->number;
	step->undoes = record->number;
	return 0;
}

static int undo_file(struct undoing *undoing, size_t i, struct error *err)
{
	const struct journal_record *record = undoing->facts->items[i].record;
	return add_undo_step(undoing, i,
		record->before ? step_kind_by_name(record->step) : STEP_REMOVE_FILE, record->before,
		err);
}

/* Add a step that makes a service use what was undone. The record may go only after this step: if
 * the step before it has the same record, that one gives it up. */
static int add_service_step(struct undoing *undoing, size_t i, enum step_kind kind,
	const char *target, const char *before, const char *after, struct error *err)
{
	struct setup_plan *plan = undoing->plan;
	const struct journal_record *record = undoing->facts->items[i].record;
	unsigned number = record->number;
	if (plan->count > 0 && plan->steps[plan->count - 1].record == number)
		plan->steps[plan->count - 1].record = 0;
	if (setup_plan_add(plan, kind, target, before, after, err) < 0)
		return -1;
	struct step *step = &plan->steps[plan->count - 1];
	step->record = number;
	step->undoes = number;
	step->uid = record->uid;
	step->gid = record->gid;
	return 0;
}

/* systemd takes the controllers back once it has read that it no longer delegates them. The unit
 * gives reserved CPUs back when it is restarted and finds no drop-in. */
static int undo_dropin(struct undoing *undoing, size_t i, struct error *err)
{
	const struct undo_item *item = &undoing->facts->items[i];
	char unit[FACTS_UNIT_MAX];
	char reserves[POLICY_DROPIN_PATH_MAX];
	unsigned uid = (unsigned)item->record->uid;
	bool reserve = strcmp(item->record->target,
			       policy_reserve_path(uid, reserves, sizeof reserves)) == 0;
	(void)snprintf(
		unit, sizeof unit, "%s%u.service", reserve ? STEP_RESERVE_UNIT : "user@", uid);
	if ((journal_same_text(undoing->now[i], item->record->after) &&
		    undo_file(undoing, i, err) < 0) ||
		add_service_step(undoing, i, STEP_RELOAD, "systemd", NULL, "daemon-reload", err) <
			0)
		return -1;
	return item->active ? add_service_step(undoing, i, reserve ? STEP_RESERVE : STEP_REALIZE,
				      unit, NULL, "as before", err)
			    : 0;
}

/* Docker uses the old settings only after a restart. If the restart is refused, the file stays as
 * it is now. */
static int undo_daemon_json(struct undoing *undoing, size_t i, struct error *err)
{
	const struct docker_facts *docker = undoing->docker;
	const struct journal_record *record = undoing->facts->items[i].record;
	struct setup_plan *plan = undoing->plan;
	const char *unit = undoing->policy->service;
	bool restart = false;
	if (docker->systemd.msg[0] || docker->api.msg[0]) {
		plan->blocked = docker->systemd.msg[0] ? docker->systemd : docker->api;
		return 0;
	}
	if (docker->service.active && strcmp(docker->state.driver, DRIVER_WANTED) == 0 &&
		plan_decide_restart(docker, undoing->policy, plan, &restart, &plan->blocked) < 0)
		return 0;
	if (restart && undoing->policy->restart == RESTART_AUTO &&
		setup_plan_add(plan, STEP_IDLE, unit, NULL, "no containers run", err) < 0)
		return -1;
	if (journal_same_text(undoing->now[i], record->after) && undo_file(undoing, i, err) < 0)
		return -1;
	return restart ? add_service_step(
				 undoing, i, STEP_RESTART, unit, docker->state.driver, NULL, err)
		       : 0;
}

static int undo_linger(struct undoing *undoing, size_t i, struct error *err)
{
	return add_undo_step(
		undoing, i, STEP_UNLINGER, undoing->facts->items[i].record->before, err);
}

static int undo_make(struct undoing *undoing, size_t i, struct error *err)
{
	return add_undo_step(undoing, i, STEP_USER_UNMAKE, NULL, err);
}

/* Write to buf the controllers of `now` without those that the recorded change added. */
static void remaining_controllers(
	const struct journal_record *record, const char *now, char *buf, size_t size)
{
	char copy[FACTS_CONTROLLERS_MAX];
	char *rest = NULL;
	buf[0] = '\0';
	(void)snprintf(copy, sizeof copy, "%s", now);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		bool added = cgroup_has(record->after ? record->after : "", word) &&
			     !cgroup_has(record->before ? record->before : "", word);
		size_t used = strlen(buf);
		if (!added)
			(void)snprintf(buf + used, size - used, "%s%s", used ? " " : "", word);
	}
}

static int undo_enable(struct undoing *undoing, size_t i, struct error *err)
{
	char left[FACTS_CONTROLLERS_MAX];
	remaining_controllers(undoing->facts->items[i].record, undoing->now[i], left, sizeof left);
	return add_undo_step(undoing, i, STEP_USER_DISABLE, left, err);
}

/* Whether nothing is left of the change. */
static bool is_change_gone(
	enum step_kind kind, const struct journal_record *record, const char *now)
{
	char left[FACTS_CONTROLLERS_MAX];
	if (kind != STEP_USER_ENABLE || !now)
		return !now || journal_same_text(now, record->before);
	remaining_controllers(record, now, left, sizeof left);
	return strcmp(left, now) == 0;
}

/* Whether the file is as before, but the service that reads it still uses the change: an undo was
 * interrupted. */
static bool is_service_behind(const struct undoing *undoing, size_t i, enum step_kind kind)
{
	const struct docker_facts *docker = undoing->docker;
	const char *before = undoing->facts->items[i].record->before;
	if (kind == STEP_DROPIN)
		return undoing->facts->items[i].stale;
	return kind == STEP_DAEMON_JSON && docker->service.active && !docker->flag[0] &&
	       strcmp(docker->state.driver, DRIVER_WANTED) == 0 &&
	       !(before && strstr(before, DRIVER_OPTION DRIVER_WANTED));
}

static const struct {
	int (*undo)(struct undoing *undoing, size_t i, struct error *err);
	bool with_purge; /* undone only with --purge */
} undo_table[STEP_KINDS] = {
	[STEP_DROPIN] = {undo_dropin, false},
	[STEP_LINGER] = {undo_linger, false},
	[STEP_USER_ENABLE] = {undo_enable, false},
	[STEP_USER_MAKE] = {undo_make, false},
	[STEP_BACKUP] = {undo_file, true},
	[STEP_DAEMON_JSON] = {undo_daemon_json, false},
};

/* The kinds of steps that undo a change: at most MAKES_MAX for one. */
#define MAKES_MAX 5
static const struct {
	enum step_kind record;
	enum step_kind steps[MAKES_MAX];
	size_t count;
} undoing_steps[] = {
	{STEP_DROPIN, {STEP_DROPIN, STEP_REMOVE_FILE, STEP_RELOAD, STEP_REALIZE, STEP_RESERVE}, 5},
	{STEP_LINGER, {STEP_UNLINGER}, 1},
	{STEP_USER_ENABLE, {STEP_USER_DISABLE}, 1},
	{STEP_USER_MAKE, {STEP_USER_UNMAKE}, 1},
	{STEP_BACKUP, {STEP_BACKUP, STEP_REMOVE_FILE}, 2},
	{STEP_DAEMON_JSON, {STEP_DAEMON_JSON, STEP_REMOVE_FILE, STEP_RESTART}, 3},
};

static bool kind_undoes(enum step_kind record, enum step_kind step)
{
	for (size_t i = 0; i < sizeof undoing_steps / sizeof *undoing_steps; i++)
		for (size_t j = 0; j < undoing_steps[i].count; j++)
			if (undoing_steps[i].record == record && undoing_steps[i].steps[j] == step)
				return true;
	return step == STEP_FORGET;
}

bool undo_allows(const struct journal_record *record, const struct step *step)
{
	enum step_kind kind = step_kind_by_name(record->step);
	if (kind == STEP_KINDS || !kind_undoes(kind, step->kind) || step->uid != record->uid ||
		step->gid != record->gid)
		return false;
	/* What makes a service use the change has a target of its own, which root makes. */
	if (step->kind == STEP_RELOAD || step->kind == STEP_REALIZE || step->kind == STEP_RESTART ||
		step->kind == STEP_RESERVE)
		return true;
	if (strcmp(step->target, record->target) != 0)
		return false;
	if (step->kind == STEP_FORGET || step->kind == STEP_USER_DISABLE)
		return true;
	if (step->kind == STEP_USER_UNMAKE)
		return !step->after;
	return step->mode == record->mode && journal_same_text(step->before, record->after) &&
	       journal_same_text(step->after, record->before);
}

/* Leave a target alone, with a note that says why; with --purge, forget its record. */
static int leave_item(struct undoing *undoing, size_t i, const char *why, struct error *err)
{
	const struct journal_record *record = undoing->facts->items[i].record;
	if (setup_plan_note(undoing->plan, err, "left alone: %s: %s", record->target, why) < 0)
		return -1;
	return undoing->purge ? add_undo_step(undoing, i, STEP_FORGET, undoing->now[i], err) : 0;
}

/* Let the older records of the same target see it as the steps for this one leave it. */
static void put_back_older_items(struct undoing *undoing, size_t i)
{
	const struct journal_record *record = undoing->facts->items[i].record;
	for (size_t j = 0; j < i; j++) {
		const struct journal_record *older = undoing->facts->items[j].record;
		if (strcmp(older->target, record->target) == 0 &&
			strcmp(older->step, record->step) == 0)
			undoing->now[j] = record->before;
	}
}

static int undo_item(struct undoing *undoing, size_t i, struct error *err)
{
	const struct undo_item *item = &undoing->facts->items[i];
	const struct journal_record *record = item->record;
	enum step_kind kind = step_kind_by_name(record->step);
	const char *now = undoing->now[i];
	if (kind == STEP_KINDS || !undo_table[kind].undo || item->unknown.msg[0])
		return leave_item(
			undoing, i, item->unknown.msg[0] ? item->unknown.msg : "not known", err);
	if (undo_table[kind].with_purge && !undoing->purge)
		return 0;
	bool gone = is_change_gone(kind, record, now);
	if (gone && !is_service_behind(undoing, i, kind))
		return add_undo_step(undoing, i, STEP_FORGET, now, err);
	if (!gone && kind != STEP_USER_ENABLE && !journal_same_text(now, record->after))
		return leave_item(undoing, i, "it was changed since", err);
	size_t before = undoing->plan->count;
	if (undo_table[kind].undo(undoing, i, err) < 0)
		return -1;
	if (undoing->plan->count > before)
		put_back_older_items(undoing, i);
	return 0;
}

int plan_undo(const struct undo_facts *undo, const struct docker_facts *docker,
	const struct policy *policy, bool purge, struct setup_plan *ret, struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	_cleanup_free_ const char **now = calloc(undo->count + 1, sizeof *now);
	if (!now)
		return fail(err, ENOMEM, "plan the undo");
	for (size_t i = 0; i < undo->count; i++)
		now[i] = undo->items[i].now;
	struct undoing undoing = {undo, docker, policy, purge, &plan, now};
	for (size_t i = undo->count; i-- > 0;)
		if (undo_item(&undoing, i, err) < 0)
			return -1;
	*ret = plan;
	plan = (struct setup_plan){0};
	return 0;
}
