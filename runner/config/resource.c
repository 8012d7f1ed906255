/* SPDX-License-Identifier: MIT
 *
 * resource: the format of config-resource.yaml as the manual shows it: `crs:` is a list of name, cpuset and
 * memory_limit, `workers:` has the totals of each worker.
 */
#include "config/formats.h"

static int read_crs(struct doc *doc, struct job *job, yaml_node_t *item, struct error *err)
{
	const yaml_node_t *name = doc_get(doc, item, "name");
	const yaml_node_t *cpuset = doc_get(doc, item, "cpuset");
	const yaml_node_t *memory = doc_get(doc, item, "memory_limit");
	if (!name) {
		(void)doc_fail(err, doc->name, doc_mark(item), "a CRS without a name");
		return add_hint(err, "write `- name: …`, `cpuset: …` and `memory_limit: …` for each CRS");
	}
	struct job_crs *crs = NULL;
	if (job_add_crs(doc, job, name, &crs, err) < 0)
		return -1;
	if (!cpuset || !memory)
		return doc_fail(err, doc->name, crs->at, "CRS '%s' has no %s", crs->name,
			cpuset ? "memory_limit" : "cpuset");
	if (job_read_cpus(doc, cpuset, "cpuset", &crs->share, err) < 0)
		return -1;
	return job_read_memory(doc, memory, "memory_limit", SIZE_BARE_MIB, &crs->share, err);
}

static int read_worker(struct doc *doc, const char *worker, struct job *job, struct error *err)
{
	const yaml_node_t *workers = doc_get(doc, doc_root(doc), "workers");
	if (!workers)
		return 0;
	if (workers->type != YAML_MAPPING_NODE)
		return doc_fail(err, doc->name, doc_mark(workers), "workers must be a mapping of names");
	const yaml_node_t *body = doc_get(doc, workers, worker);
	if (!body) {
		(void)doc_fail(err, doc->name, doc_mark(workers), "no worker '%s'", worker);
		return add_hint(err, "name one of those below `workers:` with --worker NAME");
	}
	job->worker_at = doc_mark(body);
	const yaml_node_t *cpuset = doc_get(doc, body, "cpuset");
	const yaml_node_t *memory = doc_get(doc, body, "memory");
	if (cpuset && job_read_cpus(doc, cpuset, "cpuset", &job->worker, err) < 0)
		return -1;
	if (memory && job_read_memory(doc, memory, "memory", SIZE_BARE_MIB, &job->worker, err) < 0)
		return -1;
	return 0;
}

int resource_read(struct doc *doc, const char *worker, struct job *job, struct error *err)
{
	const yaml_node_t *list = doc_get(doc, doc_root(doc), "crs");
	if (!list)
		return fail_as(err, EX_CONFIG, "%s: no `crs:` in it", doc->name);
	if (list->type != YAML_SEQUENCE_NODE) {
		(void)doc_fail(err, doc->name, doc_mark(list), "`crs:` must be a list");
		return add_hint(err, "write `- name: …`, `cpuset: …` and `memory_limit: …` for each CRS");
	}
	if (read_worker(doc, worker, job, err) < 0)
		return -1;
	yaml_node_t *item = NULL;
	for (size_t i = 0; doc_item(doc, list, i, &item); i++)
		if (read_crs(doc, job, item, err) < 0)
			return -1;
	return job->crs_count > 0 ? 0 : doc_fail(err, doc->name, doc_mark(list), "`crs:` is empty");
}
