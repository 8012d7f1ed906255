/* SPDX-License-Identifier: MIT
 *
 * machine: see machine.h.
 */
#include "machine.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <inttypes.h>

int machine_cpus(const struct host *host, struct cpulist *ret, struct error *err)
{
	static const char path[] = "sys/devices/system/cpu/online";
	char text[CPULIST_TEXT_MAX];
	if (fs_read_attr(host->root, path, text, sizeof text, err) < 0)
		return -1;
	return cpulist_parse(text, ret, err) < 0 ? add_context(err, "/%s", path) : 0;
}

int machine_memory(const struct host *host, uint64_t *ret, struct error *err)
{
	static const char path[] = "proc/meminfo";
	_cleanup_free_ char *text = NULL;
	if (fs_read(host->root, path, 1U << 16, &text, NULL, err) < 0)
		return -1;
	uint64_t kib = 0;
	if (sscanf(text, "MemTotal: %" SCNu64 " kB", &kib) != 1)
		return fail(err, ENODATA, "MemTotal in /%s", path);
	*ret = kib * 1024;
	return 0;
}
