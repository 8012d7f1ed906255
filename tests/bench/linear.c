/* SPDX-License-Identifier: MIT
 *
 * linear: measure that reading a config, and judging the services of a Compose project, take time
 * in proportion to the length of the text, whatever its shape: for each shape, the time per byte of
 * a text of 1 MiB, the largest config there is, against that of one of 64 KiB. Prints both in
 * nanoseconds and their ratio; fails if a ratio is above 2. What is quadratic has 16.
 *
 *   linear
 *
 * Counts this process's CPU time only, and takes the least of several rounds in turn: other load on
 * the machine makes a round slower, but never faster.
 */
#include "compose.h"
#include "job.h"

#include <err.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SMALL     (64U << 10)
#define LARGE     JOB_SIZE_MAX
#define TIMES     (LARGE / SMALL)
#define ROUNDS    8
#define RATIO_MAX 2.0

/* A text: `unit` over and over up to half of the size, then `second`, with the other parts around
 * them. '@' in a unit stands for a number that is different in each. */
struct shape {
	const char *name, *begin, *unit, *middle, *second, *end;
};

static const struct shape configs[] = {
	{"[[[", "", "[", "", "[", ""},
	{"{{{", "", "{", "", "{", ""},
	{"[ on lines", "", "[\n", "", "[\n", ""},
	{"- - -", "", "- ", "", "- ", ""},
	{"? ? ?", "", "? ", "", "? ", ""},
	{"a: a: a:", "", "a: ", "", "a: ", ""},
	{"CRSs", "", "c@: {cpuset: 1, memory: 1G}\n", "", "d@: {cpuset: 1, memory: 1G}\n", ""},
	{"keys on lines", "", "k@: v\n", "", "l@: v\n", ""},
	{"keys in a flow", "{", "k@: v,", "", "l@: v,", "}"},
	{"items on lines", "a:\n", "- v\n", "", "- v\n", ""},
	{"items in a flow", "[", "v,", "", "v,", "]"},
	{"pairs in a flow", "[\n", "a: b,", "", "[]: a,", "]"},
	{"keys before CRSs", "", "k@: v\n", "workers: {local: }\ncrs:\n", "  c@: {workers: []}\n",
		""},
	{"anchors", "", "- &a@ b\n", "", "- &b@ c\n", ""},
	{"aliases", "", "- &a@ b\n", "", "- *a1\n", ""},
	{"one long word", "a: ", "a", "", "a", ""},
	{"one long gap", "a: \"a", " ", "", "a ", "\""},
	{"words on lines", "a: 'a", "a\n", "", "a\n\n", "'"},
	{"one gap of lines", "a: |\n a", "\n", "", " a\n", ""},
	{"block scalar", "a: >\n", " a\n", "", " a\n\n", ""},
	{"tags", "", "- !a%20b c\n", "", "- !!d e\n", ""},
	{"many %TAG", "", "%TAG !a@! b\n", "", "%TAG !b@! b\n", "--- a"},
	{"one long %TAG", "%TAG !a! ", "b", "\n---\n", "- !a!x c\n", ""},
	{"comments", "", "# a\n", "", "# b\n", "a: 1\n"},
};

#define USES   " a@: {networks: {n: null}}\n"
#define MOUNTS " a@: {volumes: [{type: volume, source: v@, target: /v}]}\n"
#define SHARES " a@: {pid: \"service:b@\", volumes_from: [b@]}\n"
#define WAITS  " a@: {depends_on: {b@: {condition: service_completed_successfully}}}\n"

/* What Compose's `config` prints, which is also the file where the keys are looked for. */
static const struct shape projects[] = {
	{"services", "services:\n", " a@: {image: i}\n", "", " b@: {image: i}\n", ""},
	{"risks", "services:\n", " a@: {privileged: true}\n", "", " b@: {pid: host}\n", ""},
	{"waiting", "services:\n", WAITS, "", " b@: {attach: true}\n", ""},
	{"sharing", "services:\n", SHARES, "", " b@: {image: i}\n", ""},
	{"volumes", "services:\n", MOUNTS, "volumes:\n", " v@: {driver: local}\n", ""},
	{"one volume", "services:\n", " a@: {volumes: [\"v:/v\"]}\n",
		"volumes:\n v:\n  driver_opts:\n", "   o@: p\n", ""},
	{"one network", "services:\n", USES, "networks:\n n:\n", "  x-@: p\n", ""},
	{"options of one", "services:\n", USES, "networks:\n n:\n  driver_opts:\n", "   o@: p\n",
		""},
};

struct text {
	char *bytes;
	size_t len;
	int file; /* a memory file with the same */
};

static void add_units(FILE *to, const char *unit, long size)
{
	for (unsigned i = 0; ftell(to) < size; i++)
		for (const char *c = unit; *c; c++)
			(void)(*c == '@' ? fprintf(to, "%u", i) : fputc(*c, to));
}

static struct text make_text(const struct shape *shape, long size)
{
	struct text text = {.file = memfd_create("linear", MFD_CLOEXEC)};
	FILE *out = open_memstream(&text.bytes, &text.len);
	if (!out)
		err(1, "memory");
	size -= 128; /* for what follows the last unit */
	(void)fputs(shape->begin, out);
	add_units(out, shape->unit, size / 2);
	(void)fputs(shape->middle, out);
	add_units(out, shape->second, size);
	(void)fputs(shape->end, out);
	if (fclose(out) != 0 || text.len > LARGE)
		errx(1, "%s: %zu bytes", shape->name, text.len);
	if (text.file < 0 || write(text.file, text.bytes, text.len) != (ssize_t)text.len)
		err(1, "memory");
	return text;
}

static double cpu_seconds(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void read_config(const struct text *text)
{
	struct job job = JOB_NONE;
	struct error ignored = {0};
	if (job_parse("config", text->bytes, text->len, "local", &job, &ignored) == 0)
		job_free(&job);
}

/* Judge the services of a project whose one Compose file is the text itself. */
static void judge_project(const struct text *text)
{
	char path[32];
	struct plan_crs crs = {.name = JOB_INFRA_CRS};
	const struct run_plan plan = {.cgroup_parent = "/p", .crs = &crs, .crs_count = 1};
	struct engine engine = {.socket = "/nonexistent/socket"};
	struct error ignored = {0};
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", text->file);
	struct compose compose = {.project = strdup("p"),
		.dir = strdup("/"),
		.files = calloc(1, sizeof *compose.files),
		.phase = "run",
		.running_engine = &engine};
	if (!compose.project || !compose.dir || !compose.files ||
		!(compose.files[compose.file_count++] = strdup(path)))
		err(1, "memory");
	(void)compose_services_parse(&compose, text->bytes, &plan, false, &ignored);
	compose_free(&compose);
}

typedef void (*reader)(const struct text *text);

/* The nanoseconds per byte of reading the text so many times. */
static double measure_text(reader read_text, const struct text *text, unsigned times)
{
	double begin = cpu_seconds();
	for (unsigned i = 0; i < times; i++)
		read_text(text);
	return (cpu_seconds() - begin) * 1e9 / ((double)text->len * times);
}

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

/* Returns whether the shape keeps to RATIO_MAX. */
static bool measure_shape(reader read_text, const struct shape *shape)
{
	struct text small = make_text(shape, SMALL);
	struct text large = make_text(shape, LARGE);
	double per_byte_small = 1e9;
	double per_byte_large = 1e9;
	for (int round = 0; round < ROUNDS; round++) {
		per_byte_small = lesser(per_byte_small, measure_text(read_text, &small, TIMES));
		per_byte_large = lesser(per_byte_large, measure_text(read_text, &large, 1));
	}
	double ratio = per_byte_large / per_byte_small;
	(void)printf("%-18s %8.2f %8.2f %6.2f%s\n", shape->name, per_byte_small, per_byte_large,
		ratio, ratio > RATIO_MAX ? "  above the target" : "");
	free(small.bytes);
	free(large.bytes);
	(void)close(small.file);
	(void)close(large.file);
	return ratio <= RATIO_MAX;
}

/* Returns whether all of the shapes do. */
static bool measure_shapes(
	reader read_text, const char *what, const struct shape *shapes, size_t count)
{
	bool all = true;
	(void)printf("%-18s %8s %8s %6s\n", what, "64 KiB", "1 MiB", "ratio");
	for (size_t i = 0; i < count; i++)
		all = measure_shape(read_text, &shapes[i]) && all;
	return all;
}

int main(void)
{
	/* Memory that is freed stays with the process: to get new pages from the kernel takes
	 * longer than to parse, and only a large text would need them. */
	if (!mallopt(M_MMAP_THRESHOLD, 1 << 30) || !mallopt(M_TRIM_THRESHOLD, 1 << 30))
		errx(1, "mallopt");
	bool all = measure_shapes(
		read_config, "config: ns/byte of", configs, sizeof configs / sizeof *configs);
	all = measure_shapes(judge_project, "project: ns/byte of", projects,
		      sizeof projects / sizeof *projects) &&
	      all;
	return all ? 0 : 1;
}
