/* SPDX-License-Identifier: MIT
 *
 * json_build: make a JSON document of which no part is missing. The first value that cannot be
 * put in makes the whole document fail: the functions that build it note the failure in a struct
 * json_build, and whoever asked for the document gets it as an error at the end.
 */
#ifndef OSS_CRS_JSON_BUILD_H
#define OSS_CRS_JSON_BUILD_H

#include "error.h"

#include <stdbool.h>

#include <jansson.h>

struct json_build {
	bool failed;
	struct error problem; /* the first failure */
};

#define JSON_BUILD_NONE         \
	{                       \
		.failed = false \
	}

/* Put a value into an object or at the end of a list, and take over its reference. A value that is
 * NULL is a failure. */
void json_build_set(struct json_build *build, json_t *object, const char *key, json_t *value);
void json_build_append(struct json_build *build, json_t *list, json_t *value);

/* A new string. A text that is not UTF-8 is a failure that names `what` it is. */
json_t *json_build_text(struct json_build *build, const char *what, const char *text);

/* A new string of a text that only people read, clean (text.h). */
json_t *json_build_prose(const char *text);

/* As json_pack(), for numbers, texts of the program's own and values that are already built. */
json_t *json_build_pack(struct json_build *build, const char *format, ...);

/* End a document, whose root this takes over. *ret is the root, which the caller owns, or the
 * result is -1 with the error of the first failure. json_build_print() prints it on standard output
 * instead. */
int json_build_end(struct json_build *build, json_t *root, json_t **ret, struct error *err);
int json_build_print(struct json_build *build, json_t *root, struct error *err);

#endif
