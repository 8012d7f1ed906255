/* SPDX-License-Identifier: MIT
 *
 * fuzz_runconf: use the input as /etc/oss-crs/run.conf, for `run` and for `report`. Invariant: the
 * options are set, or an EX_CONFIG error that names the file.
 */
#include "fuzz_dir.h"

#include "runconf.h"

static void read_as(const struct host *host, unsigned command)
{
	struct options options = OPTIONS_NONE;
	struct error err = {0};
	if (runconf_read(host, command, &options, &err) < 0) {
		check_error(&err, EX_CONFIG);
		CHECK(strncmp(err.msg, "/etc/oss-crs/run.conf", 21) == 0);
	}
	options_free(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char path[] = "etc/oss-crs/run.conf";
	struct host host = HOST_CLOSED;
	struct error err = {0};
	fuzz_make_dirs(path);
	fuzz_put(path, data, size);
	CHECK(setenv("XDG_CONFIG_HOME", "/nonexistent", 1) == 0);
	CHECK(host_open_at(fuzz_dir(), &host, &err) == 0);
	read_as(&host, COMMAND_RUN);
	read_as(&host, COMMAND_REPORT);
	host_close(&host);
	return 0;
}
