/* SPDX-License-Identifier: MIT
 *
 * formats: one reader per config format, and what they have in common. Only job.c calls the readers.
 */
#ifndef OSS_CRS_FORMATS_H
#define OSS_CRS_FORMATS_H

#include "doc.h"
#include "job.h"
#include "size.h"

/* How a format writes a share of the machine, and which keys may stand beside it. */
struct share_format {
	const char *memory;  /* key of the memory; that of the CPUs is `cpuset` everywhere */
	enum size_bare bare; /* what a number without a unit means there */
	bool counts;         /* `cpus` and `cpu` too, where digits alone are a number of CPUs */
	const char *const *known; /* all keys about resources in such a mapping, NULL at the end */
};

/* Fill job's worker and CRSs from the document. On failure job holds what job_free() can release. */
int resource_read(struct doc *doc, const char *worker, struct job *job, struct error *err);
int crs_compose_read(struct doc *doc, struct job *job, struct error *err);

/* Append a CRS after checking its name: the rules are those of a directory name in a cgroup (docs/config.md). */
int job_add_crs(struct doc *doc, struct job *job, const struct doc_node *name, struct job_crs **ret,
	struct error *err);

/* Read the CPUs and the memory of a mapping; either may be missing. An unknown key about resources is an error. */
int job_read_share(struct doc *doc, const struct doc_node *body, const struct share_format *format,
	struct job_share *ret, struct error *err);

/* Append a CRS that must have both. */
int job_read_crs(struct doc *doc, struct job *job, const struct doc_node *name,
	const struct doc_node *body, const struct share_format *format, struct error *err);

/* Refuse keys of a mapping that are about resources and not known there, and name the nearest known one; what is
 * about something else passes. `known` ends with NULL and begins with the key to name when nothing is near. */
int keys_check(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err);

/* The same where every key must be known. */
int keys_check_all(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err);

#endif
