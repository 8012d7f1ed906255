/* SPDX-License-Identifier: MIT
 *
 * slurm: the engine slurm. Its jobs are arrays of at most SLURM_ARRAY_MAX runs of one shape, and
 * are submitted, listed and cancelled by Slurm's own commands.
 */
#ifndef OSS_CRS_SLURM_H
#define OSS_CRS_SLURM_H

#include "placer.h"

/* Slurm's default MaxArraySize is 1001, and a task's number is less than that. An array has the
 * runs from a multiple of this number on; that multiple is the last word of its script. */
#define SLURM_ARRAY_MAX 1000

/* Bytes of memory for the runner and Compose, which are in the job's own cgroup. */
#define SLURM_OWN_MEMORY (UINT64_C(256) << 20)

/* placer_slurm.divide */
int slurm_divide(const struct placing *placement, const size_t *indices, size_t count,
	struct placer_jobs *ret, struct error *err);

/* One line of `squeue --noheader --array --format=%F|%K|%t`. */
struct slurm_line {
	uint64_t job;  /* the array's */
	uint64_t task; /* its number in the array; UINT64_MAX: the job is no array */
	bool pending;
};

/* Parse the line of len bytes. Fails with EX_DATAERR if it is not one. */
int slurm_parse_line(const char *line, size_t len, struct slurm_line *ret, struct error *err);

/* Whether an option of sbatch sends a job to another cluster, where squeue and scancel would not
 * look for it. */
bool slurm_is_elsewhere(const char *option);

/* Parse what `sbatch --parsable` prints: "JOBID" or "JOBID;CLUSTER". Fails with EX_DATAERR. */
int slurm_parse_job(const char *text, uint64_t *ret, struct error *err);

#endif
