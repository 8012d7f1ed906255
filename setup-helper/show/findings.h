/* SPDX-License-Identifier: MIT
 *
 * findings: the answer to "is this host ready", judged from the facts, in one line per finding. The
 * ids are part of the interface of `check --json` and do not change.
 */
#ifndef OSS_CRS_SETUP_FINDINGS_H
#define OSS_CRS_SETUP_FINDINGS_H

#include "confine.h"
#include "engine.h"
#include "facts.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>

#define FINDINGS_MAX 10

struct finding {
	const char *id;
	bool ok;
	bool of_docker; /* about Docker, not about delegation */
	char detail[1024];
	char hint[512]; /* the command to type, or what to do; empty if ok */
};

struct findings {
	struct finding list[FINDINGS_MAX];
	size_t count;
	bool ready; /* all findings are ok */
};

/* Judge the facts by the policy. Docker is not needed where the jobs of the user will use Podman.
 * The last finding reports how this process itself is confined. */
void findings_make(const struct facts *facts, const struct policy *policy, enum engine engine,
	const struct confined *confined, struct findings *ret);

#endif
