/* SPDX-License-Identifier: MIT
 *
 * test_service_limits: which of a service's own limits go beyond its CRS.
 */
#include "unit.h"

#include "service_limits.h"

/* The warning about one limit of a service of a CRS with CPU 1 and 128 MiB; NULL: none. */
static char *warn_of(const char *body)
{
	struct plan_crs crs = {.name = "alpha", .memory_max = UINT64_C(128) << 20};
	struct compose_names warnings = {.list = NULL};
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	struct error err = {0};
	cpulist_add(&crs.cpus, 1);
	assert_ok(doc_load("test", body, strlen(body), &doc, &err), err);
	assert_ok(service_limits_compare(&doc, doc_root(&doc), "a", &crs, &warnings, &err), err);
	assert_true(warnings.count <= 1);
	char *warning = warnings.count ? warnings.list[0] : NULL;
	free(warnings.list);
	return warning;
}

TEST(limits_of_a_service_beyond_its_crs_are_warned_of)
{
	static const struct {
		const char *body, *warning;
	} table[] = {
		{"{cpuset: '1', cpus: 1, mem_limit: 128m, mem_reservation: '5242880'}", NULL},
		{"{image: x, mem_limit: 0, memswap_limit: -1, cpus: 0.5}", NULL},
		{"{deploy: {resources: {limits: {cpus: '1', memory: '134217728'}}}}", NULL},
		{"{cpuset: '0'}",
			"service 'a': cpuset: 0 exceeds its CRS 'alpha' (CPUs 1, 128M); the "
			"limits of the CRS hold"},
		{"{cpuset: '0-1'}", "cpuset: 0-1 exceeds"},
		{"{cpuset: one}", "cpuset: one cannot be compared with its CRS 'alpha'"},
		{"{cpus: 1.5}", "cpus: 1.5 exceeds"},
		{"{mem_limit: 10g}", "mem_limit: 10g exceeds"},
		{"{mem_limit: '10737418240'}", "mem_limit: 10737418240 exceeds"},
		{"{mem_limit: much}", "mem_limit: much cannot be compared"},
		{"{mem_reservation: 1G}", "mem_reservation: 1G exceeds"},
		{"{deploy: {resources: {limits: {memory: '134217729'}}}}", "memory: 134217729"},
		{"{deploy: {resources: {limits: {cpus: '2'}}}}", "cpus: 2 exceeds"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_free_ char *warning = warn_of(table[i].body);
		if (!table[i].warning)
			assert_null(warning);
		else if (!warning)
			fail_test("%s: no warning", table[i].body);
		else
			assert_contains(warning, table[i].warning);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN(limits_of_a_service_beyond_its_crs_are_warned_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
