/* SPDX-License-Identifier: MIT
 *
 * machine: the machine's online CPUs, its memory and its topology, read from /sys and /proc. This
 * is the only file of the folder that reads anything; the plan is a pure function of what it
 * returns.
 */
#ifndef OSS_CRS_MACHINE_H
#define OSS_CRS_MACHINE_H

#include "cpulist.h"
#include "host.h"
#include "topology.h"

/* Read the online CPUs from /sys/devices/system/cpu/online
 * (Documentation/ABI/testing/sysfs-devices-system-cpu). */
int machine_cpus(const struct host *host, struct cpulist *ret, struct error *err);

/* The memory that CRSs can have, in bytes: MemTotal of /proc/meminfo less the pools of huge pages
 * (Hugetlb), which ordinary memory cannot use. ret_huge, which may be NULL, gets the size of the
 * pools: no memory.max covers them (proc_meminfo(5), cgroup-v2.rst). */
int machine_memory(const struct host *host, uint64_t *ret, uint64_t *ret_huge, struct error *err);

/* The CPUs that interrupts of devices go to, from /proc/irq: the CPU that the kernel has chosen for
 * each, or where it does not say so all that it may choose. An interrupt that is not in use goes to
 * none. Fails if one cannot be read. */
int machine_interrupts(const struct host *host, struct cpulist *ret, struct error *err);

/* List the interrupts that go to one of `cpus`, by number and by the devices that use them:
 * "24 virtio0-input.0", one a line, "" if there is none. The caller frees *ret. Fails like
 * machine_interrupts(). */
int machine_interrupt_names(
	const struct host *host, const struct cpulist *cpus, char **ret, struct error *err);

/* Read the topology below `sys`, an open directory: /sys or a recording of it. Fails with ENOENT
 * if there is no list of online CPUs, and with EX_CONFIG if a list or mask of CPUs is malformed.
 * The caller frees *ret with topology_free().
 *
 * The kernel documents the files in Documentation/ABI: stable/sysfs-devices-system-cpu,
 * stable/sysfs-devices-node, testing/sysfs-devices-system-cpu (cpu_capacity, isolated) and
 * testing/sysfs-bus-event_source-devices (cpu_atom and cpu_lowpower on x86 machines with several
 * kinds of cores). */
int machine_topology(int sys, struct topology *ret, struct error *err);

#endif
