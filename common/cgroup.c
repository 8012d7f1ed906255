/* SPDX-License-Identifier: MIT
 *
 * cgroup: read and write the files of a cgroup v2 directory, wait until it is empty, remove it.
 *
 * Each access opens the file, makes one read or write and closes it; only cgroup_wait_empty()
 * keeps a file open. Nothing here keeps state or makes a decision: the callers choose the cgroups
 * and their limits.
 */
#include "cgroup.h"

#include "cleanup.h"
#include "fs.h"
#include "number.h"
#include "unfilled.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

int cgroup_user_path(uid_t uid, char *buf, size_t size, struct error *err)
{
	int n = snprintf(buf, size, "user.slice/user-%u.slice/user@%u.service", (unsigned)uid,
		(unsigned)uid);
	return n > 0 && (size_t)n < size
		       ? 0
		       : fail(err, ENAMETOOLONG, "cgroup of user %u", (unsigned)uid);
}

static int join(char *buf, size_t size, const char *cg, const char *file, struct error *err)
{
	size_t cg_len = strlen(cg);
	size_t file_len = strlen(file);
	if (cg_len + 1 + file_len >= size)
		return fail(err, ENAMETOOLONG, "%s/%s", cg, file);
	char *end = mempcpy(buf, cg, cg_len);
	*end = '/';
	memcpy(end + 1, file, file_len + 1);
	return 0;
}

int cgroup_make(int dir, const char *name, struct error *err)
{
	return mkdirat(dir, name, 0755) < 0 ? fail(err, errno, "create cgroup %s", name) : 0;
}

int cgroup_open(int dir, const char *path, struct error *err)
{
	return fs_open(dir, path, O_PATH | O_DIRECTORY, 0, err);
}

int cgroup_set(int dir, const char *cg, const char *file, const char *value, struct error *err)
{
	char path[CGROUP_PATH_MAX] _unfilled_;
	if (join(path, sizeof path, cg, file, err) < 0)
		return -1;
	return fs_write_attr(dir, path, value, err);
}

int cgroup_set_u64(int dir, const char *cg, const char *file, uint64_t value, struct error *err)
{
	char text[NUMBER_TEXT_MAX] = "max";
	if (value != CGROUP_UNLIMITED)
		(void)number_format(value, text);
	return cgroup_set(dir, cg, file, text, err);
}

int cgroup_get(int dir, const char *cg, const char *file, char *buf, size_t size, struct error *err)
{
	char path[CGROUP_PATH_MAX] _unfilled_;
	if (join(path, sizeof path, cg, file, err) < 0)
		return -1;
	return fs_read_attr(dir, path, buf, size, err);
}

static int parse_u64(const char *text, uint64_t *ret)
{
	if (*text < '0' || *text > '9')
		return -1;
	char *end = NULL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno || (*end && *end != '\n' && *end != ' '))
		return -1;
	*ret = value;
	return 0;
}

int cgroup_get_u64(int dir, const char *cg, const char *file, uint64_t *ret, struct error *err)
{
	char text[64];
	if (cgroup_get(dir, cg, file, text, sizeof text, err) < 0)
		return -1;
	if (strcmp(text, "max") == 0)
		*ret = CGROUP_UNLIMITED;
	else if (parse_u64(text, ret) < 0)
		return fail(err, EINVAL, "'%s' in %s/%s", text, cg, file);
	return 0;
}

int cgroup_find_key(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return parse_u64(line + len + 1, ret);
	}
	return -1;
}

int cgroup_get_key(int dir, const char *cg, const char *file, const char *key, uint64_t *ret,
	struct error *err)
{
	char text[8192];
	if (cgroup_get(dir, cg, file, text, sizeof text, err) < 0)
		return -1;
	return cgroup_find_key(text, key, ret) == 0
		       ? 0
		       : fail(err, ENODATA, "%s in %s/%s", key, cg, file);
}

/* The next word of a space-separated list. Returns its start and sets *len; NULL at the end of the
 * list. */
static const char *next_word(const char **rest, size_t *len)
{
	const char *word = *rest + strspn(*rest, " \n");
	*len = strcspn(word, " \n");
	*rest = word + *len;
	return *len > 0 ? word : NULL;
}

static bool has_word(const char *list, const char *wanted, size_t wanted_len)
{
	size_t len = 0;
	for (const char *word; (word = next_word(&list, &len));)
		if (len == wanted_len && memcmp(word, wanted, len) == 0)
			return true;
	return false;
}

bool cgroup_has(const char *list, const char *wanted)
{
	size_t len = 0;
	for (const char *word; (word = next_word(&wanted, &len));)
		if (!has_word(list, word, len))
			return false;
	return true;
}

int cgroup_check_kernel(int root, const char *wanted, struct error *err)
{
	char have[512];
	size_t len = 0;
	if (cgroup_get(root, ".", "cgroup.controllers", have, sizeof have, err) < 0)
		return -1;
	for (const char *word; (word = next_word(&wanted, &len));) {
		if (has_word(have, word, len))
			continue;
		(void)fail_as(
			err, EX_UNAVAILABLE, "the kernel has no %.*s controller", (int)len, word);
		return add_hint(err,
			"it is switched off or used by cgroup v1; look for cgroup_disable= in "
			"/proc/cmdline, remove it from the kernel command line and reboot");
	}
	return 0;
}

int cgroup_enable(int dir, const char *cg, const char *wanted, struct error *err)
{
	char enabled[512];
	if (cgroup_get(dir, cg, "cgroup.subtree_control", enabled, sizeof enabled, err) < 0)
		return -1;
	char missing[512] = "";
	size_t used = 0;
	size_t len = 0;
	for (const char *word; (word = next_word(&wanted, &len));) {
		if (has_word(enabled, word, len))
			continue;
		int n = snprintf(missing + used, sizeof missing - used, "%s+%.*s", used ? " " : "",
			(int)len, word);
		if (n < 0 || (size_t)n >= sizeof missing - used)
			return fail(err, E2BIG, "controllers of %s", cg);
		used += (size_t)n;
	}
	return used ? cgroup_set(dir, cg, "cgroup.subtree_control", missing, err) : 0;
}

int cgroup_kill(int dir, const char *cg, struct error *err)
{
	return cgroup_set(dir, cg, "cgroup.kill", "1", err);
}

static int64_t now_ms(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int cgroup_wait_empty(int dir, const char *cg, int timeout_ms, struct error *err)
{
	char path[CGROUP_PATH_MAX] _unfilled_;
	if (join(path, sizeof path, cg, "cgroup.events", err) < 0)
		return -1;
	_cleanup_close_ int fd = fs_open(dir, path, O_RDONLY, 0, err);
	if (fd < 0)
		return -1;
	int64_t deadline = now_ms() + timeout_ms;
	for (;;) {
		char text[256];
		ssize_t n = pread(fd, text, sizeof text - 1, 0);
		if (n < 0)
			return fail(err, errno, "read %s", path);
		text[n] = '\0';
		uint64_t populated = 0;
		if (cgroup_find_key(text, "populated", &populated) < 0)
			return fail(err, ENODATA, "populated in %s", path);
		if (!populated)
			return 0;
		int64_t left = deadline - now_ms();
		if (left <= 0)
			return fail(err, ETIME, "wait until %s is empty", cg);
		struct pollfd events = {.fd = fd, .events = POLLPRI};
		if (poll(&events, 1, (int)left) < 0 && errno != EINTR)
			return fail(err, errno, "wait until %s is empty", cg);
	}
}

/* Where the removal of a tree is. However deep it is, only one directory is open. */
struct removal {
	DIR *list;
	char *trail; /* "/CHILD/GRANDCHILD" from the first cgroup to that of the list; NULL: none */
};

static void removal_close(struct removal *removal)
{
	cleanup_closedir(&removal->list);
	free(removal->trail);
}

/* Remove the children of the listed cgroup up to the first that has children of its own, and go
 * down to that one. Returns 1, or 0 if all are removed. */
static int remove_leaves(struct removal *removal, const char *cg, struct error *err)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(removal->list);
		if (!entry)
			return errno && errno != ENOENT ? fail(err, errno, "list %s", cg) : 0;
		const char *name = entry->d_name;
		if (entry->d_type != DT_DIR || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (unlinkat(dirfd(removal->list), name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != EBUSY && errno != ENOTEMPTY)
			return fail(err, errno, "remove cgroup %s", name);
		char *trail = NULL;
		DIR *child = fs_list(dirfd(removal->list), name, err);
		if (!child && err->code == ENOENT)
			continue;
		if (!child)
			return -1;
		if (asprintf(&trail, "%s/%s", removal->trail ? removal->trail : "", name) < 0) {
			(void)closedir(child);
			return fail(err, ENOMEM, "remove cgroup %s", name);
		}
		removal_close(removal);
		*removal = (struct removal){.list = child, .trail = trail};
		return 1;
	}
}

/* Go up from a cgroup without children, list its parent, and remove it. */
static int remove_parent(struct removal *removal, int dir, const char *cg, struct error *err)
{
	char *slash = strrchr(removal->trail, '/');
	bool at_top = slash == removal->trail;
	_cleanup_close_ int fd =
		at_top ? fs_open(dir, cg, O_RDONLY | O_DIRECTORY, 0, err)
		       : openat(dirfd(removal->list), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return at_top ? -1 : fail(err, errno, "list %s", cg);
	DIR *parent = fdopendir(fd);
	if (!parent)
		return fail(err, errno, "list %s", cg);
	(void)steal_fd(&fd);
	cleanup_closedir(&removal->list);
	removal->list = parent;
	if (unlinkat(dirfd(parent), slash + 1, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(err, errno, "remove cgroup %s", slash + 1);
	*slash = '\0';
	return 0;
}

static int remove_children(int dir, const char *cg, struct error *err)
{
	_cleanup_(removal_close) struct removal removal = {.list = fs_list(dir, cg, err)};
	if (!removal.list)
		return err->code == ENOENT ? 0 : -1;
	for (;;) {
		int found = remove_leaves(&removal, cg, err);
		if (found < 0)
			return -1;
		if (found == 0 && (!removal.trail || !*removal.trail))
			return 0;
		if (found == 0 && remove_parent(&removal, dir, cg, err) < 0)
			return -1;
	}
}

int cgroup_remove(int dir, const char *cg, struct error *err)
{
	/* Most cgroups have no children: look for them only if the first rmdir fails. */
	if (unlinkat(dir, cg, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return fail(err, errno, "remove cgroup %s", cg);
	if (remove_children(dir, cg, err) < 0)
		return -1;
	if (unlinkat(dir, cg, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return fail(err, errno, "remove cgroup %s", cg);
}
