/* SPDX-License-Identifier: MIT
 *
 * service_limits: a row per key. Docker's plugin prints sizes in bytes, docker-compose 1.29 as they
 * are in the file ("10g").
 */
#include "service_limits.h"

#include "cleanup.h"
#include "cpulist.h"
#include "size.h"

#include <errno.h>

enum verdict {
	LIMIT_WITHIN,
	LIMIT_BEYOND,
	LIMIT_UNREADABLE,
};

static enum verdict compare_cpuset(const char *text, const struct plan_crs *crs)
{
	struct cpulist cpus = {0};
	struct error ignored;
	if (cpulist_parse(text, &cpus, &ignored) < 0)
		return LIMIT_UNREADABLE;
	return cpulist_within(&cpus, &crs->cpus) ? LIMIT_WITHIN : LIMIT_BEYOND;
}

static enum verdict compare_cpus(const char *text, const struct plan_crs *crs)
{
	char *end = NULL;
	double cpus = strtod(text, &end);
	if (end == text || *end)
		return LIMIT_UNREADABLE;
	return cpus > cpulist_count(&crs->cpus) ? LIMIT_BEYOND : LIMIT_WITHIN;
}

/* Zero and less ask for no limit of the service's own. */
static enum verdict compare_memory(const char *text, const struct plan_crs *crs)
{
	uint64_t bytes = 0;
	struct error ignored;
	char *end = NULL;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (end != text && !*end)
		return errno || (number > 0 && (uint64_t)number > crs->memory_max) ? LIMIT_BEYOND
										   : LIMIT_WITHIN;
	if (size_parse(text, SIZE_BARE_REFUSED, &bytes, &ignored) < 0)
		return LIMIT_UNREADABLE;
	return bytes > crs->memory_max ? LIMIT_BEYOND : LIMIT_WITHIN;
}

/* The keys, with where they are below the service. */
static const struct {
	const char *path[4];
	enum verdict (*compare)(const char *text, const struct plan_crs *crs);
} limits[] = {
	{{"cpuset"}, compare_cpuset},
	{{"cpus"}, compare_cpus},
	{{"mem_limit"}, compare_memory},
	{{"mem_reservation"}, compare_memory},
	{{"deploy", "resources", "limits", "cpus"}, compare_cpus},
	{{"deploy", "resources", "limits", "memory"}, compare_memory},
};

static const char *find_limit(
	struct doc *doc, const struct doc_node *body, const char *const path[4])
{
	for (size_t i = 0; i < 4 && path[i]; i++)
		body = doc_get(doc, body, path[i]);
	return doc_text(body);
}

/* "CPUs 0-3, 128M" */
static char *describe_crs(const struct plan_crs *crs)
{
	_unfilled_ char cpus[CPULIST_TEXT_MAX];
	char memory[SIZE_TEXT_MAX];
	char *text = NULL;
	return asprintf(&text, "CPUs %s, %s", cpulist_format(&crs->cpus, cpus),
		       size_format_exact(crs->memory_max, memory)) < 0
		       ? NULL
		       : text;
}

int service_limits_compare(struct doc *doc, const struct doc_node *body, const char *service,
	const struct plan_crs *crs, struct compose_names *warnings, struct error *err)
{
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		const char *const *path = limits[i].path;
		const char *text = find_limit(doc, body, path);
		enum verdict verdict = text && *text ? limits[i].compare(text, crs) : LIMIT_WITHIN;
		if (verdict == LIMIT_WITHIN)
			continue;
		_cleanup_free_ char *holds = describe_crs(crs);
		_cleanup_free_ char *warning = NULL;
		if (!holds ||
			asprintf(&warning,
				"service '%s': %s: %s %s CRS '%s' (%s); the limits of the CRS hold",
				service, path[3] ? path[3] : path[0], text,
				verdict == LIMIT_BEYOND ? "exceeds its"
							: "cannot be compared with its",
				crs->name, holds) < 0) {
			warning = NULL;
			return fail(err, ENOMEM, "Compose");
		}
		if (compose_add_name(warnings, warning, err) < 0)
			return -1;
	}
	return 0;
}
