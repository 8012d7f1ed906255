/* SPDX-License-Identifier: MIT
 *
 * machine: what a machine has: its online CPUs, its memory, and how they hang together. This is the one file of the layer
 * that reads anything; the plan is a pure function of what it returns.
 */
#ifndef OSS_CRS_MACHINE_H
#define OSS_CRS_MACHINE_H

#include "cpulist.h"
#include "host.h"
#include "topology.h"

/* CPUs from /sys/devices/system/cpu/online (Documentation/ABI/testing/sysfs-devices-system-cpu). */
int machine_cpus(const struct host *host, struct cpulist *ret, struct error *err);

/* MemTotal of /proc/meminfo in bytes (proc_meminfo(5)). */
int machine_memory(const struct host *host, uint64_t *ret, struct error *err);

/* Read the machine below `sys`, a directory that is /sys or stands for it. Fails where there is no list of online CPUs
 * (ENOENT) or a file has no sense in it (EX_CONFIG). The files: Documentation/ABI/stable/sysfs-devices-system-cpu,
 * sysfs-devices-node; testing/sysfs-devices-system-cpu (cpu_capacity, isolated), sysfs-bus-event_source-devices
 * (cpu_core and cpu_atom of x86 machines with two kinds of cores). */
int machine_topology(int sys, struct topology *ret, struct error *err);

#endif
