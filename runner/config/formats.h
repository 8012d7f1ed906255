/* SPDX-License-Identifier: MIT
 *
 * formats: the readers of the config formats, one per format, and the functions that they share.
 * Only job.c calls the readers.
 */
#ifndef OSS_CRS_FORMATS_H
#define OSS_CRS_FORMATS_H

#include "doc.h"
#include "job.h"
#include "size.h"

/* How a format writes a share of the machine, that is CPUs and memory. */
struct share_format {
	const char *memory;  /* key of the memory; the key of the CPUs is always `cpuset` */
	enum size_bare bare; /* what a memory size without a unit means */

	/* Whether the keys `cpus` and `cpu` exist too, where digits alone are a number of CPUs. */
	bool counts;

	/* All keys that a mapping with a share may have, apart from keys about other things. Ends
	 * with NULL. */
	const char *const *known;
};

/* Fill the job's worker and CRSs from the document. Fail with EX_CONFIG if the document is wrong.
 * On failure the job may be half filled; the caller frees it with job_free() in either case. */
int resource_read(struct doc *doc, const char *worker, struct job *job, struct error *err);
int crs_compose_read(struct doc *doc, struct job *job, struct error *err);

/* Check a name and append a CRS of that name to the job. The rules for names are in
 * docs/config.md: a CRS name becomes the name of a cgroup directory. The job owns *ret, which is
 * valid until the next call. */
int job_add_crs(struct doc *doc, struct job *job, const struct doc_node *name, struct job_crs **ret,
	struct error *err);

/* Read which services of the job's Compose files the entry of a CRS names, if it names any. The job
 * owns them. */
#define JOB_SERVICES_KEY "compose_services"
int job_read_services(
	struct doc *doc, const struct doc_node *body, struct job_crs *crs, struct error *err);

/* Read the CPUs and the memory of a mapping into a share of the job, which is all zeros before.
 * Either may be missing. An unknown key about resources is an EX_CONFIG error. */
int job_read_share(struct doc *doc, const struct doc_node *body, const struct share_format *format,
	struct job_share *share, struct error *err);

/* Append a CRS and read its share. Both CPUs and memory are required. */
int job_read_crs(struct doc *doc, struct job *job, const struct doc_node *name,
	const struct doc_node *body, const struct share_format *format, struct error *err);

/* Whether a key is one of these. `known` ends with NULL. */
bool keys_has(const char *const *known, const char *key);

/* Refuse unknown keys about resources in a mapping, and merge keys (`<<`), with EX_CONFIG. The
 * hint names the nearest known key. Keys about other things are ignored. `known` ends with NULL;
 * its first key is the one that the hint names if no other fits. */
int keys_check(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err);

/* Refuse every unknown key in a mapping, and merge keys. The rest is as for keys_check(). */
int keys_check_all(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err);

#endif
