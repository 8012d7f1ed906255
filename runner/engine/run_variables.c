/* SPDX-License-Identifier: MIT
 *
 * run_variables: the one table of the names and forms of the OSS_CRS_ variables. docs/config.md
 * lists them.
 */
#include "run_variables.h"

#include <inttypes.h>
#include <stdio.h>

int run_variables_add(struct variables *variables, const struct run_plan *plan, enum phase phase,
	const struct run_words *words, struct error *err)
{
	const struct {
		const char *name, *value;
	} table[] = {
		{"OSS_CRS_CGROUP_PARENT", plan->cgroup_parent},
		{"OSS_CRS_RUN_ID", plan->run_id},
		{"OSS_CRS_PHASE", phase_name(phase)},
		{"OSS_CRS_WORKER", plan->worker},
		{"OSS_CRS_PROJECT", words->project},
		{"OSS_CRS_HARNESS", words->harness},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (variables_add(variables, table[i].name, table[i].value, err) < 0)
			return -1;
	return words->args ? variables_add(variables, "OSS_CRS_ARGS", words->args, err) : 0;
}

int run_variables_add_crs(
	struct variables *variables, const struct plan_crs *crs, struct error *err)
{
	char cpus[CPULIST_TEXT_MAX];
	char memory[24];
	(void)snprintf(memory, sizeof memory, "%" PRIu64, crs->memory_max);
	return variables_add(variables, "OSS_CRS_NAME", crs->name, err) < 0 ||
			       variables_add(variables, "OSS_CRS_CPUSET",
				       cpulist_format(&crs->cpus, cpus), err) < 0 ||
			       variables_add(variables, "OSS_CRS_MEMORY_LIMIT", memory, err) < 0
		       ? -1
		       : 0;
}
