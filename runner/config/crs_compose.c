/* SPDX-License-Identifier: MIT
 *
 * crs_compose: reads crs-compose.yaml. Every top-level mapping with CPUs (`cpuset`, `cpus`, `cpu`)
 * or `memory` is a CRS and needs both. In a file of the Python OSS-CRS, which has `run_env` or
 * `oss_crs_infra`, so is every other entry but its own settings: a CRS without resources would
 * share those of another. In any other file such entries are about other things and are ignored,
 * unless they look like a misspelled key of these.
 */
#include "formats.h"

static const char *const known[] = {"cpuset", "cpus", "cpu", "memory", NULL};
static const struct share_format format = {
	.memory = "memory", .bare = SIZE_BARE_REFUSED, .counts = true, .known = known};

/* The top-level entries that are settings of the Python OSS-CRS (CRSComposeConfig in its
 * oss_crs/src/config/crs_compose.py). */
static const char *const settings[] = {"run_env", "docker_registry", "llm_config", NULL};

static bool has_share(struct doc *doc, const struct doc_node *body)
{
	for (size_t i = 0; known[i]; i++)
		if (doc_get(doc, body, known[i]))
			return true;
	return false;
}

/* A setting with limits in it is neither: the Python OSS-CRS passes over them, or refuses it. */
static int read_setting(struct doc *doc, const struct doc_node *name, const struct doc_node *body,
	struct error *err)
{
	return !has_share(doc, body)
		       ? 0
		       : fail_at(err, doc->name, doc_mark(name),
				 "'%s' is a setting, and cannot be a CRS with CPUs and memory",
				 doc_text(name));
}

static int read_compose_entry(struct doc *doc, struct job *job, const struct doc_node *name,
	const struct doc_node *body, bool closed, struct error *err)
{
	const char *text = doc_text(name) ? doc_text(name) : "";
	if (keys_has(settings, text))
		return read_setting(doc, name, body, err);
	if (has_share(doc, body))
		return job_read_crs(doc, job, name, body, &format, err);
	if (keys_check(doc, body, known, err) < 0)
		return -1;
	if (!closed)
		return 0;
	(void)fail_at(
		err, doc->name, doc_mark(name), "CRS '%.128s' has neither cpuset nor memory", text);
	return add_hint(err, "give it both, for example cpuset: \"0-3\" and memory: 4G");
}

int crs_compose_read(struct doc *doc, struct job *job, struct error *err)
{
	const struct doc_node *root = doc_root(doc);
	bool closed = doc_get(doc, root, "run_env") || doc_get(doc, root, "oss_crs_infra");
	struct doc_node *name = NULL;
	struct doc_node *body = NULL;
	for (size_t i = 0; doc_pair(doc, root, i, &name, &body); i++)
		if (read_compose_entry(doc, job, name, body, closed, err) < 0)
			return -1;
	if (job->crs_count > 0)
		return 0;
	(void)fail_as(err, EX_CONFIG, "%s: contains no CRS", doc->name);
	return add_hint(err,
		"a config has `crs:` and `workers:`, or for each CRS an entry with cpuset "
		"and memory");
}
