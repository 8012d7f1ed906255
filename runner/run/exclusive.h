/* SPDX-License-Identifier: MIT
 *
 * exclusive: what besides a run may use the CPUs that it has as a partition (`--exclusive`). The
 * kernel keeps the processes of all other cgroups away from them; it is looked whether that is so.
 * What no partition keeps away is counted and named: kernel threads, and interrupts of devices.
 *
 * Rests on proc_pid_status(5) (Cpus_allowed_list), proc_pid_task(5), and
 * Documentation/core-api/irq/irq-affinity.rst.
 */
#ifndef OSS_CRS_EXCLUSIVE_H
#define OSS_CRS_EXCLUSIVE_H

#include "host.h"
#include "tree.h"

/* Kernel threads that are named; the others are only counted. */
#define EXCLUSIVE_NAMES_MAX 64
#define EXCLUSIVE_NAME_MAX  64

struct exclusive {
	enum partition_kind partition; /* PARTITION_NONE: the run is not exclusive */
	/* Kernel threads that may run on the CPUs: those that are bound to one of them, as each CPU
	 * has, and others, such as workers that are bound to none. */
	unsigned per_cpu, others;
	char names[EXCLUSIVE_NAMES_MAX][EXCLUSIVE_NAME_MAX];
	size_t name_count;
	char *interrupts; /* machine_interrupt_names(); NULL: none was looked at */
	/* The first reason why not everything could be looked at; msg is empty if there is none. */
	struct error unknown;
};

/* Look, when the tree is a partition and has no process yet. Fails with EX_UNAVAILABLE if a process
 * that is none of the kernel's may run on one of the CPUs. What cannot be looked at is no failure:
 * ret->unknown says so. The caller frees *ret with exclusive_free(). */
int exclusive_look(const struct host *host, const struct cg_tree *tree, struct exclusive *ret,
	struct error *err);
void exclusive_free(struct exclusive *exclusive);

#endif
