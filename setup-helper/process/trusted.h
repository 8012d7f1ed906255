/* SPDX-License-Identifier: MIT
 *
 * trusted: whether a file or directory is the administrator's alone, judged on the open descriptor (fstat(2)).
 */
#ifndef OSS_CRS_SETUP_TRUSTED_H
#define OSS_CRS_SETUP_TRUSTED_H

#include "error.h"

#include <sys/types.h>

/* A regular file, owned by root, with one name, that neither group nor others may write. ret_mode may be NULL.
 * Otherwise EX_CONFIG, and nothing is read. */
int trusted_file(int fd, const char *name, mode_t *ret_mode, struct error *err);

/* The same for a directory. */
int trusted_directory(int fd, const char *name, struct error *err);

#endif
