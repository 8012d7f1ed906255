/* SPDX-License-Identifier: MIT
 *
 * check_machine: the findings about what on the machine makes runs hard to compare, or to attest.
 * They are advice: none of them keeps a run from starting. check_parts.h names the kernel document
 * of each.
 */
#include "check_parts.h"

#include "allowance.h"
#include "cleanup.h"
#include "delegation.h"
#include "fs.h"
#include "machine.h"
#include "partition.h"
#include "size.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#define POLICY_DIR    "sys/devices/system/cpu/cpufreq"
#define MOUNTINFO_MAX (16U << 20) /* bytes of /proc/PID/mountinfo */

static int not_known(char *detail)
{
	(void)snprintf(detail, DETAIL_MAX, "cannot read /sys/devices/system/cpu");
	return 1;
}

int look_smt(struct check_facts *facts, char *detail, struct error *err)
{
	const struct topology *topology = &facts->topology;
	if (!topology->count)
		return not_known(detail);
	(void)snprintf(detail, DETAIL_MAX, "%u cores with one thread each", topology->core_count);
	if (topology->threads_max < 2)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"%u cores with up to %u threads each, which slow each other down",
		topology->core_count, topology->threads_max);
	return add_hint(err, "ask for CPUs by number, which gives whole cores, or switch SMT off: "
			     "echo off | sudo tee /sys/devices/system/cpu/smt/control");
}

/* Whether all nodes with CPUs have the same number of CPUs and about the same memory: each
 * differs from the first node by at most an eighth of the larger one's memory. */
static bool nodes_alike(const struct topology *topology)
{
	unsigned cpus[CPULIST_MAX] = {0};
	const struct topo_node *first = NULL;
	for (size_t i = 0; i < topology->count; i++)
		cpus[topology->cpus[i].node]++;
	for (size_t n = 0; n < topology->node_count; n++) {
		const struct topo_node *node = &topology->nodes[n];
		if (!cpus[n])
			continue;
		if (!first)
			first = node;
		uint64_t larger = node->memory > first->memory ? node->memory : first->memory;
		uint64_t smaller = node->memory < first->memory ? node->memory : first->memory;
		if (cpus[n] != cpus[first - topology->nodes] || larger - smaller > larger / 8)
			return false;
	}
	return true;
}

int look_numa(struct check_facts *facts, char *detail, struct error *err)
{
	char balancing[16] = "0";
	struct error problem = {0};
	const struct topology *topology = &facts->topology;
	if (!topology->count)
		return not_known(detail);
	(void)snprintf(detail, DETAIL_MAX, "%zu NUMA node%s", topology->node_count,
		topology->node_count > 1 ? "s, all alike" : "");
	if (topology->node_count < 2)
		return 0;
	if (!nodes_alike(topology)) {
		(void)fail_as(err, EX_UNAVAILABLE, "%zu NUMA nodes with different CPUs or memory",
			topology->node_count);
		return add_hint(
			err, "to see which CRS is on which node, run: oss-crs-run plan CONFIG");
	}
	/* A kernel without NUMA balancing does not have this file. */
	if (fs_read_attr(facts->context->host.root, "proc/sys/kernel/numa_balancing", balancing,
		    sizeof balancing, &problem) < 0 &&
		problem.code != ENOENT) {
		(void)snprintf(detail, DETAIL_MAX, "%.400s", problem.msg);
		return 1;
	}
	if (strcmp(balancing, "0") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"the kernel moves memory between %zu NUMA nodes during a run",
		topology->node_count);
	return add_hint(err, "to switch that off, run: sudo sysctl kernel.numa_balancing=0");
}

int look_isolated(struct check_facts *facts, char *detail, struct error *err)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist isolated = {0};
	const struct topology *topology = &facts->topology;
	if (!topology->count)
		return not_known(detail);
	(void)snprintf(detail, DETAIL_MAX, "no CPU is isolated");
	for (size_t i = 0; i < topology->count; i++)
		if (topology->cpus[i].isolated)
			cpulist_add(&isolated, topology->cpus[i].cpu);
	if (cpulist_empty(&isolated))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"CPUs %.200s are isolated: the kernel does not balance load between them",
		cpulist_format(&isolated, list));
	return add_hint(err,
		"leave them out of the config, or remove isolcpus= from the kernel command line");
}

/* Read the state of the user's oss-crs cgroup, and the CPUs that it has for itself alone. Returns 1
 * if it has any, 0, or -1. */
static int read_reserved(const struct context *context, char state[static PARTITION_TEXT_MAX],
	char *cpus, size_t size, struct error *err)
{
	state[0] = '\0';
	_cleanup_close_ int ours = delegation_find(&context->host, context->uid, err);
	if (ours < 0)
		return err->code == ENOENT ? 0 : -1;
	int valid = partition_read(ours, ".", state, err);
	return valid > 0 && cgroup_get(ours, ".", PARTITION_CPUS_FILE, cpus, size, err) < 0 ? -1
											    : valid;
}

int look_reserved(struct check_facts *facts, char *detail, struct error *err)
{
	char state[PARTITION_TEXT_MAX];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	int reserved = read_reserved(facts->context, state, cpus, sizeof cpus, err);
	if (reserved < 0) {
		(void)snprintf(detail, DETAIL_MAX, "cannot be read: %.400s", err->msg);
		return 1;
	}
	(void)snprintf(detail, DETAIL_MAX, "%s%.200s%s", reserved ? "CPUs " : "no CPUs",
		reserved ? cpus : "", " are reserved for your runs");
	if (reserved || !*state || strcmp(state, partition_name(PARTITION_NONE)) == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"the CPUs that are reserved for your runs are not theirs alone: " PARTITION_FILE
		" of your oss-crs cgroup is '%s'",
		state);
	return add_hint(err, "reserve them again: sudo oss-crs-setup reserve --cpus LIST; "
			     "docs/exclusive.md has what each reason means");
}

int look_huge_pages(struct check_facts *facts, char *detail, struct error *err)
{
	uint64_t memory = 0;
	uint64_t huge = 0;
	char size[SIZE_TEXT_MAX];
	if (machine_memory(&facts->context->host, &memory, &huge, err) < 0) {
		(void)snprintf(detail, DETAIL_MAX, "cannot be read: %.400s", err->msg);
		return 1;
	}
	(void)snprintf(detail, DETAIL_MAX, "the host reserves no huge pages");
	if (!huge)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"%s is reserved for huge pages, which no memory limit covers",
		size_format(huge, size));
	return add_hint(err, "if no CRS needs huge pages, run: sudo sysctl vm.nr_hugepages=0; or "
			     "deny them to CRSs with the controller hugetlb: docs/attestation.md");
}

/* Append "what (file)" for a limit that exists. */
static void name_limit(
	char *text, size_t size, const struct allowance_limit *limit, const char *value)
{
	size_t used = strlen(text);
	if (*limit->file)
		(void)snprintf(text + used, size - used, "%s%s (%.120s)", used ? "; " : "", value,
			limit->file);
}

int look_user_limits(struct check_facts *facts, char *detail, struct error *err)
{
	const struct context *context = facts->context;
	struct allowance allowance;
	struct allowance_advice advice;
	char size[SIZE_TEXT_MAX];
	char value[64];
	char text[700] = "";
	char tasks[64] = "";
	if (context->host.cgroup < 0) {
		(void)snprintf(detail, DETAIL_MAX, "cannot be read: there is no cgroup v2");
		return 1;
	}
	if (allowance_read(&context->host, context->uid, &allowance, err) < 0 ||
		allowance_read_advice(&context->host, context->uid, &advice, err) < 0) {
		(void)snprintf(detail, DETAIL_MAX, "cannot be read: %.400s", err->msg);
		return 1;
	}
	if (*advice.tasks.file)
		(void)snprintf(
			tasks, sizeof tasks, "; %" PRIu64 " tasks at most", advice.tasks.value);
	(void)snprintf(
		detail, DETAIL_MAX, "no cgroup above limits this user's CPUs or memory%s", tasks);
	(void)snprintf(value, sizeof value, "%s of memory",
		size_format_exact(allowance.memory.value, size));
	name_limit(text, sizeof text, &allowance.memory, value);
	(void)snprintf(value, sizeof value, "throttling above %s",
		size_format_exact(advice.memory_high.value, size));
	name_limit(text, sizeof text, &advice.memory_high, value);
	(void)snprintf(value, sizeof value, "%" PRIu64 ".%02" PRIu64 " CPUs of time",
		advice.cpu.value / 100, advice.cpu.value % 100);
	name_limit(text, sizeof text, &advice.cpu, value);
	name_limit(text, sizeof text, &advice.io, "some I/O of a device");
	if (!*text)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"a cgroup above limits all runs of this user together to %s%s", text, tasks);
	return add_hint(err,
		"to see where it is set, run: systemctl show -p "
		"MemoryMax,MemoryHigh,CPUQuotaPerSecUSec,TasksMax,IOReadBandwidthMax,"
		"IOWriteBandwidthMax user-%u.slice",
		(unsigned)context->uid);
}

/* Read the governor of a cpufreq policy, which is a group of CPUs that change their clock
 * together. *ret is empty if the policy has no governor. */
static int read_governor(int dir, const char *policy, char *ret, size_t size, struct error *err)
{
	char path[288];
	(void)snprintf(path, sizeof path, "%s/scaling_governor", policy);
	if (fs_read_attr(dir, path, ret, size, err) == 0)
		return 0;
	ret[0] = '\0';
	return err->code == ENOENT ? 0 : -1;
}

int look_governor(struct check_facts *facts, char *detail, struct error *err)
{
	_cleanup_closedir_ DIR *dir = fs_list(facts->context->host.root, POLICY_DIR, err);
	(void)snprintf(detail, DETAIL_MAX, "the clock speed of the CPUs is fixed");
	if (!dir)
		return err->code == ENOENT ? 0 : -1;
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(dir, &entry, err)) > 0) {
		char governor[64] = "";
		if (strncmp(entry->d_name, "policy", strlen("policy")) == 0 &&
			read_governor(dirfd(dir), entry->d_name, governor, sizeof governor, err) <
				0)
			return -1;
		if (!governor[0])
			continue;
		(void)snprintf(detail, DETAIL_MAX, "the CPU frequency governor is performance");
		if (strcmp(governor, "performance") == 0)
			continue;
		(void)fail_as(err, EX_UNAVAILABLE,
			"the clock speed of the CPUs changes with load (governor %s)", governor);
		return add_hint(err,
			"to keep it constant, run: sudo cpupower frequency-set -g performance");
	}
	return more;
}

/* Find the mount option of /proc that hides processes, as "hidepid=invisible". Empty if there is
 * none, or if it cannot be read. The super options are the last field of a line, and the last mount
 * on a mount point is the one that is seen. */
static void read_hidepid(const struct host *host, char *ret, size_t size)
{
	static const char option[] = "hidepid=";
	char path[32];
	_cleanup_free_ char *text = NULL;
	struct error ignored = {0};
	ret[0] = '\0';
	/* Not /proc/self, which is a symbolic link. */
	(void)snprintf(path, sizeof path, "proc/%d/mountinfo", (int)getpid());
	if (fs_read(host->root, path, MOUNTINFO_MAX, &text, NULL, &ignored) < 0)
		return;
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		const char *type = strstr(line, " - proc ");
		char mounted[32] = "";
		if (!type || sscanf(line, "%*s %*s %*s %*s %31s", mounted) != 1 ||
			strcmp(mounted, "/proc") != 0)
			continue;
		const char *found = strstr(type, option);
		(void)snprintf(ret, size, "%.*s", found ? (int)strcspn(found, ",") : 0,
			found ? found : "");
	}
}

int look_hidepid(struct check_facts *facts, char *detail, struct error *err)
{
	char text[2048];
	char option[64];
	const struct host *host = &facts->context->host;
	(void)snprintf(detail, DETAIL_MAX, "/proc shows the processes of all users");
	/* Every PID namespace has a process 1, and it belongs to root. */
	if (fs_read_attr(host->root, "proc/1/stat", text, sizeof text, err) == 0)
		return 0;
	if (err->code != ENOENT && err->code != EPERM && err->code != EACCES)
		return -1;
	read_hidepid(host, option, sizeof option);
	(void)fail_as(err, EX_UNAVAILABLE,
		"/proc hides the processes of other users%s%s%s, so Docker's containers cannot be "
		"attested",
		*option ? " (mounted with " : "", option, *option ? ")" : "");
	return add_hint(err,
		"for all users: sudo mount -o remount,hidepid=0 /proc (also in /etc/fstab); for "
		"users of Docker only: sudo mount -o remount,hidepid=2,gid=$(stat -c %%g "
		"/var/run/docker.sock) /proc; or use rootless Podman, whose containers belong to "
		"you");
}
