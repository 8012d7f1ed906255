/* SPDX-License-Identifier: MIT
 *
 * series_json: the samples of a run in its report, as docs/json.md has them.
 */
#ifndef OSS_CRS_SERIES_JSON_H
#define OSS_CRS_SERIES_JSON_H

#include "series.h"

#include <jansson.h>

/* The figures of one CRS as an object of lists, and the times as a list. NULL without memory. */
json_t *series_to_json(const struct series *series, size_t crs);
json_t *series_times_to_json(const struct series *series);

/* The way back. EX_DATAERR for lists that are not all of the same length, have too many points or anything but whole
 * numbers in them, and for times that go back. */
int series_times_from_json(
	const json_t *times, size_t crs_count, struct series *ret, struct error *err);
int series_from_json(const json_t *object, size_t crs, struct series *series, struct error *err);

#endif
