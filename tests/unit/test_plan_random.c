/* SPDX-License-Identifier: MIT
 *
 * test_plan_random: ten thousand configs of all formats, on machines with and without a known topology, moved and
 * scaled: what is planned keeps every promise, and enough of them are planned and enough refused to mean something.
 */
#include "machines.h"

#include "../plan_invariants.h"

#define CONFIGS  10000
#define TEXT_MAX 8192

static const struct machine machines[] = {{1, 1, 8, 2, true, 64}, {2, 2, 8, 2, true, 64},
	{1, 2, 6, 4, false, 64}, {1, 4, 16, 1, false, 64}};

struct text {
	char at[TEXT_MAX];
	size_t len;
};

static void add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text->at + text->len, TEXT_MAX - text->len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < TEXT_MAX - text->len);
	text->len += (size_t)n;
}

static unsigned below(uint64_t *seed, unsigned limit)
{
	return (unsigned)(unit_random(seed) % limit);
}

/* A list of 1 to 6 CPUs, sometimes with a hole, that begins at *next; mostly nobody else has them. */
static void add_list(struct text *text, uint64_t *seed, unsigned *next)
{
	unsigned first = below(seed, 20) == 0 ? below(seed, 8) : *next;
	unsigned count = 1 + below(seed, 6);
	if (count > 2 && below(seed, 3) == 0) {
		add(text, "'%u,%u-%u'", first, first + 2, first + count);
		*next = first + count + 1;
		return;
	}
	add(text, count > 1 ? "%u-%u" : "%u", first, first + count - 1);
	*next = first + count;
}

/* What a CRS or worker says about its CPUs and its memory: either, both or nothing. */
static void add_share(struct text *text, uint64_t *seed, unsigned *next)
{
	unsigned kind = below(seed, 4);
	add(text, "{");
	if (kind == 0) {
		add(text, "cpuset: ");
		add_list(text, seed, next);
	} else if (kind < 3) {
		add(text, "%s: %u", below(seed, 2) ? "cpus" : "cpu", 1 + below(seed, 6));
	}
	if (below(seed, 4))
		add(text, "%smemory: %u%s", kind < 3 ? ", " : "", 100 + below(seed, 3000),
			below(seed, 2) ? "M" : "");
	add(text, "}");
}

static void make_mapping(struct text *text, uint64_t *seed)
{
	unsigned next = 0;
	unsigned crss = 1 + below(seed, 8);
	add(text, "workers:\n  local: {");
	if (below(seed, 5))
		add(text, below(seed, 2) ? "cpuset: 0-%u" : "cpu: %u", 8 + below(seed, 40));
	if (below(seed, 5))
		add(text, "%smemory: %uG", text->at[text->len - 1] == '{' ? "" : ", ",
			4 + below(seed, 40));
	add(text, "}\n  other:\ncrs:\n");
	for (unsigned i = 0; i < crss; i++) {
		add(text, "  c%u:\n", i);
		if (below(seed, 4) == 0)
			add(text, "    workers: [%s]\n", below(seed, 3) ? "other, local" : "other");
		if (below(seed, 3)) {
			bool blocks = below(seed, 2);
			add(text, blocks ? "    resources:\n      local: " : "    resources: ");
			add_share(text, seed, &next);
			add(text, "\n");
		}
	}
}

static void make_flat(struct text *text, uint64_t *seed, bool compose)
{
	unsigned next = 0;
	unsigned crss = 1 + below(seed, 8);
	add(text, compose ? "run_env: local\n" : "crs:\n");
	for (unsigned i = 0; i < crss; i++) {
		if (compose)
			add(text, i == 1 ? "oss_crs_infra: {cpuset: " : "c%u: {cpuset: ", i);
		else
			add(text, "- {name: c%u, cpuset: ", i);
		add_list(text, seed, &next);
		add(text, ", %s: %uM}\n", compose ? "memory" : "memory_limit",
			1 + below(seed, 4000));
	}
}

static void make_request(uint64_t *seed, const struct topology *topology, struct plan_request *ret)
{
	*ret = (struct plan_request){.run_id = "id",
		.worker = "local",
		.uid = 1000,
		.host_cpus = topology_online(topology),
		.host_memory = topology->memory,
		.topology = below(seed, 3) ? topology : NULL,
		.strict = below(seed, 4) == 0};
	unsigned moved_by = below(seed, 3);
	if (moved_by == 1)
		ret->cpu_count = 1 + below(seed, (unsigned)topology->count);
	for (unsigned cpu = 0; moved_by == 2 && cpu < topology->count; cpu++)
		if (below(seed, 4) || cpu == 0)
			cpulist_add(&ret->cpus, cpu);
	if (below(seed, 2))
		ret->memory = (1 + below(seed, 60)) * UINT64_C(1000000000);
	ret->scale = (ret->memory || moved_by) && below(seed, 2);
}

/* 1 if the config was planned, 0 if it was refused, as it should be or not: a refusal has its place or option. */
static int plan_one(uint64_t *seed, const struct topology *topology, unsigned number)
{
	struct text text = {0};
	struct error err = {0};
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	_cleanup_(plan_free) struct run_plan again = PLAN_NONE;
	struct plan_request request;
	unsigned format = below(seed, 3);
	if (format == 0)
		make_mapping(&text, seed);
	else
		make_flat(&text, seed, format == 1);
	make_request(seed, topology, &request);
	if (job_parse("c.yaml", text.at, text.len, "local", &job, &err) < 0) {
		if (err.status != EX_CONFIG || !strstr(err.msg, "has no CRS for worker"))
			fail_test("config %u: %s\n%s", number, err.msg, text.at);
		return 0;
	}
	assert_non_null(job.path = strdup("c.yaml"));
	if (plan_make(&job, &request, &plan, &err) < 0) {
		if (err.status != EX_CONFIG ||
			(!strstr(err.msg, "c.yaml") && !strstr(err.msg, "--")))
			fail_test("config %u: %s\n%s", number, err.msg, text.at);
		return 0;
	}
	assert_ok(plan_make(&job, &request, &again, &err), err);
	const char *broken = plan_broken(&job, &request, &plan);
	broken = broken ? broken : plan_differs(&plan, &again);
	if (broken)
		fail_test("config %u is planned against: %s\n%s", number, broken, text.at);
	return 1;
}

TEST(ten_thousand_configs_keep_every_promise)
{
	struct topology topologies[COUNT(machines)];
	uint64_t seed = 4;
	unsigned planned = 0;
	for (size_t i = 0; i < COUNT(machines); i++)
		topologies[i] = topology_of(&machines[i]);
	for (unsigned i = 0; i < CONFIGS; i++)
		planned += (unsigned)plan_one(&seed, &topologies[i % COUNT(machines)], i);
	for (size_t i = 0; i < COUNT(machines); i++)
		topology_free(&topologies[i]);
	print_message("%u of %d planned\n", planned, CONFIGS);
	assert_true(planned > CONFIGS / 4 && planned < CONFIGS * 3 / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(ten_thousand_configs_keep_every_promise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
