/* SPDX-License-Identifier: MIT
 *
 * huge_pages: keep the CRSs of a run from huge pages, which memory.max does not count and which all
 * CRSs share. That takes the controller hugetlb, which systemd does not delegate: an administrator
 * may enable it for the cgroups below user@UID.service (docs/attestation.md).
 *
 * Rests on cgroup-v2.rst, "HugeTLB": hugetlb.SIZE.max limits pages in use, hugetlb.SIZE.rsvd.max
 * those that mmap(2) reserves.
 */
#ifndef OSS_CRS_HUGE_PAGES_H
#define OSS_CRS_HUGE_PAGES_H

#include "error.h"
#include "plan.h"

#include <stddef.h>

#define HUGE_PAGES_FILES_MAX 16 /* two for each size of page, of which arm64 has the most: four */

/* The files that limit huge pages in each CRS; none where the controller is not delegated. */
struct huge_pages {
	char files[HUGE_PAGES_FILES_MAX][32];
	size_t count;
};

/* What they are set to. */
#define HUGE_PAGES_MAX "0"

/* Where the controller is there for the oss-crs cgroup, enable it in it and in the run's cgroup
 * (worker), and let each CRS of the plan have no huge page. Returns 0, or -1 with an error. */
int huge_pages_forbid(int oss_crs, int worker, const struct run_plan *plan, struct huge_pages *ret,
	struct error *err);

#endif
