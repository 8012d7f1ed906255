/* SPDX-License-Identifier: MIT
 *
 * test_queue: how runs enter the ledger one after the other, and get CPUs and memory of their own.
 * Ordinary directories stand for the cgroups (cgroupfs.h).
 */
#include "cgroupfs.h"
#include "runs.h"
#include "unit.h"

#include "queue.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <sys/file.h>

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
};

/* The warnings and messages of the last enter(). */
static char said[4096];

static void note_text(const void *data, bool warning, const char *text)
{
	(void)data;
	size_t len = strlen(said);
	(void)snprintf(said + len, sizeof said - len, "%s%s\n", warning ? "warning: " : "", text);
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
		.tell = note_text};
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
	said[0] = '\0';
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
	assert_string_equal(said, "");
	assert_false(exists(dir->fd, OURS "/" MINE));
	close_place(&place);
}

static void assert_refused(const struct unit_dir *dir, struct place *place)
{
	struct error err = {0};
	assert_int_equal(enter(place, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "not all runs are visible");
	assert_contains(err.msg, "run " ONE " of ");
	assert_contains(err.hint, "--share");
	assert_false(exists(dir->fd, OURS "/" MINE));
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
	assert_refused(dir, &place);
	place.request.wait = QUEUE_FOREVER;
	assert_refused(dir, &place);
	place.request.wait = 0;
	place.request.share = true;
	assert_ok(enter(&place, &err), err);
	assert_contains(said, "warning: not all runs are visible");
	/* A dead run has no CPUs, whatever its files say. */
	holder_end(owner);
	place.request.share = false;
	assert_ok(enter(&place, &err), err);
	close_place(&place);
}

/* ---- CPUs by number -------------------------------------------------------------------------- */

#define TWO "two-run-1764000000-0a1b2c3d-local"

/* Give the plan's CRS the lowest two CPUs that are not taken. */
static int choose_two(void *chooser, const struct cpulist *taken, struct error *err)
{
	struct place *place = chooser;
	struct cpulist left = place->request.claim.host_cpus;
	struct cpulist chosen = {0};
	cpulist_subtract(&left, taken);
	for (unsigned cpu = 0; cpulist_count(&chosen) < 2; cpu++) {
		cpu = cpulist_next(&left, cpu);
		if (cpu == CPULIST_MAX)
			return fail_as(err, EX_SOFTWARE, "asked for CPUs that are not free");
		cpulist_add(&chosen, cpu);
	}
	place->plan.cpus = place->crs.cpus = chosen;
	return 0;
}

/* A place on a host of so many CPUs for a run that wants any two. */
static void open_place_for_two(
	const struct unit_dir *dir, const char *name, const char *host_cpus, struct place *ret)
{
	open_place(dir, ret);
	(void)snprintf(ret->plan.name, sizeof ret->plan.name, "%s", name);
	ret->request.claim.cpus = (struct cpulist){0};
	ret->request.claim.any = 2;
	ret->request.claim.host_cpus = cpus(host_cpus);
	ret->request.choose = choose_two;
	ret->request.chooser = ret;
}

/* Another process, which enters the queue and keeps its place until peer_end(). */
struct peer {
	pid_t pid;
	int from; /* gets the status of its queue_enter(): 0, or that of the error */
};

static struct peer peer_start(struct place *place)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	struct peer peer = {.pid = fork(), .from = ends[0]};
	assert_true(peer.pid >= 0);
	if (peer.pid == 0) {
		struct cg_tree tree = TREE_NONE;
		struct ledger shared = LEDGER_NONE;
		struct error err = {0};
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int result = queue_enter(&place->request, &tree, &shared, &err);
		char status = (char)(result == 0 ? 0 : err.status);
		if (syscall(SYS_write, ends[1], &status, 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	return peer;
}

/* Wait until the peer is through the queue. Returns its status. */
static int peer_status(const struct peer *peer)
{
	char status = 0;
	assert_int_equal(read(peer->from, &status, 1), 1);
	return status;
}

static void peer_end(const struct peer *peer)
{
	holder_end(peer->pid);
	(void)close(peer->from);
}

static void assert_cpus(const struct unit_dir *dir, const char *name, const char *list)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, OURS "/%s/cpuset.cpus", name);
	assert_file(dir->fd, path, list);
}

TEST(runs_that_start_together_choose_different_cpus_of_an_idle_host)
{
	const struct unit_dir *dir = *state;
	struct place places[4];
	struct peer peers[4];
	char name[4][NAME_MAX + 1];
	struct cpulist all = {0};
	/* All of them have planned for CPUs 0-1 before the first one takes the lock. */
	_cleanup_close_ int lock = -1;
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name[i], sizeof name[i], "job%zu-run-1764000000-0a1b2c3d-local", i);
		open_place_for_two(dir, name[i], "0-7", &places[i]);
		places[i].plan.cpus = places[i].crs.cpus = cpus("0-1");
		if (lock < 0)
			lock = openat(dir->fd, QUEUE_LOCK, O_RDONLY | O_CLOEXEC);
		assert_return_code(flock(lock, LOCK_EX), errno);
		peers[i] = peer_start(&places[i]);
	}
	/* The peers have a copy of the descriptor. */
	assert_return_code(flock(lock, LOCK_UN), errno);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(peer_status(&peers[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		char path[PATH_MAX];
		char text[64] = "";
		struct cpulist own = {0};
		struct error err = {0};
		(void)snprintf(path, sizeof path, OURS "/%s/cpuset.cpus", name[i]);
		_cleanup_close_ int fd = openat(dir->fd, path, O_RDONLY | O_CLOEXEC);
		assert_true(read(fd, text, sizeof text - 1) > 0);
		assert_ok(cpulist_parse(text, &own, &err), err);
		assert_int_equal(cpulist_count(&own), 2);
		cpulist_union(&all, &own);
	}
	assert_int_equal(cpulist_count(&all), 8);
	/* The ninth and tenth CPU do not exist. */
	struct place more;
	struct error err = {0};
	open_place_for_two(dir, MINE, "0-7", &more);
	assert_int_equal(enter(&more, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_contains(err.msg, "the run needs 2 CPUs, but only 0 are free: run job");
	close_place(&more);
	for (size_t i = 0; i < 4; i++) {
		peer_end(&peers[i]);
		close_place(&places[i]);
	}
}

TEST(a_waiting_run_takes_the_cpus_of_whichever_run_ends_first)
{
	const struct unit_dir *dir = *state;
	struct place places[3];
	struct peer peers[3];
	const char *const names[] = {ONE, TWO, MINE};
	for (size_t i = 0; i < 3; i++) {
		open_place_for_two(dir, names[i], "0-3", &places[i]);
		places[i].request.wait = i == 2 ? QUEUE_FOREVER : 0;
		peers[i] = peer_start(&places[i]);
		if (i < 2)
			assert_int_equal(peer_status(&peers[i]), 0);
	}
	assert_cpus(dir, ONE, "0-1");
	assert_cpus(dir, TWO, "2-3");
	/* The run of the plan for 0-1 begins when that of 2-3 ends. */
	while (!exists(dir->fd, OURS "/" MINE "/cgroup.max.descendants"))
		(void)sched_yield();
	peer_end(&peers[1]);
	assert_int_equal(peer_status(&peers[2]), 0);
	assert_cpus(dir, MINE, "2-3");
	assert_file(dir->fd, OURS "/" MINE "/cgroup.max.descendants", "max");
	assert_file(dir->fd, OURS "/" MINE "/c/cpuset.cpus", "2-3");
	peer_end(&peers[0]);
	peer_end(&peers[2]);
	for (size_t i = 0; i < 3; i++)
		close_place(&places[i]);
}

/* In cpuset.cpus, the list of a run that waits would end the partition of the one that has the
 * CPUs. */
TEST(where_cpus_are_a_partition_a_waiting_run_takes_none_and_is_in_the_ledger)
{
	const struct unit_dir *dir = *state;
	struct place places[2];
	struct peer peers[2];
	struct error err = {0};
	char text[64];
	bool waits = false;
	open_place_for_two(dir, ONE, "0-1", &places[0]);
	make_file(dir->fd, OURS "/cpuset.cpus.partition", "root\n");
	peers[0] = peer_start(&places[0]);
	assert_int_equal(peer_status(&peers[0]), 0);
	open_place_for_two(dir, MINE, "0-1", &places[1]);
	places[1].request.claim.cpus = places[1].plan.cpus = cpus("0-1");
	places[1].request.claim.any = 0;
	places[1].request.wait = QUEUE_FOREVER;
	peers[1] = peer_start(&places[1]);
	while (!waits) {
		_cleanup_(ledger_free) struct ledger ledger = LEDGER_NONE;
		assert_ok(ledger_read(&places[0].host, 0, &ledger, &err), err);
		/* The inodes of ordinary directories are in no order. */
		size_t i = 0;
		while (i < ledger.count && ledger.list[i].state != LEASE_WAITING)
			i++;
		waits = i < ledger.count && !cpulist_empty(&ledger.list[i].cpus);
		if (waits)
			assert_string_equal(cpulist_format(&ledger.list[i].cpus, text), "0-1");
		else
			(void)sched_yield();
	}
	assert_cpus(dir, MINE, "\n");
	peer_end(&peers[0]);
	assert_int_equal(peer_status(&peers[1]), 0);
	assert_cpus(dir, MINE, "0-1");
	peer_end(&peers[1]);
	close_place(&places[0]);
	close_place(&places[1]);
}

TEST(cpus_that_a_run_has_as_a_partition_are_not_shared)
{
	const struct unit_dir *dir = *state;
	struct place places[2];
	struct error err = {0};
	open_place_for_two(dir, ONE, "0-1", &places[0]);
	struct peer peer = peer_start(&places[0]);
	assert_int_equal(peer_status(&peer), 0);
	open_place_for_two(dir, MINE, "0-1", &places[1]);
	places[1].request.claim.cpus = places[1].plan.cpus = cpus("0-1");
	places[1].request.claim.any = 0;
	places[1].request.share = true;
	make_file(dir->fd, OURS "/" ONE "/cpuset.cpus.partition", "isolated\n");
	assert_int_equal(enter(&places[1], &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_contains(err.msg, "run " ONE " has its CPUs for itself alone");
	assert_false(exists(dir->fd, OURS "/" MINE));
	make_file(dir->fd, OURS "/" ONE "/cpuset.cpus.partition", "root invalid (gone)\n");
	assert_ok(enter(&places[1], &err), err);
	peer_end(&peer);
	close_place(&places[0]);
	close_place(&places[1]);
}

TEST(a_run_does_not_pass_one_that_waits_for_any_cpus)
{
	const struct unit_dir *dir = *state;
	struct place places[3];
	struct peer first;
	struct error err = {0};
	/* One has two CPUs of three; two waits for any two; mine wants the third. */
	open_place_for_two(dir, ONE, "0-2", &places[0]);
	first = peer_start(&places[0]);
	assert_int_equal(peer_status(&first), 0);
	make_dir(dir->fd, OURS "/" TWO);
	make_file(dir->fd, OURS "/" TWO "/memory.max", "4096\n");
	make_file(dir->fd, OURS "/" TWO "/cgroup.max.descendants", "2\n");
	pid_t waits = own_run(dir, TWO);
	open_place_for_two(dir, MINE, "0-2", &places[1]);
	places[1].request.claim.cpus = places[1].plan.cpus = cpus("2");
	places[1].request.claim.any = 0;
	assert_int_equal(enter(&places[1], &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_contains(err.msg, "runs ahead in the queue wait for the free CPUs");
	assert_contains(err.msg, "run " TWO " of ");
	holder_end(waits);
	assert_ok(enter(&places[1], &err), err);
	peer_end(&first);
	close_place(&places[0]);
	close_place(&places[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_run_begins_where_nobody_else_is),
		RUN_IN_DIR(runs_that_start_together_choose_different_cpus_of_an_idle_host),
		RUN_IN_DIR(a_waiting_run_takes_the_cpus_of_whichever_run_ends_first),
		RUN_IN_DIR(
			where_cpus_are_a_partition_a_waiting_run_takes_none_and_is_in_the_ledger),
		RUN_IN_DIR(cpus_that_a_run_has_as_a_partition_are_not_shared),
		RUN_IN_DIR(a_run_does_not_pass_one_that_waits_for_any_cpus),
		RUN_IN_DIR(a_run_does_not_begin_beside_one_that_it_cannot_read_unless_it_shares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
