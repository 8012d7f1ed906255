/* SPDX-License-Identifier: MIT
 *
 * machine: what the host has to give, in numbers: CPUs that are online, memory. (How they hang together: topology.h.)
 */
#ifndef OSS_CRS_MACHINE_H
#define OSS_CRS_MACHINE_H

#include "cpulist.h"
#include "host.h"

/* CPUs from /sys/devices/system/cpu/online (Documentation/ABI/testing/sysfs-devices-system-cpu). */
int machine_cpus(const struct host *host, struct cpulist *ret, struct error *err);

/* MemTotal of /proc/meminfo in bytes (proc_meminfo(5)). */
int machine_memory(const struct host *host, uint64_t *ret, struct error *err);

#endif
