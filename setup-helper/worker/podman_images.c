/* SPDX-License-Identifier: MIT
 *
 * podman_images: the child says what it found by the code of its error.
 */
#include "podman_images.h"

#include "podman_storage.h"
#include "privs.h"
#include "probe.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_TIMEOUT_MS 3000

enum answer podman_images_in(const char *home)
{
	char data[PATH_MAX];
	struct error ignored;
	int n = snprintf(data, sizeof data, "%s/.local/share", home);
	int has = n < PATH_MAX && access(home, F_OK) == 0
			  ? podman_storage_has_images(data, &ignored)
			  : -1;
	return has > 0 ? ANSWER_YES : has == 0 ? ANSWER_NO : ANSWER_UNKNOWN;
}

static int look_as_user(void *arg, struct error *err)
{
	const struct caller *user = arg;
	const struct passwd *entry = getpwuid(user->uid);
	enum answer answer = entry ? podman_images_in(entry->pw_dir) : ANSWER_UNKNOWN;
	return answer == ANSWER_YES ? 0
				    : fail(err, answer == ANSWER_NO ? ENOENT : EIO,
					      "images of the user in Podman");
}

enum answer podman_images_look(const struct host *host, const struct caller *user)
{
	if (!user->known || !probe_has_podman(host))
		return user->known ? ANSWER_NO : ANSWER_UNKNOWN;
	struct error err = {0};
	struct caller copy = *user;
	const struct privs_child child = {.uid = user->uid,
		.gid = user->gid,
		.group = user->gid,
		.timeout_ms = LOOK_TIMEOUT_MS};
	if (privs_in_child(&child, look_as_user, &copy, &err) == 0)
		return ANSWER_YES;
	return err.code == ENOENT ? ANSWER_NO : ANSWER_UNKNOWN;
}
