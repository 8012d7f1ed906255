/* SPDX-License-Identifier: MIT
 *
 * machine: reads /sys and /proc, or a recording of them. machine_topology() reads each file once:
 * first the CPUs with their cores and speeds, then the nodes. Only the list of online CPUs is
 * required; if another file is missing, the simplest case is assumed (topology.h).
 */
#include "machine.h"

#include "cleanup.h"
#include "fs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

int machine_cpus(const struct host *host, struct cpulist *ret, struct error *err)
{
	static const char path[] = "sys/devices/system/cpu/online";
	char text[CPULIST_TEXT_MAX] _unfilled_;
	if (fs_read_attr(host->root, path, text, sizeof text, err) < 0)
		return -1;
	return cpulist_parse(text, ret, err) < 0 ? add_context(err, "/%s", path) : 0;
}

/* A line "NAME: N kB" of /proc/meminfo, in bytes. 0 if there is none. */
static uint64_t find_meminfo(const char *text, const char *name)
{
	uint64_t kib = 0;
	const char *line = strstr(text, name);
	return line && sscanf(line + strlen(name), "%" SCNu64 " kB", &kib) == 1 ? kib * 1024 : 0;
}

int machine_memory(const struct host *host, uint64_t *ret, uint64_t *ret_huge, struct error *err)
{
	static const char path[] = "proc/meminfo";
	_cleanup_free_ char *text = NULL;
	if (fs_read(host->root, path, 1U << 16, &text, NULL, err) < 0)
		return -1;
	uint64_t total = find_meminfo(text, "MemTotal:");
	uint64_t huge = find_meminfo(text, "\nHugetlb:");
	if (!total)
		return fail(err, ENODATA, "MemTotal in /%s", path);
	if (huge >= total)
		return fail(err, EINVAL, "Hugetlb in /%s", path);
	*ret = total - huge;
	if (ret_huge)
		*ret_huge = huge;
	return 0;
}

/* Read where an interrupt goes. It may be released while its directory is read. */
static int add_interrupt(int irqs, const char *irq, struct cpulist *cpus, struct error *err)
{
	static const char *const files[] = {"effective_affinity_list", "smp_affinity_list"};
	char text[CPULIST_TEXT_MAX] _unfilled_;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[NAME_MAX + 32];
		struct cpulist set = {0};
		(void)snprintf(path, sizeof path, "%s/%s", irq, files[i]);
		if (fs_read_attr(irqs, path, text, sizeof text, err) < 0) {
			if (err->code != ENOENT)
				return -1;
			continue;
		}
		if (text[strspn(text, " ")] && cpulist_parse(text, &set, err) < 0)
			return add_context(err, "/proc/irq/%s", path);
		cpulist_union(cpus, &set);
		break;
	}
	return 0;
}

int machine_interrupts(const struct host *host, struct cpulist *ret, struct error *err)
{
	_cleanup_closedir_ DIR *dir = fs_list(host->root, "proc/irq", err);
	if (!dir)
		return -1;
	struct cpulist cpus = {0};
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(dir, &entry, err)) > 0)
		if (isdigit((unsigned char)entry->d_name[0]) &&
			add_interrupt(dirfd(dir), entry->d_name, &cpus, err) < 0)
			return -1;
	*ret = cpus;
	return more;
}

/* Write "NUMBER DEVICE…". The kernel makes a directory for each device that uses an interrupt. */
static int name_interrupt(int irqs, const char *irq, FILE *out, struct error *err)
{
	_cleanup_closedir_ DIR *dir = fs_list(irqs, irq, err);
	if (!dir)
		return err->code == ENOENT ? 0 : -1;
	(void)fputs(irq, out);
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(dir, &entry, err)) > 0)
		if (entry->d_type == DT_DIR)
			(void)fprintf(out, " %s", entry->d_name);
	(void)fputc('\n', out);
	return more;
}

static int name_interrupts(DIR *dir, const struct cpulist *cpus, FILE *out, struct error *err)
{
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(dir, &entry, err)) > 0) {
		struct cpulist its = {0};
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (add_interrupt(dirfd(dir), entry->d_name, &its, err) < 0)
			return -1;
		cpulist_intersect(&its, cpus);
		if (!cpulist_empty(&its) && name_interrupt(dirfd(dir), entry->d_name, out, err) < 0)
			return -1;
	}
	return more;
}

int machine_interrupt_names(
	const struct host *host, const struct cpulist *cpus, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	_cleanup_closedir_ DIR *dir = fs_list(host->root, "proc/irq", err);
	if (!dir)
		return -1;
	FILE *out = open_memstream(&text, &size);
	int named = out ? name_interrupts(dir, cpus, out, err) : -1;
	if (!out || (fclose(out) != 0 && named == 0))
		return fail(err, ENOMEM, "interrupts");
	if (named < 0)
		return -1;
	*ret = steal_ptr(text);
	return 0;
}

/* ---- the topology ---- */

#define CPU_DIR  "devices/system/cpu"
#define NODE_DIR "devices/system/node"

/* The speeds of the slower kinds of x86 cores; all other cores have TOPOLOGY_SPEED_MAX. Only the
 * order of the speeds matters. */
static const struct {
	const char *path;
	uint16_t speed;
} kinds[] = {{"devices/cpu_atom/cpus", TOPOLOGY_SPEED_MAX / 2},
	{"devices/cpu_lowpower/cpus", TOPOLOGY_SPEED_MAX / 4}};

/* Read a list of CPUs; an empty list is an empty set. Returns 1, 0 if the file does not exist, or
 * -1 with an error. */
static int read_cpu_list(int sys, const char *path, struct cpulist *ret, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	if (fs_read_attr(sys, path, text, sizeof text, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	struct cpulist set = {0};
	if (text[strspn(text, " \n")] && cpulist_parse(text, &set, err) < 0)
		return add_context(err, "%s", path);
	*ret = set;
	return 1;
}

/* Read a mask of CPUs, as in cpumap: hexadecimal words of 32 bits, the highest first. Returns the
 * same as read_cpu_list(). */
static int read_cpu_mask(int sys, const char *path, struct cpulist *ret, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	if (fs_read_attr(sys, path, text, sizeof text, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	struct cpulist set = {0};
	unsigned bit = 0;
	for (size_t i = strlen(text); i-- > 0;) {
		if (text[i] == ',')
			continue;
		unsigned char digit = (unsigned char)text[i];
		if (!isxdigit(digit) || bit >= CPULIST_MAX)
			return fail_as(err, EX_CONFIG, "%s: not a CPU mask", path);
		int value = isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10;
		for (unsigned j = 0; j < 4; j++)
			if ((unsigned)value >> j & 1)
				cpulist_add(&set, bit + j);
		bit += 4;
	}
	*ret = set;
	return 1;
}

/* Read a small number from a file of a CPU. Returns `otherwise` if the file does not exist, holds
 * no number, or holds a negative one. */
static uint16_t read_cpu_number(int sys, unsigned cpu, const char *name, uint16_t otherwise)
{
	char path[96];
	char text[32];
	uint16_t value = 0;
	struct error ignored = {0};
	(void)snprintf(path, sizeof path, CPU_DIR "/cpu%u/%s", cpu, name);
	return fs_read_attr(sys, path, text, sizeof text, &ignored) == 0 &&
			       sscanf(text, "%" SCNu16, &value) == 1 && text[0] != '-'
		       ? value
		       : otherwise;
}

#define NO_CORE UINT16_MAX

/* Read the core that a CPU belongs to and number it. The files of its threads all say the same, so
 * only those of the first thread are read. */
static int read_core(int sys, unsigned first, const struct cpulist *online,
	struct topology *topology, struct error *err)
{
	char path[96];
	struct cpulist siblings = {0};
	(void)snprintf(path, sizeof path, CPU_DIR "/cpu%u/topology/thread_siblings_list", first);
	if (read_cpu_list(sys, path, &siblings, err) < 0)
		return -1;
	cpulist_intersect(&siblings, online);
	cpulist_add(&siblings, first);
	uint16_t package = read_cpu_number(sys, first, "topology/physical_package_id", 0);
	unsigned threads = 0;
	for (unsigned cpu = first; cpu < CPULIST_MAX; cpu = cpulist_next(&siblings, cpu + 1)) {
		struct topo_cpu *thread = &topology->cpus[topology->index[cpu] - 1];
		if (thread->core != NO_CORE)
			continue;
		thread->core = (uint16_t)topology->core_count;
		thread->package = package;
		threads++;
	}
	topology->core_count++;
	if (threads > topology->threads_max)
		topology->threads_max = threads;
	return 0;
}

static int read_kinds(int sys, struct topology *topology, struct error *err)
{
	bool hybrid = false;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		struct cpulist slower = {0};
		int found = read_cpu_list(sys, kinds[k].path, &slower, err);
		if (found < 0)
			return -1;
		hybrid = hybrid || found;
		for (size_t i = 0; i < topology->count; i++)
			if (cpulist_has(&slower, topology->cpus[i].cpu))
				topology->cpus[i].speed = kinds[k].speed;
	}
	/* On x86 with several kinds of cores, cpu_capacity is not used: it also differs between
	 * cores of one kind, depending on how far each can boost. */
	for (size_t i = 0; i < topology->count && !hybrid; i++) {
		uint16_t speed = read_cpu_number(sys, topology->cpus[i].cpu, "cpu_capacity", 0);
		if (!speed)
			break; /* either all CPUs have the file or none */
		topology->cpus[i].speed = speed;
	}
	return 0;
}

static int read_online_cpus(int sys, struct topology *topology, struct error *err)
{
	struct cpulist online = {0};
	struct cpulist isolated = {0};
	int found = read_cpu_list(sys, CPU_DIR "/online", &online, err);
	if (found < 0 || read_cpu_list(sys, CPU_DIR "/isolated", &isolated, err) < 0)
		return -1;
	if (found == 0 || cpulist_empty(&online)) {
		(void)fail(err, ENOENT, "%s/online", CPU_DIR);
		return -1;
	}
	topology->count = cpulist_count(&online);
	topology->cpus = calloc(topology->count, sizeof *topology->cpus);
	if (!topology->cpus) {
		(void)fail(err, ENOMEM, "topology");
		return -1;
	}
	size_t i = 0;
	for (unsigned cpu = cpulist_next(&online, 0); cpu < CPULIST_MAX;
		cpu = cpulist_next(&online, cpu + 1)) {
		topology->cpus[i] = (struct topo_cpu){.cpu = (uint16_t)cpu,
			.speed = TOPOLOGY_SPEED_MAX,
			.core = NO_CORE,
			.isolated = cpulist_has(&isolated, cpu)};
		topology->index[cpu] = (uint16_t)++i;
	}
	/* The CPUs are still sorted by number here, so cores are numbered in the order of their
	 * lowest CPUs. */
	for (i = 0; i < topology->count; i++)
		if (topology->cpus[i].core == NO_CORE &&
			read_core(sys, topology->cpus[i].cpu, &online, topology, err) < 0)
			return -1;
	return read_kinds(sys, topology, err);
}

static uint64_t read_node_memory(int sys, unsigned id)
{
	char path[96];
	struct error ignored = {0};
	_cleanup_free_ char *text = NULL;
	uint64_t kib = 0;
	(void)snprintf(path, sizeof path, NODE_DIR "/node%u/meminfo", id);
	if (fs_read(sys, path, 1U << 16, &text, NULL, &ignored) < 0)
		return 0;
	const char *total = strstr(text, "MemTotal:");
	return total && sscanf(total, "MemTotal: %" SCNu64 " kB", &kib) == 1 ? kib * 1024 : 0;
}

/* Find the numbers of the nodes. Kernels and recordings without NUMA have none. */
static int find_nodes(int sys, struct cpulist *ret, struct error *err)
{
	_cleanup_closedir_ DIR *dir = fs_list(sys, NODE_DIR, err);
	if (!dir)
		return err->code == ENOENT ? 0 : -1;
	unsigned id = 0;
	char end = '\0';
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(dir, &entry, err)) > 0)
		if (sscanf(entry->d_name, "node%u%c", &id, &end) == 1)
			cpulist_add(ret, id);
	return more;
}

static int read_nodes(int sys, struct topology *topology, struct error *err)
{
	struct cpulist ids = {0};
	if (find_nodes(sys, &ids, err) < 0)
		return -1;
	if (cpulist_empty(&ids))
		cpulist_add(&ids, 0);
	topology->nodes = calloc(cpulist_count(&ids), sizeof *topology->nodes);
	if (!topology->nodes)
		return fail(err, ENOMEM, "topology");
	/* A CPU that is in no node's list keeps node index 0, the first node. */
	for (unsigned id = cpulist_next(&ids, 0); id < CPULIST_MAX;
		id = cpulist_next(&ids, id + 1)) {
		char list[96];
		char mask[96];
		struct cpulist cpus = {0};
		(void)snprintf(list, sizeof list, NODE_DIR "/node%u/cpulist", id);
		(void)snprintf(mask, sizeof mask, NODE_DIR "/node%u/cpumap", id);
		int found = read_cpu_list(sys, list, &cpus, err);
		if (found < 0 || (found == 0 && read_cpu_mask(sys, mask, &cpus, err) < 0))
			return -1;
		for (size_t i = 0; i < topology->count; i++)
			if (cpulist_has(&cpus, topology->cpus[i].cpu))
				topology->cpus[i].node = (uint16_t)topology->node_count;
		uint64_t memory = read_node_memory(sys, id);
		topology->nodes[topology->node_count++] =
			(struct topo_node){.id = id, .memory = memory};
		topology->memory += memory;
	}
	return 0;
}

static int compare_cpus(const void *a, const void *b)
{
	const struct topo_cpu *left = a;
	const struct topo_cpu *right = b;
	if (left->package != right->package)
		return left->package - right->package;
	if (left->node != right->node)
		return left->node - right->node;
	if (left->speed != right->speed)
		return right->speed - left->speed;
	return left->core != right->core ? left->core - right->core : left->cpu - right->cpu;
}

int machine_topology(int sys, struct topology *ret, struct error *err)
{
	_cleanup_(topology_free) struct topology topology = TOPOLOGY_NONE;
	if (read_online_cpus(sys, &topology, err) < 0 || read_nodes(sys, &topology, err) < 0)
		return -1;
	if (topology.count == 0)
		return fail(err, ENOENT, "no CPU is online");
	qsort(topology.cpus, topology.count, sizeof *topology.cpus, compare_cpus);
	for (size_t i = 0; i < topology.count; i++)
		topology.index[topology.cpus[i].cpu] = (uint16_t)(i + 1);
	*ret = topology;
	topology = (struct topology)TOPOLOGY_NONE;
	return 0;
}
