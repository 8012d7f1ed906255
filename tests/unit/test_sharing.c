/* SPDX-License-Identifier: MIT
 *
 * test_sharing: whose a process is in a PID namespace that containers of several CRSs share.
 */
#include "planned.h"

#include "sharing.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static char none[] = "";
static char id_a[] = ID_A;
static char id_b[] = ID_B;
static char id_c[] = ID_C;
static char crs_a[] = "/r/a";
static char crs_b[] = "/r/b";

static struct container container_of(const char *id, char *parent, char *pid_owner)
{
	struct container container = {.cgroup_parent = parent, .pid_owner = pid_owner};
	(void)snprintf(container.id, sizeof container.id, "%s", id);
	return container;
}

TEST(a_process_is_told_by_the_cgroup_of_its_container)
{
	static const struct {
		const char *cgroup;
		bool is_anothers;
	} table[] = {
		{"/r/b/" ID_B, true},
		{"/r/b/" ID_B "/below", true},
		{"/r/b/libpod-" ID_B ".scope/container", true},
		{"/r/b/" ID_B " (deleted)", true}, /* it has ended */
		{"/r/b/" ID_B " (deleted) x", false},
		{"/r/a/" ID_A, false},  /* its own */
		{"/r/b", false},        /* of the CRS, and of no container */
		{"/r/bb/" ID_B, false}, /* of another CRS */
		{"/elsewhere/" ID_B, false},
		{"/r/b/" ID_C, false}, /* another namespace */
		{"/r/b/bbbbbbbbbbbb", false},
		{"/elsewhere", false},
		{"/", false},
	};
	struct container list[] = {container_of(id_a, crs_a, none), container_of(id_b, crs_b, id_a),
		container_of(id_c, crs_b, none)};
	const struct containers all = {.list = list, .count = COUNT(list)};
	for (size_t i = 0; i < COUNT(table); i++)
		if (sharing_owns(&all, &list[0], table[i].cgroup) != table[i].is_anothers)
			fail_test("%s", table[i].cgroup);
}

TEST(a_namespace_is_found_through_containers_and_without_an_end)
{
	struct container list[] = {container_of(id_a, crs_a, id_b), container_of(id_b, crs_b, id_c),
		container_of(id_c, none, none)};
	const struct containers all = {.list = list, .count = COUNT(list)};
	for (size_t i = 0; i < COUNT(list); i++) {
		assert_int_equal(sharing_owns(&all, &list[i], "/r/a/" ID_A), i != 0);
		assert_int_equal(sharing_owns(&all, &list[i], "/r/b/" ID_B), i != 1);
		/* A container of no CRS has the engine's cgroup. */
		assert_int_equal(sharing_owns(&all, &list[i], "/docker/" ID_C), i != 2);
	}
	/* The owner is none of the project's. */
	const struct containers two = {.list = list, .count = 2};
	assert_true(sharing_owns(&two, &list[0], "/docker/" ID_C));
	assert_false(sharing_owns(&two, &list[0], "/r/b/" ID_A));
	/* An engine that answers in a circle: the search ends. */
	list[2].pid_owner = list[0].id;
	assert_false(sharing_owns(&all, &list[0], "/elsewhere/" ID_B));
}

/* CRS `a` has container A, whose processes are 51 to 53; CRS `b` has B, in the PID namespace of A:
 * its first process 71 with a child, and 73, whose parent ended. */
struct shared {
	struct fixture fixture;
	struct container list[2];
	struct containers all;
	char inside_a[CGROUP_PATH_MAX], inside_b[CGROUP_PATH_MAX];
};

static void make_shared(int dir, bool docker, struct shared *shared)
{
	static char parent[CGROUP_PATH_MAX];
	static char name[] = "B";
	static char owner[] = "0123456789ab";
	make_fixture(dir, &shared->fixture);
	shared->list[0] = docker ? put_docker_container(dir, &shared->fixture)
				 : put_container(dir, &shared->fixture);
	(void)snprintf(parent, sizeof parent, "%.2000s/b", shared->fixture.plan.cgroup_parent);
	shared->list[1] = (struct container){.id = ID_B,
		.name = name,
		.cgroup_parent = parent,
		.pid_owner = owner,
		.pid = 71,
		.started = true};
	(void)snprintf(shared->list[0].id, sizeof shared->list[0].id, "%s", owner);
	shared->all = (struct containers){.list = shared->list, .count = 2};
	(void)snprintf(shared->inside_a, sizeof shared->inside_a, "%.2000s/%s",
		shared->list[0].cgroup_parent, owner);
	(void)snprintf(
		shared->inside_b, sizeof shared->inside_b, "%.2000s/libpod-%s.scope", parent, ID_B);
	put_process(dir, 70, 1, "conmon", "/user.slice/podman", "70");
	put_process(dir, 71, 70, "first of B", shared->inside_b, "71\t11");
	put_process(dir, 72, 71, "child", shared->inside_b, "72\t12");
	put_process(dir, 73, 51, "orphan", shared->inside_b, "73\t13");
	for (int pid = 70; docker && pid <= 73; pid++)
		hide_namespaces(dir, pid);
}

/* The verdict on container `which` of CRS a or b. */
static enum attest_verdict judge(
	const struct shared *shared, size_t which, bool with_list, struct error *err)
{
	return attest_container(&shared->fixture.host, &shared->fixture.tree,
		&shared->fixture.plan.crs[which], &shared->list[which],
		with_list ? &shared->all : NULL, err);
}

static void move_process(int dir, int pid, const char *cgroup)
{
	char path[64];
	char text[CGROUP_PATH_MAX + 8];
	(void)snprintf(path, sizeof path, "proc/%d/cgroup", pid);
	(void)snprintf(text, sizeof text, "0::%s\n", cgroup);
	make_file(dir, path, text);
}

static void check_shared(int dir, bool docker)
{
	struct shared shared;
	struct error err = {0};
	make_shared(dir, docker, &shared);
	/* Without the list, what is B's is held against A. */
	assert_int_equal(judge(&shared, 0, false, &err), ATTEST_MISMATCH);
	for (size_t which = 0; which < 2; which++)
		if (judge(&shared, which, true, &err) != ATTEST_HELD)
			fail_test("container %zu: %s", which, err.msg);
	/* A process of A outside: by descent, and by `docker exec`. */
	move_process(dir, 52, "/elsewhere");
	assert_int_equal(judge(&shared, 0, true, &err), ATTEST_MISMATCH);
	assert_contains(err.msg, "process 52");
	move_process(dir, 52, shared.inside_a);
	/* What `docker exec` started in A is not B's, wherever it is. */
	move_process(dir, 53, shared.inside_b);
	assert_int_equal(judge(&shared, 0, true, &err), ATTEST_MISMATCH);
	assert_contains(err.msg, "process 53");
	move_process(dir, 53, shared.inside_a);
	/* A child of B in the CRS of A. */
	move_process(dir, 72, shared.inside_a);
	assert_int_equal(judge(&shared, 1, true, &err), ATTEST_MISMATCH);
	assert_contains(err.msg, "process 72");
	move_process(dir, 72, shared.inside_b);
	/* An orphan of B in neither CRS is found with A, whose first process has adopted it. */
	move_process(dir, 73, "/elsewhere");
	assert_int_equal(judge(&shared, 0, true, &err), ATTEST_MISMATCH);
	assert_contains(err.msg, "process 73");
	free_fixture(dir, &shared.fixture);
}

TEST(on_docker_each_container_of_a_shared_namespace_is_held_to_its_own_crs)
{
	check_shared(unit_dir(state), true);
}

TEST(on_podman_each_container_of_a_shared_namespace_is_held_to_its_own_crs)
{
	check_shared(unit_dir(state), false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN(a_process_is_told_by_the_cgroup_of_its_container),
		RUN(a_namespace_is_found_through_containers_and_without_an_end),
		RUN_IN_DIR(on_docker_each_container_of_a_shared_namespace_is_held_to_its_own_crs),
		RUN_IN_DIR(on_podman_each_container_of_a_shared_namespace_is_held_to_its_own_crs),
	};
	become_user();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
