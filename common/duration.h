/* SPDX-License-Identifier: MIT
 *
 * duration: lengths of time as users write them ("90s", "8h") and as seconds.
 */
#ifndef OSS_CRS_DURATION_H
#define OSS_CRS_DURATION_H

#include "error.h"

#include <stdint.h>

/* Convert a duration such as "90", "90s", "5m", "2h" or "1d" to seconds. The number is from 1 to
 * 999999999; anything else is EX_USAGE. */
int duration_parse(const char *text, uint64_t *ret, struct error *err);

#endif
