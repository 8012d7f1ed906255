/* SPDX-License-Identifier: MIT
 *
 * test_ending: what the end of a container means for a run that ends with its first, in the shapes
 * that jobs have: services that prepare for others, and services that Compose is not attached to.
 */
#include "unit.h"

#include "ending.h"

enum { A, B, INFRA };

static struct plan_crs crs[] = {{.name = "a"}, {.name = "b"}, {.name = "oss_crs_infra"}};
/* With and without the infrastructure. */
static struct run_plan plan = {.crs = crs, .crs_count = 2};
static struct run_plan upstream = {.crs = crs, .crs_count = 3};

static char main_name[] = "a_main";
static char init_name[] = "a_init";
static char quiet_name[] = "b_quiet";
static char helper_name[] = "oss-crs-helper";

/* By name, as compose_find() needs them. */
static struct compose_service services[] = {
	{.name = init_name, .crs = A, .is_attached = true, .is_awaited = true},
	{.name = main_name, .crs = A, .is_attached = true},
	{.name = quiet_name, .crs = B},
	{.name = helper_name, .crs = INFRA},
};

static struct container ended(char *service, int status, const char *finished)
{
	struct container container = {.service = service, .exit_code = status, .started = true};
	(void)snprintf(container.finished, sizeof container.finished, "%s", finished);
	return container;
}

TEST(the_end_of_a_container_ends_the_run_or_does_not)
{
	static const struct {
		char *service;
		int status;
		bool restarting;
		pid_t pid;
		const struct run_plan *plan;
		enum ending expected;
	} table[] = {
		{main_name, 0, false, 0, &plan, ENDING_DECIDES},
		{main_name, 3, false, 0, &upstream, ENDING_DECIDES},
		{main_name, 3, true, 0, &plan, ENDING_NONE},
		/* The engine has started it again by now. */
		{main_name, 0, false, 17, &plan, ENDING_NONE},
		/* It prepares for others. */
		{init_name, 0, false, 0, &plan, ENDING_NONE},
		{init_name, 2, false, 0, &plan, ENDING_DECIDES},
		{init_name, 2, false, 0, &upstream, ENDING_DECIDES},
		/* `attach: false` */
		{quiet_name, 0, false, 0, &plan, ENDING_NONE},
		{quiet_name, 4, false, 0, &plan, ENDING_DECIDES},
		{quiet_name, 4, true, 0, &plan, ENDING_NONE},
		{quiet_name, 4, false, 0, &upstream, ENDING_WARNING},
		{helper_name, 1, false, 0, &upstream, ENDING_WARNING},
	};
	const struct compose compose = {.services = services, .service_count = COUNT(services)};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct container container = ended(table[i].service, table[i].status, "");
		container.restarting = table[i].restarting;
		container.pid = table[i].pid;
		assert_int_equal(
			ending_judge(&compose, table[i].plan, &container), table[i].expected);
	}
}

TEST(compose_ends_the_run_by_itself_where_nothing_is_awaited_or_restarted)
{
	struct compose_service restarted = services[1];
	restarted.is_restarted = true;
	const struct {
		struct compose compose;
		bool matters, by_compose;
	} table[] = {
		{{.services = &services[1], .service_count = 1}, false, true},
		{{.services = &services[0], .service_count = 2}, true, false},
		{{.services = &services[2], .service_count = 2}, true, true},
		{{.services = &restarted, .service_count = 1}, true, false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(ending_matters(&table[i].compose, &upstream), table[i].matters);
		assert_int_equal(ending_by_compose(&table[i].compose), table[i].by_compose);
	}
}

TEST(a_run_has_ended_when_only_helpers_are_left)
{
	const struct compose compose = {.services = services, .service_count = COUNT(services)};
	struct container list[] = {
		ended(helper_name, 0, ""),
		ended(init_name, 0, "2026-01-01T00:00:01Z"),
		ended(main_name, 0, "2026-01-01T00:00:03Z"),
		ended(quiet_name, 5, "2026-01-01T00:00:04Z"),
	};
	struct containers containers = {.list = list, .count = COUNT(list)};
	assert_ptr_equal(ending_of_all(&compose, &upstream, &containers), &list[3]);
	list[2].exit_code = 6;
	assert_ptr_equal(ending_of_all(&compose, &upstream, &containers), &list[2]);
	list[3].restarting = true;
	assert_null(ending_of_all(&compose, &upstream, &containers));
	list[3].restarting = false;
	list[3].may_restart = true;
	assert_null(ending_of_all(&compose, &upstream, &containers));
	list[3].may_restart = false;
	list[3].pid = 1; /* it has been started again */
	assert_null(ending_of_all(&compose, &upstream, &containers));
	containers.count = 3; /* not made yet */
	assert_null(ending_of_all(&compose, &upstream, &containers));
}

/* Its infrastructure or a helper ends, and no CRS does. */
TEST(a_run_is_over_when_every_service_has_had_its_container_and_all_have_ended)
{
	const struct compose compose = {.services = services, .service_count = 2};
	struct container list[] = {
		ended(init_name, 0, "2026-01-01T00:00:01Z"),
		ended(main_name, 3, "2026-01-01T00:00:03Z"),
	};
	struct containers containers = {.list = list, .count = 1};
	assert_false(ending_is_over(&compose, &containers));
	containers.count = 2;
	assert_true(ending_is_over(&compose, &containers));
	list[1].may_restart = true;
	assert_false(ending_is_over(&compose, &containers));
	list[1].may_restart = false;
	list[1].pid = 17;
	assert_false(ending_is_over(&compose, &containers));
}

TEST(a_run_of_which_only_helpers_ended_well_is_no_success)
{
	static char attached_name[] = "oss-crs-proxy";
	struct compose_service with_proxy[] = {
		{.name = main_name, .crs = A, .is_attached = true},
		{.name = attached_name, .crs = INFRA, .is_attached = true},
	};
	const struct compose compose = {.services = with_proxy, .service_count = 2};
	const struct compose infra = {.services = &with_proxy[1], .service_count = 1};
	struct container list[] = {
		ended(attached_name, 0, "2026-01-01T00:00:02Z"),
		ended(main_name, 0, "2026-01-01T00:00:01Z"),
	};
	struct containers containers = {.list = list, .count = COUNT(list)};
	(void)snprintf(list[0].id, sizeof list[0].id, "f00");
	(void)snprintf(list[1].id, sizeof list[1].id, "ba2");
	assert_true(ending_matters(&compose, &upstream));
	assert_true(ending_is_success(&compose, &upstream, &containers, ""));
	assert_true(ending_is_success(&compose, &upstream, &containers, "f00"));
	/* Stopped with the helper, which it outlived. */
	(void)snprintf(list[1].finished, sizeof list[1].finished, "2026-01-01T00:00:03Z");
	assert_false(ending_is_success(&compose, &upstream, &containers, "f00"));
	assert_true(ending_is_success(&compose, &upstream, &containers, ""));
	list[1].exit_code = 137;
	assert_false(ending_is_success(&compose, &upstream, &containers, ""));
	list[1].exit_code = 0;
	list[1].finished[0] = '\0'; /* it runs on */
	assert_false(ending_is_success(&compose, &upstream, &containers, ""));
	containers.count = 1; /* the job has removed the CRS's container */
	assert_false(ending_is_success(&compose, &upstream, &containers, ""));
	assert_true(ending_is_success(&infra, &upstream, &containers, "f00"));
}

TEST(all_services_have_started_when_each_has_a_container_that_did)
{
	const struct compose compose = {.services = services, .service_count = COUNT(services)};
	struct container list[] = {ended(init_name, 0, "1"), ended(main_name, 0, ""),
		ended(quiet_name, 0, ""), ended(helper_name, 0, ""), ended(main_name, 0, "")};
	struct containers containers = {.list = list, .count = 3};
	assert_false(ending_all_started(&compose, NULL));
	assert_false(ending_all_started(&compose, &containers));
	containers.count = COUNT(list);
	assert_true(ending_all_started(&compose, &containers));
	list[1].started = false; /* created; but there is another */
	assert_true(ending_all_started(&compose, &containers));
	list[3].started = false;
	assert_false(ending_all_started(&compose, &containers));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(all_services_have_started_when_each_has_a_container_that_did),
		RUN(the_end_of_a_container_ends_the_run_or_does_not),
		RUN(compose_ends_the_run_by_itself_where_nothing_is_awaited_or_restarted),
		RUN(a_run_has_ended_when_only_helpers_are_left),
		RUN(a_run_is_over_when_every_service_has_had_its_container_and_all_have_ended),
		RUN(a_run_of_which_only_helpers_ended_well_is_no_success),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
