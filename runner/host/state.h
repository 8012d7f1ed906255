/* SPDX-License-Identifier: MIT
 *
 * state: the user's directory for files that outlive a boot: $XDG_STATE_HOME/oss-crs, or
 * $HOME/.local/state/oss-crs if XDG_STATE_HOME is unset or not an absolute path (XDG Base Directory
 * Specification).
 */
#ifndef OSS_CRS_STATE_H
#define OSS_CRS_STATE_H

#include "error.h"

#include <stdbool.h>

/* Open the directory, or `sub` in it if sub is not NULL. With `make`, make the missing parts of the
 * path with mode 0700. Fails with ENOENT if the directory does not exist, or if neither variable is
 * an absolute path. Returns a descriptor that the caller closes, or -1. *ret_path is the path, for
 * messages, which the caller frees; ret_path may be NULL. */
int state_open(const char *sub, bool make, char **ret_path, struct error *err);

#endif
