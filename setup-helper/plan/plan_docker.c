/* SPDX-License-Identifier: MIT
 *
 * plan_docker: the part about Docker. Whatever would leave a Docker that does not start, or stop
 * containers without the user's consent, is refused before anything is written.
 */
#include "cleanup.h"
#include "daemon_json.h"
#include "plan.h"

#include <errno.h>

/* The command line sets the driver. If daemon.json sets it too, dockerd refuses to start, and this
 * program does not change the command line. */
static int check_flag(const struct plan_input *input, const char *in_file, struct error *err)
{
	const struct docker_facts *facts = &input->facts->docker;
	const char *file = input->policy->daemon_json;
	if (in_file[0]) {
		(void)fail_as(err, EX_CONFIG,
			"%s and %s both set the driver; Docker does not start with both",
			facts->flag_where, file);
		return add_hint(err, "remove it from %s", facts->flag_where);
	}
	if (strcmp(facts->flag, DRIVER_WANTED) == 0)
		return 0;
	(void)fail_as(err, EX_CONFIG, "%s sets the driver '%s', and %s may not set it as well",
		facts->flag_where, facts->flag, file);
	return add_hint(err,
		"remove --exec-opt native.cgroupdriver=%s from %s, then run this again",
		facts->flag, facts->flag_where);
}

/* kubelet must use the same driver as the container engine, or its pods do not start. This program
 * does not change kubelet's. */
static int check_kubelet(const struct docker_facts *facts, struct error *err)
{
	if (!facts->kubelet[0])
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"a kubelet runs on this host (%s), so Docker is left unchanged", facts->kubelet);
	return add_hint(err, "its cgroupDriver and Docker's have to be changed together, by the "
			     "cluster's administrator");
}

static int check_facts(const struct plan_input *input, struct error *err)
{
	const struct docker_facts *facts = &input->facts->docker;
	const struct error *problem = facts->systemd.msg[0] ? &facts->systemd
				      : facts->file.msg[0]  ? &facts->file
							    : &facts->api;
	if (problem->msg[0]) {
		*err = *problem;
		return -1;
	}
	if (strcmp(facts->service.active_text, "activating") == 0 ||
		strcmp(facts->service.active_text, "deactivating") == 0)
		return fail_as(err, EX_TEMPFAIL, "%s is %s; try again when it is done",
			input->policy->service, facts->service.active_text);
	return 0;
}

int plan_check_idle(const struct docker_state *state, struct error *err)
{
	if (state->running == 0)
		return 0;
	(void)fail_as(err, EX_TEMPFAIL, "Docker must be restarted, but %ld container%s running: %s",
		state->running, state->running == 1 ? " is" : "s are",
		state->names ? state->names : "?");
	if (state->live_restore)
		return add_hint(err, "live-restore is on: with --restart=force they go on running, "
				     "each in the cgroup "
				     "where "
				     "it is (but Docker 20.10 ends those of `docker run --rm`); or "
				     "stop them first");
	return add_hint(err,
		"live-restore is off: they are stopped with --restart=force; or stop them first");
}

int plan_decide_restart(const struct docker_facts *facts, const struct policy *policy,
	struct setup_plan *plan, bool *ret, struct error *err)
{
	if (!facts->service.active && policy->restart != RESTART_FORCE)
		return setup_plan_note(plan, err,
			"%s is not running (%s): the new settings take effect when it starts",
			policy->service, facts->service.active_text);
	if (policy->restart == RESTART_NEVER)
		return setup_plan_note(plan, err,
			"%s keeps using the driver '%s' until it is restarted", policy->service,
			facts->state.driver);
	if (policy->restart == RESTART_AUTO && plan_check_idle(&facts->state, err) < 0)
		return -1;
	*ret = true;
	return 0;
}

static int add_file_steps(const struct plan_input *input, struct setup_plan *plan,
	const char *merged, struct error *err)
{
	const struct docker_facts *facts = &input->facts->docker;
	const char *path = input->policy->daemon_json;
	char backup[FACTS_PATH_MAX];
	(void)snprintf(backup, sizeof backup, "%s%s", path, PLAN_BACKUP_SUFFIX);
	if (facts->text) {
		if (setup_plan_add(plan, STEP_BACKUP, backup, NULL, facts->text, err) < 0)
			return -1;
		plan->steps[plan->count - 1].mode = facts->mode;
	}
	if (setup_plan_add(plan, STEP_DAEMON_JSON, path, facts->text, merged, err) < 0)
		return -1;
	plan->steps[plan->count - 1].mode = facts->mode;
	return 0;
}

int plan_docker(const struct plan_input *input, struct setup_plan *plan, struct error *err)
{
	const struct docker_facts *facts = &input->facts->docker;
	const char *text = facts->text ? facts->text : "";
	_cleanup_free_ char *merged = NULL;
	char in_file[FACTS_DRIVER_MAX] = "";
	if (!input->policy->manage)
		return setup_plan_note(
			plan, err, "Docker is left unchanged: manage=no in %s", POLICY_FILE);
	if (!facts->systemd.msg[0] && !facts->service.installed) {
		if (input->docker_only) {
			(void)fail_as(err, EX_UNAVAILABLE,
				"Docker is not installed: there is no %s", input->policy->service);
			return add_hint(err, "on Debian: sudo apt-get install docker.io");
		}
		return setup_plan_note(plan, err, "Docker is not installed: nothing to set");
	}
	if (check_kubelet(facts, err) < 0 || check_facts(input, err) < 0 ||
		daemon_json_driver(text, facts->len, in_file, sizeof in_file, err) < 0)
		return -1;
	if (facts->flag[0] ? check_flag(input, in_file, err) < 0
			   : daemon_json_merge(text, facts->len, &merged, err) < 0)
		return -1;
	bool restart = false;
	bool differs = strcmp(facts->state.driver, DRIVER_WANTED) != 0;
	bool failed = strcmp(facts->service.active_text, "failed") == 0;
	if ((merged || facts->service.active || failed) && differs &&
		plan_decide_restart(facts, input->policy, plan, &restart, err) < 0)
		return -1;
	/* Containers may start between the probe and the restart, or while the user decides. */
	if (restart && facts->service.active && input->policy->restart == RESTART_AUTO &&
		setup_plan_add(plan, STEP_IDLE, input->policy->service, NULL, "no containers run",
			err) < 0)
		return -1;
	if (merged && add_file_steps(input, plan, merged, err) < 0)
		return -1;
	if (!restart)
		return 0;
	return setup_plan_add(plan, STEP_RESTART, input->policy->service,
		facts->state.driver[0] ? facts->state.driver : facts->service.active_text,
		DRIVER_WANTED, err);
}
