/* SPDX-License-Identifier: MIT
 *
 * program: find the programs that are installed on this host.
 */
#ifndef OSS_CRS_PROGRAM_H
#define OSS_CRS_PROGRAM_H

#include <stdbool.h>

/* Find the first executable file of that name in the directories of PATH. Returns its path, which
 * the caller frees, or NULL if there is none. */
char *program_find(const char *name);

/* Whether program_find() finds the program. */
bool program_exists(const char *name);

#endif
