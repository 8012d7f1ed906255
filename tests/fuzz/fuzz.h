/* SPDX-License-Identifier: MIT
 *
 * fuzz: what all fuzzers share: libFuzzer's entry point, a check that every build keeps, and the
 * input as text.
 */
#ifndef OSS_CRS_FUZZ_H
#define OSS_CRS_FUZZ_H

#include "cleanup.h"
#include "error.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Check an invariant of the code under test. Unlike assert(3), it also works with NDEBUG. */
#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			(void)fprintf(                                                          \
				stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* The input with a NUL after it, in an allocation of exactly size + 1 bytes, so that
 * AddressSanitizer sees every read past it. The caller frees it. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	CHECK(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Check that an error has one line of text that can be printed, and the expected exit status. */
static inline void check_error(const struct error *err, int status)
{
	CHECK(err->status == status);
	CHECK(err->msg[0] && memchr(err->msg, '\0', sizeof err->msg));
	CHECK(text_is_clean(err->msg) && text_is_clean(err->hint));
}

#endif
