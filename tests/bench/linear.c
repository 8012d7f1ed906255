/* SPDX-License-Identifier: MIT
 *
 * linear: measure that reading a config takes time in proportion to its length, whatever its shape:
 * for each shape, the time per byte of a config of 1 MiB, the largest there is, against that of one
 * of 64 KiB. Prints both in nanoseconds and their ratio; fails if a ratio is above 2. What is
 * quadratic has 16.
 *
 *   linear
 *
 * Counts this process's CPU time only, and takes the least of several rounds in turn: other load on
 * the machine makes a round slower, but never faster.
 */
#include "job.h"

#include <err.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SMALL     (64U << 10)
#define LARGE     JOB_SIZE_MAX
#define TIMES     (LARGE / SMALL)
#define ROUNDS    8
#define RATIO_MAX 2.0

/* A config: `unit` over and over up to half of the size, then `second`, with the other parts
 * around them. '@' in a unit stands for a number that is different in each. */
static const struct shape {
	const char *name, *begin, *unit, *middle, *second, *end;
} shapes[] = {
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

struct text {
	char *bytes;
	size_t len;
};

static void add_units(FILE *to, const char *unit, long size)
{
	for (unsigned i = 0; ftell(to) < size; i++)
		for (const char *c = unit; *c; c++)
			(void)(*c == '@' ? fprintf(to, "%u", i) : fputc(*c, to));
}

static struct text make_text(const struct shape *shape, long size)
{
	struct text text = {.bytes = NULL};
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
	return text;
}

static double cpu_seconds(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The nanoseconds per byte of reading the text so many times. */
static double measure_text(const struct text *text, unsigned times)
{
	double begin = cpu_seconds();
	for (unsigned i = 0; i < times; i++) {
		struct job job = JOB_NONE;
		struct error ignored = {0};
		if (job_parse("config", text->bytes, text->len, "local", &job, &ignored) == 0)
			job_free(&job);
	}
	return (cpu_seconds() - begin) * 1e9 / ((double)text->len * times);
}

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

/* Returns whether the shape keeps to RATIO_MAX. */
static bool measure_shape(const struct shape *shape)
{
	struct text small = make_text(shape, SMALL);
	struct text large = make_text(shape, LARGE);
	double per_byte_small = 1e9;
	double per_byte_large = 1e9;
	for (int round = 0; round < ROUNDS; round++) {
		per_byte_small = lesser(per_byte_small, measure_text(&small, TIMES));
		per_byte_large = lesser(per_byte_large, measure_text(&large, 1));
	}
	double ratio = per_byte_large / per_byte_small;
	(void)printf("%-18s %8.2f %8.2f %6.2f%s\n", shape->name, per_byte_small, per_byte_large,
		ratio, ratio > RATIO_MAX ? "  above the target" : "");
	free(small.bytes);
	free(large.bytes);
	return ratio <= RATIO_MAX;
}

int main(void)
{
	bool all = true;
	/* Memory that is freed stays with the process: to get new pages from the kernel takes
	 * longer than to parse, and only a large config would need them. */
	if (!mallopt(M_MMAP_THRESHOLD, 1 << 30) || !mallopt(M_TRIM_THRESHOLD, 1 << 30))
		errx(1, "mallopt");
	(void)printf("%-18s %8s %8s %6s\n", "ns per byte of", "64 KiB", "1 MiB", "ratio");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		all = measure_shape(&shapes[i]) && all;
	return all ? 0 : 1;
}
