/* SPDX-License-Identifier: MIT
 *
 * machines: /sys trees of machines that are not at hand. Some are generated in the format of the
 * kernel, the others are recordings of real machines.
 */
#ifndef OSS_CRS_MACHINES_H
#define OSS_CRS_MACHINES_H

#include "unit.h"

#include "machine.h"
#include "proc.h"

struct machine {
	/* Sockets of the machine, nodes of a socket, cores of a node, threads of a core. */
	unsigned sockets, nodes, cores, threads;
	bool apart; /* siblings have distant numbers, as on x86 (0,64); else adjacent ones (0-3) */
	uint64_t node_gib; /* memory of each node, in GiB */
};

static inline void make_text(int dir, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static inline void make_text(int dir, const char *text, const char *fmt, ...)
{
	char path[128];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(path, sizeof path, fmt, ap);
	va_end(ap);
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdirat(dir, path, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	make_file(dir, path, text);
}

static inline unsigned machine_cores(const struct machine *machine)
{
	return machine->sockets * machine->nodes * machine->cores;
}

static inline unsigned machine_cpu(const struct machine *machine, unsigned core, unsigned thread)
{
	return machine->apart ? thread * machine_cores(machine) + core
			      : core * machine->threads + thread;
}

/* Write the devices/ tree of the machine into a directory that stands for /sys. Files that would
 * only state the default (one thread per core, socket 0) are left out. */
static inline void machine_write(int sys, const struct machine *machine)
{
	char text[CPULIST_TEXT_MAX];
	struct cpulist online = {0};
	for (unsigned node = 0; node < machine->sockets * machine->nodes; node++) {
		struct cpulist local = {0};
		for (unsigned c = node * machine->cores; c < (node + 1) * machine->cores; c++) {
			struct cpulist siblings = {0};
			for (unsigned t = 0; t < machine->threads; t++)
				cpulist_add(&siblings, machine_cpu(machine, c, t));
			cpulist_union(&local, &siblings);
			for (unsigned t = 0; t < machine->threads; t++) {
				unsigned cpu = machine_cpu(machine, c, t);
				char socket[16];
				(void)snprintf(
					socket, sizeof socket, "%u\n", node / machine->nodes);
				if (machine->threads > 1)
					make_text(sys, cpulist_format(&siblings, text),
						"devices/system/cpu/cpu%u/topology/"
						"thread_siblings_list",
						cpu);
				if (node >= machine->nodes)
					make_text(sys, socket,
						"devices/system/cpu/cpu%u/topology/"
						"physical_package_id",
						cpu);
			}
		}
		cpulist_union(&online, &local);
		make_text(sys, cpulist_format(&local, text), "devices/system/node/node%u/cpulist",
			node);
		(void)snprintf(text, sizeof text,
			"Node %u MemTotal:       %llu kB\nNode %u MemFree: 1 kB\n", node,
			(unsigned long long)machine->node_gib << 20, node);
		make_text(sys, text, "devices/system/node/node%u/meminfo", node);
	}
	make_text(sys, cpulist_format(&online, text), "devices/system/cpu/online");
}

/* Read the topology from a directory that stands for /sys. The caller frees it. */
static inline struct topology topology_at(int sys)
{
	struct topology topology = TOPOLOGY_NONE;
	struct error err = {0};
	assert_ok(machine_topology(sys, &topology, &err), err);
	return topology;
}

/* The topology that machine_write() and topology_at() together produce (test_topology checks that),
 * without the files. The caller frees it. */
static inline struct topology topology_of(const struct machine *machine)
{
	struct topology topology = {
		.core_count = machine_cores(machine), .threads_max = machine->threads};
	topology.cpus =
		calloc((size_t)topology.core_count * machine->threads, sizeof *topology.cpus);
	topology.nodes = calloc((size_t)machine->sockets * machine->nodes, sizeof *topology.nodes);
	assert_true(topology.cpus && topology.nodes);
	for (unsigned core = 0; core < topology.core_count; core++) {
		for (unsigned t = 0; t < machine->threads; t++) {
			unsigned cpu = machine_cpu(machine, core, t);
			unsigned node = core / machine->cores;
			topology.cpus[topology.count++] = (struct topo_cpu){.cpu = (uint16_t)cpu,
				.core = (uint16_t)core,
				.node = (uint16_t)node,
				.package = (uint16_t)(node / machine->nodes),
				.speed = TOPOLOGY_SPEED_MAX};
			topology.index[cpu] = (uint16_t)topology.count;
		}
	}
	for (size_t count = (size_t)machine->sockets * machine->nodes; topology.node_count < count;
		topology.node_count++) {
		topology.nodes[topology.node_count] = (struct topo_node){
			.id = (unsigned)topology.node_count, .memory = machine->node_gib << 30};
		topology.memory += machine->node_gib << 30;
	}
	return topology;
}

/* Unpack a recorded machine into the test's directory and read its topology, which the caller
 * frees. */
static inline struct topology topology_recorded(void **state, const char *name)
{
	const struct unit_dir *dir = *state;
	char archive[512];
	char path[512];
	struct error err = {0};
	struct child child = CHILD_NONE;
	int status = -1;
	(void)snprintf(archive, sizeof archive, "%s/topology/%s.tar.gz", OSS_CRS_FIXTURES, name);
	/* Leave out thousands of files that have nothing to do with topology. */
	const char *const argv[] = {"tar", "-xzf", archive, "-C", dir->path, "--exclude=cache",
		"--exclude=cpufreq", "--exclude=cpuidle", "--exclude=proc", "--exclude=microcode",
		"--exclude=thermal_throttle", "--exclude=crash_notes", "--exclude=power",
		"--exclude=hotplug", "--exclude=regs", "--exclude=memory[0-9]*", "--exclude=bus",
		NULL};
	const struct spawn spawn = SPAWN(argv);
	assert_ok(proc_spawn(&spawn, &child, &err), err);
	assert_ok(proc_wait(&child, &status, &err), err);
	assert_int_equal(status, 0);
	(void)snprintf(path, sizeof path, "%s/sys", name);
	_cleanup_close_ int sys = openat(dir->fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_return_code(sys, errno);
	return topology_at(sys);
}

static inline struct cpulist list_of(const char *text)
{
	struct cpulist set = {0};
	struct error err = {0};
	if (*text)
		assert_ok(cpulist_parse(text, &set, &err), err);
	return set;
}

#define assert_list(set, expected)                                           \
	do {                                                                 \
		char is_[CPULIST_TEXT_MAX];                                  \
		assert_string_equal(cpulist_format((set), is_), (expected)); \
	} while (0)

#endif
