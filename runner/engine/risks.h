/* SPDX-License-Identifier: MIT
 *
 * risks: what a service of the job asks for that lets its processes leave their cgroup: by
 * writing to the cgroup hierarchy, or by having another process start containers for them.
 *
 * Rests on the Compose specification (services: cap_add, cgroup, pid, privileged, volumes) and
 * on cgroup-v2.rst, "Delegation": a process that may write to cgroup.procs of both cgroups and
 * of a common ancestor may move a process from one to the other.
 */
#ifndef OSS_CRS_RISKS_H
#define OSS_CRS_RISKS_H

#include "doc.h"

#include <stddef.h>

#define RISK_COUNT 6

/* The risks of a service, one bit each. body is the service as Compose's `config` prints it. */
unsigned risks_of(struct doc *doc, const struct doc_node *body);

/* The risk of bit i (less than RISK_COUNT), in the words of the Compose file. */
const char *risk_name(size_t i);

/* Write all risks of a set into buf: "privileged, docker.sock". Returns buf. */
#define RISKS_TEXT_MAX 160
const char *risks_format(unsigned set, char buf[static RISKS_TEXT_MAX]);

#endif
