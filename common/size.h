/* SPDX-License-Identifier: MIT
 *
 * size: memory sizes as users write them ("4G") and as bytes, which the kernel takes. All units
 * are powers of 1024.
 */
#ifndef OSS_CRS_SIZE_H
#define OSS_CRS_SIZE_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

#define SIZE_MIB      (UINT64_C(1) << 20)
#define SIZE_MIN      4096 /* a page: a smaller size is refused */
#define SIZE_TEXT_MAX 32

/* What a number without a unit means: an error, or a number of MiB. */
enum size_bare {
	SIZE_BARE_REFUSED = 0,
	SIZE_BARE_MIB = 1,
};

/* Parse a size such as "4G", "1.5g", "512MB", "64KiB" or "4096B" to bytes, rounded down to whole
 * pages of 4096 bytes, as the kernel does with memory.max. Malformed sizes, negative ones, those
 * less than SIZE_MIN and those above INT64_MAX are EX_CONFIG errors. */
int size_parse(const char *text, enum size_bare bare, uint64_t *ret, struct error *err);

/* Write bytes in the unit that keeps the number below 1024, rounded to one decimal, from 100 on to
 * none: "4G", "1.5G", "147M", "0". That is at most five characters. buf holds SIZE_TEXT_MAX bytes;
 * returns buf. For a whole number of pages up to 7E, parsing the text and writing the result again
 * gives the same text. */
const char *size_format(uint64_t bytes, char *buf);

/* Write bytes without rounding, in the largest unit that divides them: "4G", "1280M", "5000". buf
 * holds SIZE_TEXT_MAX bytes; returns buf. Used for plans and conflicts, where a rounded number
 * would be wrong. */
const char *size_format_exact(uint64_t bytes, char *buf);

#endif
