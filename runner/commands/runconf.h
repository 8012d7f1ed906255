/* SPDX-License-Identifier: MIT
 *
 * runconf: the defaults of the options, from /etc/oss-crs/run.conf and then the user's own oss-crs/run.conf.
 */
#ifndef OSS_CRS_RUNCONF_H
#define OSS_CRS_RUNCONF_H

#include "host.h"
#include "options.h"

/* Set the defaults of the options that `command` (a COMMAND_ bit) has. The user's file is below $XDG_CONFIG_HOME, or
 * $HOME/.config where that is unset or not absolute (XDG Base Directory Specification). A file that is not there is
 * no error; one that cannot be read or has anything wrong in it is EX_CONFIG, with its line. */
int runconf_read(
	const struct host *host, unsigned command, struct options *options, struct error *err);

#endif
