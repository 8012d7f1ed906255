/* SPDX-License-Identifier: MIT
 *
 * fuzz_endpoint: use the input as config.json of Docker's CLI and the meta.json of two contexts.
 * Invariant: an address is found, or an error that is safe to print.
 */
#include "fuzz_dir.h"

#include "endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"config.json", "contexts/meta/a/meta.json", "contexts/meta/b/meta.json", NULL};
	for (const char *const *path = paths; *path; path++)
		fuzz_make_dirs(*path);
	CHECK(setenv("DOCKER_CONFIG", fuzz_path, 1) == 0);
	CHECK(unsetenv("DOCKER_HOST") == 0 && unsetenv("DOCKER_CONTEXT") == 0);
	fuzz_put_parts(paths, data, size);
	_cleanup_free_ char *endpoint = NULL;
	const char *socket = NULL;
	struct error err = {0};
	if (endpoint_find(&endpoint, &err) < 0 || endpoint_socket(endpoint, &socket, &err) < 0)
		check_any_error(&err);
	else
		CHECK(socket == endpoint + strlen("unix://"));
	return 0;
}
