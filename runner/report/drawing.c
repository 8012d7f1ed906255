/* SPDX-License-Identifier: MIT
 *
 * drawing: prints a heading per socket and NUMA node, and below it a line for each group of
 * adjacent cores that have the same kind, isolation and owners.
 */
#include "drawing.h"

#include "cleanup.h"
#include "size.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>

#define NOBODY      (-1) /* no CRS has the CPU */
#define OTHERS      (-2) /* more than one CRS has the CPU */
#define OWNER_WIDTH 20   /* columns that the owners' names are padded to */

/* Find the owner of each CPU, in the order of topology.cpus: the index of the CRS that has it,
 * NOBODY or OTHERS. The caller frees the list; NULL if out of memory. */
static int *find_cpu_owners(const struct run_plan *plan)
{
	const struct topology *topology = &plan->topology;
	int *owners = calloc(topology->count, sizeof *owners);
	for (size_t i = 0; owners && i < topology->count; i++)
		owners[i] = NOBODY;
	for (size_t i = 0; owners && i < plan->crs_count; i++) {
		const struct cpulist *cpus = &plan->crs[i].cpus;
		for (unsigned cpu = cpulist_next(cpus, 0); cpu < CPULIST_MAX;
			cpu = cpulist_next(cpus, cpu + 1)) {
			const struct topo_cpu *found = topology_find(topology, cpu);
			if (found)
				owners[found - topology->cpus] =
					owners[found - topology->cpus] == NOBODY ? (int)i : OTHERS;
		}
	}
	return owners;
}

/* The place after the last thread of the core that begins at place i. */
static size_t core_end(const struct topology *topology, size_t i)
{
	size_t end = i;
	while (end < topology->count && topology->cpus[end].core == topology->cpus[i].core)
		end++;
	return end;
}

/* Whether the cores at places a and b are drawn alike: the same number of threads, socket, node,
 * speed and isolation, and the same owners, thread by thread. */
static bool cores_alike(const struct topology *topology, const int *owners, size_t a, size_t b)
{
	const struct topo_cpu *left = &topology->cpus[a];
	const struct topo_cpu *right = &topology->cpus[b];
	size_t threads = core_end(topology, a) - a;
	if (threads != core_end(topology, b) - b || left->node != right->node ||
		left->speed != right->speed || left->package != right->package ||
		left->isolated != right->isolated)
		return false;
	return memcmp(&owners[a], &owners[b], threads * sizeof *owners) == 0;
}

static const char *owner_name(const struct run_plan *plan, const struct topo_cpu *cpu, int owner)
{
	if (owner >= 0)
		return plan->crs[owner].name;
	if (owner == OTHERS)
		return "(several CRSs)";
	return cpulist_has(&plan->cpus, cpu->cpu) ? "(worker)" : "-";
}

/* Print who owns the threads of the core at place i. Adjacent threads of one owner print its name
 * once. */
static void print_owners(const struct run_plan *plan, const int *owners, size_t i, FILE *to)
{
	const char *before = NULL;
	int width = 0;
	for (size_t end = core_end(&plan->topology, i); i < end; i++) {
		const char *name = owner_name(plan, &plan->topology.cpus[i], owners[i]);
		char clean[TEXT_GROWTH * JOB_NAME_MAX + 1];
		if (!before || strcmp(name, before) != 0)
			width += fprintf(to, "%s%s", before ? " + " : "",
				text_clean(name, clean, sizeof clean));
		before = name;
	}
	(void)fprintf(to, "%*s", width < OWNER_WIDTH ? OWNER_WIDTH - width : 0, "");
}

/* Print the cores from place i on that are alike as one line. Returns the place after them. */
static size_t print_cores(const struct run_plan *plan, const int *owners, size_t i, FILE *to)
{
	const struct topology *topology = &plan->topology;
	const struct topo_cpu *first = &topology->cpus[i];
	struct cpulist cpus = {0};
	char list[CPULIST_TEXT_MAX] _unfilled_;
	unsigned cores = 0;
	size_t next = i;
	while (next < topology->count && cores_alike(topology, owners, i, next)) {
		size_t end = core_end(topology, next);
		for (; next < end; next++)
			cpulist_add(&cpus, topology->cpus[next].cpu);
		cores++;
	}
	(void)fprintf(to, "    %4u core%s ", cores, cores > 1 ? "s" : " ");
	print_owners(plan, owners, i, to);
	(void)fprintf(to, " CPUs %s", cpulist_format(&cpus, list));
	if (first->speed != TOPOLOGY_SPEED_MAX)
		(void)fprintf(to, "  (speed %u of %u)", first->speed, TOPOLOGY_SPEED_MAX);
	(void)fputs(first->isolated ? "  (isolated)\n" : "\n", to);
	return next;
}

static void print_node(const struct topo_node *node, FILE *to)
{
	char size[SIZE_TEXT_MAX];
	(void)fprintf(to, "  node %u", node->id);
	if (node->memory)
		(void)fprintf(to, ", %s", size_format(node->memory, size));
	(void)fputc('\n', to);
}

int drawing_print(const struct run_plan *plan, FILE *to, struct error *err)
{
	const struct topology *topology = &plan->topology;
	_cleanup_free_ int *owners = find_cpu_owners(plan);
	_cleanup_free_ bool *drawn = calloc(topology->node_count, sizeof *drawn);
	if (!owners || !drawn)
		return fail(err, ENOMEM, "draw the machine");
	for (size_t i = 0; i < topology->count;) {
		const struct topo_cpu *cpu = &topology->cpus[i];
		bool socket = i == 0 || cpu->package != cpu[-1].package;
		if (socket)
			(void)fprintf(to, "socket %u\n", cpu->package);
		if (socket || cpu->node != cpu[-1].node)
			print_node(&topology->nodes[cpu->node], to);
		drawn[cpu->node] = true;
		i = print_cores(plan, owners, i, to);
	}
	for (size_t n = 0; n < topology->node_count; n++) {
		if (drawn[n])
			continue;
		(void)fputs("no sockets\n", to);
		print_node(&topology->nodes[n], to);
	}
	return ferror(to) ? fail(err, EIO, "draw the machine") : 0;
}
