/* SPDX-License-Identifier: MIT
 *
 * run_variables: the one table of the names and forms of the OSS_CRS_ variables. docs/config.md
 * lists them.
 */
#include "run_variables.h"

#include "size.h"

#include <inttypes.h>
#include <stdio.h>

/* Add OSS_CRS_name and OSS_CRS_HELD_name. */
static int add_both(struct variables *variables, const char *name, const char *value,
	const char *held, struct error *err)
{
	char full[64];
	(void)snprintf(full, sizeof full, RUN_VARIABLES_PREFIX "%s", name);
	if (variables_add(variables, full, value, err) < 0)
		return -1;
	(void)snprintf(full, sizeof full, RUN_VARIABLES_HELD_PREFIX "%s", name);
	return variables_add(variables, full, held, err);
}

int run_variables_add(struct variables *variables, const struct run_plan *plan, enum phase phase,
	const struct run_words *words, struct error *err)
{
	const struct {
		const char *name, *value;
	} table[] = {
		{"CGROUP_PARENT", plan->cgroup_parent},
		{"RUN_ID", plan->run_id},
		{"PHASE", phase_name(phase)},
		{"WORKER", plan->worker},
		{"PROJECT", words->project},
		{"HARNESS", words->harness},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (add_both(variables, table[i].name, table[i].value, table[i].value, err) < 0)
			return -1;
	return words->args ? add_both(variables, "ARGS", words->args, words->args, err) : 0;
}

int run_variables_add_crs(
	struct variables *variables, const struct plan_crs *crs, bool with_unit, struct error *err)
{
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char bytes[24];
	char size[SIZE_TEXT_MAX];
	(void)snprintf(bytes, sizeof bytes, "%" PRIu64, crs->memory_max);
	(void)size_format_exact(crs->memory_max, size);
	(void)cpulist_format(&crs->cpus, cpus);
	return add_both(variables, "NAME", crs->name, crs->name, err) < 0 ||
			       add_both(variables, "CPUSET", cpus, cpus, err) < 0 ||
			       add_both(variables, "MEMORY_LIMIT", with_unit ? size : bytes, bytes,
				       err) < 0
		       ? -1
		       : 0;
}
