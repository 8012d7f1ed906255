/* SPDX-License-Identifier: MIT
 *
 * fuzz_podman: use the input as /etc/nsswitch.conf, /etc/subuid and /etc/subgid, and as Podman's
 * version. Invariant: the user has ids or an EX_UNAVAILABLE error; a user is not found in a file
 * without a line that begins with the user.
 */
#include "fuzz_dir.h"

#include "podman.h"

/* No such user has a name. */
#define NUMBER "4000000001"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const texts[] = {"etc/subuid", "etc/subgid", "etc/nsswitch.conf", NULL};
	static const char *const programs[] = {"bin/newuidmap", "bin/newgidmap"};
	_cleanup_free_ char *text = fuzz_text(data, size);
	char search[sizeof fuzz_path + sizeof "/bin"];
	struct host host = HOST_CLOSED;
	struct error err = {0};
	fuzz_make_dirs(texts[0]);
	fuzz_make_dirs(programs[0]);
	fuzz_put(programs[0], "", 0);
	fuzz_put(programs[1], "", 0);
	(void)snprintf(search, sizeof search, "%s/bin", fuzz_path);
	CHECK(setenv("PATH", search, 1) == 0);
	fuzz_put_parts(texts, data, size);
	CHECK(host_open_at(fuzz_dir(), &host, &err) == 0);
	if (podman_check_ids(&host, 4000000001U, &err) < 0)
		check_error(&err, EX_UNAVAILABLE);
	else
		CHECK(memmem(data, size, NUMBER ":", strlen(NUMBER ":")) ||
			memmem(data, size, "subid:", strlen("subid:")));
	host_close(&host);
	if (podman_check_version(text, &err) < 0)
		check_error(&err, EX_UNAVAILABLE);
	return 0;
}
