/* SPDX-License-Identifier: MIT
 *
 * context: what main() passes to every command: the host, the options, the log and the user.
 */
#ifndef OSS_CRS_CONTEXT_H
#define OSS_CRS_CONTEXT_H

#include "host.h"
#include "log.h"
#include "options.h"

struct context {
	struct host host;
	struct options options;
	struct log log;
	uid_t uid; /* the user who runs the program (getuid(2)) */
};

#endif
