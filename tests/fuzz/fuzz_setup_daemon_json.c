/* SPDX-License-Identifier: MIT
 *
 * fuzz_setup_daemon_json: use the input as Docker's daemon.json.
 *
 * Invariants: an accepted file ends up with cgroupfs as its driver; the merge changes only
 * exec-opts and keeps the other keys in their order; a second merge changes nothing.
 */
#include "daemon_json.h"

#include "cleanup_json.h"
#include "fuzz.h"

#define KEY "exec-opts"

static void check_driver(const char *text)
{
	struct error err = {0};
	char driver[32] = "";
	CHECK(daemon_json_driver(text, strlen(text), driver, sizeof driver, &err) == 0);
	CHECK(strcmp(driver, DRIVER_WANTED) == 0);
}

/* The keys except exec-opts, one per line. The caller frees the text. */
static char *keys_of(json_t *root)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	CHECK(out);
	for (void *i = json_object_iter(root); i; i = json_object_iter_next(root, i))
		if (strcmp(json_object_iter_key(i), KEY) != 0)
			(void)fprintf(out, "%s\n", json_object_iter_key(i));
	CHECK(fclose(out) == 0);
	return text;
}

static void check_merged(const char *data, size_t size, const char *merged)
{
	struct error err = {0};
	char *again = NULL;
	CHECK(daemon_json_merge(merged, strlen(merged), &again, &err) == 0 && !again);
	check_driver(merged);
	_cleanup_json_ json_t *before = json_loadb(data, size, 0, NULL);
	_cleanup_json_ json_t *after = json_loads(merged, 0, NULL);
	CHECK(after);
	if (!before)
		return; /* only white space */
	_cleanup_free_ char *old_keys = keys_of(before);
	_cleanup_free_ char *new_keys = keys_of(after);
	CHECK(strcmp(old_keys, new_keys) == 0);
	(void)json_object_del(before, KEY);
	(void)json_object_del(after, KEY);
	CHECK(json_equal(before, after));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_free_ char *merged = NULL;
	struct error err = {0};
	if (daemon_json_merge(text, size, &merged, &err) < 0) {
		check_error(&err, EX_CONFIG);
		CHECK(!merged);
	} else if (merged) {
		check_merged(text, size, merged);
	} else {
		check_driver(text);
	}
	return 0;
}
