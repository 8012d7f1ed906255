/* SPDX-License-Identifier: MIT
 *
 * allowance: what the cgroups above a user's runs allow: the CPUs of their cpuset, and the least of
 * the limits that the administrator has set on the way down from the root, such as MemoryMax= or
 * CPUQuota= of user-UID.slice.
 *
 * Rests on Documentation/admin-guide/cgroup-v2.rst: a limit holds for everything below it, and a
 * cgroup without a controller does not have its files.
 */
#ifndef OSS_CRS_ALLOWANCE_H
#define OSS_CRS_ALLOWANCE_H

#include "cgroup.h"
#include "cpulist.h"
#include "host.h"

/* A limit and the file that has it: the least value from the root down. */
struct allowance_limit {
	uint64_t value;             /* CGROUP_UNLIMITED: there is none */
	char file[CGROUP_PATH_MAX]; /* absolute path; empty if there is none */
};

struct allowance {
	struct cpulist cpus;             /* empty: no cpuset says which */
	char cpus_file[CGROUP_PATH_MAX]; /* absolute path */
	struct allowance_limit memory;   /* bytes, memory.max */
};

/* Limits that do not keep a run from starting, but change its figures. */
struct allowance_advice {
	struct allowance_limit memory_high; /* bytes: above it the kernel slows allocations down */
	struct allowance_limit cpu;         /* hundredths of a CPU, cpu.max */
	struct allowance_limit tasks;       /* processes and threads, pids.max */
	struct allowance_limit io; /* an io.max that limits a device; the value is 0 then */
};

/* Read what decides whether a run can hold. uid: the user's. Cgroups that do not exist yet limit
 * nothing; a file that cannot be read or parsed is an error. */
int allowance_read(const struct host *host, uid_t uid, struct allowance *ret, struct error *err);

/* Read what the cgroups of a process allow it, as a scheduler sets them: the CPUs on which it may
 * run (Cpus_allowed_list of proc_pid_status(5), which the kernel works out whatever the layout of
 * the cgroups), and the least memory.max from its cgroup up. Fails with EINVAL if the process is
 * not in a cgroup of version 2. */
int allowance_read_process(
	const struct host *host, pid_t pid, struct allowance *ret, struct error *err);

/* Read the other limits, in the same way. */
int allowance_read_advice(
	const struct host *host, uid_t uid, struct allowance_advice *ret, struct error *err);

/* What limits above a run did to it, as counters since those cgroups were made. */
enum allowance_event {
	ALLOWANCE_THROTTLED, /* microseconds for which a cpu.max halted what is below (cpu.stat) */
	ALLOWANCE_TASKS,     /* processes that a pids.max kept from starting (pids.events) */
	/* times that a memory.high slowed allocations down (memory.events.local) */
	ALLOWANCE_MEMORY_HIGH,
	ALLOWANCE_EVENTS,
};

/* Read the counters of all cgroups above `path`, added up. path: a cgroup from the root of the
 * hierarchy, "/user.slice/…"; it need not exist. A cgroup without the controller counts as 0. */
int allowance_read_events(const struct host *host, const char *path,
	uint64_t ret[static ALLOWANCE_EVENTS], struct error *err);

#endif
