/* SPDX-License-Identifier: MIT
 *
 * risks: what a service of the job asks for that lets its processes step outside their cgroup: by writing to the
 * hierarchy, or by having somebody else start containers for them.
 *
 * Rests on the Compose specification (services: cap_add, cgroup, pid, privileged, volumes) and on cgroup-v2.rst,
 * "Delegation": who may write to cgroup.procs of both cgroups and of a common ancestor may move a process.
 */
#ifndef OSS_CRS_RISKS_H
#define OSS_CRS_RISKS_H

#include "doc.h"

#include <stddef.h>

#define RISK_COUNT 6

/* The risks of a service's body as Compose's `config` prints it, one bit each. */
unsigned risks_of(struct doc *doc, const struct doc_node *body);

/* What bit `i` (below RISK_COUNT) says, as one would write it in the file. */
const char *risk_name(size_t i);

/* All of a set, "privileged, docker.sock", into buf. */
#define RISKS_TEXT_MAX 160
const char *risks_format(unsigned set, char buf[static RISKS_TEXT_MAX]);

#endif
