/* SPDX-License-Identifier: MIT
 *
 * lease_json: leases as JSON, as docs/json.md describes them.
 */
#ifndef OSS_CRS_LEASE_JSON_H
#define OSS_CRS_LEASE_JSON_H

#include "json_build.h"
#include "lease.h"

/* The leases that conflict with a claim, as lease_judge() marked them. The caller owns the
 * reference. */
json_t *lease_to_json(struct json_build *build, const struct ledger *ledger);

/* The same of every foreign cgroup, in conflict or not. */
json_t *lease_foreign_to_json(struct json_build *build, const struct ledger *ledger);

#endif
