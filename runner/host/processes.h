/* SPDX-License-Identifier: MIT
 *
 * processes: the processes of this host and their parents, read once from /proc (proc_pid_stat(5),
 * proc_pid_cgroup(5)). Processes start and end meanwhile: one that is no longer found has ended.
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
	struct process *list; /* sorted by pid */
	size_t count;
};

#define PROCESSES_NONE       \
	{                    \
		.list = NULL \
	}

/* Read all processes of the host. The caller frees *ret with processes_free(). */
int processes_read(const struct host *host, struct processes *ret, struct error *err);
void processes_free(struct processes *processes);

/* The parent of a process; 0 if it has none or is not in the list. */
pid_t processes_parent(const struct processes *processes, pid_t pid);

/* Whether `pid` is a child of `ancestor`, or a child of such a child, and so on. */
bool processes_below(const struct processes *processes, pid_t ancestor, pid_t pid);

/* Write the cgroup v2 path of a process to buf, from the root of the hierarchy. Fails with ENOENT
 * or ESRCH if the process has ended, with ENAMETOOLONG if the path does not fit. */
int process_cgroup(const struct host *host, pid_t pid, char *buf, size_t size, struct error *err);

/* The number of PID namespaces, nested in one another, that a process is in (NSpid in
 * proc_pid_status(5)); 0 if it has ended. */
int process_pid_namespaces(const struct host *host, pid_t pid);

/* Write the PID namespace of a process to buf, as namespaces(7) shows it: "pid:[4026531836]". Empty
 * if the process has ended or belongs to another user. Returns buf. */
#define PROCESS_NAMESPACE_MAX 64
const char *process_pid_namespace(
	const struct host *host, pid_t pid, char buf[static PROCESS_NAMESPACE_MAX]);

/* Write the command name of a process to buf, for messages; "?" if it has ended. Returns buf. */
const char *process_name(const struct host *host, pid_t pid, char *buf, size_t size);

#endif
