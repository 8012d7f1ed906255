/* SPDX-License-Identifier: MIT
 *
 * plan_reserve: CPUs that only the runs of one user have. A drop-in for the user's manager names
 * them and wants the unit oss-crs-reserve@UID.service, which hands them down to the user's oss-crs
 * cgroup whenever the manager starts. So all that is done here is to write that file and have
 * systemd restart the unit.
 */
#include "plan.h"

#include "cgroup.h"
#include "cleanup.h"
#include "cpulist.h"

#include <string.h>

int plan_reserved_cpus(const struct request *request, const char *online,
	char buf[static STEP_CPUS_MAX], struct error *err)
{
	char text[CPULIST_TEXT_MAX];
	struct cpulist host = {0};
	struct cpulist left = {0};
	struct cpulist reserved = request->cpus;
	if (cpulist_parse(online, &host, err) < 0)
		return add_context(err, "the online CPUs");
	for (unsigned cpu = 0, n = 0; n < request->all_but; n++) {
		cpu = cpulist_next(&host, cpu + (n > 0));
		cpulist_add(&left, cpu);
		reserved = host;
	}
	cpulist_subtract(&reserved, &left);
	if (!cpulist_within(&reserved, &host))
		return fail_as(err, EX_USAGE, "not all of these CPUs are online: %.64s",
			cpulist_format(&reserved, text));
	cpulist_subtract(&host, &reserved);
	if (cpulist_empty(&reserved) || cpulist_empty(&host))
		return fail_as(err, EX_USAGE,
			"at least one CPU has to be reserved, and one left to the host");
	size_t size = strlen(cpulist_format(&reserved, text)) + 1;
	if (size > STEP_CPUS_MAX)
		return fail_as(err, EX_USAGE, "the list of CPUs is too long");
	memcpy(buf, text, size);
	return 0;
}

/* Whether CPUs can be reserved for the user at all. */
static int check_possible(const struct facts *facts, struct error *err)
{
	const struct delegate_facts *delegate = &facts->delegate;
	const struct reserve_facts *reserve = &facts->reserve;
	const struct error *problems[] = {&delegate->cgroup, &delegate->systemd, &reserve->problem};
	for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
		if (!problems[i]->msg[0])
			continue;
		*err = *problems[i];
		return -1;
	}
	if (!cgroup_has(delegate->levels[LEVEL_MANAGER].controllers, "cpuset")) {
		(void)fail_as(err, EX_UNAVAILABLE, "cpuset is not delegated to %s", delegate->unit);
		return add_hint(err, "first: sudo oss-crs-setup delegate");
	}
	if (!reserve->remote) {
		(void)fail_as(err, EX_UNAVAILABLE,
			"this kernel has no remote cpuset partitions, by which CPUs are reserved");
		return add_hint(err, "boot Linux 6.7 or later");
	}
	if (reserve->installed)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "systemd has no " STEP_RESERVE_UNIT ".service");
	return add_hint(err, "install the whole package, or run: systemctl daemon-reload");
}

/* Whether no other user has the CPUs. */
static int check_free(const struct reserve_facts *facts, const char *cpus, struct error *err)
{
	struct cpulist wanted = {0};
	char text[CPULIST_TEXT_MAX];
	if (cpulist_parse(cpus, &wanted, err) < 0)
		return -1;
	for (size_t i = 0; i < facts->other_count; i++) {
		struct cpulist taken = {0};
		if (cpulist_parse(facts->others[i].cpus, &taken, err) < 0)
			return add_context(err, "the CPUs that are reserved for user %u",
				(unsigned)facts->others[i].uid);
		cpulist_intersect(&taken, &wanted);
		if (cpulist_empty(&taken))
			continue;
		(void)fail_as(err, EX_TEMPFAIL, "CPUs %.64s are reserved for user %u",
			cpulist_format(&taken, text), (unsigned)facts->others[i].uid);
		return add_hint(err, "reserve others with --cpus LIST, or first give those back, "
				     "with all other changes: sudo oss-crs-setup undo");
	}
	return 0;
}

/* Whether the oss-crs cgroup has just these CPUs for itself alone. */
static bool is_applied(const struct reserve_facts *facts, const char *cpus)
{
	return facts->partition && strcmp(facts->partition, "root") == 0 && facts->cpus &&
	       strcmp(facts->cpus, cpus) == 0;
}

static int add_reserve_steps(
	const struct facts *facts, const char *cpus, struct setup_plan *plan, struct error *err)
{
	const struct reserve_facts *reserve = &facts->reserve;
	const struct unit_state *manager = &facts->delegate.manager;
	uid_t uid = facts->user.uid;
	char path[POLICY_DROPIN_PATH_MAX];
	char text[STEP_DROPIN_MAX];
	char unit[FACTS_UNIT_MAX];
	(void)policy_reserve_path(uid, path, sizeof path);
	(void)step_reserve_text(uid, cpus, text, sizeof text);
	(void)snprintf(unit, sizeof unit, STEP_RESERVE_UNIT "%u.service", (unsigned)uid);
	bool differs = !reserve->dropin || strcmp(reserve->dropin, text) != 0;
	if (differs && setup_plan_add(plan, STEP_DROPIN, path, reserve->dropin, text, err) < 0)
		return -1;
	if ((differs || manager->stale || !reserve->dropin_read) &&
		setup_plan_add(plan, STEP_RELOAD, "systemd", NULL, "daemon-reload", err) < 0)
		return -1;
	if (!manager->active)
		return setup_plan_note(plan, err,
			"%s is not logged in and does not linger: the CPUs are reserved from the "
			"next login on",
			facts->user.name);
	return differs || !is_applied(reserve, cpus)
		       ? setup_plan_add(plan, STEP_RESERVE, unit, NULL, cpus, err)
		       : 0;
}

int plan_reserve(const struct facts *facts, const struct request *request, struct setup_plan *ret,
	struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	char cpus[STEP_CPUS_MAX];
	if (check_possible(facts, err) < 0 ||
		plan_reserved_cpus(request, facts->reserve.online, cpus, err) < 0 ||
		check_free(&facts->reserve, cpus, err) < 0 ||
		add_reserve_steps(facts, cpus, &plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan.count; i++) {
		plan.steps[i].uid = facts->user.uid;
		plan.steps[i].gid = facts->user.gid;
	}
	*ret = plan;
	plan = (struct setup_plan){0};
	return 0;
}
