/* SPDX-License-Identifier: MIT
 *
 * podman_storage: looks at the size of the lists only; their text is not read.
 */
#include "podman_storage.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORAGE "containers/storage/"

#define LIST_EMPTY_MAX 3 /* bytes of "[]", with a newline */

int podman_storage_has_images(const char *data, struct error *err)
{
	static const char *const lists[] = {STORAGE "overlay-images/images.json",
		STORAGE "vfs-images/images.json", STORAGE "btrfs-images/images.json"};
	_cleanup_close_ int dir = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : fail(err, errno, "%s", data);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct stat st;
		if (fstatat(dir, lists[i], &st, 0) == 0) {
			if (S_ISREG(st.st_mode) && st.st_size > LIST_EMPTY_MAX)
				return 1;
		} else if (errno != ENOENT && errno != ENOTDIR) {
			return fail(err, errno, "%s/%s", data, lists[i]);
		}
	}
	return 0;
}
