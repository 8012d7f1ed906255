/* SPDX-License-Identifier: MIT
 *
 * fuzz_slurm: use the input as a line of squeue, and as what sbatch prints.
 *
 * Invariants: a line is a job with a number, or an error of EX_DATAERR; sbatch's number is not 0.
 */
#include "fuzz.h"

#include "slurm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slurm_line line = {0};
	struct error err = {0};
	uint64_t job = 0;
	_cleanup_free_ char *text = fuzz_text(data, size);
	if (slurm_parse_line(text, size, &line, &err) < 0)
		check_error(&err, EX_DATAERR);
	else
		CHECK(line.task == UINT64_MAX || line.task < UINT64_C(1) << 60);
	if (slurm_parse_job(text, &job, &err) < 0)
		check_error(&err, EX_DATAERR);
	else
		CHECK(job > 0);
	return 0;
}
