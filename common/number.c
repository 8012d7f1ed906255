/* SPDX-License-Identifier: MIT
 *
 * number: finds the digits from the last to the first.
 */
#include "number.h"

#include <string.h>

char *number_format(uint64_t number, char *buf)
{
	char digits[NUMBER_TEXT_MAX];
	char *first = digits + sizeof digits;
	do
		*--first = (char)('0' + number % 10);
	while (number /= 10);
	size_t len = (size_t)(digits + sizeof digits - first);
	memcpy(buf, first, len);
	buf[len] = '\0';
	return buf + len;
}
