/* SPDX-License-Identifier: MIT
 *
 * lease_parts: what lease.c and foreign.c share. Only they include it.
 */
#ifndef OSS_CRS_LEASE_PARTS_H
#define OSS_CRS_LEASE_PARTS_H

#include "lease.h"

#include <dirent.h>

/* Add to a sum, which stays at the largest number instead of wrapping round. */
void lease_add_u64(uint64_t *sum, uint64_t value);

/* The next cgroup in a directory, NULL at its end. `left` is how many more of the user's cgroups
 * may be looked at. Sets *err if the directory was not read to its end. */
const struct dirent *lease_next_cgroup(DIR *list, unsigned *left, struct error *err);

/* Read what is not a run. Its name may be anything. Returns 1 if it has processes, 0 if not, or -1
 * with an error. */
int lease_read_foreign(int foreign, unsigned *left, struct lease *lease, struct error *err);

#endif
