/* SPDX-License-Identifier: MIT
 *
 * json_array_fuzzer: fuzz json-c's arrays.
 *
 * The input is JSON text. The fuzzer sorts, searches, grows, cuts and shrinks every array that the
 * parser returns, inner ones first, then writes the whole out and reads it back. It checks what
 * json-c promises about lengths and searches, so it finds wrong answers as well as bad memory
 * accesses.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int compare_text(const void *left, const void *right)
{
	struct json_object *const *a = left;
	struct json_object *const *b = right;

	return strcmp(json_object_to_json_string(*a), json_object_to_json_string(*b));
}

static void sort_and_search(struct json_object *array)
{
	const size_t length = json_object_array_length(array);

	json_object_array_sort(array, compare_text);
	for (size_t i = 0; i < length; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		struct json_object *found = json_object_array_bsearch(item, array, compare_text);

		require(compare_text(&item, &found) == 0);
	}
}

static void grow_and_cut(struct json_object *array)
{
	const size_t length = json_object_array_length(array);

	/* Two past the end: what lies between becomes null. */
	require(json_object_array_put_idx(
			array, length + 2, json_object_new_int64((int64_t)length)) == 0);
	require(json_object_array_put_idx(array, length / 2, json_object_new_string("replaced")) ==
		0);
	require(json_object_array_length(array) == length + 3);

	require(json_object_array_del_idx(array, length / 3, 2) == 0);
	require(json_object_array_length(array) == length + 1);
	require(json_object_array_shrink(array, 0) == 0);
}

/* The parser bounds the depth, and so this recursion. */
static void exercise(struct json_object *value)
{
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			exercise(member);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			exercise(json_object_array_get_idx(value, i));
		sort_and_search(value);
		grow_and_cut(value);
	}
}

/* Not compared: the parser takes numbers, such as 00e, that it does not take back. */
static void round_trip(struct json_object *value)
{
	json_object_put(json_tokener_parse(json_object_to_json_string(value)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *value = json_tokener_parse_ex(tokener, (const char *)data, (int)size);

	if (value) {
		exercise(value);
		round_trip(value);
	}
	json_object_put(value);
	json_tokener_free(tokener);
	return 0;
}
