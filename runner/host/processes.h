/* SPDX-License-Identifier: MIT
 *
 * processes: who is whose child on this host, read once from /proc (proc_pid_stat(5), proc_pid_cgroup(5)). Processes
 * come and go meanwhile: one that is not found any more has ended.
 */
#ifndef OSS_CRS_PROCESSES_H
#define OSS_CRS_PROCESSES_H

#include "error.h"
#include "host.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
	pid_t pid, parent;
};

struct processes {
	struct process *list; /* by pid */
	size_t count;
};

#define PROCESSES_NONE       \
	{                    \
		.list = NULL \
	}

int processes_read(const struct host *host, struct processes *ret, struct error *err);
void processes_free(struct processes *processes);

/* The parent of a process; 0 if it has none or is not there. */
pid_t processes_parent(const struct processes *processes, pid_t pid);

/* Whether `pid` is a child of `ancestor`, or a child's child and so on. */
bool processes_below(const struct processes *processes, pid_t ancestor, pid_t pid);

/* The cgroup v2 path of a process, from the root of the hierarchy. ENOENT or ESRCH: it has ended. */
int process_cgroup(const struct host *host, pid_t pid, char *buf, size_t size, struct error *err);

/* How many PID namespaces it is in, one inside the other (NSpid in proc_pid_status(5)); 0 if it has ended. */
int process_pid_namespaces(const struct host *host, pid_t pid);

/* Which PID namespace it is in, as namespaces(7) shows it, "pid:[4026531836]"; empty if it has ended, or is another user's. */
#define PROCESS_NAMESPACE_MAX 64
const char *process_pid_namespace(
	const struct host *host, pid_t pid, char buf[static PROCESS_NAMESPACE_MAX]);

/* Its command name, for messages; "?" if it has ended. */
const char *process_name(const struct host *host, pid_t pid, char *buf, size_t size);

#endif
