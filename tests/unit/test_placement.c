/* SPDX-License-Identifier: MIT
 *
 * test_placement: which CPUs a request for a number of CPUs gets, on small and large machines. The
 * placement was not tuned for the large ones.
 */
#include "machines.h"

#include "placement.h"

#define REQUESTS_MAX 64

static const struct machine desktop = {1, 1, 8, 2, true, 32};
static const struct machine epyc = {2, 8, 8, 2, true, 32};
static const struct machine power = {2, 1, 10, 4, false, 256};
static const struct machine riscv = {1, 4, 16, 1, false, 32};
static const struct machine no_smt = {2, 1, 16, 1, false, 64};

struct ask {
	struct place_request requests[REQUESTS_MAX];
	size_t count;
	enum placement placement;
};

/* Place one request per CPU count (0 ends the list) on the CPUs of `pool`, or of the whole machine
 * if that is empty, except those in `busy`. */
static struct ask place_busy(
	const struct topology *topology, const char *pool, const char *busy, const unsigned *counts)
{
	struct ask ask = {0};
	struct error err = {0};
	struct cpulist from = *pool ? list_of(pool) : topology_online(topology);
	struct cpulist taken = list_of(busy);
	cpulist_subtract(&from, &taken);
	for (; counts[ask.count]; ask.count++)
		ask.requests[ask.count].count = counts[ask.count];
	assert_ok(placement_choose(
			  topology, &from, &taken, ask.requests, ask.count, &ask.placement, &err),
		err);
	return ask;
}

static struct ask place_counts(const struct topology *topology, const unsigned *counts)
{
	return place_busy(topology, "", "", counts);
}

#define COUNTS(...) ((const unsigned[]){__VA_ARGS__, 0})

/* What holds of every placement: each request has as many CPUs as it asked for, no CPU is in two
 * requests, and, unless the placement is PLACED_SHARED, no core has threads of two. */
static void assert_sensible(const struct topology *topology, const struct ask *ask)
{
	_cleanup_free_ int *owner = calloc(topology->core_count, sizeof *owner);
	assert_non_null(owner);
	struct cpulist all = {0};
	for (size_t i = 0; i < ask->count; i++) {
		const struct cpulist *cpus = &ask->requests[i].cpus;
		assert_int_equal(cpulist_count(cpus), ask->requests[i].count);
		unsigned before = cpulist_count(&all);
		cpulist_union(&all, cpus);
		assert_int_equal(cpulist_count(&all), before + cpulist_count(cpus));
		for (unsigned cpu = cpulist_next(cpus, 0); cpu < CPULIST_MAX;
			cpu = cpulist_next(cpus, cpu + 1)) {
			int *core = &owner[topology_find(topology, cpu)->core];
			if (*core && *core != (int)i + 1 && ask->placement != PLACED_SHARED)
				fail_test("core of CPU %u has threads of two", cpu);
			*core = (int)i + 1;
		}
	}
}

/* The CPUs of request i are on this many nodes. */
static void assert_nodes(
	const struct topology *topology, const struct ask *ask, size_t i, unsigned expected)
{
	struct cpulist nodes = topology_nodes(topology, &ask->requests[i].cpus);
	assert_int_equal(cpulist_count(&nodes), expected);
}

TEST(whole_cores_are_used_and_the_first_is_left_to_the_host)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	struct ask ask = place_counts(&topology, COUNTS(4, 4));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_list(&ask.requests[0].cpus, "1-2,9-10");
	assert_list(&ask.requests[1].cpus, "3-4,11-12");
}

TEST(the_first_core_is_used_if_no_other_is_left)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	struct ask ask = place_counts(&topology, COUNTS(8, 8));
	assert_int_equal(ask.placement, PLACED_WHOLE);
	assert_list(&ask.requests[0].cpus, "1-4,9-12");
	assert_list(&ask.requests[1].cpus, "0,5-8,13-15");
}

TEST(an_odd_number_leaves_a_thread_idle_while_there_is_room)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	struct ask ask = place_counts(&topology, COUNTS(3, 3, 3));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_sensible(&topology, &ask);
	assert_list(&ask.requests[0].cpus, "1-2,9");
}

TEST(cores_are_shared_only_if_necessary_and_then_few)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	struct ask ask = place_counts(&topology, COUNTS(5, 5, 4, 2));
	assert_int_equal(ask.placement, PLACED_SHARED);
	assert_sensible(&topology, &ask);
	assert_list(&ask.requests[2].cpus, "1-2,9-10");
	assert_list(&ask.requests[3].cpus, "3,11");
}

TEST(a_core_with_a_busy_thread_is_not_whole)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	struct ask ask = place_busy(&topology, "", "1,10-12", COUNTS(6));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_list(&ask.requests[0].cpus, "5-7,13-15");
	ask = place_busy(&topology, "", "1,10-12", COUNTS(8));
	assert_int_equal(ask.placement, PLACED_WHOLE);
	assert_list(&ask.requests[0].cpus, "0,5-8,13-15");
	ask = place_busy(&topology, "", "1,10-12", COUNTS(10));
	assert_int_equal(ask.placement, PLACED_SHARED);
	assert_int_equal(cpulist_count(&ask.requests[0].cpus), 10);
}

TEST(threads_outside_the_pool_do_not_matter)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	struct ask ask = place_busy(&topology, "0-7", "", COUNTS(3, 3));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_list(&ask.requests[0].cpus, "1-3");
	assert_list(&ask.requests[1].cpus, "4-6");
}

TEST(each_request_is_on_as_few_of_sixteen_nodes_as_it_needs)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&epyc);
	struct ask ask = place_counts(&topology, COUNTS(16, 16, 40, 8, 8, 64, 2));
	assert_int_equal(topology.count, 256);
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_sensible(&topology, &ask);
	static const unsigned nodes[] = {1, 1, 3, 1, 1, 4, 1};
	for (size_t i = 0; i < COUNT(nodes); i++)
		assert_nodes(&topology, &ask, i, nodes[i]);
	/* A request that does not fit on one node stays on one socket. */
	for (size_t i = 0; i < ask.count; i++) {
		unsigned cpu = cpulist_next(&ask.requests[i].cpus, 0);
		unsigned package = topology_find(&topology, cpu)->package;
		for (; cpu < CPULIST_MAX; cpu = cpulist_next(&ask.requests[i].cpus, cpu + 1))
			assert_int_equal(topology_find(&topology, cpu)->package, package);
	}
	/* Two requests for half a node share one node. */
	struct cpulist both = ask.requests[3].cpus;
	cpulist_union(&both, &ask.requests[4].cpus);
	struct cpulist shared = topology_nodes(&topology, &both);
	assert_int_equal(cpulist_count(&shared), 1);
}

TEST(cores_of_four_threads)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&power);
	struct ask ask = place_counts(&topology, COUNTS(16, 6, 1, 40));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_sensible(&topology, &ask);
	assert_list(&ask.requests[3].cpus, "40-79");
	assert_list(&ask.requests[0].cpus, "4-19");
	assert_list(&ask.requests[1].cpus, "20-25");
	assert_list(&ask.requests[2].cpus, "28");
}

TEST(cores_of_one_thread_on_four_nodes)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&riscv);
	struct ask ask = place_counts(&topology, COUNTS(15, 16, 16, 8, 8));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_sensible(&topology, &ask);
	for (size_t i = 0; i < ask.count; i++)
		assert_nodes(&topology, &ask, i, 1);
	assert_list(&ask.requests[0].cpus, "1-15");
}

TEST(memory_decides_between_nodes_that_have_the_cpus)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&no_smt);
	struct place_request requests[] = {{.count = 4, .memory = UINT64_C(48) << 30},
		{.count = 4, .memory = UINT64_C(48) << 30}};
	struct cpulist all = topology_online(&topology);
	struct cpulist none = {0};
	struct error err = {0};
	enum placement placement = PLACED_SHARED;
	assert_ok(placement_choose(&topology, &all, &none, requests, 2, &placement, &err), err);
	assert_list(&requests[0].cpus, "1-4");
	assert_list(&requests[1].cpus, "16-19");
}

TEST(the_fastest_cores_come_first_and_no_request_mixes_kinds)
{
	_cleanup_(topology_free) struct topology topology =
		topology_recorded(state, "arm-A510-A710-A715-X3");
	struct ask ask = place_counts(&topology, COUNTS(4));
	assert_list(&ask.requests[0].cpus, "3-6");
	ask = place_counts(&topology, COUNTS(1));
	assert_list(&ask.requests[0].cpus, "7");
	ask = place_counts(&topology, COUNTS(4, 2, 1));
	assert_list(&ask.requests[0].cpus, "3-6");
	assert_list(&ask.requests[1].cpus, "1-2");
	assert_list(&ask.requests[2].cpus, "7");
}

TEST(a_node_that_spans_two_sockets_is_one_node)
{
	_cleanup_(topology_free) struct topology topology =
		topology_recorded(state, "x86_64-64cpu");
	struct ask ask = place_counts(&topology, COUNTS(24));
	assert_nodes(&topology, &ask, 0, 1);
	ask = place_counts(&topology, COUNTS(16, 16));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_sensible(&topology, &ask);
	assert_nodes(&topology, &ask, 0, 1);
	assert_nodes(&topology, &ask, 1, 1);
}

TEST(isolated_cpus_are_the_last_resort)
{
	machine_write(unit_dir(state), &desktop);
	make_text(unit_dir(state), "1-3,9-11\n", "devices/system/cpu/isolated");
	_cleanup_(topology_free) struct topology topology = topology_at(unit_dir(state));
	struct ask ask = place_counts(&topology, COUNTS(8));
	assert_list(&ask.requests[0].cpus, "4-7,12-15");
	ask = place_counts(&topology, COUNTS(11));
	assert_sensible(&topology, &ask);
}

TEST(a_laptop_and_a_virtual_machine_can_be_used_up)
{
	_cleanup_(topology_free) struct topology laptop =
		topology_recorded(state, "x86_64-dell_e4310");
	struct ask ask = place_counts(&laptop, COUNTS(2));
	assert_int_equal(ask.placement, PLACED_SPARING);
	assert_list(&ask.requests[0].cpus, "1,3");
	ask = place_counts(&laptop, COUNTS(3, 1));
	assert_int_equal(ask.placement, PLACED_SHARED);
	assert_sensible(&laptop, &ask);
	_cleanup_(topology_free) struct topology vm = topology_recorded(state, "vbox-win");
	ask = place_counts(&vm, COUNTS(1, 1));
	assert_int_equal(ask.placement, PLACED_WHOLE);
	assert_list(&ask.requests[0].cpus, "1");
	assert_list(&ask.requests[1].cpus, "0");
}

TEST(random_requests_are_placed_sensibly_and_deterministically)
{
	static const struct machine *const machines[] = {&desktop, &epyc, &power, &riscv, &no_smt};
	for (size_t m = 0; m < COUNT(machines); m++) {
		_cleanup_(topology_free) struct topology topology = topology_of(machines[m]);
		uint64_t seed = m;
		for (unsigned round = 0; round < 100; round++) {
			unsigned counts[REQUESTS_MAX + 1] = {0};
			unsigned left = (unsigned)topology.count;
			size_t limit = 1 + unit_random(&seed) % 24;
			for (size_t i = 0; i < limit && left > 0; i++) {
				counts[i] = 1 + (unsigned)(unit_random(&seed) % (left / 2 + 1));
				left -= counts[i];
			}
			struct ask first = place_counts(&topology, counts);
			struct ask second = place_counts(&topology, counts);
			assert_sensible(&topology, &first);
			assert_memory_equal(&first, &second, sizeof first);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(whole_cores_are_used_and_the_first_is_left_to_the_host),
		RUN(the_first_core_is_used_if_no_other_is_left),
		RUN(an_odd_number_leaves_a_thread_idle_while_there_is_room),
		RUN(cores_are_shared_only_if_necessary_and_then_few),
		RUN(a_core_with_a_busy_thread_is_not_whole),
		RUN(threads_outside_the_pool_do_not_matter),
		RUN(each_request_is_on_as_few_of_sixteen_nodes_as_it_needs),
		RUN(cores_of_four_threads),
		RUN(cores_of_one_thread_on_four_nodes),
		RUN(memory_decides_between_nodes_that_have_the_cpus),
		RUN_IN_DIR(the_fastest_cores_come_first_and_no_request_mixes_kinds),
		RUN_IN_DIR(a_node_that_spans_two_sockets_is_one_node),
		RUN_IN_DIR(isolated_cpus_are_the_last_resort),
		RUN_IN_DIR(a_laptop_and_a_virtual_machine_can_be_used_up),
		RUN(random_requests_are_placed_sensibly_and_deterministically),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
