/* SPDX-License-Identifier: MIT
 *
 * slurm_queue: calls sbatch, squeue and scancel. Which arrays are the experiment's is in slurm.tsv
 * of its directory: a line per array, with its number and the index of its task 0. Slurm forgets
 * jobs that have ended, so what it does not list is not queued. squeue is asked by a format string:
 * it means the same in each version, whereas the documents of --json have changed with most.
 */
#include "slurm.h"

#include "cleanup.h"
#include "directory.h"
#include "fs.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#define ARRAYS_FILE "slurm.tsv"
#define OUTPUT_MAX  ((size_t)64 << 20) /* bytes that squeue may print: 20 per task */

struct array {
	uint64_t job;
	uint64_t base; /* the index of its task 0 */
};

struct arrays {
	struct array *list; /* ascending by job: Slurm counts up */
	size_t count;
};

static void arrays_free(struct arrays *arrays)
{
	free(arrays->list);
}

/* ---- Slurm's words ------------------------------------------------------------------------- */

/* Read a number of at most 18 digits. Returns the place after it, or NULL. */
static const char *take_number(const char *p, const char *end, uint64_t *ret)
{
	uint64_t value = 0;
	const char *start = p;
	for (; p < end && *p >= '0' && *p <= '9' && p - start <= 18; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	*ret = value;
	return p > start && p - start <= 18 ? p : NULL;
}

bool slurm_is_elsewhere(const char *option)
{
	size_t len = strcspn(option, "=");
	return strncmp(option, "-M", 2) == 0 || strncmp(option, "--cluster", len) == 0 ||
	       strncmp(option, "--clusters", len) == 0;
}

int slurm_parse_job(const char *text, uint64_t *ret, struct error *err)
{
	const char *end = text + strlen(text);
	const char *p = take_number(text, end, ret);
	return p && *ret > 0 && (*p == '\n' || *p == ';' || !*p)
		       ? 0
		       : fail_as(err, EX_DATAERR,
				 "sbatch did not print the number of a job: '%.80s'", text);
}

int slurm_parse_line(const char *line, size_t len, struct slurm_line *ret, struct error *err)
{
	struct slurm_line parsed = {.task = UINT64_MAX};
	const char *end = line + len;
	const char *p = take_number(line, end, &parsed.job);
	bool valid = p && p < end && *p == '|';
	if (valid && p + 4 <= end && memcmp(p + 1, "N/A", 3) == 0)
		p += 4;
	else
		p = valid ? take_number(p + 1, end, &parsed.task) : NULL;
	if (!p || p == end || *p != '|' || end - p < 2 || end - p > 4)
		return fail_as(err, EX_DATAERR, "squeue printed a line that is not a job's: '%.*s'",
			len < 80 ? (int)len : 80, line);
	parsed.pending = end - p == 3 && memcmp(p + 1, "PD", 2) == 0;
	*ret = parsed;
	return 0;
}

/* ---- which arrays are the experiment's ----------------------------------------------------- */

static int read_arrays(int dir, struct arrays *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (fs_read(dir, ARRAYS_FILE, OUTPUT_MAX, &text, &len, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	size_t lines = 0;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	struct arrays arrays = {.list = calloc(lines + 1, sizeof *arrays.list)};
	if (!arrays.list)
		return fail(err, ENOMEM, ARRAYS_FILE);
	const char *p = text;
	while (p && p < text + len) {
		struct array *array = &arrays.list[arrays.count++];
		p = arrays.count <= lines ? take_number(p, text + len, &array->job) : NULL;
		p = p && *p == '\t' ? take_number(p + 1, text + len, &array->base) : NULL;
		p = p && *p == '\n' ? p + 1 : NULL;
	}
	if (!p) {
		arrays_free(&arrays);
		return fail_as(err, EX_DATAERR, ARRAYS_FILE " is not a list of arrays");
	}
	*ret = arrays;
	return 0;
}

static int note_array(int dir, uint64_t job, uint64_t base, struct error *err)
{
	char line[64];
	(void)snprintf(line, sizeof line, "%" PRIu64 "\t%" PRIu64 "\n", job, base);
	return directory_append(dir, ARRAYS_FILE, line, err);
}

static int find_array(const struct arrays *arrays, uint64_t job, uint64_t *ret_base)
{
	for (size_t i = arrays->count; i > 0; i--)
		if (arrays->list[i - 1].job == job) {
			*ret_base = arrays->list[i - 1].base;
			return 1;
		}
	return 0;
}

/* ---- calls --------------------------------------------------------------------------------- */

/* Variables of the user that show or cancel only some of the jobs, or those of another cluster. */
static bool hides_jobs(const char *variable)
{
	static const char *const prefixes[] = {
		"SQUEUE_", "SCANCEL_", "SBATCH_CLUSTERS=", "SLURM_CLUSTERS="};
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* This process's environment without these. The caller frees the array alone. */
static const char **make_slurm_environment(void)
{
	size_t count = 0, kept = 0;
	while (environ && environ[count])
		count++;
	const char **list = calloc(count + 1, sizeof *list);
	for (size_t i = 0; list && i < count; i++)
		if (!hides_jobs(environ[i]))
			list[kept++] = environ[i];
	return list;
}

/* Run one of Slurm's commands and read what it prints. */
static int call_slurm(const char *const *argv, int in, char **ret_out, struct error *err)
{
	struct spawn spawn = SPAWN(argv);
	int status = 0;
	_cleanup_free_ char *out = NULL;
	_cleanup_free_ const char **environment = make_slurm_environment();
	if (!environment)
		return fail(err, ENOMEM, "%s", argv[0]);
	spawn.env = environment;
	spawn.in = in;
	if (proc_capture(&spawn, OUTPUT_MAX, &out, &status, err) < 0) {
		if (err->code == ENOENT)
			(void)add_hint(err, "Slurm's commands are on its submission hosts; see: "
					    "sinfo");
		return -1;
	}
	if (status != 0)
		return fail_as(err, EX_UNAVAILABLE, "%s ended with status %d (see above)", argv[0],
			status);
	*ret_out = steal_ptr(out);
	return 0;
}

/* Cancel an array by its number. */
static int cancel_array(uint64_t job, struct error *err)
{
	_cleanup_free_ char *out = NULL;
	char number[24];
	const char *const argv[] = {"scancel", number, NULL};
	(void)snprintf(number, sizeof number, "%" PRIu64, job);
	return call_slurm(argv, -1, &out, err);
}

static int submit_array(
	const struct placing *placement, const struct placer_job *job, struct error *err)
{
	_cleanup_free_ char *out = NULL;
	uint64_t number = 0;
	_cleanup_close_ int in = placer_open_script(job->script, err);
	if (in < 0 || call_slurm((const char *const *)job->argv, in, &out, err) < 0 ||
		slurm_parse_job(out ? out : "", &number, err) < 0)
		return -1;
	if (note_array(placement->dir, number, job->indices[0] / SLURM_ARRAY_MAX * SLURM_ARRAY_MAX,
		    err) == 0)
		return 0;
	/* An array that is not noted would be submitted again. */
	struct error ignored;
	bool cancelled = cancel_array(number, &ignored) == 0;
	return add_context(err, "the array %" PRIu64 " was %s", number,
		cancelled ? "cancelled" : "submitted, and scancel failed");
}

/* The lines of squeue for this user's jobs. The caller frees *ret. */
static int read_queue(const struct placing *placement, char **ret, struct error *err)
{
	char user[32];
	/* --all: also of partitions that are hidden from the user. */
	const char *const argv[] = {
		"squeue", "--all", "--noheader", "--array", "--format=%F|%K|%t", user, NULL};
	(void)snprintf(user, sizeof user, "--user=%u", (unsigned)placement->uid);
	return call_slurm(argv, -1, ret, err);
}

static int list_arrays(const struct placing *placement, struct placer_view *ret, struct error *err)
{
	_cleanup_(arrays_free) struct arrays arrays = {.list = NULL};
	_cleanup_free_ char *queue = NULL;
	if (read_arrays(placement->dir, &arrays, err) < 0)
		return -1;
	if (!arrays.count)
		return 0;
	if (read_queue(placement, &queue, err) < 0)
		return -1;
	for (const char *p = queue; p && *p;) {
		struct slurm_line line = {.task = UINT64_MAX};
		uint64_t base = 0;
		size_t len = strcspn(p, "\n");
		if (slurm_parse_line(p, len, &line, err) < 0)
			return -1;
		if (line.task != UINT64_MAX && find_array(&arrays, line.job, &base) &&
			base + line.task < placement->runs->count)
			ret->states[base + line.task] =
				line.pending ? PLACER_QUEUED : PLACER_RUNNING;
		p += len + (p[len] == '\n');
	}
	return 0;
}

/* Cancel the arrays that Slurm still lists; it complains about others. */
static int cancel_arrays(const struct placing *placement, struct error *err)
{
	_cleanup_(arrays_free) struct arrays arrays = {.list = NULL};
	_cleanup_free_ char *queue = NULL;
	uint64_t last = 0;
	if (read_arrays(placement->dir, &arrays, err) < 0 ||
		(arrays.count && read_queue(placement, &queue, err) < 0))
		return -1;
	for (const char *p = queue; p && *p;) {
		struct slurm_line line = {.task = UINT64_MAX};
		uint64_t base = 0;
		size_t len = strcspn(p, "\n");
		if (slurm_parse_line(p, len, &line, err) < 0)
			return -1;
		p += len + (p[len] == '\n');
		if (line.job == last || !find_array(&arrays, line.job, &base))
			continue;
		last = line.job;
		if (cancel_array(line.job, err) < 0)
			return -1;
	}
	return 0;
}

#define AGAIN_MAX "3" /* of one digit */

/* Requeue the job that this process is in. Slurm ends it, and counts how often. */
static int requeue_own(struct error *err)
{
	_cleanup_free_ char *out = NULL;
	const char *job = getenv("SLURM_JOB_ID");
	const char *count = getenv("SLURM_RESTART_COUNT");
	if (!job || (count && (strlen(count) > 1 || strcmp(count, AGAIN_MAX) >= 0)))
		return 0;
	const char *const argv[] = {"scontrol", "requeue", job, NULL};
	return call_slurm(argv, -1, &out, err);
}

const struct placer placer_slurm = {
	.name = "slurm",
	.allocation = true,
	.divide = slurm_divide,
	.submit = submit_array,
	.list = list_arrays,
	.cancel = cancel_arrays,
	.again = requeue_own,
};
