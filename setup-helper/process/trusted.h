/* SPDX-License-Identifier: MIT
 *
 * trusted: whether root alone can change a file or directory, judged by fstat(2) on its
 * descriptor.
 */
#ifndef OSS_CRS_SETUP_TRUSTED_H
#define OSS_CRS_SETUP_TRUSTED_H

#include "error.h"

#include <sys/types.h>

/* Check that fd is a regular file that root owns, that neither group nor others can write, and
 * that has no second hard link: EX_CONFIG otherwise. *ret_mode becomes its permission bits (at
 * most 0777); ret_mode may be NULL. Does not read the file. */
int trusted_file(int fd, const char *name, mode_t *ret_mode, struct error *err);

/* The same, and that a new file with this mode replaces it wholly: no group but root's, no ACL. */
int trusted_whole_file(int fd, const char *name, mode_t *ret_mode, struct error *err);

/* Check that fd is a directory that root owns and that neither group nor others can write:
 * EX_CONFIG otherwise. */
int trusted_directory(int fd, const char *name, struct error *err);

#endif
