/* SPDX-License-Identifier: MIT
 *
 * context: what every command gets from main: the host, the command line, the log, and who runs it.
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
	uid_t uid; /* of the user who runs it */
};

#endif
