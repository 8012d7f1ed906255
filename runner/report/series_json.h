/* SPDX-License-Identifier: MIT
 *
 * series_json: the samples of a run in its report, as docs/json.md describes them.
 */
#ifndef OSS_CRS_SERIES_JSON_H
#define OSS_CRS_SERIES_JSON_H

#include "json_build.h"
#include "series.h"

/* Write the figures of one CRS as an object with a list per kind of figure, and the times as one
 * list. The caller owns the reference. */
json_t *series_to_json(struct json_build *build, const struct series *series, size_t crs);
json_t *series_times_to_json(struct json_build *build, const struct series *series);

/* Read them back. series_times_from_json() makes a series with room for all CRSs, which the
 * caller frees with series_free(); series_from_json() fills in one CRS. EX_DATAERR if the lists
 * differ in length, have more points than series_capacity() allows, contain anything but whole
 * numbers or null (an unknown figure), or if the times do not ascend. */
int series_times_from_json(
	const json_t *times, size_t crs_count, struct series *ret, struct error *err);
int series_from_json(const json_t *object, size_t crs, struct series *series, struct error *err);

#endif
