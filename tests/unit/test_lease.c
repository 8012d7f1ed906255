/* SPDX-License-Identifier: MIT
 *
 * test_lease: who holds which lease, and whether a run fits beside the others. Ordinary directories
 * stand for the cgroups, and the owners are processes that hold the same lock as the runner. What
 * the kernel adds (inodes in order of arrival, other users) is tested in the virtual machine of
 * tests/lab.
 */
#include "unit.h"

#include "lease.h"
#include "runs.h"

#include <sys/resource.h>

#define GIB (UINT64_C(1) << 30)

static struct cpulist cpus(const char *text)
{
	struct error err = {0};
	struct cpulist set = {0};
	assert_ok(cpulist_parse(text, &set, &err), err);
	return set;
}

static struct lease lease(
	const char *name, uint64_t id, enum lease_state state, const char *list, uint64_t gib)
{
	struct lease result = {
		.uid = 0, .id = id, .state = state, .cpus = cpus(list), .memory = gib * GIB};
	(void)snprintf(result.name, sizeof result.name, "%s", name);
	return result;
}

/* In order of arrival: dead, whose leftover processes are on CPU 5; runs, which runs on 0-1; a,
 * which waits for 1-2; and b, which waits for 3. */
static struct ledger busy(struct lease *list)
{
	list[0] = lease("runs", 10, LEASE_RUNNING, "0-1", 4);
	list[1] = lease("a", 20, LEASE_WAITING, "1-2", 2);
	list[2] = lease("b", 30, LEASE_WAITING, "3", 1);
	list[3] = lease("dead", 5, LEASE_LEFT, "5", 0);
	return (struct ledger){.list = list, .count = 4};
}

TEST(a_run_fits_beside_others_on_other_cpus)
{
	struct lease list[4];
	struct ledger ledger = busy(list);
	struct lease_claim claim = {.cpus = cpus("4-7"), .memory = GIB, .host_memory = 16 * GIB};
	struct lease_view view = lease_judge(&ledger, &claim);
	assert_true(view.fits);
	assert_int_equal(view.ahead, 0);
	assert_true(view.memory_free == 9 * GIB);
}

TEST(a_new_run_queues_behind_all_that_wait_for_the_same_cpus)
{
	struct lease list[4];
	char text[CPULIST_TEXT_MAX];
	struct ledger ledger = busy(list);
	struct lease_claim claim = {.cpus = cpus("1-3"), .memory = GIB, .host_memory = 16 * GIB};
	struct lease_view view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	assert_string_equal(cpulist_format(&view.taken, text), "1-3");
	assert_int_equal(view.ahead, 2);
	assert_int_equal(list[0].conflicts, LEASE_HAS_CPUS);
	assert_int_equal(list[2].conflicts, LEASE_HAS_CPUS);
	assert_int_equal(list[3].conflicts, 0);
}

TEST(a_later_run_is_in_the_way_only_once_it_runs)
{
	struct lease list[4];
	struct ledger ledger = busy(list);
	struct lease_claim claim = {
		.cpus = cpus("2-3"), .memory = GIB, .id = 15, .host_memory = 16 * GIB};
	assert_true(lease_judge(&ledger, &claim).fits);
	claim.id = 25;
	struct lease_view view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	assert_int_equal(view.ahead, 1);
	list[2].state = LEASE_RUNNING;
	claim.id = 15;
	assert_false(lease_judge(&ledger, &claim).fits);
}

TEST(memory_is_leased_only_once)
{
	struct lease list[4];
	struct ledger ledger = busy(list);
	struct lease_claim claim = {.cpus = cpus("4"), .memory = GIB, .host_memory = 8 * GIB};
	assert_true(lease_judge(&ledger, &claim).fits);
	claim.memory++;
	struct lease_view view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	assert_true(view.memory_short);
	assert_int_equal(list[0].conflicts, LEASE_HAS_MEMORY);
	assert_int_equal(view.ahead, 2);
	/* One without memory is not in the way. */
	list[2].memory = 0;
	claim.memory += GIB;
	view = lease_judge(&ledger, &claim);
	assert_true(view.memory_short);
	assert_int_equal(list[1].conflicts, LEASE_HAS_MEMORY);
	assert_int_equal(list[2].conflicts, 0);
	/* A run without a limit takes all memory, and the sum of the leases does not overflow. */
	list[0].memory = UINT64_MAX;
	assert_true(lease_judge(&ledger, &claim).memory_free == 0);
}

/* A claim of so many CPUs of eight, whichever they are, beside those listed. */
static struct lease_claim number(const char *list, unsigned any)
{
	struct lease_claim claim = {
		.any = any, .host_cpus = cpus("0-7"), .memory = GIB, .host_memory = 64 * GIB};
	if (*list)
		claim.cpus = cpus(list);
	return claim;
}

TEST(a_number_of_cpus_fits_if_so_many_are_free_whichever_they_are)
{
	struct lease list[4];
	char text[512];
	struct ledger ledger = busy(list);
	/* Free are 4-7. */
	struct lease_claim claim = number("", 4);
	struct lease_view view = lease_judge(&ledger, &claim);
	assert_true(view.fits);
	assert_int_equal(view.cpus_free, 4);
	claim = number("", 5);
	view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	assert_true(view.cpus_short);
	assert_int_equal(view.ahead, 2);
	/* Any run with CPUs is in the way, and none that has ended. */
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(list[i].conflicts, LEASE_HAS_CPUS);
	assert_int_equal(list[3].conflicts, 0);
	(void)lease_describe(&ledger, &claim, &view, text, sizeof text);
	assert_contains(text, "the run needs 5 CPUs, but only 4 are free: run runs of ");
	assert_contains(text, " has CPUs 0-1 since ");
	assert_contains(text, " waits for CPUs 1-2 since ");
	claim = number("4", 3);
	assert_true(lease_judge(&ledger, &claim).fits);
	claim = number("4", 4);
	assert_false(lease_judge(&ledger, &claim).fits);
	claim = number("1", 2);
	view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	assert_false(view.cpus_short);
	/* A run that has come before those that wait does not respect them. */
	claim = number("", 6);
	claim.id = 15;
	assert_true(lease_judge(&ledger, &claim).fits);
}

TEST(who_comes_later_leaves_enough_cpus_to_those_who_wait_for_any)
{
	struct lease list[4];
	char text[512];
	struct ledger ledger = busy(list);
	/* b waits for CPU 3 and any three more. Free are 4-7. */
	list[2].any = 3;
	struct lease_claim claim = number("", 1);
	assert_true(lease_judge(&ledger, &claim).fits);
	claim = number("", 2);
	struct lease_view view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	(void)lease_describe(&ledger, &claim, &view, text, sizeof text);
	assert_contains(text, " waits for CPUs 3 and 3 more since ");
	claim = number("7", 0);
	assert_true(lease_judge(&ledger, &claim).fits);
	claim = number("6-7", 0);
	view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	assert_int_equal(view.ahead, 2);
	(void)lease_describe(&ledger, &claim, &view, text, sizeof text);
	assert_contains(text, "runs ahead in the queue wait for the free CPUs: run runs of ");
	/* Who has come before does not. */
	claim.id = 25;
	assert_true(lease_judge(&ledger, &claim).fits);
	/* A number that nobody can have is not forgotten by an overflow. */
	list[1].any = list[2].any = CPULIST_MAX;
	claim = number("7", 0);
	assert_false(lease_judge(&ledger, &claim).fits);
}

TEST(free_cpus_are_those_that_no_run_has_or_waits_for)
{
	struct lease list[4];
	char text[CPULIST_TEXT_MAX];
	struct ledger ledger = busy(list);
	struct cpulist host = cpus("0-7");
	struct cpulist left = {0};
	lease_free_cpus(&ledger, 0, &host, &left);
	assert_string_equal(cpulist_format(&left, text), "4-7");
	lease_free_cpus(&ledger, 15, &host, &left);
	assert_string_equal(cpulist_format(&left, text), "2-7");
}

TEST(a_message_names_three_and_counts_the_rest_and_never_overflows)
{
	struct lease list[6];
	char text[1024];
	for (size_t i = 0; i < COUNT(list); i++)
		list[i] = lease("some-run", i + 1, i ? LEASE_WAITING : LEASE_RUNNING, "2", 1);
	struct ledger ledger = {.list = list, .count = COUNT(list)};
	struct lease_claim claim = {.cpus = cpus("2-3"), .memory = GIB, .host_memory = 64 * GIB};
	struct lease_view view = lease_judge(&ledger, &claim);
	(void)lease_describe(&ledger, &claim, &view, text, sizeof text);
	assert_contains(text, "CPUs 2 are taken: run some-run of ");
	assert_contains(text, " has CPUs 2 since ");
	assert_contains(text, " waits for CPUs 2 since ");
	assert_contains(text, "; and 3 more");
	for (size_t size = 2; size < sizeof text; size++) {
		memset(text, '!', sizeof text);
		(void)lease_describe(&ledger, &claim, &view, text, size);
		assert_true(strlen(text) < size);
		assert_true(text[size] == '!');
	}
}

/* ---- leases read from files ------------------------------------------------------------------ */

#define ONE "one-run-1764000000-0a1b2c3d-local"

static void put_run(
	const struct unit_dir *dir, const char *name, const char *list, const char *controllers)
{
	const struct {
		const char *file, *text;
	} files[] = {
		{"cgroup.max.depth", "max\n"},
		{"cgroup.max.descendants", "max\n"},
		{"cpuset.cpus", list},
		{"memory.max", "8589934592\n"},
		{"cgroup.subtree_control", controllers},
		{"cgroup.events", "populated 1\nfrozen 0\n"},
		{"a/memory.max", "1073741824\n"},
		{"b/memory.max", "2147483648\n"},
	};
	char path[PATH_MAX];
	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof path, OURS "/%s/%s", name, files[i].file);
		put_text_file(dir, path, files[i].text);
	}
}

static struct ledger read_ledger(const struct unit_dir *dir)
{
	struct error err = {0};
	struct host host = HOST_CLOSED;
	struct ledger ledger = LEDGER_NONE;
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	assert_ok(ledger_read(&host, 0, &ledger, &err), err);
	for (size_t i = 0; i < ledger.count; i++)
		assert_true(ledger.list[i].state <= LEASE_DEAD);
	ledger_read_dead(&host, &ledger);
	host_close(&host);
	return ledger;
}

TEST(a_lease_lasts_as_long_as_its_owner_lives)
{
	const struct unit_dir *dir = *state;
	char text[CPULIST_TEXT_MAX];
	put_run(dir, ONE, "0-3\n", "cpuset memory\n");
	pid_t owner = own_run(dir, ONE);
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	assert_int_equal(ledger.count, 1);
	assert_string_equal(ledger.list[0].name, ONE);
	assert_int_equal(ledger.list[0].uid, 1000);
	assert_int_equal(ledger.list[0].owner, owner);
	assert_int_equal(ledger.list[0].state, LEASE_RUNNING);
	assert_string_equal(cpulist_format(&ledger.list[0].cpus, text), "0-3");
	/* The worker has 8G, but its CRSs can use only 3G. */
	assert_true(ledger.list[0].memory == 3 * GIB);
	/* Reading the ledger changed nothing. */
	_cleanup_(ledger_free) struct ledger again = read_ledger(dir);
	assert_int_equal(again.list[0].owner, owner);
	holder_end(owner);
	_cleanup_(ledger_free) struct ledger after = read_ledger(dir);
	assert_int_equal(after.count, 1);
	assert_int_equal(after.list[0].state, LEASE_LEFT);
	put_text_file(dir, OURS "/" ONE "/cgroup.events", "populated 0\nfrozen 0\n");
	_cleanup_(ledger_free) struct ledger empty = read_ledger(dir);
	assert_int_equal(empty.count, 1);
	assert_int_equal(empty.list[0].state, LEASE_EMPTY);
}

TEST(a_run_without_enabled_controllers_is_waiting)
{
	const struct unit_dir *dir = *state;
	put_run(dir, ONE, "2\n", "\n");
	pid_t owner = own_run(dir, ONE);
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	holder_end(owner);
	assert_int_equal(ledger.count, 1);
	assert_int_equal(ledger.list[0].state, LEASE_WAITING);
	assert_true(ledger.list[0].memory == 8 * GIB);
	assert_int_equal(ledger.list[0].any, 0);
}

TEST(a_waiting_run_says_how_many_cpus_it_wants_whichever_they_are)
{
	const struct unit_dir *dir = *state;
	put_run(dir, ONE, "\n", "\n");
	put_text_file(dir, OURS "/" ONE "/cgroup.max.descendants", "6\n");
	pid_t owner = own_run(dir, ONE);
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	put_text_file(dir, OURS "/" ONE "/cgroup.max.descendants", "18446744073709551614\n");
	_cleanup_(ledger_free) struct ledger most = read_ledger(dir);
	put_text_file(dir, OURS "/" ONE "/cgroup.subtree_control", "cpuset memory\n");
	_cleanup_(ledger_free) struct ledger runs = read_ledger(dir);
	holder_end(owner);
	assert_int_equal(ledger.list[0].any, 6);
	assert_true(cpulist_empty(&ledger.list[0].cpus));
	assert_int_equal(most.list[0].any, CPULIST_MAX);
	assert_int_equal(runs.list[0].any, 0);
}

TEST(other_cgroups_without_processes_are_no_leases)
{
	const struct unit_dir *dir = *state;
	static const char *const names[] = {"a b-run-1764000000-0a1b2c3d-local",
		"\033[31mred-run-1764000000-0a1b2c3d-local",
		".hidden-run-1764000000-0a1b2c3d-local", "made-by-hand"};
	pid_t owners[COUNT(names)];
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[PATH_MAX];
		put_run(dir, names[i], "0\n", "cpuset memory\n");
		(void)snprintf(path, sizeof path, OURS "/%s/cgroup.events", names[i]);
		put_text_file(dir, path, "populated 0\n");
		owners[i] = own_run(dir, names[i]);
	}
	put_text_file(dir,
		"sys/fs/cgroup/user.slice/user-1x.slice/user@1.service/oss-crs/" ONE "/cpuset.cpus",
		"0\n");
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	for (size_t i = 0; i < COUNT(names); i++)
		holder_end(owners[i]);
	assert_int_equal(ledger.count, 0);
	assert_int_equal(ledger.hidden, 0);
}

static void assert_hidden(const struct ledger *ledger, const char *run, const char *why)
{
	char text[LEDGER_HIDDEN_MAX];
	assert_true(ledger->hidden > 0);
	(void)ledger_describe_hidden(ledger, text);
	assert_contains(text, run);
	assert_contains(text, why);
}

TEST(a_living_run_with_a_file_that_does_not_parse_is_hidden_and_not_ended)
{
	static const struct {
		const char *file, *text, *why;
	} cases[] = {
		{"cpuset.cpus", "x-y\n", "'x-y'"},
		{"memory.max", "plenty\n", "'plenty'"},
		{"memory.max", "", "''"},
		{"a/memory.max", "-1\n", "'-1'"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct unit_dir *dir = *state;
		char path[PATH_MAX];
		put_run(dir, ONE, "0\n", "cpuset memory\n");
		(void)snprintf(path, sizeof path, OURS "/" ONE "/%s", cases[i].file);
		put_text_file(dir, path, cases[i].text);
		pid_t owner = own_run(dir, ONE);
		_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
		holder_end(owner);
		assert_int_equal(ledger.count, 0);
		assert_int_equal(ledger.hidden, 1);
		assert_hidden(&ledger, "run " ONE " of ", cases[i].why);
	}
}

TEST(a_run_whose_files_go_away_meanwhile_has_ended)
{
	const struct unit_dir *dir = *state;
	put_run(dir, ONE, "0\n", "cpuset memory\n");
	assert_int_equal(unlinkat(dir->fd, OURS "/" ONE "/memory.max", 0), 0);
	pid_t owner = own_run(dir, ONE);
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	holder_end(owner);
	assert_int_equal(ledger.count, 0);
	assert_int_equal(ledger.hidden, 0);
}

/* Open descriptors until only `spare` more can be opened. Returns the lowest one; all descriptors
 * from there on belong to the test. */
static int use_up_descriptors(const struct rlimit *limit, unsigned spare)
{
	int first = dup(STDERR_FILENO);
	int last = first;
	for (int fd = first; fd >= 0; fd = dup(STDERR_FILENO))
		last = fd;
	assert_int_equal(last, (int)limit->rlim_cur - 1);
	for (unsigned i = 0; i < spare; i++)
		assert_int_equal(close(last - (int)i), 0);
	return first;
}

TEST(with_too_few_descriptors_a_lease_is_never_just_missing)
{
	const struct unit_dir *dir = *state;
	const struct rlimit limit = {.rlim_cur = 32, .rlim_max = 32};
	struct rlimit before;
	struct error err = {0};
	struct host host = HOST_CLOSED;
	unsigned seen = 0;
	unsigned hidden = 0;
	put_run(dir, ONE, "0\n", "cpuset memory\n");
	pid_t owner = own_run(dir, ONE);
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = limit.rlim_cur,
							  .rlim_max = before.rlim_max}),
		0);
	for (unsigned spare = 0; spare < 12; spare++) {
		struct ledger ledger = LEDGER_NONE;
		int first = use_up_descriptors(&limit, spare);
		int result = ledger_read(&host, 0, &ledger, &err);
		for (int fd = first; fd < (int)limit.rlim_cur; fd++)
			(void)close(fd);
		assert_true(result < 0 || ledger.count + ledger.hidden == 1);
		seen += result == 0 && ledger.count;
		if (result == 0 && ledger.hidden) {
			assert_hidden(&ledger, " of ", "Too many open files");
			hidden++;
		}
		ledger_free(&ledger);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(seen > 0 && hidden > 0);
	host_close(&host);
	holder_end(owner);
}

TEST(a_user_cannot_make_the_others_look_at_more_than_so_many_cgroups)
{
	const struct unit_dir *dir = *state;
	char path[PATH_MAX];
	put_run(dir, ONE, "0-3\n", "cpuset memory\n");
	pid_t owner = own_run(dir, ONE);
	for (unsigned i = 0; i + 3 < LEDGER_USER_MAX; i++) {
		(void)snprintf(path, sizeof path, OURS "/%u", i);
		assert_return_code(mkdirat(dir->fd, path, 0755), errno);
	}
	/* With the living run and its two CRSs as many as are looked at. */
	_cleanup_(ledger_free) struct ledger all = read_ledger(dir);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.hidden, 0);
	make_dir(dir->fd, OURS "/" ONE "/c");
	put_text_file(dir, OURS "/" ONE "/c/memory.max", "0\n");
	_cleanup_(ledger_free) struct ledger many = read_ledger(dir);
	holder_end(owner);
	assert_hidden(&many, "of ", "more than 4096 cgroups");
}

TEST(the_runs_of_a_user_are_read_once)
{
	const struct unit_dir *dir = *state;
	put_run(dir, ONE, "0\n", "cpuset memory\n");
	make_dir(dir->fd, "sys/fs/cgroup/user.slice/user-1000.slice2");
	pid_t owner = own_run(dir, ONE);
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	holder_end(owner);
	assert_int_equal(ledger.count, 1);
	assert_int_equal(ledger.hidden, 0);
}

TEST(a_run_that_waits_is_not_among_those_that_it_waits_for)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct host host = HOST_CLOSED;
	struct stat st;
	_cleanup_(ledger_free) struct ledger ledger = LEDGER_NONE;
	put_run(dir, ONE, "0\n", "\n");
	pid_t owner = own_run(dir, ONE);
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	assert_return_code(fstatat(dir->fd, OURS "/" ONE, &st, 0), errno);
	assert_ok(ledger_read(&host, st.st_ino, &ledger, &err), err);
	holder_end(owner);
	host_close(&host);
	assert_int_equal(ledger.count, 0);
	assert_int_equal(ledger.hidden, 0);
}

TEST(a_lease_is_live_with_the_owner_that_it_had_alone)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct host host = HOST_CLOSED;
	put_run(dir, ONE, "0\n", "cpuset memory\n");
	pid_t owner = own_run(dir, ONE);
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	assert_int_equal(ledger.count, 1);
	struct lease *held = &ledger.list[0];
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	assert_int_equal(lease_is_live(&host, held, &err), 1);
	held->owner++;
	assert_int_equal(lease_is_live(&host, held, &err), 0);
	held->owner--;
	holder_end(owner);
	assert_int_equal(lease_is_live(&host, held, &err), 0);
	/* The run has been removed, and then all that its user had. */
	(void)snprintf(held->name, sizeof held->name, "gone");
	assert_int_equal(lease_is_live(&host, held, &err), 0);
	held->uid++;
	assert_int_equal(lease_is_live(&host, held, &err), 0);
	host_close(&host);
}

TEST(cpus_are_shared_only_with_runs_that_do_not_have_them_alone)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct host host = HOST_CLOSED;
	put_run(dir, ONE, "0\n", "cpuset memory\n");
	pid_t owner = own_run(dir, ONE);
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	holder_end(owner);
	assert_int_equal(ledger.count, 1);
	struct lease *held = &ledger.list[0];
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	held->conflicts = LEASE_HAS_CPUS;
	assert_ok(ledger_check_partitions(&host, &ledger, &err), err);
	put_text_file(dir, OURS "/" ONE "/cpuset.cpus.partition", "isolated\n");
	assert_int_equal(ledger_check_partitions(&host, &ledger, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	held->conflicts = LEASE_HAS_MEMORY;
	assert_ok(ledger_check_partitions(&host, &ledger, &err), err);
	held->conflicts = LEASE_HAS_CPUS;
	assert_return_code(unlinkat(dir->fd, OURS "/" ONE "/cpuset.cpus.partition", 0), errno);
	make_dir(dir->fd, OURS "/" ONE "/cpuset.cpus.partition");
	assert_errno(ledger_check_partitions(&host, &ledger, &err), EISDIR, err);
	/* One that has ended meanwhile has no CPUs. */
	(void)snprintf(held->name, sizeof held->name, "gone");
	assert_ok(ledger_check_partitions(&host, &ledger, &err), err);
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_run_fits_beside_others_on_other_cpus),
		RUN(a_new_run_queues_behind_all_that_wait_for_the_same_cpus),
		RUN(a_later_run_is_in_the_way_only_once_it_runs),
		RUN(memory_is_leased_only_once),
		RUN(a_number_of_cpus_fits_if_so_many_are_free_whichever_they_are),
		RUN(who_comes_later_leaves_enough_cpus_to_those_who_wait_for_any),
		RUN(free_cpus_are_those_that_no_run_has_or_waits_for),
		RUN(a_message_names_three_and_counts_the_rest_and_never_overflows),
		RUN_IN_DIR(a_lease_lasts_as_long_as_its_owner_lives),
		RUN_IN_DIR(a_run_without_enabled_controllers_is_waiting),
		RUN_IN_DIR(a_waiting_run_says_how_many_cpus_it_wants_whichever_they_are),
		RUN_IN_DIR(other_cgroups_without_processes_are_no_leases),
		RUN_IN_DIR(a_living_run_with_a_file_that_does_not_parse_is_hidden_and_not_ended),
		RUN_IN_DIR(a_run_whose_files_go_away_meanwhile_has_ended),
		RUN_IN_DIR(with_too_few_descriptors_a_lease_is_never_just_missing),
		RUN_IN_DIR(a_user_cannot_make_the_others_look_at_more_than_so_many_cgroups),
		RUN_IN_DIR(cpus_are_shared_only_with_runs_that_do_not_have_them_alone),
		RUN_IN_DIR(a_lease_is_live_with_the_owner_that_it_had_alone),
		RUN_IN_DIR(a_run_that_waits_is_not_among_those_that_it_waits_for),
		RUN_IN_DIR(the_runs_of_a_user_are_read_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
