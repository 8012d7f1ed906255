/* SPDX-License-Identifier: MIT
 *
 * summary: takes each value from the document by a small function for its kind, which checks the
 * value and names the key of one that is wrong.
 */
#include "summary.h"

#include "cleanup_json.h"
#include "job.h"
#include "series_json.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>

#define CAVEATS_MAX 256
#define REFUSED_MAX 4096 /* kinds of refusals */
#define OOM_MAX     4096 /* entries for one CRS, one per container and limit */

static int fail_key(struct error *err, const char *key, const char *what)
{
	return fail_as(err, EX_DATAERR, "'%s' is %s", key, what);
}

/* Whether a text can be printed as it is, and is not too long. */
static bool is_plain(const char *text)
{
	return text_is_clean(text) && strlen(text) < SUMMARY_TEXT_MAX;
}

static int take_text(const json_t *object, const char *key, const char **ret, struct error *err)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);
	if (!text || json_string_length(value) != strlen(text) || !is_plain(text))
		return fail_key(err, key, "not plain text");
	*ret = text;
	return 0;
}

/* Take a whole number; `missing` if the key is absent or null. */
static int take_number(
	const json_t *object, const char *key, uint64_t missing, uint64_t *ret, struct error *err)
{
	const json_t *value = json_object_get(object, key);
	if (!value || json_is_null(value)) {
		*ret = missing;
		return 0;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return fail_key(err, key, "not a whole number");
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

/* ---- the CRSs ------------------------------------------------------------------------------ */

static int take_figures(const json_t *object, struct cgroup_stat *ret, struct error *err)
{
	const json_t *stalled = json_object_get(object, "stalled_usec");
	if (take_number(object, "cpu_usage_usec", CGROUP_STAT_UNKNOWN, &ret->cpu_usec, err) < 0 ||
		take_number(object, "throttled_usec", CGROUP_STAT_UNKNOWN, &ret->throttled_usec,
			err) < 0 ||
		take_number(object, "memory_peak", CGROUP_STAT_UNKNOWN, &ret->memory_peak, err) <
			0 ||
		take_number(object, "oom_kills", CGROUP_STAT_UNKNOWN, &ret->oom_kills, err) < 0)
		return -1;
	for (size_t i = 0; i < PRESSURE_KINDS; i++)
		if (take_number(stalled, pressure_names[i], CGROUP_STAT_UNKNOWN,
			    &ret->pressure[i].stalled_usec, err) < 0)
			return -1;
	ret->memory_current = CGROUP_STAT_UNKNOWN;
	return 0;
}

/* Take the list of OOM kills. Reports of earlier versions do not have it. */
static int take_oom(const json_t *object, struct summary_crs *crs, struct error *err)
{
	const json_t *list = json_object_get(object, "oom");
	size_t count = json_array_size(list);
	if (list && (!json_is_array(list) || count > OOM_MAX))
		return fail_key(err, "oom", "not a list of OOM kills");
	crs->oom = calloc(count + 1, sizeof *crs->oom);
	if (!crs->oom)
		return fail(err, ENOMEM, "report");
	for (; crs->oom_count < count; crs->oom_count++) {
		struct summary_oom *oom = &crs->oom[crs->oom_count];
		const json_t *item = json_array_get(list, crs->oom_count);
		if (take_text(item, "container", &oom->container, err) < 0 ||
			take_text(item, "limit", &oom->limit, err) < 0 ||
			take_number(item, "kills", 0, &oom->kills, err) < 0)
			return add_context(err, "'oom'");
	}
	return 0;
}

/* Take the exit codes, which are null if the engine could not be asked. */
static int take_exits(const json_t *object, const char **ret, struct error *err)
{
	if (json_is_null(json_object_get(object, "exits"))) {
		*ret = "";
		return 0;
	}
	if (take_text(object, "exits", ret, err) < 0)
		return -1;
	return (*ret)[strspn(*ret, "0123456789-,")]
		       ? fail_key(err, "exits", "not a list of statuses")
		       : 0;
}

static int take_crs(const json_t *object, struct summary_crs *ret, struct error *err)
{
	const char *cpus = NULL;
	if (take_text(object, "name", &ret->name, err) < 0 ||
		take_text(object, "cpus", &cpus, err) < 0 ||
		take_exits(object, &ret->exits, err) < 0 ||
		take_number(object, "memory_max", 0, &ret->memory_max, err) < 0 ||
		take_number(object, "running_usec", CGROUP_STAT_UNKNOWN, &ret->running_usec, err) <
			0 ||
		take_figures(object, &ret->figures, err) < 0 || take_oom(object, ret, err) < 0)
		return -1;
	if (!job_is_name(ret->name) || strlen(ret->name) > JOB_NAME_MAX)
		return fail_key(err, "name", "not the name of a CRS");
	if (cpulist_parse(cpus, &ret->cpus, err) < 0) {
		err->status = EX_DATAERR;
		return add_context(err, "'cpus'");
	}
	return 0;
}

static int take_all_crs(struct summary *summary, struct error *err)
{
	const json_t *list = json_object_get(summary->root, "crs");
	size_t count = json_array_size(list);
	if (count == 0 || count > JOB_CRS_MAX)
		return fail_key(err, "crs", "not a list of CRSs");
	summary->crs = calloc(count, sizeof *summary->crs);
	if (!summary->crs)
		return fail(err, ENOMEM, "report");
	for (size_t i = 0; i < count; i++) {
		/* Count the CRS first: summary_free() then frees what it has, even if reading it
		 * fails. */
		summary->crs_count = i + 1;
		if (take_crs(json_array_get(list, i), &summary->crs[i], err) < 0)
			return add_context(err, "CRS %zu", i + 1);
		summary->has_usage = (i == 0 || summary->has_usage) &&
				     summary->crs[i].figures.cpu_usec != CGROUP_STAT_UNKNOWN;
	}
	return 0;
}

static int take_samples(struct summary *summary, struct error *err)
{
	const json_t *times = json_object_get(summary->root, "sample_usec");
	const json_t *list = json_object_get(summary->root, "crs");
	if (!times)
		return 0;
	if (!json_is_array(times))
		return fail_key(err, "sample_usec", "not a list");
	if (series_times_from_json(times, summary->crs_count, &summary->series, err) < 0)
		return -1;
	for (size_t i = 0; i < summary->crs_count; i++)
		if (series_from_json(json_object_get(json_array_get(list, i), "samples"), i,
			    &summary->series, err) < 0)
			return add_context(err, "CRS %zu", i + 1);
	return 0;
}

/* ---- the run ------------------------------------------------------------------------------- */

static int take_caveats(struct summary *summary, struct error *err)
{
	const json_t *list = json_object_get(summary->root, "caveats");
	size_t count = json_array_size(list);
	if (list && (!json_is_array(list) || count > CAVEATS_MAX))
		return fail_key(err, "caveats", "not a list of caveats");
	summary->caveats = calloc(count + 1, sizeof *summary->caveats);
	if (!summary->caveats)
		return fail(err, ENOMEM, "report");
	for (; summary->caveat_count < count; summary->caveat_count++) {
		struct summary_caveat *caveat = &summary->caveats[summary->caveat_count];
		const json_t *item = json_array_get(list, summary->caveat_count);
		if (take_text(item, "id", &caveat->id, err) < 0 ||
			take_text(item, "detail", &caveat->detail, err) < 0)
			return -1;
	}
	return 0;
}

/* Take how many containers were attested. `exec` has none, and reports of earlier versions do not
 * count those outside the CRSs. */
static int take_attested(struct summary *summary, struct error *err)
{
	const json_t *attested = json_object_get(summary->root, "attested");
	struct summary_attested *ret = &summary->attested;
	if (attested && !json_is_object(attested) && !json_is_null(attested))
		return fail_key(err, "attested", "not an object");
	if (take_number(attested, "containers", CGROUP_STAT_UNKNOWN, &ret->containers, err) < 0 ||
		take_number(attested, "unknown", CGROUP_STAT_UNKNOWN, &ret->unknown, err) < 0 ||
		take_number(attested, "unconfined", CGROUP_STAT_UNKNOWN, &ret->unconfined, err) < 0)
		return add_context(err, "'attested'");
	return 0;
}

/* Take what else may use the CPUs of the run. Most runs are not exclusive. */
static int take_exclusive(struct summary *summary, struct error *err)
{
	const json_t *exclusive = json_object_get(summary->root, "exclusive");
	const json_t *threads = json_object_get(exclusive, "kernel_threads");
	const json_t *interrupts = json_object_get(exclusive, "interrupts");
	struct summary_exclusive *ret = &summary->exclusive;
	ret->partition = "";
	if (!exclusive)
		return 0;
	if (!json_is_object(exclusive) || !json_is_object(threads) ||
		(!json_is_array(interrupts) && !json_is_null(interrupts)))
		return fail_key(
			err, "exclusive", "not an object with kernel threads and interrupts");
	ret->interrupts =
		json_is_array(interrupts) ? json_array_size(interrupts) : CGROUP_STAT_UNKNOWN;
	if (take_text(exclusive, "partition", &ret->partition, err) < 0 ||
		take_number(threads, "per_cpu", 0, &ret->per_cpu, err) < 0 ||
		take_number(threads, "others", 0, &ret->others, err) < 0)
		return add_context(err, "'exclusive'");
	return 0;
}

/* Take what the guard has refused. Most runs have no guard. */
static int take_refusals(struct summary *summary, struct error *err)
{
	const json_t *guard = json_object_get(summary->root, "guard");
	const json_t *list = json_object_get(guard, "refusals");
	size_t count = json_array_size(list);
	if ((guard && !json_is_object(guard)) ||
		(list && (!json_is_array(list) || count > REFUSED_MAX)))
		return fail_key(err, "guard", "not an object with a list of refusals");
	summary->refusals = calloc(count + 1, sizeof *summary->refusals);
	if (!summary->refusals)
		return fail(err, ENOMEM, "report");
	for (; summary->refusal_count < count; summary->refusal_count++) {
		struct summary_refusal *refusal = &summary->refusals[summary->refusal_count];
		const json_t *item = json_array_get(list, summary->refusal_count);
		if (take_text(item, "crs", &refusal->crs, err) < 0 ||
			take_text(item, "request", &refusal->request, err) < 0 ||
			take_text(item, "what", &refusal->what, err) < 0 ||
			take_number(item, "count", 0, &refusal->count, err) < 0)
			return add_context(err, "'guard'");
	}
	return take_number(guard, "refused", 0, &summary->refused, err);
}

/* Take what concerns the run as a whole. Its name has to be one that a run can have, as callers
 * use it as such. */
static int take_run(struct summary *summary, struct error *err)
{
	const json_t *root = summary->root;
	struct run_name name;
	uint64_t status = 0;
	uint64_t started = 0;
	if (take_text(root, "name", &summary->name, err) < 0 ||
		take_text(root, "run_id", &summary->run_id, err) < 0 ||
		take_text(root, "phase", &summary->phase, err) < 0 ||
		take_text(root, "worker", &summary->worker, err) < 0 ||
		take_text(root, "reason", &summary->reason, err) < 0 ||
		take_number(root, "exit_status", CGROUP_STAT_UNKNOWN, &status, err) < 0 ||
		take_number(root, "started", 0, &started, err) < 0 ||
		take_number(root, "duration_usec", 0, &summary->duration_usec, err) < 0)
		return -1;
	if (!run_name_parse(summary->name, &name))
		return fail_key(err, "name", "not the name of a run");
	if (status > UINT8_MAX)
		return fail_key(err, "exit_status", "not an exit status");
	if (started > UINT32_MAX * UINT64_C(4))
		return fail_key(err, "started", "not a time");
	summary->exit_status = (int)status;
	summary->started = (time_t)started;
	return 0;
}

static int take_machine(struct summary *summary, struct error *err)
{
	const json_t *machine = json_object_get(summary->root, "machine");
	summary->host = summary->kernel = summary->cpu = "";
	if (!machine)
		return 0;
	if (take_text(machine, "host", &summary->host, err) < 0 ||
		take_text(machine, "kernel", &summary->kernel, err) < 0 ||
		take_text(machine, "cpu", &summary->cpu, err) < 0 ||
		take_number(machine, "cpus", 0, &summary->host_cpus, err) < 0)
		return -1;
	return take_number(machine, "memory_max", 0, &summary->host_memory, err);
}

int summary_read(const char *name, json_t *root, struct summary *ret, struct error *err)
{
	_cleanup_(summary_free) struct summary summary = {.root = json_incref(root)};
	uint64_t version = 0;
	if (take_number(root, "version", 0, &version, err) < 0)
		return add_context(err, "%s", name);
	if (version != 1) {
		(void)fail_as(err, EX_DATAERR,
			"%s: not a report that this version of oss-crs-run can read", name);
		return add_hint(err, "to list the reports, run: oss-crs-run report");
	}
	if (take_run(&summary, err) < 0 || take_machine(&summary, err) < 0 ||
		take_attested(&summary, err) < 0 || take_exclusive(&summary, err) < 0 ||
		take_caveats(&summary, err) < 0 || take_refusals(&summary, err) < 0 ||
		take_all_crs(&summary, err) < 0 || take_samples(&summary, err) < 0)
		return add_context(err, "%s", name);
	*ret = summary;
	summary = (struct summary)SUMMARY_NONE;
	return 0;
}

int summary_parse(
	const char *name, const char *text, size_t len, struct summary *ret, struct error *err)
{
	json_error_t where;
	_cleanup_json_ json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return fail_as(err, EX_DATAERR, "%s:%d:%d: not valid JSON (truncated?)", name,
			where.line > 0 ? where.line : 1, where.column > 0 ? where.column : 1);
	return summary_read(name, root, ret, err);
}

void summary_free(struct summary *summary)
{
	series_free(&summary->series);
	for (size_t i = 0; i < summary->crs_count; i++)
		free(summary->crs[i].oom);
	free(summary->caveats);
	free(summary->refusals);
	free(summary->crs);
	json_decref(summary->root);
	*summary = (struct summary)SUMMARY_NONE;
}

const struct summary_crs *summary_find(const struct summary *summary, const char *name)
{
	for (size_t i = 0; i < summary->crs_count; i++)
		if (strcmp(summary->crs[i].name, name) == 0)
			return &summary->crs[i];
	return NULL;
}

const char *summary_exclusive(const struct summary *summary, char buf[static SUMMARY_TEXT_MAX])
{
	const struct summary_exclusive *exclusive = &summary->exclusive;
	char interrupts[32] = "unknown";
	if (!*exclusive->partition)
		return NULL;
	if (exclusive->interrupts != CGROUP_STAT_UNKNOWN)
		(void)snprintf(interrupts, sizeof interrupts, "%" PRIu64, exclusive->interrupts);
	(void)snprintf(buf, SUMMARY_TEXT_MAX,
		"partition %.64s; kernel threads: %" PRIu64 " of these CPUs, %" PRIu64
		" others; interrupts: %s",
		exclusive->partition, exclusive->per_cpu, exclusive->others, interrupts);
	return buf;
}

const char *summary_unattested(const struct summary *summary, char buf[static SUMMARY_TEXT_MAX])
{
	const struct summary_attested *attested = &summary->attested;
	bool unknown = attested->unknown && attested->unknown != CGROUP_STAT_UNKNOWN;
	bool unconfined = attested->unconfined && attested->unconfined != CGROUP_STAT_UNKNOWN;
	char missed[64] = "";
	char outside[96] = "";
	if (!unknown && !unconfined)
		return NULL;
	if (unknown)
		(void)snprintf(missed, sizeof missed, "%" PRIu64 " not checked", attested->unknown);
	if (unconfined)
		(void)snprintf(outside, sizeof outside, "%" PRIu64 " of services in no CRS",
			attested->unconfined);
	(void)snprintf(buf, SUMMARY_TEXT_MAX, "%s%s%s (%" PRIu64 " %s attested)", missed,
		unknown && unconfined ? ", " : "", outside,
		attested->containers == CGROUP_STAT_UNKNOWN ? 0 : attested->containers,
		attested->containers == 1 ? "is" : "are");
	return buf;
}

/* The CPU time used as a share of what the CRS had in `usec`. */
static uint64_t share_of(const struct summary_crs *crs, uint64_t usec)
{
	uint64_t allotted = 0;
	if (usec == CGROUP_STAT_UNKNOWN || crs->figures.cpu_usec == CGROUP_STAT_UNKNOWN ||
		__builtin_mul_overflow(usec, cpulist_count(&crs->cpus), &allotted) || !allotted)
		return CGROUP_STAT_UNKNOWN;
	return (uint64_t)((double)crs->figures.cpu_usec * 1000 / (double)allotted);
}

uint64_t summary_run_share(const struct summary *summary, const struct summary_crs *crs)
{
	return share_of(crs, summary->duration_usec);
}

uint64_t summary_cpu_share(const struct summary *summary, const struct summary_crs *crs)
{
	bool whole = strcmp(summary->phase, "exec") == 0;
	return whole ? summary_run_share(summary, crs) : share_of(crs, crs->running_usec);
}
