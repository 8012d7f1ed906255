/* SPDX-License-Identifier: MIT
 *
 * test_setup_plan: from the facts about a host to the steps of the plan: each state that a host can
 * be in, and what is refused before anything is written.
 */
#include "unit.h"

#include "findings.h"
#include "plan.h"
#include "render.h"
#include "step.h"

#include <jansson.h>

#define ALL "cpuset cpu memory pids"

/* The facts about a host that is fully set up for alice. Each test takes some of it away. */
struct fixture {
	struct facts facts;
	struct policy policy;
	struct setup_plan plan;
	struct confined confined;
	struct error err;
};

static void set_text(char **field, const char *text)
{
	free(*field);
	*field = text ? strdup(text) : NULL;
}

static void make_ready(struct fixture *f)
{
	static const char *const paths[LEVEL_COUNT] = {".", "user.slice",
		"user.slice/user-1000.slice", "user.slice/user-1000.slice/user@1000.service",
		"user.slice/user-1000.slice/user@1000.service/oss-crs"};
	struct delegate_facts *delegate = &f->facts.delegate;
	struct docker_facts *docker = &f->facts.docker;
	char dropin[STEP_DROPIN_MAX];
	policy_default(&f->policy);
	f->facts.user = (struct caller){.known = true, .uid = 1000, .gid = 1000, .name = "alice"};
	(void)snprintf(delegate->unit, sizeof delegate->unit, "user@1000.service");
	delegate->manager =
		(struct unit_state){.installed = true, .active = true, .active_text = "active"};
	delegate->lingers = true;
	delegate->dropin_read = true;
	set_text(&delegate->dropin, step_dropin_text(f->policy.controllers, dropin, sizeof dropin));
	set_text(&delegate->delegated, "cpu\ncpuset\nmemory\npids\n");
	for (int i = 0; i < LEVEL_COUNT; i++) {
		struct level_facts *level = &delegate->levels[i];
		level->exists = true;
		level->owned = i >= LEVEL_MANAGER;
		(void)snprintf(level->path, sizeof level->path, "%s", paths[i]);
		(void)snprintf(level->controllers, sizeof level->controllers, ALL);
		(void)snprintf(level->enabled, sizeof level->enabled, ALL);
	}
	docker->service =
		(struct unit_state){.installed = true, .active = true, .active_text = "active"};
	docker->mode = 0644;
	set_text(&docker->text, "{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}");
	docker->len = strlen(docker->text);
	(void)snprintf(docker->state.driver, sizeof docker->state.driver, "cgroupfs");
}

/* Debian as installed, with alice logged in. */
static void make_stock(struct fixture *f)
{
	make_ready(f);
	struct delegate_facts *delegate = &f->facts.delegate;
	set_text(&delegate->dropin, NULL);
	set_text(&delegate->delegated, "cpu\nmemory\npids\n");
	delegate->lingers = false;
	delegate->levels[LEVEL_OURS].exists = false;
	delegate->levels[LEVEL_OURS].owned = false;
	for (int i = LEVEL_USER_SLICE; i < LEVEL_OURS; i++)
		(void)snprintf(
			delegate->levels[i].enabled, FACTS_CONTROLLERS_MAX, "cpu memory pids");
	set_text(&f->facts.docker.text, NULL);
	f->facts.docker.len = 0;
	(void)snprintf(f->facts.docker.state.driver, FACTS_DRIVER_MAX, "systemd");
}

static int make_plan(struct fixture *f, bool delegate, bool docker)
{
	const struct plan_input input = {
		&f->facts, &f->policy, delegate, docker, docker && !delegate};
	setup_plan_clear(&f->plan);
	return setup_plan_make(&input, &f->plan, &f->err);
}

/* The plan has exactly these steps, by name. */
static void assert_steps(const struct fixture *f, const char *names)
{
	char is[512] = "";
	for (size_t i = 0; i < f->plan.count; i++) {
		size_t used = strlen(is);
		(void)snprintf(is + used, sizeof is - used, "%s%s", i ? " " : "",
			step_name(f->plan.steps[i].kind));
	}
	assert_string_equal(is, names);
}

static void release_fixture(struct fixture *f)
{
	setup_plan_clear(&f->plan);
	facts_clear(&f->facts);
}

#define DELEGATE_STOCK \
	"drop-in reload linger realize enable enable user-enable user-make user-enable"

TEST(a_stock_host_needs_everything)
{
	struct fixture f = {0};
	make_stock(&f);
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, DELEGATE_STOCK " idle daemon-json restart");
	assert_string_equal(
		f.plan.steps[0].target, "/etc/systemd/system/user@1000.service.d/50-oss-crs.conf");
	assert_contains(f.plan.steps[0].after, "\nDelegate=cpuset memory\n");
	assert_string_equal(f.plan.steps[4].before, "cpu memory pids");
	assert_string_equal(f.plan.steps[4].after, "cpu memory pids cpuset");
	assert_string_equal(f.plan.blocked.msg, "");
	assert_ok(make_plan(&f, true, false), f.err);
	assert_steps(&f, DELEGATE_STOCK);
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "idle daemon-json restart");
	assert_null(f.plan.steps[1].before);
	release_fixture(&f);
}

TEST(a_ready_host_needs_nothing)
{
	struct fixture f = {0};
	make_ready(&f);
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, "");
	assert_int_equal(f.plan.note_count, 0);
	release_fixture(&f);
}

TEST(after_a_reboot_only_the_users_part_is_missing)
{
	struct fixture f = {0};
	make_ready(&f);
	f.facts.delegate.levels[LEVEL_OURS].exists = false;
	f.facts.delegate.levels[LEVEL_OURS].owned = false;
	(void)snprintf(f.facts.delegate.levels[LEVEL_MANAGER].enabled, FACTS_CONTROLLERS_MAX,
		"cpu memory pids");
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, "user-enable user-make user-enable");
	release_fixture(&f);
}

TEST(a_user_who_is_not_logged_in)
{
	struct fixture f = {0};
	make_stock(&f);
	f.facts.delegate.manager.active = false;
	(void)snprintf(f.facts.delegate.manager.active_text, 32, "inactive");
	for (int i = LEVEL_USER_UID_SLICE; i < LEVEL_COUNT; i++)
		f.facts.delegate.levels[i].exists = false;
	assert_ok(make_plan(&f, true, false), f.err);
	assert_steps(&f, "drop-in reload linger start-manager enable enable user-enable user-make "
			 "user-enable");
	f.policy.linger = false;
	assert_ok(make_plan(&f, true, false), f.err);
	assert_steps(&f, "drop-in reload");
	assert_int_equal(f.plan.note_count, 1);
	assert_contains(f.plan.notes[0], "next login");
	release_fixture(&f);
}

TEST(an_interrupted_setup_is_finished)
{
	struct fixture f = {0};
	make_ready(&f);
	f.facts.delegate.manager.stale = true;
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, "reload");
	f.facts.delegate.manager.stale = false;
	/* systemd 252 does not report NeedDaemonReload for a new drop-in. */
	f.facts.delegate.dropin_read = false;
	set_text(&f.facts.delegate.delegated, "cpu\nmemory\npids\n");
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, "reload");
	f.facts.delegate.dropin_read = true;
	set_text(&f.facts.delegate.delegated, "cpu\ncpuset\nmemory\npids\n");
	(void)snprintf(f.facts.docker.state.driver, FACTS_DRIVER_MAX, "systemd");
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, "idle restart");
	set_text(&f.facts.delegate.dropin, "[Service]\n");
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, "drop-in reload idle restart");
	assert_string_equal(f.plan.steps[0].before, "[Service]\n");
	release_fixture(&f);
}

TEST(an_oss_crs_cgroup_made_by_root_is_made_again_by_the_user)
{
	struct fixture f = {0};
	make_ready(&f);
	f.facts.delegate.levels[LEVEL_OURS].owned = false;
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, "user-remove user-make user-enable");
	release_fixture(&f);
}

TEST(a_drop_in_that_overrides_the_delegation_is_an_error)
{
	struct fixture f = {0};
	make_ready(&f);
	set_text(&f.facts.delegate.delegated, "cpu\n");
	assert_int_equal(make_plan(&f, true, true), -1);
	assert_int_equal(f.err.status, EX_CONFIG);
	assert_contains(f.err.hint, "systemctl cat user@1000.service");
	release_fixture(&f);
}

TEST(a_host_without_cgroup2_or_systemd_is_refused)
{
	struct fixture f = {0};
	make_stock(&f);
	(void)fail_as(&f.facts.delegate.cgroup, EX_UNAVAILABLE, "cgroup v1");
	assert_int_equal(make_plan(&f, true, true), -1);
	assert_int_equal(f.err.status, EX_UNAVAILABLE);
	assert_string_equal(f.err.msg, "cgroup v1");
	release_fixture(&f);
}

TEST(an_existing_daemon_json_is_kept_and_backed_up)
{
	struct fixture f = {0};
	make_stock(&f);
	set_text(&f.facts.docker.text, "{\"debug\":true}");
	f.facts.docker.len = strlen(f.facts.docker.text);
	f.facts.docker.mode = 0600;
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "idle backup daemon-json restart");
	assert_string_equal(f.plan.steps[1].target, "/etc/docker/daemon.json.oss-crs-backup");
	assert_string_equal(f.plan.steps[1].after, "{\"debug\":true}");
	assert_string_equal(f.plan.steps[2].before, "{\"debug\":true}");
	assert_contains(f.plan.steps[2].after, "\"debug\": true");
	assert_int_equal(f.plan.steps[1].mode, 0600);
	assert_int_equal(f.plan.steps[2].mode, 0600);
	release_fixture(&f);
}

/* The Docker half is refused with this status and a message that contains `part`. */
static void assert_blocked(struct fixture *f, int status, const char *part)
{
	assert_ok(make_plan(f, true, true), f->err);
	assert_steps(f, DELEGATE_STOCK);
	assert_int_equal(f->plan.blocked.status, status);
	assert_contains(f->plan.blocked.msg, part);
}

TEST(running_containers_are_not_stopped_without_consent)
{
	struct fixture f = {0};
	make_stock(&f);
	f.facts.docker.state.running = 2;
	set_text(&f.facts.docker.state.names, "web, db");
	assert_blocked(&f, EX_TEMPFAIL, "2 containers are running: web, db");
	assert_contains(f.plan.blocked.hint, "--restart=force");
	f.policy.restart = RESTART_FORCE;
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "daemon-json restart");
	f.policy.restart = RESTART_NEVER;
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "daemon-json");
	assert_contains(f.plan.notes[0], "until it is restarted");
	/* If the daemon already uses the right driver, there is no reason to stop them. */
	f.policy.restart = RESTART_AUTO;
	(void)snprintf(f.facts.docker.state.driver, FACTS_DRIVER_MAX, "cgroupfs");
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "daemon-json");
	release_fixture(&f);
}

TEST(a_stopped_docker_is_not_started)
{
	struct fixture f = {0};
	make_stock(&f);
	f.facts.docker.service.active = false;
	(void)snprintf(f.facts.docker.service.active_text, 32, "inactive");
	f.facts.docker.state.driver[0] = '\0';
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "daemon-json");
	assert_contains(f.plan.notes[0], "not running");
	f.policy.restart = RESTART_FORCE;
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "daemon-json restart");
	(void)snprintf(f.facts.docker.service.active_text, 32, "activating");
	assert_blocked(&f, EX_TEMPFAIL, "activating");
	release_fixture(&f);
}

TEST(a_driver_on_the_command_line_is_reported_but_not_changed)
{
	struct fixture f = {0};
	make_stock(&f);
	struct docker_facts *docker = &f.facts.docker;
	(void)snprintf(docker->flag, sizeof docker->flag, "systemd");
	(void)snprintf(
		docker->flag_where, sizeof docker->flag_where, "/etc/systemd/system/x.conf:3");
	assert_blocked(&f, EX_CONFIG, "/etc/systemd/system/x.conf:3 sets the driver 'systemd'");
	(void)snprintf(docker->flag, sizeof docker->flag, "cgroupfs");
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "idle restart");
	(void)snprintf(docker->state.driver, FACTS_DRIVER_MAX, "cgroupfs");
	assert_ok(make_plan(&f, false, true), f.err);
	assert_steps(&f, "");
	set_text(&docker->text, "{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}");
	docker->len = strlen(docker->text);
	assert_blocked(&f, EX_CONFIG, "does not start with both");
	release_fixture(&f);
}

TEST(unknown_facts_about_docker_block_only_the_docker_half)
{
	struct fixture f = {0};
	make_stock(&f);
	(void)fail_as(&f.facts.docker.api, EX_UNAVAILABLE, "nobody answers");
	assert_blocked(&f, EX_UNAVAILABLE, "nobody answers");
	(void)fail_as(&f.facts.docker.file, EX_CONFIG, "a symbolic link");
	assert_blocked(&f, EX_CONFIG, "a symbolic link");
	f.policy.manage = false;
	assert_ok(make_plan(&f, true, true), f.err);
	assert_steps(&f, DELEGATE_STOCK);
	assert_string_equal(f.plan.blocked.msg, "");
	release_fixture(&f);
}

TEST(the_hint_says_whether_live_restore_keeps_containers_running)
{
	struct fixture f = {0};
	make_stock(&f);
	f.facts.docker.state.running = 1;
	set_text(&f.facts.docker.state.names, "web");
	assert_blocked(&f, EX_TEMPFAIL, "1 container is running: web");
	assert_contains(f.plan.blocked.hint, "live-restore is off: they are stopped");
	f.facts.docker.state.live_restore = true;
	assert_blocked(&f, EX_TEMPFAIL, "1 container is running: web");
	assert_contains(
		f.plan.blocked.hint, "live-restore is on: with --restart=force they go on running");
	release_fixture(&f);
}

TEST(docker_is_left_alone_where_a_kubelet_runs)
{
	struct fixture f = {0};
	make_stock(&f);
	(void)snprintf(f.facts.docker.kubelet, sizeof f.facts.docker.kubelet, "kubelet.service");
	assert_blocked(&f, EX_UNAVAILABLE, "a kubelet runs on this host (kubelet.service)");
	f.facts.docker.service = (struct unit_state){.active_text = "inactive"};
	assert_ok(make_plan(&f, true, true), f.err);
	assert_string_equal(f.plan.blocked.msg, "");
	release_fixture(&f);
}

TEST(a_host_without_docker)
{
	struct fixture f = {0};
	make_stock(&f);
	f.facts.docker.service = (struct unit_state){.active_text = "inactive"};
	assert_ok(make_plan(&f, true, true), f.err);
	assert_string_equal(f.plan.blocked.msg, "");
	assert_contains(f.plan.notes[0], "not installed");
	assert_ok(make_plan(&f, false, true), f.err);
	assert_int_equal(f.plan.blocked.status, EX_UNAVAILABLE);
	release_fixture(&f);
}

static const struct finding *find_finding(const struct findings *findings, const char *id)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->list[i].id, id) == 0)
			return &findings->list[i];
	fail_test("there is no finding %s", id);
	return NULL;
}

TEST(the_docker_half_is_optional_where_podman_is_installed)
{
	struct fixture f = {0};
	make_stock(&f);
	assert_ok(make_plan(&f, true, true), f.err);
	assert_false(f.plan.docker_optional);
	f.facts.docker.podman = true;
	assert_ok(make_plan(&f, true, true), f.err);
	assert_true(f.plan.docker_optional);
	assert_ok(make_plan(&f, false, true), f.err); /* docker was named */
	assert_false(f.plan.docker_optional);
	release_fixture(&f);
	make_ready(&f);
	f.facts.docker.podman = true;
	set_text(&f.facts.delegate.dropin, NULL); /* Docker is ready: nothing to ask about */
	assert_ok(make_plan(&f, true, true), f.err);
	assert_true(f.plan.count > 0);
	assert_false(f.plan.docker_optional);
	release_fixture(&f);
}

TEST(findings_say_what_is_missing_and_what_to_type)
{
	struct fixture f = {0};
	struct findings findings;
	make_ready(&f);
	findings_make(&f.facts, &f.policy, ENGINE_DOCKER, &f.confined, &findings);
	assert_true(findings.ready);
	/* A missing oss-crs cgroup is no problem: the runner makes it after a reboot. */
	f.facts.delegate.levels[LEVEL_OURS].exists = false;
	findings_make(&f.facts, &f.policy, ENGINE_DOCKER, &f.confined, &findings);
	assert_true(findings.ready);
	(void)snprintf(f.facts.docker.state.driver, FACTS_DRIVER_MAX, "systemd");
	findings_make(&f.facts, &f.policy, ENGINE_DOCKER, &f.confined, &findings);
	assert_false(findings.ready);
	assert_false(find_finding(&findings, "docker")->ok);
	assert_string_equal(find_finding(&findings, "docker")->hint, "sudo oss-crs-setup docker");
	assert_true(find_finding(&findings, "docker-config")->ok);
	assert_string_equal(find_finding(&findings, "docker-config")->hint, "");
	release_fixture(&f);
}

TEST(plans_and_findings_as_json)
{
	struct fixture f = {0};
	struct findings findings;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *checked = NULL;
	make_stock(&f);
	f.facts.docker.state.running = 1;
	set_text(&f.facts.docker.state.names, "web");
	assert_ok(make_plan(&f, true, true), f.err);
	assert_ok(render_plan_json(&f.plan, &text, &f.err), f.err);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
	const json_t *steps = json_object_get(json, "steps");
	assert_int_equal(json_array_size(steps), 9);
	assert_true(json_is_null(json_object_get(json_array_get(steps, 0), "before")));
	assert_contains(
		json_string_value(json_object_get(json_object_get(json, "blocked"), "message")),
		"web");
	json_decref(json);
	findings_make(&f.facts, &f.policy, ENGINE_DOCKER, &f.confined, &findings);
	assert_ok(render_findings_json(&findings, &checked, &f.err), f.err);
	json = json_loads(checked, JSON_REJECT_DUPLICATES, NULL);
	assert_true(json_is_false(json_object_get(json, "ready")));
	assert_int_equal(json_array_size(json_object_get(json, "findings")), 10);
	json_decref(json);
	release_fixture(&f);
}

TEST(a_plan_as_text_shows_before_and_after)
{
	struct fixture f = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *nothing = NULL;
	make_stock(&f);
	assert_ok(make_plan(&f, true, true), f.err);
	assert_ok(render_plan(&f.plan, &text, &f.err), f.err);
	assert_contains(text, "1. write /etc/systemd/system/user@1000.service.d/50-oss-crs.conf\n");
	assert_contains(text, "    before: (nothing)\n");
	assert_contains(text, "      | Delegate=cpuset memory\n");
	setup_plan_clear(&f.plan);
	assert_ok(render_plan(&f.plan, &nothing, &f.err), f.err);
	assert_string_equal(nothing, "nothing to do\n");
	release_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_stock_host_needs_everything),
		RUN(a_ready_host_needs_nothing),
		RUN(after_a_reboot_only_the_users_part_is_missing),
		RUN(a_user_who_is_not_logged_in),
		RUN(an_interrupted_setup_is_finished),
		RUN(an_oss_crs_cgroup_made_by_root_is_made_again_by_the_user),
		RUN(a_drop_in_that_overrides_the_delegation_is_an_error),
		RUN(a_host_without_cgroup2_or_systemd_is_refused),
		RUN(an_existing_daemon_json_is_kept_and_backed_up),
		RUN(running_containers_are_not_stopped_without_consent),
		RUN(a_stopped_docker_is_not_started),
		RUN(a_driver_on_the_command_line_is_reported_but_not_changed),
		RUN(unknown_facts_about_docker_block_only_the_docker_half),
		RUN(the_hint_says_whether_live_restore_keeps_containers_running),
		RUN(docker_is_left_alone_where_a_kubelet_runs),
		RUN(a_host_without_docker),
		RUN(the_docker_half_is_optional_where_podman_is_installed),
		RUN(findings_say_what_is_missing_and_what_to_type),
		RUN(plans_and_findings_as_json),
		RUN(a_plan_as_text_shows_before_and_after),
	};
	return cmocka_run_group_tests_name("setup_plan", tests, NULL, NULL);
}
