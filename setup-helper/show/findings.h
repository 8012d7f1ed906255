/* SPDX-License-Identifier: MIT
 *
 * findings: the facts as answers to "is this host ready", one line each. The ids are part of the contract of
 * `check --json` and do not change.
 */
#ifndef OSS_CRS_SETUP_FINDINGS_H
#define OSS_CRS_SETUP_FINDINGS_H

#include "confine.h"
#include "facts.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>

#define FINDINGS_MAX 9

struct finding {
	const char *id;
	bool ok;
	char detail[1024];
	char hint[512]; /* what to type; empty if ok */
};

struct findings {
	struct finding list[FINDINGS_MAX];
	size_t count;
	bool ready; /* all are ok */
};

/* Judge the facts by the policy; and tell what keeps this process itself in bounds. */
void findings_make(const struct facts *facts, const struct policy *policy,
	const struct confined *confined, struct findings *ret);

#endif
