/* SPDX-License-Identifier: MIT
 *
 * state: the user's directory for what outlives a boot, $XDG_STATE_HOME/oss-crs (XDG Base Directory Specification;
 * $HOME/.local/state where it is unset or not absolute).
 */
#ifndef OSS_CRS_STATE_H
#define OSS_CRS_STATE_H

#include "error.h"

#include <stdbool.h>

/* Open the directory, or `sub` in it, which may be NULL; with `make`, make what of it is not there, for the user alone. Returns a
 * descriptor that the caller closes, or -1; ENOENT: there is none, or no home. ret_path, which may be NULL, is the caller's to
 * free: the directory for people. */
int state_open(const char *sub, bool make, char **ret_path, struct error *err);

#endif
