/* SPDX-License-Identifier: MIT
 *
 * plan_place: the part of a plan that depends on the machine's topology. It places CPUs on whole
 * cores, keeps memory on the nodes of the CPUs, and describes the result in warnings and notes.
 * Without a topology it does nothing.
 */
#include "plan_parts.h"

#include "cleanup.h"
#include "topology.h"

#include <errno.h>

/* One part in HOST_PART of a node's memory is left to the kernel and the host. A CRS that is kept
 * on a node can use only what is free there, so memory that fits to the last byte does not fit in
 * practice. */
#define HOST_PART 16

int place_cpus(const struct plan_request *request, const struct cpulist *pool,
	const struct cpulist *lists, struct place_request *wanted, size_t count,
	struct run_plan *plan, struct error *err)
{
	const struct topology *topology = request->topology;
	const struct cpulist none = {0};
	enum placement any = PLACED_SPARING;
	struct cpulist left = *pool;
	struct cpulist busy = *lists;
	cpulist_subtract(&left, &request->taken);
	cpulist_union(&busy, &request->taken);
	/* If too few CPUs are free, choose as if there were no other runs. Taking the lease then
	 * reports which runs have the CPUs, or waits for them. */
	if (placement_choose(topology, &left, &busy, wanted, count, &plan->placement, err) < 0 &&
		placement_choose(topology, pool, lists, wanted, count, &plan->placement, err) < 0)
		return -1;
	left = *pool;
	for (size_t i = 0; i < count; i++)
		cpulist_subtract(&left, &wanted[i].cpus);
	plan->choice = PLAN_CPUS_PLACED;
	return placement_choose(topology, &left, &none, &wanted[count], 1, &any, err);
}

/* Find the nodes that would need more memory than they have, if each CRS's memory were on the
 * nodes of its CPUs, divided among them in proportion to their sizes. */
static void find_full(
	const struct topology *topology, const struct run_plan *plan, struct cpulist *ret_full)
{
	struct cpulist full = {0};
	uint64_t sizes[CPULIST_MAX];
	for (size_t i = 0; i < topology->node_count; i++)
		sizes[i] = topology->nodes[i].memory - topology->nodes[i].memory / HOST_PART;
	for (size_t i = 0; i < plan->crs_count; i++) {
		const struct plan_crs *crs = &plan->crs[i];
		__extension__ unsigned __int128 memory = crs->memory_max;
		struct cpulist nodes = topology_nodes(topology, &crs->cpus);
		uint64_t sum = 0;
		for (size_t n = 0; n < topology->node_count; n++)
			sum += cpulist_has(&nodes, topology->nodes[n].id)
				       ? topology->nodes[n].memory
				       : 0;
		for (size_t n = 0; n < topology->node_count && sum; n++) {
			if (!cpulist_has(&nodes, topology->nodes[n].id))
				continue;
			uint64_t part = (uint64_t)(memory * topology->nodes[n].memory / sum);
			if (part > sizes[n])
				cpulist_add(&full, topology->nodes[n].id);
			sizes[n] -= part < sizes[n] ? part : sizes[n];
		}
	}
	*ret_full = full;
}

/* cpuset.mems restricts where a CRS's memory comes from. If its nodes are full, a CRS gets an OOM
 * kill even when other nodes have free memory. So a CRS is kept on its nodes only if everything
 * that may want memory there fits. */
int place_memory(const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	(void)err;
	const struct topology *topology = request->topology;
	if (!topology || topology->node_count < 2)
		return 0;
	struct cpulist full;
	struct cpulist with_memory = {0};
	find_full(topology, plan, &full);
	for (size_t n = 0; n < topology->node_count; n++)
		if (topology->nodes[n].memory)
			cpulist_add(&with_memory, topology->nodes[n].id);
	for (size_t i = 0; i < plan->crs_count; i++) {
		struct cpulist mems = topology_nodes(topology, &plan->crs[i].cpus);
		struct cpulist short_of = mems;
		cpulist_intersect(&mems, &with_memory);
		cpulist_intersect(&short_of, &full);
		if (cpulist_empty(&short_of))
			plan->crs[i].mems = mems;
	}
	return 0;
}

/* A set of CPUs, counted in cores. */
struct cpu_spread {
	unsigned cpus, cores, whole;
	uint16_t slowest, fastest;
	bool isolated;
};

/* Count the core of a CPU of the set, unless an earlier thread of the core is in the set too. */
static void add_core(const struct topology *topology, const struct cpulist *cpus,
	const struct topo_cpu *cpu, struct cpu_spread *spread)
{
	const struct topo_cpu *thread = cpu;
	const struct topo_cpu *end = topology->cpus + topology->count;
	bool whole = true;
	while (thread > topology->cpus && thread[-1].core == cpu->core)
		thread--;
	for (; thread < end && thread->core == cpu->core; thread++) {
		bool wanted = cpulist_has(cpus, thread->cpu);
		if (wanted && thread < cpu)
			return;
		whole = whole && wanted;
	}
	spread->cores++;
	spread->whole += whole;
}

static struct cpu_spread measure_spread(const struct topology *topology, const struct cpulist *cpus)
{
	struct cpu_spread spread = {.slowest = UINT16_MAX};
	for (unsigned i = cpulist_next(cpus, 0); i < CPULIST_MAX; i = cpulist_next(cpus, i + 1)) {
		const struct topo_cpu *cpu = topology_find(topology, i);
		if (!cpu)
			continue;
		spread.cpus++;
		spread.isolated = spread.isolated || cpu->isolated;
		spread.slowest = cpu->speed < spread.slowest ? cpu->speed : spread.slowest;
		spread.fastest = cpu->speed > spread.fastest ? cpu->speed : spread.fastest;
		add_core(topology, cpus, cpu, &spread);
	}
	return spread;
}

/* Add a note such as "NAME: 8 CPUs on 4 cores of node 0, memory there too". */
static int explain_crs(const struct topology *topology, const struct plan_crs *crs,
	struct run_plan *plan, struct error *err)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	char where[CPULIST_TEXT_MAX + 32] _unfilled_;
	where[0] = '\0';
	char parts[64] = "";
	struct cpu_spread spread = measure_spread(topology, &crs->cpus);
	const char *memory = "";
	if (topology->node_count > 1) {
		struct cpulist nodes = topology_nodes(topology, &crs->cpus);
		(void)snprintf(where, sizeof where, " of node%s %s",
			cpulist_count(&nodes) > 1 ? "s" : "", cpulist_format(&nodes, list));
		memory = !topology->memory           ? ""
			 : cpulist_empty(&crs->mems) ? ", memory from any node"
						     : ", with local memory";
	}
	if (spread.whole < spread.cores)
		(void)snprintf(parts, sizeof parts, ", %u of them whole", spread.whole);
	const char *kinds = spread.slowest != spread.fastest ? ", of different speeds" : "";
	return plan_note(plan, err, "%s: %u CPU%s on %u core%s%s%s%s%s", crs->name, spread.cpus,
		spread.cpus > 1 ? "s" : "", spread.cores, spread.cores > 1 ? "s" : "", where, parts,
		kinds, memory);
}

static int explain_choice(const struct topology *topology, struct run_plan *plan, struct error *err)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist first = topology_core(topology, 0);
	struct cpulist taken = first;
	cpulist_intersect(&taken, &plan->cpus);
	const char *cpus = cpulist_format(&first, list);
	if (plan->choice != PLAN_CPUS_PLACED)
		return 0;
	if (plan->placement == PLACED_SHARED)
		return plan_note(plan, err,
			"CPUs by number: too few whole cores are free, so some CRSs share a core");
	return plan_note(plan, err,
		"CPUs by number: whole cores, on as few nodes as possible; the first core (CPU%s "
		"%s) is %s",
		cpulist_count(&first) > 1 ? "s" : "", cpus,
		cpulist_empty(&taken) ? "left to the host" : "needed for the CRSs");
}

/* Warn about CRSs that have threads of the same core, since each slows the other down. A table
 * holds the first CRS of each core. */
static int warn_shared_cores(
	const struct topology *topology, struct run_plan *plan, struct error *err)
{
	_cleanup_free_ uint16_t *owner = calloc(topology->core_count, sizeof *owner);
	if (!owner)
		return fail(err, ENOMEM, "plan");
	for (size_t i = 0; i < plan->crs_count; i++) {
		const struct cpulist *cpus = &plan->crs[i].cpus;
		bool warned = false;
		for (unsigned cpu = cpulist_next(cpus, 0); cpu < CPULIST_MAX;
			cpu = cpulist_next(cpus, cpu + 1)) {
			const struct topo_cpu *found = topology_find(topology, cpu);
			uint16_t *first = found ? &owner[found->core] : NULL;
			if (!first || warned ||
				(*first && cpulist_has(&plan->crs[*first - 1].cpus, cpu)))
				continue;
			if (*first &&
				plan_warn(plan, err,
					"CRS '%s' shares the core of CPU %u with CRS '%s'",
					plan->crs[i].name, cpu, plan->crs[*first - 1].name) < 0)
				return -1;
			warned = *first != 0;
			*first = *first ? *first : (uint16_t)(i + 1);
		}
	}
	return 0;
}

/* Warn if CRSs have cores of different speed, since their results then say little about the CRSs
 * themselves (oss_crs_infra does not count), and if a CRS has several CPUs of which some are
 * isolated. */
static int warn_kinds(const struct topology *topology, struct run_plan *plan, struct error *err)
{
	struct cpu_spread first = {0};
	const char *name = NULL;
	for (size_t i = 0; i < plan->crs_count; i++) {
		const struct plan_crs *crs = &plan->crs[i];
		struct cpu_spread spread = measure_spread(topology, &crs->cpus);
		if (spread.isolated && spread.cpus > 1 &&
			plan_warn(plan, err,
				"CRS '%s' has isolated CPUs: the kernel does not balance load "
				"between them",
				crs->name) < 0)
			return -1;
		if (strcmp(crs->name, JOB_INFRA_CRS) == 0)
			continue;
		if (name && (spread.slowest != first.slowest || spread.fastest != first.fastest))
			return plan_warn(plan, err,
				"CRSs '%s' and '%s' run on cores of different speeds", name,
				crs->name);
		first = spread;
		name = crs->name;
	}
	return 0;
}

/* Threads of one core slow each other down, and an interrupt slows down what it interrupts. */
int refuse_disturbed(
	const struct plan_request *request, const struct run_plan *plan, struct error *err)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist interrupted = plan->cpus;
	if (!request->strict_machine)
		return 0;
	if (!request->topology)
		return fail_as(err, EX_UNAVAILABLE,
			"--strict-machine: the cores of this machine are not known");
	for (size_t i = 0; i < plan->crs_count; i++) {
		const struct plan_crs *crs = &plan->crs[i];
		struct cpu_spread spread = measure_spread(request->topology, &crs->cpus);
		if (spread.whole == spread.cores)
			continue;
		(void)fail_as(err, EX_UNAVAILABLE,
			"--strict-machine: CRS '%s' has only some of the threads of a core (CPUs "
			"%.200s)",
			crs->name, cpulist_format(&crs->cpus, list));
		return add_hint(err,
			"give it an even number of CPUs by number, which are whole cores, or "
			"switch SMT off: echo off | sudo tee /sys/devices/system/cpu/smt/control");
	}
	cpulist_intersect(&interrupted, &request->interrupted);
	if (cpulist_empty(&interrupted))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"--strict-machine: devices interrupt CPU%s %.200s of the run",
		cpulist_count(&interrupted) > 1 ? "s" : "", cpulist_format(&interrupted, list));
	return add_hint(err, INTERRUPTS_HINT);
}

int warn_placement(const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	const struct topology *topology = request->topology;
	if (!topology)
		return 0;
	if (topology->threads_max > 1 && warn_shared_cores(topology, plan, err) < 0)
		return -1;
	return warn_kinds(topology, plan, err);
}

int plan_explain(const struct topology *topology, struct run_plan *plan, struct error *err)
{
	if (topology->count == 0)
		return 0;
	if (explain_choice(topology, plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (explain_crs(topology, &plan->crs[i], plan, err) < 0)
			return -1;
	return 0;
}
