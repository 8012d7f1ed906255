/* SPDX-License-Identifier: MIT
 *
 * test_queue: how runs enter the ledger one after the other, and get CPUs and memory of their own.
 * Ordinary directories stand for the cgroups (cgroupfs.h).
 */
#include "cgroupfs.h"
#include "runs.h"
#include "unit.h"

#include "queue.h"

#include <sys/eventfd.h>

#define GIB  (UINT64_C(1) << 30)
#define MINE "mine-run-1764000000-0a1b2c3d-local"
#define ONE  "one-run-1764000000-0a1b2c3d-local"

static struct cpulist cpus(const char *text)
{
	struct error err = {0};
	struct cpulist set = {0};
	assert_ok(cpulist_parse(text, &set, &err), err);
	return set;
}

/* A host with the lock of the ledger, and a run on CPU 1 that wants to begin on it. */
struct place {
	struct host host;
	struct run_plan plan;
	struct plan_crs crs;
	struct tree_options options;
	struct queue_request request;
	char said[4096]; /* the warnings and messages */
};

static void note_text(const void *data, bool warning, const char *text)
{
	char *said = ((struct place *)(uintptr_t)data)->said;
	size_t len = strlen(said);
	(void)snprintf(said + len, sizeof((struct place *)NULL)->said - len, "%s%s\n",
		warning ? "warning: " : "", text);
}

static void open_place(const struct unit_dir *dir, struct place *ret)
{
	struct error err = {0};
	*ret = (struct place){
		.host = HOST_CLOSED, .crs = {.name = "c", .cpus = cpus("1"), .memory_max = GIB}};
	put_text_file(dir, "run/oss-crs/lease", "");
	put_text_file(dir, OURS "/cgroup.procs", "");
	assert_ok(host_open_at(dir->fd, &ret->host, &err), err);
	ret->plan = (struct run_plan){
		.cpus = cpus("1"), .memory_max = GIB, .crs = &ret->crs, .crs_count = 1};
	(void)snprintf(ret->plan.name, sizeof ret->plan.name, "%s", MINE);
	ret->request = (struct queue_request){.host = &ret->host,
		.plan = &ret->plan,
		.tree = &ret->options,
		.claim = {.cpus = ret->plan.cpus, .memory = GIB, .host_memory = 8 * GIB},
		.oss_crs_fd = openat(dir->fd, OURS, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.signals = eventfd(0, EFD_CLOEXEC),
		.ticker = -1,
		.tell = note_text,
		.data = ret};
	assert_return_code(ret->request.oss_crs_fd, errno);
	assert_return_code(ret->request.signals, errno);
}

static void close_place(struct place *place)
{
	(void)close(place->request.oss_crs_fd);
	(void)close(place->request.signals);
	host_close(&place->host);
}

/* Enter the queue. Returns what queue_enter() does. A run that has begun is removed again. */
static int enter(struct place *place, struct error *err)
{
	struct cg_tree tree = TREE_NONE;
	struct error removal = {0};
	_cleanup_(ledger_free) struct ledger shared = LEDGER_NONE;
	place->said[0] = '\0';
	int result = queue_enter(&place->request, &tree, &shared, err);
	if (result == 0)
		assert_ok(tree_destroy(&tree, &removal), removal);
	return result;
}

TEST(a_run_begins_where_nobody_else_is)
{
	const struct unit_dir *dir = *state;
	struct place place;
	struct error err = {0};
	open_place(dir, &place);
	assert_ok(enter(&place, &err), err);
	assert_string_equal(place.said, "");
	assert_false(exists(dir->fd, OURS "/" MINE));
	close_place(&place);
}

TEST(a_run_does_not_begin_beside_one_that_it_cannot_read_unless_it_shares)
{
	const struct unit_dir *dir = *state;
	struct place place;
	struct error err = {0};
	open_place(dir, &place);
	make_dir(dir->fd, OURS "/" ONE);
	make_file(dir->fd, OURS "/" ONE "/cpuset.cpus", "junk\n");
	make_file(dir->fd, OURS "/" ONE "/cgroup.subtree_control", "cpuset memory\n");
	pid_t owner = own_run(dir, ONE);
	for (int waits = 0; waits <= 1; waits++) {
		place.request.wait = waits ? QUEUE_FOREVER : 0;
		assert_int_equal(enter(&place, &err), -1);
		assert_int_equal(err.status, EX_UNAVAILABLE);
		assert_contains(err.msg, "not all runs can be seen");
		assert_contains(err.msg, "run " ONE " of ");
		assert_contains(err.hint, "--share");
		assert_false(exists(dir->fd, OURS "/" MINE));
	}
	place.request.wait = 0;
	place.request.share = true;
	assert_ok(enter(&place, &err), err);
	assert_contains(place.said, "warning: not all runs can be seen");
	/* A dead run has no CPUs, whatever its files say. */
	holder_end(owner);
	place.request.share = false;
	assert_ok(enter(&place, &err), err);
	close_place(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_run_begins_where_nobody_else_is),
		RUN_IN_DIR(a_run_does_not_begin_beside_one_that_it_cannot_read_unless_it_shares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
