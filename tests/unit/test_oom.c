/* SPDX-License-Identifier: MIT
 *
 * test_oom: each OOM kill is reported once, with its container and the limit that was hit. The
 * files imitate those of the kernel; tests/lab shows that the kernel counts like this.
 */
#include "unit.h"

#include "cgroup_stat.h"
#include "oom.h"

#include <inttypes.h>

struct told {
	char text[512]; /* "crs cgroup limit count;" for each report */
};

static void note_kill(void *data, const struct oom_kill *kill)
{
	struct told *told = data;
	size_t used = strlen(told->text);
	(void)snprintf(told->text + used, sizeof told->text - used, "%zu %s %s %" PRIu64 ";",
		kill->crs, *kill->cgroup ? kill->cgroup : "-", oom_limit_name(kill->limit),
		kill->count);
}

static void put_counters(
	int dir, const char *cg, unsigned kills, unsigned hits, unsigned local_hits)
{
	char path[256];
	char text[128];
	(void)snprintf(path, sizeof path, "%s/memory.events", cg);
	(void)snprintf(
		text, sizeof text, "low 0\nhigh 0\nmax 9\noom %u\noom_kill %u\n", hits, kills);
	make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "%s/memory.events.local", cg);
	(void)snprintf(text, sizeof text, "low 0\nhigh 0\nmax 9\noom %u\noom_kill 0\n", local_hits);
	make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "%s/memory.stat", cg);
	make_file(dir, path, "anon 4096\nfile 8192\nshmem 0\n");
}

struct fixture {
	struct plan_crs crs[2];
	struct run_plan plan;
	struct cg_tree tree;
	struct oom_state *state;
};

static void make_fixture(int dir, struct fixture *fixture)
{
	static const char *const cgroups[] = {"w", "w/a", "w/b", "w/a/c1", "w/a/c2"};
	struct error err = {0};
	for (size_t i = 0; i < COUNT(cgroups); i++) {
		make_dir(dir, cgroups[i]);
		put_counters(dir, cgroups[i], 0, 0, 0);
	}
	*fixture = (struct fixture){.crs = {{.name = "a"}, {.name = "b"}}};
	fixture->plan = (struct run_plan){.crs = fixture->crs, .crs_count = 2};
	fixture->tree = (struct cg_tree){.plan = &fixture->plan,
		.oss_crs_fd = -1,
		.worker = openat(dir, "w", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	assert_return_code(fixture->tree.worker, errno);
	assert_ok(oom_open(&fixture->tree, &fixture->state, &err), err);
}

static void free_fixture(struct fixture *fixture)
{
	oom_close(fixture->state);
	(void)close(fixture->tree.worker);
}

static void assert_told(struct fixture *fixture, const char *text)
{
	struct told told = {""};
	struct error err = {0};
	assert_ok(oom_look(fixture->state, note_kill, &told, &err), err);
	assert_string_equal(told.text, text);
}

TEST(each_kill_is_reported_once_with_its_container)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	assert_told(&fixture, "");
	put_counters(dir, "w/a/c2", 2, 0, 0);
	put_counters(dir, "w/a", 2, 2, 2);
	assert_told(&fixture, "0 c2 crs 2;");
	assert_told(&fixture, "");
	put_counters(dir, "w/a/c2", 3, 0, 0);
	put_counters(dir, "w/a/c1", 1, 0, 0);
	put_counters(dir, "w/a", 4, 4, 4);
	struct told told = {""};
	struct error err = {0};
	assert_ok(oom_look(fixture.state, note_kill, &told, &err), err);
	assert_contains(told.text, "0 c2 crs 1;");
	assert_contains(told.text, "0 c1 crs 1;");
	free_fixture(&fixture);
}

/* The files are read one after the other: a kill can already count in the file of the container but
 * not yet in that of the CRS. */
TEST(a_kill_between_two_reads_is_not_reported_twice)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	put_counters(dir, "w/a/c1", 2, 0, 0);
	put_counters(dir, "w/a", 1, 1, 1);
	assert_told(&fixture, "0 c1 crs 2;");
	put_counters(dir, "w/a", 2, 2, 2);
	assert_told(&fixture, "");
	put_counters(dir, "w/a", 3, 3, 3);
	assert_told(&fixture, "0 - crs 1;");
	free_fixture(&fixture);
}

TEST(the_limit_that_was_hit_is_named)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	put_counters(dir, "w/a/c1", 1, 1, 1); /* the container's own mem_limit */
	put_counters(dir, "w/a", 1, 1, 0);
	assert_told(&fixture, "0 c1 container 1;");
	put_counters(dir, "w/b", 1, 1, 0);
	put_counters(dir, "w", 2, 2, 1);
	assert_told(&fixture, "1 - worker 1;");
	put_counters(dir, "w/b", 2, 1, 0);
	assert_told(&fixture, "1 - host 1;");
	free_fixture(&fixture);
}

TEST(a_victim_whose_cgroup_is_gone_is_still_counted)
{
	struct fixture fixture;
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	put_counters(dir, "w/a", 3, 3, 3);
	put_counters(dir, "w/a/c1", 1, 0, 0);
	assert_told(&fixture, "0 c1 crs 1;0 - crs 2;");
	free_fixture(&fixture);
}

/* 0 would say that there was no kill. */
TEST(a_counter_that_cannot_be_read_makes_the_number_of_kills_unknown)
{
	struct fixture fixture;
	struct told told = {""};
	struct error err = {0};
	struct oom_kills kills = OOM_KILLS_NONE;
	const struct oom_kill kill = {.crs = 0, .count = 2};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	make_file(dir, "w/a/memory.events", "low 0\noom_kill many\n");
	put_counters(dir, "w/b", 1, 1, 1);
	assert_errno(oom_look(fixture.state, note_kill, &told, &err), ENODATA, err);
	assert_contains(err.msg, "oom_kill in a/memory.events");
	assert_string_equal(told.text, "1 - crs 1;");
	assert_ok(oom_kills_add(&kills, &kill, "c", &err), err);
	assert_int_equal(oom_kills_in(&kills, 0), 2);
	kills.incomplete = true;
	assert_true(oom_kills_in(&kills, 0) == CGROUP_STAT_UNKNOWN);
	assert_true(oom_kills_in(&kills, 1) == CGROUP_STAT_UNKNOWN);
	oom_kills_free(&kills);
	/* So does one that says whose limit was hit. */
	make_file(dir, "w/memory.events.local", "");
	put_counters(dir, "w/a", 1, 1, 0);
	assert_errno(oom_look(fixture.state, note_kill, &told, &err), ENODATA, err);
	free_fixture(&fixture);
}

static void note_bytes(void *data, const struct oom_kill *kill)
{
	struct oom_kill *last = data;
	*last = *kill;
}

TEST(memory_that_cannot_be_read_is_not_zero)
{
	struct fixture fixture;
	struct oom_kill last = {.crs = 0};
	struct error err = {0};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	put_counters(dir, "w/a", 1, 1, 1);
	make_file(dir, "w/a/memory.stat", "anon 4096\nfile x\n");
	assert_ok(oom_look(fixture.state, note_bytes, &last, &err), err);
	assert_int_equal(last.anon, 4096);
	assert_true(last.file == CGROUP_STAT_UNKNOWN);
	assert_true(last.shmem == CGROUP_STAT_UNKNOWN);
	free_fixture(&fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN_IN_DIR(each_kill_is_reported_once_with_its_container),
		RUN_IN_DIR(a_kill_between_two_reads_is_not_reported_twice),
		RUN_IN_DIR(the_limit_that_was_hit_is_named),
		RUN_IN_DIR(a_victim_whose_cgroup_is_gone_is_still_counted),
		RUN_IN_DIR(a_counter_that_cannot_be_read_makes_the_number_of_kills_unknown),
		RUN_IN_DIR(memory_that_cannot_be_read_is_not_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
