/* SPDX-License-Identifier: MIT
 *
 * lease_json: leases as docs/json.md has them.
 */
#ifndef OSS_CRS_LEASE_JSON_H
#define OSS_CRS_LEASE_JSON_H

#include "lease.h"

#include <jansson.h>

/* The leases that conflict with a claim, as lease_judge() marked them. NULL without memory. */
json_t *lease_to_json(const struct ledger *ledger);

#endif
