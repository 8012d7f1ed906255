/* SPDX-License-Identifier: MIT
 *
 * owner: read the boot id and a process's start time from /proc, to write or check a description.
 */
#include "owner.h"

#include "fs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BOOT_ID_FILE "proc/sys/kernel/random/boot_id"
#define BOOT_ID_MAX  40 /* bytes; the id has 36 characters and a newline */

/* Read the start time, field 22. Field 2, in parentheses, is the command name and can contain any
 * character, so parsing starts at the last parenthesis. Field 3 is the state: a process that has
 * ended but that its parent has not waited for yet counts as ended. */
static int read_start(const struct host *host, pid_t pid, uint64_t *ret, struct error *err)
{
	char path[32];
	char text[1024];
	(void)snprintf(path, sizeof path, "proc/%d/stat", (int)pid);
	if (fs_read_attr(host->root, path, text, sizeof text, err) < 0)
		return -1;
	const char *end = strrchr(text, ')');
	char state = 0;
	if (!end || sscanf(end,
			    ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%*d %*d "
			    "%" SCNu64,
			    &state, ret) != 2)
		return fail(err, EINVAL, "%s", path);
	return state == 'Z' || state == 'X' ? fail(err, ESRCH, "%s", path) : 0;
}

int owner_describe(
	const struct host *host, pid_t pid, char buf[static OWNER_TEXT_MAX], struct error *err)
{
	char boot[BOOT_ID_MAX];
	uint64_t start = 0;
	if (fs_read_attr(host->root, BOOT_ID_FILE, boot, sizeof boot, err) < 0 ||
		read_start(host, pid, &start, err) < 0)
		return -1;
	(void)snprintf(buf, OWNER_TEXT_MAX, "%s/%d/%" PRIu64, boot, (int)pid, start);
	return 0;
}

bool owner_lives(const struct host *host, const char *text)
{
	char now[OWNER_TEXT_MAX];
	struct error problem;
	int pid = 0;
	const char *slash = strchr(text, '/');
	if (!slash || sscanf(slash, "/%d/", &pid) != 1 || pid <= 0)
		return false;
	if (owner_describe(host, pid, now, &problem) == 0)
		return strcmp(now, text) == 0;
	return problem.code != ENOENT && problem.code != ESRCH;
}
