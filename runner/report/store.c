/* SPDX-License-Identifier: MIT
 *
 * store: each report is one file, which fs_replace() writes in one step, so that no reader sees
 * half of it. The list of reports is the directory itself; a file that is not named after a run
 * is not a report and stays untouched.
 */
#include "store.h"

#include "cleanup.h"
#include "fs.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define SUFFIX ".json"

int store_open(bool make, struct store *ret, struct error *err)
{
	struct store store = STORE_CLOSED;
	store.dir = state_open("reports", make, &store.path, err);
	if (store.dir < 0)
		return -1;
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	cleanup_close(&store->dir);
	free(store->path);
	*store = (struct store)STORE_CLOSED;
}

char *store_file(const struct store *store, const char *run)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s" SUFFIX, store->path, run) < 0 ? NULL : path;
}

/* ---- the list ------------------------------------------------------------------------------ */

struct entry {
	uint64_t timestamp;
	char *name; /* the run's */
};

static int newest_first(const void *a, const void *b)
{
	const struct entry *left = a;
	const struct entry *right = b;
	if (left->timestamp != right->timestamp)
		return left->timestamp > right->timestamp ? -1 : 1;
	return strcmp(right->name, left->name);
}

/* The name of the run that a file is the report of, which the caller frees; NULL if the file is
 * not a report. */
static char *run_of_file(const char *file, uint64_t *ret_timestamp)
{
	struct run_name parts;
	size_t len = strlen(file);
	size_t suffix = strlen(SUFFIX);
	if (len <= suffix || strcmp(file + len - suffix, SUFFIX) != 0)
		return NULL;
	char *name = strndup(file, len - suffix);
	if (name && run_name_parse(name, &parts)) {
		*ret_timestamp = parts.timestamp;
		return name;
	}
	free(name);
	return NULL;
}

static void free_entries(struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(entries[i].name);
	free(entries);
}

static int list_entries(
	const struct store *store, struct entry **ret, size_t *ret_count, struct error *err)
{
	_cleanup_closedir_ DIR *list = fs_list(store->dir, ".", err);
	if (!list)
		return add_context(err, "%s", store->path);
	struct entry *entries = NULL;
	size_t count = 0;
	const struct dirent *item = NULL;
	int more = 0;
	while ((more = fs_next(list, &item, err)) > 0) {
		struct entry entry = {0};
		entry.name = run_of_file(item->d_name, &entry.timestamp);
		if (!entry.name)
			continue;
		struct entry *larger = reallocarray(entries, count + 1, sizeof *entries);
		if (!larger) {
			free(entry.name);
			free_entries(entries, count);
			return fail(err, ENOMEM, "reports");
		}
		entries = larger;
		entries[count++] = entry;
	}
	if (more < 0) {
		free_entries(entries, count);
		return add_context(err, "%s", store->path);
	}
	if (count)
		qsort(entries, count, sizeof *entries, newest_first);
	*ret = entries;
	*ret_count = count;
	return 0;
}

int store_list(const struct store *store, char ***ret, size_t *ret_count, struct error *err)
{
	struct entry *entries = NULL;
	size_t count = 0;
	if (list_entries(store, &entries, &count, err) < 0)
		return -1;
	char **names = calloc(count + 1, sizeof *names);
	for (size_t i = 0; names && i < count; i++)
		names[i] = steal_ptr(entries[i].name);
	free_entries(entries, count);
	if (!names)
		return fail(err, ENOMEM, "reports");
	*ret = names;
	*ret_count = count;
	return 0;
}

void store_list_free(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

/* ---- writing and reading ------------------------------------------------------------------- */

static int report_file_name(const char *run, char *buf, size_t size, struct error *err)
{
	int n = snprintf(buf, size, "%s" SUFFIX, run);
	return n > 0 && (size_t)n < size ? 0 : fail(err, ENAMETOOLONG, "report of %s", run);
}

/* Remove all but the newest reports, by the starts of the runs, and never that of `own`, which has
 * just been written: a long run may have begun before all others. */
static int prune_reports(
	const struct store *store, const char *own, uint64_t kept, struct error *err)
{
	struct entry *entries = NULL;
	size_t count = 0;
	int result = list_entries(store, &entries, &count, err);
	for (size_t i = kept; result == 0 && i < count; i++) {
		char file[PATH_MAX];
		if (strcmp(entries[i].name, own) == 0)
			continue;
		/* Another run that has just ended may have removed it first. */
		if (report_file_name(entries[i].name, file, sizeof file, err) < 0 ||
			(unlinkat(store->dir, file, 0) < 0 && errno != ENOENT))
			result = fail(err, errno, "remove %s/%s", store->path, file);
	}
	free_entries(entries, count);
	return result;
}

int store_put(const struct store *store, const char *run, const char *text, size_t len,
	uint64_t kept, struct error *err)
{
	char file[PATH_MAX];
	if (report_file_name(run, file, sizeof file, err) < 0 ||
		fs_replace(store->dir, file, text, len, 0600, err) < 0)
		return add_context(err, "%s", store->path);
	return prune_reports(store, run, kept, err);
}

int store_read(const struct store *store, const char *run, struct summary *ret, struct error *err)
{
	char file[PATH_MAX];
	char path[PATH_MAX];
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (report_file_name(run, file, sizeof file, err) < 0 ||
		fs_read(store->dir, file, SUMMARY_SIZE_MAX, &text, &len, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "%.2000s/%.512s", store->path, file);
	return summary_parse(path, text, len, ret, err);
}

int store_get(const struct store *store, const char *run, struct summary *ret, struct error *err)
{
	struct entry *entries = NULL;
	size_t count = 0;
	const char *name = NULL;
	if (list_entries(store, &entries, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct run_name parts;
		if (strcmp(entries[i].name, run) == 0) {
			name = entries[i].name;
			break;
		}
		if (!name && run_name_parse(entries[i].name, &parts) &&
			strcmp(parts.run_id, run) == 0)
			name = entries[i].name;
	}
	int result = name ? store_read(store, name, ret, err)
			  : fail_as(err, EX_USAGE, "no report of a run named '%.128s'", run);
	free_entries(entries, count);
	return result < 0 && !name ? add_hint(err, "to list the reports, run: oss-crs-run report")
				   : result;
}
