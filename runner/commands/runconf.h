/* SPDX-License-Identifier: MIT
 *
 * runconf: the defaults of the options, from /etc/oss-crs/run.conf and then from the user's own
 * oss-crs/run.conf, which overrides it.
 */
#ifndef OSS_CRS_RUNCONF_H
#define OSS_CRS_RUNCONF_H

#include "host.h"
#include "options.h"

/* Set the defaults of the options that `command` (a COMMAND_ bit) has. The user's file is below
 * $XDG_CONFIG_HOME, or below $HOME/.config if that is unset or not absolute (XDG Base Directory
 * Specification). A missing file is not an error. A file that cannot be read is EX_CONFIG, and so
 * is an error in it; the message then has the line. The caller calls options_free(). */
int runconf_read(
	const struct host *host, unsigned command, struct options *options, struct error *err);

#endif
