/* SPDX-License-Identifier: MIT
 *
 * machine: what the host has to give beside its CPUs (topology.h).
 */
#ifndef OSS_CRS_MACHINE_H
#define OSS_CRS_MACHINE_H

#include "host.h"

#include <stdint.h>

/* MemTotal of /proc/meminfo in bytes (proc_meminfo(5)). */
int machine_memory(const struct host *host, uint64_t *ret, struct error *err);

#endif
