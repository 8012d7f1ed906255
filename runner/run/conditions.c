/* SPDX-License-Identifier: MIT
 *
 * conditions: reads the busy and stolen time of the run's CPUs from /proc/stat at the beginning and
 * at the end of the run. From the difference, the topology and the ledger it makes the list of
 * reasons in JSON; a load below NOTICED_PERCENT is left out.
 */
#include "conditions.h"

#include "cgroup_stat.h"
#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "machine.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/utsname.h>

#define STAT_MAX    (4U << 20) /* bytes of /proc/stat */
#define CPUINFO_MAX (16U << 20)

#define CONDITION_MAX 512 /* room for a detail: SUMMARY_TEXT_MAX of summary.h, which reads it */

/* Percent of the run's CPU time. Less is noise, from the clock ticks and the kernel's own work. */
#define NOTICED_PERCENT 5

/* ---- /proc/stat ------------------------------------------------------------------------------ */

static uint64_t ticks_to_usec(uint64_t ticks)
{
	long per_second = sysconf(_SC_CLK_TCK);
	return ticks * (1000000 / (uint64_t)(per_second > 0 ? per_second : 100));
}

/* Busy and stolen time of a set of CPUs since boot, in microseconds. Fails unless the file has a
 * line for each of them. */
static int read_busy(const struct host *host, const struct cpulist *cpus, uint64_t *ret_busy,
	uint64_t *ret_stolen)
{
	_cleanup_free_ char *text = NULL;
	struct error ignored;
	struct cpulist found = {0};
	uint64_t busy = 0;
	uint64_t stolen = 0;
	if (fs_read(host->root, "proc/stat", STAT_MAX, &text, NULL, &ignored) < 0)
		return -1;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		unsigned cpu = 0;
		uint64_t user = 0;
		uint64_t nice = 0;
		uint64_t system = 0;
		uint64_t irq = 0;
		uint64_t softirq = 0;
		uint64_t steal = 0;
		line += *line == '\n';
		if (sscanf(line,
			    "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %" SCNu64 " %" SCNu64
			    " %" SCNu64,
			    &cpu, &user, &nice, &system, &irq, &softirq, &steal) != 7 ||
			cpu >= CPULIST_MAX || !cpulist_has(cpus, cpu))
			continue;
		cpulist_add(&found, cpu);
		busy += user + nice + system + irq + softirq;
		stolen += steal;
	}
	if (!cpulist_within(cpus, &found))
		return -1;
	*ret_busy = ticks_to_usec(busy);
	*ret_stolen = ticks_to_usec(stolen);
	return 0;
}

void conditions_begin(const struct host *host, const struct run_plan *plan, struct conditions *ret)
{
	*ret = (struct conditions){
		.host = host, .plan = plan, .started = time(NULL), .begin_usec = clock_usec()};
	ret->counted = read_busy(host, &plan->cpus, &ret->busy_usec, &ret->stolen_usec) == 0;
	struct error ignored;
	ret->above_counted =
		allowance_read_events(host, plan->cgroup_parent, ret->above, &ignored) == 0;
}

static void count_above(struct conditions *conditions)
{
	uint64_t now[ALLOWANCE_EVENTS] = {0};
	struct error ignored;
	conditions->above_counted = conditions->above_counted &&
				    allowance_read_events(conditions->host,
					    conditions->plan->cgroup_parent, now, &ignored) == 0;
	for (size_t i = 0; i < ALLOWANCE_EVENTS; i++)
		conditions->above[i] =
			now[i] > conditions->above[i] ? now[i] - conditions->above[i] : 0;
}

void conditions_end(struct conditions *conditions)
{
	uint64_t busy = 0;
	uint64_t stolen = 0;
	if (!conditions->plan || conditions->duration_usec)
		return;
	conditions->duration_usec = clock_usec() - conditions->begin_usec;
	conditions->counted =
		conditions->counted &&
		read_busy(conditions->host, &conditions->plan->cpus, &busy, &stolen) == 0 &&
		busy >= conditions->busy_usec && stolen >= conditions->stolen_usec;
	count_above(conditions);
	conditions->busy_usec = busy - conditions->busy_usec;
	conditions->stolen_usec = stolen - conditions->stolen_usec;
}

/* ---- what makes a run less comparable -------------------------------------------------------- */

static void add_condition(
	struct json_build *build, json_t *list, const char *id, const char *detail)
{
	json_build_append(build, list,
		json_build_pack(build, "{s:s, s:o}", "id", id, "detail", json_build_prose(detail)));
}

static void add_shared(struct json_build *build, json_t *list, const struct conditions *conditions,
	const struct ledger *shared)
{
	for (size_t i = 0; shared && i < shared->count; i++) {
		char user[64];
		char cpus[CPULIST_TEXT_MAX] _unfilled_;
		char detail[CONDITION_MAX];
		const struct lease *other = &shared->list[i];
		struct cpulist common = other->cpus;
		cpulist_intersect(&common, &conditions->plan->cpus);
		if (!other->conflicts)
			continue;
		(void)snprintf(detail, sizeof detail, "%s%.64s with run %s of %s",
			cpulist_empty(&common) ? "memory" : "CPUs ", cpulist_format(&common, cpus),
			other->name, lease_user(other, user, sizeof user));
		add_condition(build, list, "shared", detail);
	}
}

/* Threads of the run's cores that are outside the run: a process there slows the run down. */
static void add_cores(struct json_build *build, json_t *list, const struct conditions *conditions)
{
	const struct topology *topology = &conditions->plan->topology;
	const struct cpulist *own = &conditions->plan->cpus;
	struct cpulist outside = {0};
	for (size_t i = 0; i < topology->count; i++) {
		if (!cpulist_has(own, topology->cpus[i].cpu))
			continue;
		struct cpulist core = topology_core(topology, topology->cpus[i].core);
		cpulist_subtract(&core, own);
		cpulist_union(&outside, &core);
	}
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char detail[128];
	if (cpulist_empty(&outside))
		return;
	(void)snprintf(detail, sizeof detail,
		"CPUs %.64s share cores with the run but are not part of it",
		cpulist_format(&outside, cpus));
	add_condition(build, list, "shared-core", detail);
}

/* Add a load of at least NOTICED_PERCENT on the run's CPUs, as the average number of CPUs. */
static void add_load(struct json_build *build, json_t *list, const struct conditions *conditions,
	const char *id, uint64_t usec, const char *what)
{
	char detail[128];
	uint64_t duration = conditions->duration_usec;
	unsigned cpus = cpulist_count(&conditions->plan->cpus);
	if (!duration || usec / NOTICED_PERCENT * 100 < duration * cpus)
		return;
	uint64_t hundredths = usec * 100 / duration;
	(void)snprintf(detail, sizeof detail,
		"%s %" PRIu64 ".%02" PRIu64 " of the run's %u CPUs on average", what,
		hundredths / 100, hundredths % 100, cpus);
	add_condition(build, list, id, detail);
}

/* Limits above the run, such as CPUQuota= of the user's slice, do not show in the run's own
 * cgroups. */
static void add_above(struct json_build *build, json_t *list, const struct conditions *conditions)
{
	static const char *const ids[ALLOWANCE_EVENTS] = {
		[ALLOWANCE_THROTTLED] = "throttled",
		[ALLOWANCE_TASKS] = "task-limit",
		[ALLOWANCE_MEMORY_HIGH] = "memory-high",
	};
	char details[ALLOWANCE_EVENTS][128];
	const uint64_t *above = conditions->above;
	if (!conditions->above_counted) {
		add_condition(build, list, "limits-above",
			"unknown whether limits above the run slowed it down");
		return;
	}
	(void)snprintf(details[ALLOWANCE_THROTTLED], sizeof *details,
		"a CPU limit above the run (cpu.max) throttled it for %" PRIu64 ".%" PRIu64 " s",
		above[ALLOWANCE_THROTTLED] / 1000000, above[ALLOWANCE_THROTTLED] / 100000 % 10);
	(void)snprintf(details[ALLOWANCE_TASKS], sizeof *details,
		"a task limit above the run (pids.max) was hit %" PRIu64 " times",
		above[ALLOWANCE_TASKS]);
	(void)snprintf(details[ALLOWANCE_MEMORY_HIGH], sizeof *details,
		"a memory limit above the run (memory.high) slowed it down %" PRIu64 " times",
		above[ALLOWANCE_MEMORY_HIGH]);
	for (size_t i = 0; i < ALLOWANCE_EVENTS; i++)
		if (above[i])
			add_condition(build, list, ids[i], details[i]);
}

/* No memory limit covers huge pages, and all CRSs share the host's pools. */
static void add_huge_pages(
	struct json_build *build, json_t *list, const struct conditions *conditions)
{
	struct error ignored;
	uint64_t memory = 0;
	uint64_t huge = 0;
	char size[SIZE_TEXT_MAX];
	char detail[128];
	if (machine_memory(conditions->host, &memory, &huge, &ignored) < 0 || !huge)
		return;
	(void)snprintf(detail, sizeof detail,
		"the host reserves %s for huge pages, which no memory limit covers",
		size_format(huge, size));
	add_condition(build, list, "huge-pages", detail);
}

/* Whether the host swaps, as text for the report; NULL if it has no swap. */
static const char *describe_swap(const struct host *host)
{
	_cleanup_free_ char *text = NULL;
	struct error problem;
	/* A heading, then one line per swap device. A kernel without swap has no such file. */
	if (fs_read(host->root, "proc/swaps", STAT_MAX, &text, NULL, &problem) < 0)
		return problem.code == ENOENT ? NULL
					      : "this kernel cannot keep a CRS from swapping, and "
						"/proc/swaps cannot be read";
	const char *line = strchr(text, '\n');
	return line && line[1] ? "this kernel cannot keep a CRS from swapping" : NULL;
}

/* What others used of the run's CPUs, and what a hypervisor took; or that it is unknown. */
static void add_loads(struct json_build *build, json_t *list, const struct conditions *conditions,
	const struct conditions_seen *seen)
{
	if (!seen->has_used)
		return;
	if (!conditions->counted || seen->used_usec == CGROUP_STAT_UNKNOWN) {
		add_condition(build, list, "load-unknown",
			conditions->counted
				? "the CPU time of a CRS could not be read"
				: "the load of the run's CPUs could not be read from /proc/stat");
		return;
	}
	uint64_t others = conditions->busy_usec > seen->used_usec
				  ? conditions->busy_usec - seen->used_usec
				  : 0;
	add_load(build, list, conditions, "foreign-load", others, "other processes used");
	add_load(build, list, conditions, "steal", conditions->stolen_usec, "the hypervisor took");
}

/* One caveat for all containers, since a report has a limited number of caveats. */
static void add_affinity(struct json_build *build, json_t *list, const struct attested *attested)
{
	char more[32] = "";
	char detail[CONDITION_MAX];
	if (!attested || !attested->affinity_count)
		return;
	if (attested->affinity_count > 1)
		(void)snprintf(more, sizeof more, "; and %zu more", attested->affinity_count - 1);
	(void)snprintf(detail, sizeof detail, "%s%.30s", attested->affinity, more);
	add_condition(build, list, "affinity", detail);
}

json_t *conditions_to_json(struct json_build *build, const struct conditions *conditions,
	const struct conditions_seen *seen)
{
	json_t *list = json_array();
	const char *swap = seen->swaps ? describe_swap(conditions->host) : NULL;
	add_shared(build, list, conditions, seen->shared);
	add_cores(build, list, conditions);
	add_loads(build, list, conditions, seen);
	add_above(build, list, conditions);
	if (!seen->no_huge_pages)
		add_huge_pages(build, list, conditions);
	if (swap)
		add_condition(build, list, "swap", swap);
	add_affinity(build, list, seen->attested);
	if (seen->not_entered && *seen->not_entered)
		add_condition(build, list, "not-entered", seen->not_entered);
	if (seen->exclusive_unknown && *seen->exclusive_unknown) {
		char detail[CONDITION_MAX];
		(void)snprintf(detail, sizeof detail,
			"what else may use the run's CPUs is unknown: %.400s",
			seen->exclusive_unknown);
		add_condition(build, list, "exclusive-unknown", detail);
	}
	return list;
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* The "model name" of /proc/cpuinfo, which x86 kernels report; else empty. */
static void read_model(const struct host *host, char *buf, size_t size)
{
	_cleanup_free_ char *text = NULL;
	struct error ignored;
	buf[0] = '\0';
	if (fs_read(host->root, "proc/cpuinfo", CPUINFO_MAX, &text, NULL, &ignored) < 0)
		return;
	const char *line = strstr(text, "model name");
	const char *value = line ? strchr(line, ':') : NULL;
	if (!value)
		return;
	value += 1 + strspn(value + 1, " ");
	(void)snprintf(buf, size, "%.*s", (int)strcspn(value, "\n"), value);
}

json_t *conditions_machine(struct json_build *build, const struct conditions *conditions)
{
	struct utsname names = {0};
	struct cpulist cpus = {0};
	struct error ignored;
	char model[128];
	uint64_t memory = 0;
	(void)uname(&names);
	(void)machine_cpus(conditions->host, &cpus, &ignored);
	(void)machine_memory(conditions->host, &memory, NULL, &ignored);
	read_model(conditions->host, model, sizeof model);
	return json_build_pack(build, "{s:o, s:o, s:o, s:I, s:I}", "host",
		json_build_prose(names.nodename), "kernel", json_build_prose(names.release), "cpu",
		json_build_prose(model), "cpus", (json_int_t)cpulist_count(&cpus), "memory_max",
		(json_int_t)memory);
}
