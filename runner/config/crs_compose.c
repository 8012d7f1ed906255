/* SPDX-License-Identifier: MIT
 *
 * crs_compose: the format of crs-compose.yaml. Every top-level mapping with `cpuset` or `memory` is a CRS and needs
 * both; every other key (run_env, docker_registry, llm_config …) is about something else and passes.
 */
#include "config/formats.h"

static int read_entry(
	struct doc *doc, struct job *job, yaml_node_t *name, yaml_node_t *body, struct error *err)
{
	const yaml_node_t *cpuset = doc_get(doc, body, "cpuset");
	const yaml_node_t *memory = doc_get(doc, body, "memory");
	if (!cpuset && !memory)
		return 0;
	struct job_crs *crs = NULL;
	if (job_add_crs(doc, job, name, &crs, err) < 0)
		return -1;
	if (!cpuset || !memory)
		return doc_fail(err, doc->name, crs->at, "CRS '%s' has no %s", crs->name,
			cpuset ? "memory" : "cpuset");
	if (job_read_cpus(doc, cpuset, "cpuset", &crs->share, err) < 0)
		return -1;
	return job_read_memory(doc, memory, "memory", SIZE_BARE_REFUSED, &crs->share, err);
}

int crs_compose_read(struct doc *doc, struct job *job, struct error *err)
{
	yaml_node_t *name = NULL;
	yaml_node_t *body = NULL;
	for (size_t i = 0; doc_pair(doc, doc_root(doc), i, &name, &body); i++)
		if (read_entry(doc, job, name, body, err) < 0)
			return -1;
	if (job->crs_count > 0)
		return 0;
	(void)fail_as(err, EX_CONFIG, "%s: no CRS in it", doc->name);
	return add_hint(err,
		"a resource config has `crs:` and `workers:`, or one entry with cpuset and memory per CRS");
}
