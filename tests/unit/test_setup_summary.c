/* SPDX-License-Identifier: MIT
 *
 * test_setup_summary: what oss-crs-setup says before and after it changes a host: three lines that
 * name what changes, for whom, and what becomes of Docker's containers; which engine it takes the
 * jobs to use; and what is still to do at the end.
 */
#include "unit.h"

#include "podman_images.h"
#include "summary.h"

struct fixture {
	struct facts facts;
	struct policy policy;
	struct setup_plan plan;
	char *text;
	struct error err;
};

/* alice, with a Docker that runs and has nothing in it. */
static void make_fixture(struct fixture *f)
{
	*f = (struct fixture){.facts = {
				      .user = {.known = true, .uid = 1000, .name = "alice"},
				      .docker = {.service = {.installed = true, .active = true}},
			      }};
	policy_default(&f->policy);
}

static void release_fixture(struct fixture *f)
{
	setup_plan_clear(&f->plan);
	free(f->facts.docker.state.names);
	free(f->text);
}

static void add_step(struct fixture *f, enum step_kind kind, const char *before)
{
	assert_ok(setup_plan_add(&f->plan, kind, "target", before, "after", &f->err), f->err);
}

/* Three lines, the last of which is about Docker. */
static void assert_summary(
	struct fixture *f, const char *changes, const char *affects, const char *docker)
{
	char expected[1024];
	(void)snprintf(expected, sizeof expected, "changes: %s\naffects: %s\nDocker:  %s\n",
		changes, affects, docker);
	free(steal_ptr(f->text));
	assert_ok(summary_of_plan(&f->plan, &f->facts, &f->policy, &f->text, &f->err), f->err);
	assert_string_equal(f->text, expected);
}

#define GIVE   "give alice control of CPUs and memory in user@1000.service"
#define LINGER "keep alice's services running after logout"
#define DRIVER "set Docker's cgroup driver to cgroupfs"
#define USERS  "everyone who uses Docker here"

TEST(a_whole_setup_is_three_lines)
{
	struct fixture f;
	make_fixture(&f);
	add_step(&f, STEP_DROPIN, NULL);
	add_step(&f, STEP_RELOAD, NULL);
	assert_summary(&f, GIVE, "alice", "stays as it is, and does not restart");
	add_step(&f, STEP_LINGER, "no");
	add_step(&f, STEP_USER_MAKE, NULL);
	assert_summary(&f, GIVE "; " LINGER, "alice", "stays as it is, and does not restart");
	add_step(&f, STEP_IDLE, NULL);
	add_step(&f, STEP_DAEMON_JSON, NULL);
	add_step(&f, STEP_RESTART, "systemd");
	assert_summary(&f, GIVE "; " LINGER "; " DRIVER, "alice, and " USERS,
		"restarts; no container is running");
	f.policy.scope = SCOPE_ALL;
	assert_summary(&f, GIVE "; " LINGER "; " DRIVER, "every user of this host, and " USERS,
		"restarts; no container is running");
	release_fixture(&f);
}

TEST(the_containers_that_a_restart_hits_are_counted_and_named)
{
	struct fixture f;
	make_fixture(&f);
	add_step(&f, STEP_DAEMON_JSON, NULL);
	assert_summary(
		&f, DRIVER, USERS, "does not restart; it uses the new driver after its next start");
	add_step(&f, STEP_RESTART, "systemd");
	f.facts.docker.state.running = 1;
	f.facts.docker.state.names = strdup("web");
	assert_summary(&f, DRIVER, USERS, "restarts; 1 running container is stopped: web");
	f.facts.docker.state.running = 2;
	free(f.facts.docker.state.names);
	f.facts.docker.state.names = strdup("web, \033[2Jdb\n9");
	assert_summary(&f, DRIVER, USERS,
		"restarts; 2 running containers are stopped: web, \\x1b[2Jdb\\x0a9");
	f.facts.docker.state.live_restore = true;
	assert_summary(
		&f, DRIVER, USERS, "restarts; 2 running containers go on: web, \\x1b[2Jdb\\x0a9");
	f.facts.docker.service.active = false;
	assert_summary(&f, DRIVER, USERS, "starts");
	release_fixture(&f);
}

TEST(what_keeps_docker_out_of_the_plan_is_said)
{
	struct fixture f;
	make_fixture(&f);
	add_step(&f, STEP_DROPIN, NULL);
	(void)fail_as(&f.plan.blocked, EX_TEMPFAIL, "1 container is running: web");
	assert_summary(&f, GIVE, "alice", "stays as it is: 1 container is running: web");
	release_fixture(&f);
}

TEST(an_undo_and_a_sweep_are_counted)
{
	struct fixture f;
	make_fixture(&f);
	add_step(&f, STEP_SWEEP, "a/b\na\n");
	assert_summary(&f, "remove 2 empty cgroups that dead runs of alice left", "alice",
		"stays as it is, and does not restart");
	setup_plan_clear(&f.plan);
	for (unsigned i = 0; i < 5; i++) {
		add_step(&f, i < 3 ? STEP_REMOVE_FILE : STEP_RELOAD, "x");
		f.plan.steps[i].undoes = i < 2 ? 7 : 3;
	}
	assert_summary(&f, "undo 2 changes of oss-crs-setup",
		"everyone for whom oss-crs-setup was run", "stays as it is, and does not restart");
	add_step(&f, STEP_RESTART, "cgroupfs");
	f.plan.steps[5].undoes = 1;
	assert_summary(&f, "undo 3 changes of oss-crs-setup",
		"everyone for whom oss-crs-setup was run, and " USERS,
		"restarts; no container is running");
	release_fixture(&f);
}

TEST(the_engine_is_the_one_that_the_user_may_use_and_has_images_in)
{
	static const struct {
		bool podman;
		enum answer member;
		enum answer podman_images;
		long images;
		long running;
		bool active;
		enum engine guess;
	} table[] = {
		{false, ANSWER_NO, ANSWER_NO, 0, 0, true, ENGINE_DOCKER},
		{true, ANSWER_NO, ANSWER_NO, 9, 9, true, ENGINE_PODMAN},
		{true, ANSWER_YES, ANSWER_NO, 0, 0, true, ENGINE_DOCKER},
		{true, ANSWER_YES, ANSWER_YES, 0, 0, true, ENGINE_PODMAN},
		{true, ANSWER_YES, ANSWER_YES, 1, 0, true, ENGINE_DOCKER},
		{true, ANSWER_YES, ANSWER_YES, 0, 1, true, ENGINE_DOCKER},
		{true, ANSWER_YES, ANSWER_YES, 0, 0, false, ENGINE_DOCKER},
		{true, ANSWER_YES, ANSWER_UNKNOWN, 0, 0, true, ENGINE_DOCKER},
		{true, ANSWER_UNKNOWN, ANSWER_NO, 0, 0, true, ENGINE_DOCKER},
		{true, ANSWER_UNKNOWN, ANSWER_YES, 0, 0, true, ENGINE_PODMAN},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct docker_facts facts = {
			.podman = table[i].podman,
			.member = table[i].member,
			.podman_images = table[i].podman_images,
			.service = {.installed = true, .active = table[i].active},
			.state = {.images = table[i].images, .running = table[i].running},
		};
		if (engine_guess(&facts) != table[i].guess)
			fail_test("row %zu: the other engine", i);
	}
}

TEST(the_question_shows_what_its_default_rests_on)
{
	struct fixture f;
	make_fixture(&f);
	f.facts.docker.podman = true;
	f.facts.docker.member = ANSWER_YES;
	f.facts.docker.state.images = 12;
	f.facts.docker.state.running = 1;
	assert_ok(engine_question(&f.facts, &f.text, &f.err), f.err);
	assert_string_equal(f.text,
		"Docker and Podman are both installed. Which one will the jobs of alice use?\n"
		"  docker  12 images, 1 container running; alice may use it\n"
		"  podman  alice may have images in it (unknown); no part of a job runs as root\n"
		"Engine [docker]: ");
	free(steal_ptr(f.text));
	f.facts.docker.member = ANSWER_NO;
	f.facts.docker.podman_images = ANSWER_NO;
	f.facts.docker.service.active = false;
	assert_ok(engine_question(&f.facts, &f.text, &f.err), f.err);
	assert_contains(f.text, "  docker  not running; alice may not use it (not in its group)\n");
	assert_contains(f.text, "  podman  alice has no images in it;");
	assert_contains(f.text, "Engine [podman]: ");
	release_fixture(&f);
}

TEST(an_answer_is_a_name_its_first_letter_or_nothing)
{
	assert_int_equal(engine_answer("\n", ENGINE_PODMAN), ENGINE_PODMAN);
	assert_int_equal(engine_answer("", ENGINE_DOCKER), ENGINE_DOCKER);
	assert_int_equal(engine_answer("docker\n", ENGINE_PODMAN), ENGINE_DOCKER);
	assert_int_equal(engine_answer("p\n", ENGINE_DOCKER), ENGINE_PODMAN);
	assert_int_equal(engine_answer("podman", ENGINE_DOCKER), ENGINE_PODMAN);
	assert_int_equal(engine_answer("y\n", ENGINE_PODMAN), ENGINE_PODMAN);
	assert_int_equal(engine_answer("Y\n", ENGINE_PODMAN), ENGINE_PODMAN);
	assert_int_equal(engine_answer("Docker\n", ENGINE_PODMAN), ENGINE_DOCKER);
	assert_int_equal(engine_answer("n\n", ENGINE_DOCKER), ENGINE_UNDECIDED);
	assert_int_equal(engine_answer("pod\n", ENGINE_DOCKER), ENGINE_UNDECIDED);
}

static void assert_end(struct fixture *f, const struct summary_end *end, const char *expected)
{
	free(steal_ptr(f->text));
	assert_ok(summary_of_end(end, &f->text, &f->err), f->err);
	assert_string_equal(f->text, expected);
}

TEST(the_end_says_what_is_next_or_still_to_do)
{
	struct fixture f;
	struct findings findings = {.count = 3,
		.list = {{.id = "a", .ok = true},
			{.id = "b", .ok = true, .detail = "user@1000.service does not run"},
			{.id = "docker", .ok = true, .of_docker = true, .detail = "driver"}}};
	struct request request = {.verb = VERB_ALL};
	struct summary_end end = {&request, &f.facts, &findings, ENGINE_DOCKER, 0, true};
	make_fixture(&f);
	assert_end(&f, &end, "ready; next: oss-crs-run check\n");
	end.self = false;
	assert_end(&f, &end, "ready; next, as alice: oss-crs-run check\n");
	f.facts.docker.member = ANSWER_NO;
	assert_end(&f, &end,
		"still to do: allow alice to use Docker: sudo usermod -aG docker alice, and log in "
		"again (this grants root on this host)\n");
	end.engine = ENGINE_PODMAN;
	assert_end(&f, &end, "ready; next, as alice: oss-crs-run check\n");
	findings.list[1].ok = findings.list[2].ok = false;
	(void)snprintf(findings.list[1].hint, sizeof findings.list[1].hint, "log in");
	assert_end(&f, &end,
		"still to do: user@1000.service does not run: log in\nstill to do: driver\n");
	/* Each half speaks of itself only, and does not claim that the host is ready. */
	request.verb = VERB_DOCKER;
	assert_end(&f, &end, "still to do: driver\n");
	request.verb = VERB_DELEGATE;
	findings.list[1].ok = true;
	assert_end(&f, &end, "done; next, as alice: oss-crs-run check\n");
	end.findings = NULL;
	assert_end(&f, &end, "done\n");
	end.left = 2;
	assert_end(&f, &end, "done, except for 2 changes left alone, as said above\n");
	release_fixture(&f);
}

#define IMAGES ".local/share/containers/storage/overlay-images"

TEST(images_in_rootless_podman_are_found_in_the_home)
{
	const struct unit_dir *dir = *state;
	char path[128];
	assert_int_equal(podman_images_in("/nonexistent"), ANSWER_UNKNOWN);
	assert_int_equal(podman_images_in(dir->path), ANSWER_NO);
	make_dir(dir->fd, ".local");
	make_dir(dir->fd, ".local/share");
	make_dir(dir->fd, ".local/share/containers");
	make_dir(dir->fd, ".local/share/containers/storage");
	make_dir(dir->fd, IMAGES);
	assert_int_equal(podman_images_in(dir->path), ANSWER_NO);
	make_file(dir->fd, IMAGES "/images.json", "[]\n");
	assert_int_equal(podman_images_in(dir->path), ANSWER_NO);
	make_file(dir->fd, IMAGES "/images.json", "[{\"id\": \"1\"}]");
	assert_int_equal(podman_images_in(dir->path), ANSWER_YES);
	(void)snprintf(path, sizeof path, "%s/" IMAGES, dir->path);
	if (geteuid() != 0) {
		assert_int_equal(chmod(path, 0), 0);
		assert_int_equal(podman_images_in(dir->path), ANSWER_UNKNOWN);
		assert_int_equal(chmod(path, 0755), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_whole_setup_is_three_lines),
		RUN(the_containers_that_a_restart_hits_are_counted_and_named),
		RUN(what_keeps_docker_out_of_the_plan_is_said),
		RUN(an_undo_and_a_sweep_are_counted),
		RUN(the_engine_is_the_one_that_the_user_may_use_and_has_images_in),
		RUN(the_question_shows_what_its_default_rests_on),
		RUN(an_answer_is_a_name_its_first_letter_or_nothing),
		RUN(the_end_says_what_is_next_or_still_to_do),
		RUN_IN_DIR(images_in_rootless_podman_are_found_in_the_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
