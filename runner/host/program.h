/* SPDX-License-Identifier: MIT
 *
 * program: where the programs are that others have installed.
 */
#ifndef OSS_CRS_PROGRAM_H
#define OSS_CRS_PROGRAM_H

#include <stdbool.h>

/* The path of a program in PATH, as execvp(3) looks it up; NULL if it is not there. The caller frees. */
char *program_find(const char *name);

/* Whether it is there. */
bool program_exists(const char *name);

#endif
