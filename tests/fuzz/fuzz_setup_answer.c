/* SPDX-License-Identifier: MIT
 *
 * fuzz_setup_answer: use the input as the whole answer of the Docker daemon, head and body.
 * Invariants: what is read of it fits and can be printed as one line; an error says that Docker is
 * not available.
 */
#include "fuzz.h"

#include "dockerapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_state state = {0};
	struct error err = {0};
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_free_ char *names = NULL;
	if (dockerapi_info(text, size, &state, &err) < 0)
		check_error(&err, EX_UNAVAILABLE);
	else
		CHECK(memchr(state.driver, '\0', sizeof state.driver) && !state.names);
	if (dockerapi_names(text, size, &names, &err) < 0)
		check_error(&err, EX_UNAVAILABLE);
	else
		CHECK(names && strlen(names) < 1024);
	return 0;
}
