/* SPDX-License-Identifier: MIT
 *
 * podman_images: containers/storage lists its images in one JSON file per storage driver: "[]", or
 * an object for each. The child says what it found by the code of its error.
 */
#include "podman_images.h"

#include "cleanup.h"
#include "privs.h"
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#define LOOK_TIMEOUT_MS 3000
#define STORAGE         ".local/share/containers/storage/"

/* A list without images is "[]", perhaps with a newline. */
#define LIST_EMPTY_MAX 3

enum answer podman_images_in(const char *home)
{
	static const char *const lists[] = {STORAGE "overlay-images/images.json",
		STORAGE "vfs-images/images.json", STORAGE "btrfs-images/images.json"};
	_cleanup_close_ int dir = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return ANSWER_UNKNOWN;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct stat st;
		if (fstatat(dir, lists[i], &st, 0) == 0) {
			if (S_ISREG(st.st_mode) && st.st_size > LIST_EMPTY_MAX)
				return ANSWER_YES;
		} else if (errno != ENOENT && errno != ENOTDIR) {
			return ANSWER_UNKNOWN;
		}
	}
	return ANSWER_NO;
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
