/* SPDX-License-Identifier: MIT
 *
 * comparison: collects the reasons why two runs cannot be compared. First come the differences in
 * what they must have in common (CRSs, phase, how they ended, machine, duration), then the
 * caveats that each report has about its own run.
 */
#include "comparison.h"

#include "cleanup.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#define DURATION_PERCENT 10 /* of the longer duration, by which the other may differ */

/* Add a reason. It is dropped if there is no room for it, as the reasons before it are enough.
 * Returns -1 if out of memory. */
static int __attribute__((format(printf, 2, 3)))
add_reason(struct comparison *comparison, const char *fmt, ...)
{
	if (comparison->count == COMPARISON_REASONS_MAX)
		return 0;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&comparison->reasons[comparison->count], fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	comparison->count++;
	return 0;
}

static const char *name_partition(const struct summary *summary)
{
	return *summary->exclusive.partition ? summary->exclusive.partition : "none";
}

static int compare_texts(struct comparison *comparison)
{
	const struct summary *a = comparison->a;
	const struct summary *b = comparison->b;
	const struct {
		const char *what, *a, *b;
	} texts[] = {
		{"different phases", a->phase, b->phase},
		{"different endings", a->reason, b->reason},
		{"different machines", a->host, b->host},
		{"different processors", a->cpu, b->cpu},
		{"different kernels", a->kernel, b->kernel},
		{"different CPU partitions", name_partition(a), name_partition(b)},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(texts[i].a, texts[i].b) != 0 &&
			add_reason(comparison, "%s: %s and %s", texts[i].what,
				*texts[i].a ? texts[i].a : "unknown",
				*texts[i].b ? texts[i].b : "unknown") < 0)
			return -1;
	return 0;
}

static int compare_durations(struct comparison *comparison)
{
	uint64_t a = comparison->a->duration_usec;
	uint64_t b = comparison->b->duration_usec;
	uint64_t longer = a > b ? a : b;
	uint64_t difference = a > b ? a - b : b - a;
	if (!a || !b)
		return add_reason(comparison, "duration of one or both is unknown");
	if (difference <= longer / 100 * DURATION_PERCENT)
		return 0;
	return add_reason(comparison,
		"different durations: %" PRIu64 ".%" PRIu64 " s and %" PRIu64 ".%" PRIu64 " s",
		a / 1000000, a / 100000 % 10, b / 1000000, b / 100000 % 10);
}

static int compare_crs(
	struct comparison *comparison, const struct summary_crs *a, const struct summary_crs *b)
{
	unsigned cpus = cpulist_count(&a->cpus);
	unsigned other = cpulist_count(&b->cpus);
	if (cpus != other &&
		add_reason(comparison, "CRS '%s' had %u CPUs in the first, %u in the second",
			a->name, cpus, other) < 0)
		return -1;
	char first[SIZE_TEXT_MAX];
	char second[SIZE_TEXT_MAX];
	return a->memory_max != b->memory_max
		       ? add_reason(comparison,
				 "CRS '%s' had %s of memory in the first, %s in the second",
				 a->name, size_format_exact(a->memory_max, first),
				 size_format_exact(b->memory_max, second))
		       : 0;
}

static int compare_all_crs(struct comparison *comparison)
{
	const struct summary *a = comparison->a;
	const struct summary *b = comparison->b;
	for (size_t i = 0; i < a->crs_count; i++) {
		const struct summary_crs *other = summary_find(b, a->crs[i].name);
		if ((other ? compare_crs(comparison, &a->crs[i], other)
			   : add_reason(comparison, "CRS '%s' is only in the first",
				     a->crs[i].name)) < 0)
			return -1;
	}
	for (size_t i = 0; i < b->crs_count; i++)
		if (!summary_find(a, b->crs[i].name) &&
			add_reason(comparison, "CRS '%s' is only in the second", b->crs[i].name) <
				0)
			return -1;
	return a->has_usage && b->has_usage
		       ? 0
		       : add_reason(comparison, "one or both have no figures for their CRSs");
}

static int add_caveats(
	struct comparison *comparison, const struct summary *summary, const char *which)
{
	char text[SUMMARY_TEXT_MAX];
	if (summary_unattested(summary, text) &&
		add_reason(comparison, "the %s: containers not attested: %s", which, text) < 0)
		return -1;
	for (size_t i = 0; i < summary->caveat_count; i++)
		if (add_reason(comparison, "the %s: %s: %s", which, summary->caveats[i].id,
			    summary->caveats[i].detail) < 0)
			return -1;
	return 0;
}

int comparison_make(
	const struct summary *a, const struct summary *b, struct comparison *ret, struct error *err)
{
	_cleanup_(comparison_free) struct comparison comparison = {.a = a, .b = b};
	if (compare_all_crs(&comparison) < 0 || compare_texts(&comparison) < 0 ||
		compare_durations(&comparison) < 0 || add_caveats(&comparison, a, "first") < 0 ||
		add_caveats(&comparison, b, "second") < 0)
		return fail(err, ENOMEM, "compare");
	*ret = comparison;
	comparison = (struct comparison)COMPARISON_NONE;
	return 0;
}

void comparison_free(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->count; i++)
		free(comparison->reasons[i]);
	*comparison = (struct comparison)COMPARISON_NONE;
}

json_t *comparison_to_json(struct json_build *build, const struct comparison *comparison)
{
	json_t *reasons = json_array();
	for (size_t i = 0; i < comparison->count; i++)
		json_build_append(build, reasons, json_build_prose(comparison->reasons[i]));
	return json_build_pack(build, "{s:i, s:[s, s], s:b, s:o}", "version", 1, "runs",
		comparison->a->name, comparison->b->name, "comparable", comparison->count == 0,
		"reasons", reasons);
}
