/* SPDX-License-Identifier: MIT
 *
 * program: find the programs that are installed on this host.
 */
#ifndef OSS_CRS_PROGRAM_H
#define OSS_CRS_PROGRAM_H

#include <stdbool.h>

/* Whether the path is that of a regular file, or leads to one, that this process may execute. */
bool program_is_at(const char *path);

/* Find the first executable file of that name in the directories of PATH. An empty part of PATH,
 * which execvp(3) takes for the current directory, names no directory here: that may be a job from
 * elsewhere. Returns the file's path, which the caller frees, or NULL if there is none. */
char *program_find(const char *name);

/* Whether program_find() finds the program. */
bool program_exists(const char *name);

#endif
