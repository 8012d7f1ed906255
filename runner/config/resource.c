/* SPDX-License-Identifier: MIT
 *
 * resource: reads config-resource.yaml in both its forms. `crs:` is either a list of entries with
 * name, cpuset and memory_limit, or a mapping of names to `workers` and `resources`. `workers:`
 * gives each worker's CPUs and memory.
 */
#include "formats.h"

#include "cleanup.h"
#include "nearest.h"

/* Longer lists of workers are refused: each name in the `workers` of a CRS is looked up in the
 * top-level `workers`, one after the other. */
#define WORKERS_MAX 256

static const char *const share_keys[] = {"cpuset", "cpus", "cpu", "memory", NULL};
static const char *const item_keys[] = {"cpuset", "memory_limit", "name", NULL};
static const char *const entry_keys[] = {"resources", "workers", NULL};
static const char *const top_keys[] = {"crs", "workers", NULL};

/* The format of a worker and of `resources:`. */
static const struct share_format share_format = {
	.memory = "memory", .bare = SIZE_BARE_MIB, .counts = true, .known = share_keys};
static const struct share_format item_format = {
	.memory = "memory_limit", .bare = SIZE_BARE_MIB, .known = item_keys};

static int read_item(
	struct doc *doc, struct job *job, const struct doc_node *item, struct error *err)
{
	const struct doc_node *name = doc_get(doc, item, "name");
	if (name)
		return job_read_crs(doc, job, name, item, &item_format, err);
	(void)fail_at(err, doc->name, doc_mark(item), "CRS has no name");
	return add_hint(err, "write `- name: …`, `cpuset: …` and "
			     "`memory_limit: …` for each CRS");
}

/* Add the nearest worker name as the hint to an error that is already described. Returns -1. */
static int hint_worker(
	struct doc *doc, const struct doc_node *workers, const char *name, struct error *err)
{
	const char *names[WORKERS_MAX + 1] = {NULL};
	size_t count = 0;
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	for (size_t i = 0; doc_pair(doc, workers, i, &key, &value); i++)
		if (doc_text(key))
			names[count++] = doc_text(key);
	if (count == 0)
		return -1;
	return add_hint(err, "did you mean '%.64s'?", nearest_word(name, names));
}

static int fail_worker(struct doc *doc, const struct doc_node *workers, struct mark at,
	const char *name, struct error *err)
{
	(void)fail_at(err, doc->name, at, "no worker named '%.64s'", name);
	return hint_worker(doc, workers, name, err);
}

static int read_worker(struct doc *doc, const struct doc_node *workers, const char *worker,
	struct job *job, struct error *err)
{
	if (!workers)
		return 0;
	if (!doc_is_map(workers))
		return fail_at(
			err, doc->name, doc_mark(workers), "`workers:` must be a mapping of names");
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	if (doc_pair(doc, workers, WORKERS_MAX, &key, &value))
		return fail_at(
			err, doc->name, doc_mark(workers), "more than %d workers", WORKERS_MAX);
	const struct doc_node *body = doc_get(doc, workers, worker);
	if (!body)
		return fail_worker(doc, workers, doc_mark(workers), worker, err);
	job->worker_at = doc_mark(body);
	if (!doc_is_map(body) && !doc_is_null(body))
		return fail_at(err, doc->name, job->worker_at,
			"worker '%.64s' must be a mapping of cpuset and memory", worker);
	return job_read_share(doc, body, &share_format, &job->worker, err);
}

/* Whether a CRS runs on the worker: its `workers` list names the worker, or it has no such list.
 * Returns 1, 0, or -1 with an error. */
static int is_for_worker(struct doc *doc, const struct doc_node *body,
	const struct doc_node *workers, const char *worker, struct error *err)
{
	const struct doc_node *list = doc_get(doc, body, "workers");
	if (!list)
		return 1;
	if (!doc_is_list(list)) {
		(void)fail_at(err, doc->name, doc_mark(list), "workers must be a list of names");
		return add_hint(err, "for example: [%s]", worker);
	}
	int found = 0;
	struct doc_node *item = NULL;
	for (size_t i = 0; doc_item(doc, list, i, &item); i++) {
		const char *name = doc_text(item);
		if (!name || i == WORKERS_MAX)
			return fail_at(err, doc->name, doc_mark(item),
				name ? "more than %d workers" : "workers must be a list of names",
				WORKERS_MAX);
		if (workers && !doc_get(doc, workers, name))
			return fail_worker(doc, workers, doc_mark(item), name, err);
		found = found || strcmp(name, worker) == 0;
	}
	return found;
}

/* Read the `resources` of a CRS, which is either one share for all workers or a mapping of workers
 * to shares. A CRS may have no `resources`, or no share for this worker. */
static int read_resources(struct doc *doc, const struct doc_node *body, const char *worker,
	struct job_share *ret, struct error *err)
{
	const struct doc_node *share = doc_get(doc, body, "resources");
	if (!share || doc_is_null(share))
		return 0;
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	size_t blocks = 0;
	size_t count = 0;
	for (; doc_pair(doc, share, count, &key, &value); count++)
		blocks += doc_is_map(value);
	if (!doc_is_map(share) || (blocks > 0 && blocks < count)) {
		(void)fail_at(err, doc->name, doc_mark(share),
			"`resources:` must contain cpuset and memory, or one such block per "
			"worker");
		return add_hint(
			err, "write resources for all workers or for each worker, not both");
	}
	if (blocks > 0)
		share = doc_get(doc, share, worker);
	if (!share)
		return 0;
	return keys_check_all(doc, share, share_keys, err) < 0
		       ? -1
		       : job_read_share(doc, share, &share_format, ret, err);
}

static int read_crs_entry(struct doc *doc, struct job *job, const struct doc_node *name,
	const struct doc_node *body, const struct doc_node *workers, const char *worker,
	struct error *err)
{
	if (!doc_is_map(body) && !doc_is_null(body))
		return fail_at(err, doc->name, doc_mark(body),
			"a CRS must be a mapping with `workers` and `resources`");
	if (keys_check(doc, body, entry_keys, err) < 0)
		return -1;
	int mine = is_for_worker(doc, body, workers, worker, err);
	if (mine <= 0)
		return mine;
	struct job_crs *crs = NULL;
	if (job_add_crs(doc, job, name, &crs, err) < 0)
		return -1;
	return job_read_services(doc, body, crs, err) < 0
		       ? -1
		       : read_resources(doc, body, worker, &crs->share, err);
}

/* Refuse an entry of the crs-compose format beside `crs:` and `workers:`, which would get no
 * limits, and misspelled keys at the top. */
static int refuse_mixture(struct doc *doc, struct error *err)
{
	struct doc_node *name = NULL;
	struct doc_node *body = NULL;
	for (size_t i = 0; doc_pair(doc, doc_root(doc), i, &name, &body); i++) {
		const char *text = doc_text(name);
		bool known = text && (strcmp(text, "crs") == 0 || strcmp(text, "workers") == 0);
		if (!known && doc_get(doc, body, "cpuset"))
			return fail_at(err, doc->name, doc_mark(name),
				"entry with a cpuset outside `crs:` and `workers:`");
	}
	return keys_check(doc, doc_root(doc), top_keys, err);
}

int resource_read(struct doc *doc, const char *worker, struct job *job, struct error *err)
{
	const struct doc_node *crs = doc_get(doc, doc_root(doc), "crs");
	if (!crs)
		return fail_as(err, EX_CONFIG, "%s: has no `crs:`", doc->name);
	if (doc_text(crs) && !doc_is_null(crs)) {
		(void)fail_at(err, doc->name, doc_mark(crs), "`crs:` must be a list or a mapping");
		return add_hint(err, "write `- name: …`, `cpuset: …` and "
				     "`memory_limit: …` for each CRS");
	}
	const struct doc_node *workers = doc_get(doc, doc_root(doc), "workers");
	if (refuse_mixture(doc, err) < 0 || read_worker(doc, workers, worker, job, err) < 0)
		return -1;
	struct doc_node *name = NULL;
	struct doc_node *body = NULL;
	for (size_t i = 0; doc_item(doc, crs, i, &body); i++)
		if (read_item(doc, job, body, err) < 0)
			return -1;
	for (size_t i = 0; doc_pair(doc, crs, i, &name, &body); i++)
		if (read_crs_entry(doc, job, name, body, workers, worker, err) < 0)
			return -1;
	return job->crs_count > 0 ? 0
				  : fail_at(err, doc->name, doc_mark(crs),
					    "no CRS runs on worker '%.64s'", worker);
}
