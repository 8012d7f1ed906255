/* SPDX-License-Identifier: MIT
 *
 * test_plan_random: ten thousand random configs in all formats, moved and scaled, on machines with
 * and without a known topology. Every plan keeps the invariants of ../plan_invariants.h. More than
 * a quarter of the configs are planned and more than a quarter are refused, so that both paths are
 * tested.
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

static void add_text(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add_text(struct text *text, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text->at + text->len, TEXT_MAX - text->len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < TEXT_MAX - text->len);
	text->len += (size_t)n;
}

static unsigned random_below(uint64_t *seed, unsigned limit)
{
	return (unsigned)(unit_random(seed) % limit);
}

/* Add a list of 1 to 6 CPUs, sometimes with a hole. It begins at *next, after all earlier lists,
 * except one time in 20, when it may overlap them. */
static void add_list(struct text *text, uint64_t *seed, unsigned *next)
{
	unsigned first = random_below(seed, 20) == 0 ? random_below(seed, 8) : *next;
	unsigned count = 1 + random_below(seed, 6);
	if (count > 2 && random_below(seed, 3) == 0) {
		add_text(text, "'%u,%u-%u'", first, first + 2, first + count);
		*next = first + count + 1;
		return;
	}
	add_text(text, count > 1 ? "%u-%u" : "%u", first, first + count - 1);
	*next = first + count;
}

/* Add what a CRS asks for: CPUs, memory, both or nothing. */
static void add_share(struct text *text, uint64_t *seed, unsigned *next)
{
	unsigned kind = random_below(seed, 4);
	add_text(text, "{");
	if (kind == 0) {
		add_text(text, "cpuset: ");
		add_list(text, seed, next);
	} else if (kind < 3) {
		add_text(text, "%s: %u", random_below(seed, 2) ? "cpus" : "cpu",
			1 + random_below(seed, 6));
	}
	if (random_below(seed, 4))
		add_text(text, "%smemory: %u%s", kind < 3 ? ", " : "",
			100 + random_below(seed, 3000), random_below(seed, 2) ? "M" : "");
	add_text(text, "}");
}

static void make_mapping(struct text *text, uint64_t *seed)
{
	unsigned next = 0;
	unsigned crss = 1 + random_below(seed, 8);
	add_text(text, "workers:\n  local: {");
	if (random_below(seed, 5))
		add_text(text, random_below(seed, 2) ? "cpuset: 0-%u" : "cpu: %u",
			8 + random_below(seed, 40));
	if (random_below(seed, 5))
		add_text(text, "%smemory: %uG", text->at[text->len - 1] == '{' ? "" : ", ",
			4 + random_below(seed, 40));
	add_text(text, "}\n  other:\ncrs:\n");
	for (unsigned i = 0; i < crss; i++) {
		add_text(text, "  c%u:\n", i);
		if (random_below(seed, 4) == 0)
			add_text(text, "    workers: [%s]\n",
				random_below(seed, 3) ? "other, local" : "other");
		if (random_below(seed, 3)) {
			bool blocks = random_below(seed, 2);
			add_text(
				text, blocks ? "    resources:\n      local: " : "    resources: ");
			add_share(text, seed, &next);
			add_text(text, "\n");
		}
	}
}

static void make_flat(struct text *text, uint64_t *seed, bool compose)
{
	unsigned next = 0;
	unsigned crss = 1 + random_below(seed, 8);
	add_text(text, compose ? "run_env: local\n" : "crs:\n");
	for (unsigned i = 0; i < crss; i++) {
		if (compose)
			add_text(text, i == 1 ? "oss_crs_infra: {cpuset: " : "c%u: {cpuset: ", i);
		else
			add_text(text, "- {name: c%u, cpuset: ", i);
		add_list(text, seed, &next);
		add_text(text, ", %s: %uM}\n", compose ? "memory" : "memory_limit",
			1 + random_below(seed, 4000));
	}
}

static void make_request(uint64_t *seed, const struct topology *topology, struct plan_request *ret)
{
	*ret = (struct plan_request){.run_id = "id",
		.worker = "local",
		.uid = 1000,
		.host_cpus = topology_online(topology),
		.host_memory = topology->memory,
		.topology = random_below(seed, 3) ? topology : NULL,
		.strict = random_below(seed, 4) == 0};
	unsigned moved_by = random_below(seed, 3);
	if (moved_by == 1)
		ret->cpu_count = 1 + random_below(seed, (unsigned)topology->count);
	for (unsigned cpu = 0; moved_by == 2 && cpu < topology->count; cpu++)
		if (random_below(seed, 4) || cpu == 0)
			cpulist_add(&ret->cpus, cpu);
	if (random_below(seed, 2))
		ret->memory = (1 + random_below(seed, 60)) * UINT64_C(1000000000);
	ret->scale = (ret->memory || moved_by) && random_below(seed, 2);
}

/* Plan one random config. Returns 1 if it was planned and 0 if it was refused; the refusal must
 * name the config file or the option at fault. */
static int plan_one(uint64_t *seed, const struct topology *topology, unsigned number)
{
	struct text text = {0};
	struct error err = {0};
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	_cleanup_(plan_free) struct run_plan again = PLAN_NONE;
	struct plan_request request;
	unsigned format = random_below(seed, 3);
	if (format == 0)
		make_mapping(&text, seed);
	else
		make_flat(&text, seed, format == 1);
	make_request(seed, topology, &request);
	if (job_parse("c.yaml", text.at, text.len, "local", &job, &err) < 0) {
		if (err.status != EX_CONFIG || !strstr(err.msg, "no CRS runs on worker"))
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
	if (request.topology)
		assert_ok(plan_explain(request.topology, &plan, &err), err);
	const char *broken = plan_broken(&job, &request, &plan);
	broken = broken ? broken : plan_differs(&plan, &again);
	if (broken)
		fail_test("config %u is planned against: %s\n%s", number, broken, text.at);
	return 1;
}

TEST(ten_thousand_configs_keep_every_invariant)
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
		RUN(ten_thousand_configs_keep_every_invariant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
