/* SPDX-License-Identifier: MIT
 *
 * cleanup_json: references to jansson values, bound to a scope as in cleanup.h.
 */
#ifndef OSS_CRS_CLEANUP_JSON_H
#define OSS_CRS_CLEANUP_JSON_H

#include "cleanup.h"

#include <jansson.h>

static inline void cleanup_json(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_json_ _cleanup_(cleanup_json)

#endif
