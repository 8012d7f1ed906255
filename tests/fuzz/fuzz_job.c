/* SPDX-License-Identifier: MIT
 *
 * fuzz_job: any bytes as a config: a job with names that are safe as directories, or an error with a place.
 */
#include "fuzz.h"

#include "config/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job = JOB_NONE;
	struct error err = {0};
	if (job_parse("c.yaml", (const char *)data, size, "local", &job, &err) < 0) {
		check_error(&err, EX_CONFIG);
		return 0;
	}
	CHECK(job.crs_count > 0);
	for (size_t i = 0; i < job.crs_count; i++) {
		const struct job_crs *crs = &job.crs[i];
		CHECK(*crs->name && *crs->name != '.' && !strchr(crs->name, '/') &&
			strlen(crs->name) <= JOB_NAME_MAX);
		CHECK(job_find(&job, crs->name) == crs);
		/* A list or a number of CPUs, never both, and neither only where nothing is said. */
		CHECK((crs->share.cpus_at.line != 0) ==
			(cpulist_empty(&crs->share.cpus) == (crs->share.cpu_count > 0)));
		CHECK((crs->share.memory_at.line != 0) == (crs->share.memory >= 4096));
	}
	job_free(&job);
	return 0;
}
