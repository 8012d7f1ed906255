/* SPDX-License-Identifier: MIT
 *
 * processes: the processes of this host and their parents, read once from /proc (proc_pid_stat(5),
 * proc_pid_cgroup(5)), and single facts about one process.
 *
 * Processes start and end meanwhile. A process that /proc does not show has ended, or is hidden
 * from this user (hidepid in proc(5)): process_exists() says which.
 */
#ifndef OSS_CRS_PROCESSES_H
#define OSS_CRS_PROCESSES_H

#include "cpulist.h"
#include "error.h"
#include "host.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
	pid_t pid, parent;
};

struct processes {
	struct process *list; /* sorted by pid */
	size_t count;
	bool hidden; /* /proc hides the processes of other users */
	/* Why a process that is not hidden could not be read; msg is empty if all were read. */
	struct error unread;
};

#define PROCESSES_NONE       \
	{                    \
		.list = NULL \
	}

/* Read all processes of the host that this user can see; ret->hidden and ret->unread say whether
 * these are all. The caller frees *ret with processes_free(). */
int processes_read(const struct host *host, struct processes *ret, struct error *err);
void processes_free(struct processes *processes);

/* The parent of a process; 0 if it has none or is not in the list. */
pid_t processes_parent(const struct processes *processes, pid_t pid);

/* Whether `pid` is a child of `ancestor`, or a child of such a child, and so on. */
bool processes_below(const struct processes *processes, pid_t ancestor, pid_t pid);

/* Write the cgroup v2 path of a process to buf, from the root of the hierarchy. Fails with ENOENT
 * or ESRCH if the process has ended, with ENAMETOOLONG if the path does not fit. */
int process_cgroup(const struct host *host, pid_t pid, char *buf, size_t size, struct error *err);

/* Whether the kernel has a process of that PID, by kill(2), which hidepid does not affect. Also
 * true for a process that has ended but that its parent has not waited for yet. */
bool process_exists(pid_t pid);

/* Read how many PID namespaces, nested in one another, a process is in (NSpid in
 * proc_pid_status(5)), at least 1. Fails with ENOENT or ESRCH as process_cgroup() does, with EINVAL
 * if the file does not say. */
int process_pid_depth(const struct host *host, pid_t pid, int *ret, struct error *err);

/* Read the CPUs on which the first thread of a process may run (Cpus_allowed_list in
 * proc_pid_status(5)): those of its cpuset, less those that its CPU affinity excludes. Fails like
 * process_pid_depth(). */
int process_cpus(const struct host *host, pid_t pid, struct cpulist *ret, struct error *err);

/* Write a namespace of a process, of kind "pid" or "user", to buf, as namespaces(7) shows it:
 * "pid:[4026531836]". Fails with EACCES or EPERM if this user may not see it, with ENOENT or ESRCH
 * if /proc does not show the process. */
#define PROCESS_NAMESPACE_MAX 64
int process_namespace(const struct host *host, pid_t pid, const char *kind,
	char buf[static PROCESS_NAMESPACE_MAX], struct error *err);

/* Write the command name of a process to buf, for messages; "?" if it has ended. Returns buf. */
const char *process_name(const struct host *host, pid_t pid, char *buf, size_t size);

#endif
