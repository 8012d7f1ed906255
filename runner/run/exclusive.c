/* SPDX-License-Identifier: MIT
 *
 * exclusive: reads the CPU affinity of every thread of the host from /proc, once, and the
 * interrupts that go to the run's CPUs. Kernel threads are process 2 and its children.
 */
#include "exclusive.h"

#include "cleanup.h"
#include "fs.h"
#include "machine.h"
#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define KTHREADD 2 /* the PID of the parent of all kernel threads */

struct look {
	const struct host *host;
	const struct cpulist *cpus;
	struct exclusive *found;
};

static void note_unknown(struct look *look, const struct error *problem)
{
	if (!look->found->unknown.msg[0])
		look->found->unknown = *problem;
}

/* Find which of the run's CPUs a thread may use; /proc has a directory for each. Returns 1 if there
 * are any, with all CPUs that it may use in *ret, else 0: also if it has ended. */
static int find_common(struct look *look, pid_t tid, struct cpulist *ret)
{
	struct error problem;
	if (process_cpus(look->host, tid, ret, &problem) < 0) {
		if (problem.code != ENOENT && problem.code != ESRCH)
			note_unknown(look, &problem);
		return 0;
	}
	struct cpulist common = *ret;
	cpulist_intersect(&common, look->cpus);
	return !cpulist_empty(&common);
}

static void look_at_kernel_thread(struct look *look, pid_t pid)
{
	struct exclusive *found = look->found;
	struct cpulist cpus;
	if (!find_common(look, pid, &cpus))
		return;
	if (cpulist_count(&cpus) == 1)
		found->per_cpu++;
	else
		found->others++;
	if (found->name_count < EXCLUSIVE_NAMES_MAX)
		(void)process_name(
			look->host, pid, found->names[found->name_count++], EXCLUSIVE_NAME_MAX);
}

/* A thread that has ended keeps the affinity that it had: the kernel moves only those that run. */
static bool has_ended(struct look *look, pid_t tid)
{
	char path[32];
	char text[2048];
	struct error problem;
	(void)snprintf(path, sizeof path, "proc/%d/stat", (int)tid);
	if (fs_read_attr(look->host->root, path, text, sizeof text, &problem) < 0) {
		if (problem.code != ENOENT && problem.code != ESRCH)
			note_unknown(look, &problem);
		return true;
	}
	const char *end = strrchr(text, ')');
	return end && end[1] && strchr("ZX", end[2]);
}

static int look_at_thread(struct look *look, pid_t pid, pid_t tid, struct error *err)
{
	char name[EXCLUSIVE_NAME_MAX];
	char text[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist cpus;
	if (!find_common(look, tid, &cpus) || has_ended(look, tid))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"--exclusive: process %d (%s) may use CPUs %.64s, which should be the run's alone",
		(int)pid, process_name(look->host, pid, name, sizeof name),
		cpulist_format(&cpus, text));
	return add_hint(err, "end that process, or move it to another cgroup");
}

/* Look at every thread of a process that is none of the kernel's. */
static int look_at_process(struct look *look, pid_t pid, struct error *err)
{
	char path[32];
	struct error problem;
	(void)snprintf(path, sizeof path, "proc/%d/task", (int)pid);
	_cleanup_closedir_ DIR *list = fs_list(look->host->root, path, &problem);
	if (!list) {
		if (problem.code != ENOENT && problem.code != ESRCH)
			note_unknown(look, &problem);
		return 0;
	}
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, &problem)) > 0) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (tid > 0 && look_at_thread(look, pid, tid, err) < 0)
			return -1;
	}
	if (more < 0 && problem.code != ENOENT && problem.code != ESRCH)
		note_unknown(look, &problem);
	return 0;
}

/* Note what the list of processes does not show. In a PID namespace, process 2 is any process. */
static void note_unread(struct look *look, const struct processes *processes)
{
	char name[EXCLUSIVE_NAME_MAX];
	struct error problem = processes->unread;
	if (problem.msg[0])
		note_unknown(look, &problem);
	if (processes->hidden) {
		(void)fail_as(&problem, EX_SOFTWARE,
			"/proc hides processes of other users (mounted with hidepid)");
		note_unknown(look, &problem);
	}
	if (strcmp(process_name(look->host, KTHREADD, name, sizeof name), "kthreadd") == 0)
		return;
	(void)fail_as(&problem, EX_SOFTWARE, "/proc does not show the threads of the kernel");
	note_unknown(look, &problem);
}

static int look_at_processes(struct look *look, struct error *err)
{
	_cleanup_(processes_free) struct processes processes = PROCESSES_NONE;
	struct error problem;
	if (processes_read(look->host, &processes, &problem) < 0) {
		note_unknown(look, &problem);
		return 0;
	}
	note_unread(look, &processes);
	for (size_t i = 0; i < processes.count; i++) {
		const struct process *process = &processes.list[i];
		if (process->pid == KTHREADD || process->parent == KTHREADD)
			look_at_kernel_thread(look, process->pid);
		else if (look_at_process(look, process->pid, err) < 0)
			return -1;
	}
	return 0;
}

int exclusive_look(const struct host *host, const struct cg_tree *tree, struct exclusive *ret,
	struct error *err)
{
	_cleanup_(exclusive_free) struct exclusive found = {.partition = tree->partition};
	struct look look = {.host = host, .cpus = &tree->plan->cpus, .found = &found};
	struct error problem;
	if (look_at_processes(&look, err) < 0)
		return -1;
	if (machine_interrupt_names(host, look.cpus, &found.interrupts, &problem) < 0)
		note_unknown(&look, &problem);
	*ret = found;
	found.interrupts = NULL;
	return 0;
}

void exclusive_free(struct exclusive *exclusive)
{
	free(exclusive->interrupts);
	*exclusive = (struct exclusive){0};
}
