/* SPDX-License-Identifier: MIT
 *
 * formats: one reader per config format, and what they have in common. Only job.c calls the readers.
 */
#ifndef OSS_CRS_FORMATS_H
#define OSS_CRS_FORMATS_H

#include "config/job.h"
#include "size.h"

/* Fill job's worker and CRSs from the document. On failure job holds what job_free() can release. */
int resource_read(struct doc *doc, const char *worker, struct job *job, struct error *err);
int crs_compose_read(struct doc *doc, struct job *job, struct error *err);

/* Append a CRS after checking its name: the rules are those of a directory name in a cgroup (docs/config.md). */
int job_add_crs(
	struct doc *doc, struct job *job, const yaml_node_t *name, struct job_crs **ret, struct error *err);

/* Read a CPU list or a size from a scalar, with the place of the value in the message. */
int job_read_cpus(
	struct doc *doc, const yaml_node_t *value, const char *key, struct job_share *ret, struct error *err);
int job_read_memory(struct doc *doc, const yaml_node_t *value, const char *key, enum size_bare bare,
	struct job_share *ret, struct error *err);

#endif
