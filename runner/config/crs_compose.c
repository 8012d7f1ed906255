/* SPDX-License-Identifier: MIT
 *
 * crs_compose: reads crs-compose.yaml. Every top-level mapping with `cpuset` or `memory` is a CRS
 * and needs both. All other keys (run_env, docker_registry, llm_config …) are about other things
 * and are ignored, unless they look like a misspelled `cpuset` or `memory`.
 */
#include "formats.h"

static const char *const known[] = {"cpuset", "memory", NULL};
static const struct share_format format = {
	.memory = "memory", .bare = SIZE_BARE_REFUSED, .known = known};

static int read_compose_entry(struct doc *doc, struct job *job, const struct doc_node *name,
	const struct doc_node *body, struct error *err)
{
	if (doc_get(doc, body, "cpuset") || doc_get(doc, body, "memory"))
		return job_read_crs(doc, job, name, body, &format, err);
	return keys_check(doc, body, known, err);
}

int crs_compose_read(struct doc *doc, struct job *job, struct error *err)
{
	struct doc_node *name = NULL;
	struct doc_node *body = NULL;
	for (size_t i = 0; doc_pair(doc, doc_root(doc), i, &name, &body); i++)
		if (read_compose_entry(doc, job, name, body, err) < 0)
			return -1;
	if (job->crs_count > 0)
		return 0;
	(void)fail_as(err, EX_CONFIG, "%s: no CRS in it", doc->name);
	return add_hint(err, "a resource config has `crs:` and `workers:`, or one entry with "
			     "cpuset and memory per CRS");
}
