/* SPDX-License-Identifier: MIT
 *
 * fuzz: what the fuzzers share: libFuzzer's entry point, a check that holds in every build, the input as a text.
 */
#ifndef OSS_CRS_FUZZ_H
#define OSS_CRS_FUZZ_H

#include "cleanup.h"
#include "error.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant of the code under test; unlike assert(3) it is checked with NDEBUG too. */
#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			(void)fprintf(                                                          \
				stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* The input with a NUL behind it, in memory of exactly that size. The caller frees it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	CHECK(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* An error is worth reading: one line, and the status it is expected to have. */
static inline void check_error(const struct error *err, int status)
{
	CHECK(err->status == status);
	CHECK(err->msg[0] && memchr(err->msg, '\0', sizeof err->msg));
	CHECK(!strpbrk(err->msg, "\n\r\033"));
}

#endif
