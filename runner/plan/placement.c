/* SPDX-License-Identifier: MIT
 *
 * placement: a unit is what is handed out as a whole: the usable CPUs of one core. All units of
 * one node, socket and speed form a group. The largest request chooses its groups first, by the
 * scores in choose_group(). placement_choose() tries the grades of enum placement in turn; only at
 * the last one, PLACED_SHARED, is each CPU a unit of its own.
 */
#include "placement.h"

#include "cleanup.h"

#include <errno.h>

/* A CPU that may be chosen. */
struct slot {
	const struct topo_cpu *cpu;
	bool last; /* on the first core or on one with a busy CPU: taken last of its group */
};

struct unit {
	struct slot *slots;
	unsigned count;
	bool used;
};

struct group {
	struct unit *units;
	size_t count;
	unsigned free; /* CPUs in unused units */
	const struct topo_cpu *first;
};

struct state {
	const struct topology *topology;
	struct slot *slots;
	size_t slot_count;
	struct unit *units;
	struct group *groups;
	size_t group_count;
	uint64_t *memory; /* bytes left on each node */
	unsigned *free;   /* CPUs in unused units of each node */
};

static void state_free(struct state *state)
{
	free(state->slots);
	free(state->units);
	free(state->groups);
	free(state->memory);
	free(state->free);
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *left = a;
	const struct slot *right = b;
	if (left->cpu->node != right->cpu->node)
		return left->cpu->node - right->cpu->node;
	if (left->cpu->package != right->cpu->package)
		return left->cpu->package - right->cpu->package;
	if (left->cpu->speed != right->cpu->speed)
		return right->cpu->speed - left->cpu->speed;
	if (left->last != right->last)
		return left->last - right->last;
	return left->cpu->core != right->cpu->core ? left->cpu->core - right->cpu->core
						   : left->cpu->cpu - right->cpu->cpu;
}

/* Collect and sort the CPUs that may be chosen at this grade. */
static int find_slots(struct state *state, const struct cpulist *pool, const struct cpulist *busy,
	enum placement grade, struct error *err)
{
	const struct topology *topology = state->topology;
	_cleanup_free_ bool *begun = calloc(topology->core_count, sizeof *begun);
	if (!begun)
		return fail(err, ENOMEM, "placement");
	for (size_t i = 0; i < topology->count; i++)
		if (cpulist_has(busy, topology->cpus[i].cpu))
			begun[topology->cpus[i].core] = true;
	for (size_t i = 0; i < topology->count; i++) {
		const struct topo_cpu *cpu = &topology->cpus[i];
		if (!cpulist_has(pool, cpu->cpu) || cpulist_has(busy, cpu->cpu) ||
			(begun[cpu->core] && grade != PLACED_SHARED) ||
			(cpu->core == 0 && grade == PLACED_SPARING))
			continue;
		state->slots[state->slot_count++] =
			(struct slot){.cpu = cpu, .last = cpu->core == 0 || begun[cpu->core]};
	}
	qsort(state->slots, state->slot_count, sizeof *state->slots, compare_slots);
	return 0;
}

static bool same_group(const struct topo_cpu *a, const struct topo_cpu *b)
{
	return a->node == b->node && a->package == b->package && a->speed == b->speed;
}

static int state_make(struct state *state, const struct cpulist *pool, const struct cpulist *busy,
	enum placement grade, struct error *err)
{
	const struct topology *topology = state->topology;
	/* One element more than needed: calloc(3) may return NULL for a size of 0. */
	state->slots = calloc(topology->count + 1, sizeof *state->slots);
	state->units = calloc(topology->count + 1, sizeof *state->units);
	state->groups = calloc(topology->count + 1, sizeof *state->groups);
	state->memory = calloc(topology->node_count + 1, sizeof *state->memory);
	state->free = calloc(topology->node_count + 1, sizeof *state->free);
	if (!state->slots || !state->units || !state->groups || !state->memory || !state->free)
		return fail(err, ENOMEM, "placement");
	for (size_t i = 0; i < topology->node_count; i++)
		state->memory[i] = topology->nodes[i].memory;
	if (find_slots(state, pool, busy, grade, err) < 0)
		return -1;
	struct unit *unit = state->units - 1;
	struct group *group = state->groups - 1;
	for (size_t i = 0; i < state->slot_count; i++) {
		struct slot *slot = &state->slots[i];
		bool begins = i == 0 || !same_group(slot->cpu, slot[-1].cpu);
		if (begins || grade == PLACED_SHARED || slot->cpu->core != slot[-1].cpu->core) {
			unit++;
			*unit = (struct unit){.slots = slot};
			if (begins)
				*++group = (struct group){.units = unit, .first = slot->cpu};
			group->count++;
		}
		unit->count++;
		group->free++;
		state->free[slot->cpu->node]++;
	}
	state->group_count = (size_t)(group + 1 - state->groups);
	return 0;
}

#define SCORES 7

/* The best group for the rest of a request, which still needs `wanted` CPUs; NULL if all groups
 * are used up. `home` is a CPU in the first group that the request got, or NULL. The scores are
 * compared in the order in which they are listed; of groups that are large enough, the smallest is
 * best, otherwise the largest. */
static struct group *choose_group(
	const struct state *state, unsigned wanted, uint64_t memory, const struct topo_cpu *home)
{
	struct group *best = NULL;
	int best_score[SCORES] = {0};
	for (struct group *group = state->groups; group < state->groups + state->group_count;
		group++) {
		const struct topo_cpu *first = group->first;
		bool fits = group->free >= wanted;
		bool known = state->topology->nodes[first->node].memory > 0;
		const int score[SCORES] = {
			state->free[first->node] >= wanted,
			fits,
			home && home->node == first->node,
			home && home->package == first->package,
			first->speed,
			!known || state->memory[first->node] >= memory,
			fits ? -(int)group->free : (int)group->free,
		};
		int order = best ? 0 : 1;
		for (size_t i = 0; i < SCORES && order == 0; i++)
			order = score[i] - best_score[i];
		if (group->free == 0 || order <= 0)
			continue;
		best = group;
		memcpy(best_score, score, sizeof score);
	}
	return best;
}

static void use_unit(struct state *state, struct group *group, struct unit *unit, unsigned count,
	struct cpulist *cpus)
{
	for (unsigned i = 0; i < count; i++)
		cpulist_add(cpus, unit->slots[i].cpu->cpu);
	unit->used = true;
	group->free -= unit->count;
	state->free[group->first->node] -= unit->count;
}

/* Take `wanted` CPUs from a group that has enough: first the units that fit, then a part of the
 * smallest unit that is too large. */
static void take_units(
	struct state *state, struct group *group, unsigned wanted, struct cpulist *cpus)
{
	struct unit *rest = NULL;
	for (struct unit *unit = group->units; unit < group->units + group->count && wanted > 0;
		unit++) {
		if (unit->used || unit->count > wanted)
			continue;
		use_unit(state, group, unit, unit->count, cpus);
		wanted -= unit->count;
	}
	for (struct unit *unit = group->units; unit < group->units + group->count && wanted > 0;
		unit++)
		if (!unit->used && (!rest || unit->count < rest->count))
			rest = unit;
	if (rest)
		use_unit(state, group, rest, wanted, cpus);
}

static bool choose_cpus(struct state *state, struct place_request *request)
{
	const struct topo_cpu *home = NULL;
	unsigned wanted = request->count;
	memset(&request->cpus, 0, sizeof request->cpus);
	while (wanted > 0) {
		struct group *group = choose_group(state, wanted, request->memory, home);
		if (!group)
			return false;
		if (!home) {
			uint64_t *memory = &state->memory[group->first->node];
			*memory -= *memory < request->memory ? *memory : request->memory;
			home = group->first;
		}
		unsigned here = wanted < group->free ? wanted : group->free;
		take_units(state, group, here, &request->cpus);
		wanted -= here;
	}
	return true;
}

struct turn {
	struct place_request *request;
	bool odd; /* would use part of a core and leave the rest to the next request */
};

static int compare_turns(const void *a, const void *b)
{
	const struct turn *left = a;
	const struct turn *right = b;
	if (left->odd != right->odd)
		return left->odd - right->odd;
	if (left->request->count != right->request->count)
		return left->request->count < right->request->count ? 1 : -1;
	return left->request < right->request ? -1 : 1;
}

/* Try to place all requests at this grade. Returns 1, 0 if there are too few CPUs, or -1 with an
 * error. */
static int try_grade(const struct topology *topology, const struct cpulist *pool,
	const struct cpulist *busy, enum placement grade, struct place_request *requests,
	size_t count, struct error *err)
{
	_cleanup_(state_free) struct state state = {.topology = topology};
	_cleanup_free_ struct turn *turns = calloc(count + 1, sizeof *turns);
	if (!turns)
		return fail(err, ENOMEM, "placement");
	if (state_make(&state, pool, busy, grade, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		turns[i] = (struct turn){.request = &requests[i],
			.odd = grade == PLACED_SHARED && requests[i].count % topology->threads_max};
	qsort(turns, count, sizeof *turns, compare_turns);
	for (size_t i = 0; i < count; i++)
		if (!choose_cpus(&state, turns[i].request))
			return 0;
	return 1;
}

int placement_choose(const struct topology *topology, const struct cpulist *pool,
	const struct cpulist *busy, struct place_request *requests, size_t count,
	enum placement *ret, struct error *err)
{
	unsigned sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += requests[i].count;
	struct cpulist usable = *pool;
	struct cpulist isolated = {0};
	for (size_t i = 0; i < topology->count; i++)
		if (topology->cpus[i].isolated)
			cpulist_add(&isolated, topology->cpus[i].cpu);
	cpulist_subtract(&usable, &isolated);
	if (cpulist_count(&usable) < sum)
		usable = *pool;
	for (enum placement grade = PLACED_SPARING; grade <= PLACED_SHARED; grade++) {
		int met = try_grade(topology, &usable, busy, grade, requests, count, err);
		if (met < 0)
			return -1;
		if (met) {
			*ret = grade;
			return 0;
		}
	}
	return fail_as(err, EX_CONFIG, "the config needs %u CPUs, but only %u are free", sum,
		cpulist_count(pool));
}

struct cpulist placement_take(struct cpulist *pool, unsigned count)
{
	struct cpulist taken = {0};
	unsigned cpu = cpulist_next(pool, 0);
	for (; count > 0 && cpu < CPULIST_MAX; count--, cpu = cpulist_next(pool, cpu + 1))
		cpulist_add(&taken, cpu);
	cpulist_subtract(pool, &taken);
	return taken;
}
