/* SPDX-License-Identifier: MIT
 *
 * size: "4G" as people write it, bytes as the kernel takes it. All units are powers of 1024.
 */
#ifndef OSS_CRS_SIZE_H
#define OSS_CRS_SIZE_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

#define SIZE_MIB      (UINT64_C(1) << 20)
#define SIZE_MIN      4096 /* a page: less than that is no memory at all */
#define SIZE_TEXT_MAX 32

/* What a number without a unit means: refused, or so many bytes each. */
enum size_bare {
	SIZE_BARE_REFUSED = 0,
	SIZE_BARE_MIB = 1,
};

/* Parse "4G", "1.5g", "512MB", "64KiB", "4096B". The result is rounded down to whole pages, as the kernel does with
 * memory.max. Zero, negative, overflowing and smaller than SIZE_MIN are EX_CONFIG errors. */
int size_parse(const char *text, enum size_bare bare, uint64_t *ret, struct error *err);

/* Write bytes in the unit that keeps the number below 1024, rounded to one decimal: "4G", "1.5G", "0". What was read
 * with one decimal comes out as it was. SIZE_TEXT_MAX bytes. */
const char *size_format(uint64_t bytes, char *buf);

/* Write bytes without rounding, in the largest unit that divides them: "4G", "1280M", "5000". For plans and conflicts,
 * where a rounded figure would be a wrong one. SIZE_TEXT_MAX bytes. */
const char *size_format_exact(uint64_t bytes, char *buf);

#endif
