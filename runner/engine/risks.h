/* SPDX-License-Identifier: MIT
 *
 * risks: what a service of the job asks for that could let its processes leave their cgroup: by
 * writing to the cgroup hierarchy, or by having a process outside work for them. What is known to
 * be harmless is no risk; everything else is, a key that nobody has judged included.
 *
 * Rests on the Compose specification (schema/compose-spec.json, service) and on cgroup-v2.rst,
 * "Delegation": a process that may write to cgroup.procs of both cgroups and of a common ancestor
 * may move a process from one to the other.
 */
#ifndef OSS_CRS_RISKS_H
#define OSS_CRS_RISKS_H

#include "doc.h"
#include "host_path.h"

#include <stddef.h>

#define RISK_VALUE_MAX 160 /* bytes of a value that a message shows */

struct risk {
	const char *name; /* as in the report; docs/json.md lists the names */
	char *key;        /* where in the service: "deploy.resources" */
	char *value;      /* what the file says, cut to RISK_VALUE_MAX bytes */
	const char *why;  /* what it can do, in words */
	char *place;      /* "FILE:LINE:COLUMN" in a file of the user's; NULL: not found there */
};

struct risks {
	struct risk *list;
	size_t count;
};

struct compose;

/* What is known of all services judged so far. A definition that many services use, such as a
 * volume, is judged once. */
struct risk_memory {
	void *definitions; /* a tsearch(3) tree of struct definition (risk_search.c) */
	size_t risk_count;
};

/* The most risks that the services of a project may have together. */
#define RISKS_MAX 100000U

/* Where a service is judged. */
struct risk_scope {
	struct doc *doc; /* what Compose's `config` prints */
	/* The project: its services, whose CRSs are known, and the user's files. */
	const struct compose *compose;
	struct host_user user;
	int crs;                    /* of the service, as in struct compose_service */
	struct risk_memory *memory; /* of all services of the document, at first zero */
};

/* Append the risks of a service. body is the service as Compose's `config` prints it. Returns 0, or
 * -1 with an error: EX_CONFIG for more than RISKS_MAX risks, EX_SOFTWARE when out of memory. In
 * either case the caller frees *ret with risks_free(), and at the end the scope's memory with
 * risk_memory_free(). */
int risks_find(const struct risk_scope *scope, const struct doc_node *body, struct risks *ret,
	struct error *err);
void risks_free(struct risks *risks);
void risk_memory_free(struct risk_memory *memory);

/* Find the keys of all services' risks in the user's Compose files and fill in the places. A file
 * that cannot be read, and a key that is in none of them (an anchor, an included file), are left
 * out. Returns 0, or -1 with an error when out of memory. */
int risks_locate(const struct compose *compose, struct error *err);

/* A risk in words: "pid: host (the host's processes)". The caller frees *ret. */
int risk_describe(const struct risk *risk, char **ret, struct error *err);

#endif
