/* SPDX-License-Identifier: MIT
 *
 * size: parse and format sizes with exact integer arithmetic. A size such as "1.5G" never becomes
 * a floating-point number.
 */
#include "size.h"

#include "number.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char units[] = "BKMGTPE";

static int fail_size(const char *text, const char *what, struct error *err)
{
	/* Quote only part of a long text, so that the reason still fits. */
	(void)fail_as(
		err, EX_CONFIG, "size '%.64s%s': %s", text, strlen(text) > 64 ? "..." : "", what);
	return add_hint(err, "write a size as 4G, 512M or 1.5G (powers of 1024)");
}

/* The unit at p as a power of two, with an optional B or iB after it; -1 if there is no such
 * unit. */
static int parse_unit(const char *p, enum size_bare bare)
{
	if (!*p)
		return bare == SIZE_BARE_MIB ? 20 : -1;
	const char *unit = strchr(units, toupper((unsigned char)*p));
	if (!unit)
		return -1;
	p++;
	if (unit != units && (*p & ~0x20) == 'I')
		p += (p[1] & ~0x20) == 'B' ? 1 : 0;
	if (unit != units && (*p & ~0x20) == 'B')
		p++;
	return *p ? -1 : (int)(unit - units) * 10;
}

int size_parse(const char *text, enum size_bare bare, uint64_t *ret, struct error *err)
{
	const char *p = text;
	__extension__ unsigned __int128 digits = 0;
	uint64_t divisor = 1;
	bool point = false;
	if (*p == '-')
		return fail_size(text, "must not be negative", err);
	if (*p < '0' || *p > '9')
		return fail_size(text, "expected a number", err);
	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		if (digits > UINT64_MAX / 10 || divisor > UINT64_MAX / 100)
			return fail_size(text, "too many digits", err);
		digits = digits * 10 + (unsigned)(*p - '0');
		divisor *= point ? 10 : 1;
	}
	if (p[-1] == '.')
		return fail_size(text, "expected digits after the point", err);
	p += strspn(p, " ");
	int shift = parse_unit(p, bare);
	if (shift < 0)
		return fail_size(text, *p ? "unknown unit" : "unit is missing", err);
	__extension__ unsigned __int128 bytes = (digits << shift) / divisor;
	if (bytes > INT64_MAX)
		return fail_size(text, "too large", err);
	if (bytes < SIZE_MIN)
		return fail_size(text,
			digits ? "less than a page (4096 bytes)" : "must be more than zero", err);
	*ret = (uint64_t)bytes & ~(uint64_t)(SIZE_MIN - 1);
	return 0;
}

const char *size_format(uint64_t bytes, char *buf)
{
	/* Round before choosing the unit: 1023.96M is 1G, not 1024M. */
	__extension__ unsigned __int128 tenths = bytes;
	tenths *= 10;
	unsigned unit = 0;
	uint64_t half = 0;
	while (unit < 6 && (tenths + half) >> (10 * unit) >= 10240) {
		unit++;
		half = UINT64_C(1) << (10 * unit - 1);
	}
	uint64_t rounded = (uint64_t)((tenths + half) >> (10 * unit));
	if (rounded >= 1000)
		rounded = (rounded + 5) / 10 * 10;
	if (rounded >= 10240 && unit < 6) {
		rounded = 10;
		unit++;
	}
	const char *suffix = &units[unit];
	int suffix_len = unit ? 1 : 0;
	if (rounded % 10)
		(void)snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%.*s", rounded / 10,
			rounded % 10, suffix_len, suffix);
	else
		(void)snprintf(
			buf, SIZE_TEXT_MAX, "%" PRIu64 "%.*s", rounded / 10, suffix_len, suffix);
	return buf;
}

const char *size_format_exact(uint64_t bytes, char *buf)
{
	unsigned unit = 0;
	while (unit < 6 && bytes && bytes % 1024 == 0) {
		unit++;
		bytes /= 1024;
	}
	char *end = number_format(bytes, buf);
	if (unit) {
		end[0] = units[unit];
		end[1] = '\0';
	}
	return buf;
}
