/* SPDX-License-Identifier: MIT
 *
 * fuzz_job: use the input as a config.
 *
 * Invariants: job_parse() returns a job whose CRS names are safe as directory names, or an error.
 * Each job is then planned with several sets of arguments, with and without a topology:
 * plan_make() returns a plan that keeps all invariants, or an error.
 */
#include "fuzz.h"

#include "../plan_invariants.h"

/* Two nodes with two cores each and two threads per core: CPUs n and n + 4 share a core. */
static struct topo_cpu cpus[] = {{0, 0, 0, 0, 1024, false}, {4, 0, 0, 0, 1024, false},
	{1, 1, 0, 0, 1024, false}, {5, 1, 0, 0, 1024, false}, {2, 2, 1, 0, 1024, false},
	{6, 2, 1, 0, 1024, false}, {3, 3, 1, 0, 512, false}, {7, 3, 1, 0, 512, true}};
static struct topo_node nodes[] = {
	{.id = 0, .memory = UINT64_C(8) << 30}, {.id = 2, .memory = UINT64_C(4) << 30}};
static const struct topology topology = {.cpus = cpus,
	.count = 8,
	.nodes = nodes,
	.node_count = 2,
	.core_count = 4,
	.threads_max = 2,
	.memory = UINT64_C(12) << 30,
	.index = {1, 3, 5, 7, 2, 4, 6, 8}};

/* --cpus (a mask of CPUs, or a number of them), --memory, --scale and --strict. */
static const struct {
	uint64_t mask;
	unsigned count;
	uint64_t memory;
	bool scale, strict;
} arguments[] = {
	{0, 0, 0, false, false},
	{0, 0, 0, false, true},
	{0x3b, 0, 0, false, false},
	{0, 4, 0, false, false},
	{0x77, 0, UINT64_C(3000000000), true, false},
	{0, 6, 0, true, true},
	{0, 0, UINT64_C(5) << 30, true, false},
};

static void plan_and_check(const struct job *job, size_t argument, const struct topology *machine)
{
	struct plan_request request = {.run_id = "id",
		.worker = "local",
		.uid = 1000,
		.host_memory = UINT64_C(12) << 30,
		.topology = machine,
		.cpu_count = arguments[argument].count,
		.memory = arguments[argument].memory,
		.scale = arguments[argument].scale,
		.strict = arguments[argument].strict};
	cpulist_add_range(&request.host_cpus, 0, 7);
	for (unsigned cpu = 0; cpu < 8; cpu++)
		if (arguments[argument].mask >> cpu & 1)
			cpulist_add(&request.cpus, cpu);
	struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	if (plan_make(job, &request, &plan, &err) < 0) {
		check_error(&err, EX_CONFIG);
		return;
	}
	const char *broken = plan_broken(job, &request, &plan);
	if (broken)
		(void)fprintf(stderr, "argument %zu: %s\n", argument, broken);
	CHECK(!broken);
	CHECK(!machine || plan_explain(machine, &plan, &err) == 0);
	plan_free(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = JOB_NONE;
	struct error err = {0};
	if (job_parse("c.yaml", (const char *)data, size, "local", &job, &err) < 0) {
		check_error(&err, EX_CONFIG);
		return 0;
	}
	job.path = strdup("c.yaml");
	CHECK(job.path && job.crs_count > 0);
	for (size_t i = 0; i < job.crs_count; i++) {
		const struct job_crs *crs = &job.crs[i];
		CHECK(*crs->name && *crs->name != '.' && !strchr(crs->name, '/') &&
			strlen(crs->name) <= JOB_NAME_MAX);
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(job.crs[j].name, crs->name) != 0);
		/* A list or a number of CPUs, never both; neither only if the config gives no
		 * CPUs. */
		CHECK((crs->share.cpus_at.line != 0) ==
			(cpulist_empty(&crs->share.cpus) == (crs->share.cpu_count > 0)));
		CHECK((crs->share.memory_at.line != 0) == (crs->share.memory >= 4096));
	}
	for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
		plan_and_check(&job, i, NULL);
		plan_and_check(&job, i, &topology);
	}
	job_free(&job);
	return 0;
}
