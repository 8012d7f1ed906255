/* SPDX-License-Identifier: MIT
 *
 * test_job: what the config formats mean, and how the parser handles the pitfalls of YAML: each has
 * exactly one outcome.
 */
#include "unit.h"

#include "doc.h"
#include "job.h"

static int parse_config(const char *text, const char *worker, struct job *ret, struct error *err)
{
	return job_parse("c.yaml", text, strlen(text), worker, ret, err);
}

static void assert_refused_bytes(
	const char *text, size_t len, const char *message, const char *hint)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	if (job_parse("c.yaml", text, len, "local", &job, &err) == 0)
		fail_test("not refused: %s", text);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, message);
	assert_contains(err.hint, hint);
}

static void assert_refused(const char *text, const char *message, const char *hint)
{
	assert_refused_bytes(text, strlen(text), message, hint);
}

static void assert_cpus(const struct job *job, size_t i, const char *expected)
{
	char text[CPULIST_TEXT_MAX];
	assert_string_equal(cpulist_format(&job->crs[i].share.cpus, text), expected);
}

/* A CRS in the crs-compose format with this cpuset, as written, gets these CPUs. */
static void assert_cpuset(const char *written, const char *expected)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	char text[256];
	(void)snprintf(text, sizeof text, "a:\n  cpuset: %s\n  memory: 1G\n", written);
	assert_ok(parse_config(text, "local", &job, &err), err);
	assert_cpus(&job, 0, expected);
}

static const char mapping[] = "workers:\n"
			      "  local: {cpuset: 0-15, memory: 32G}\n"
			      "  big: {cpu: 64, memory: 128G}\n"
			      "llm: {max_budget: 100}\n"
			      "crs:\n"
			      "  both:\n"
			      "    workers: [local, big]\n"
			      "    resources:\n"
			      "      local: {cpuset: 0-3, memory: 4G}\n"
			      "      big: {cpus: 8, memory: 8192}\n"
			      "    llm: {max_budget: 30}\n"
			      "  flat:\n"
			      "    workers: [big]\n"
			      "    resources: {cpu: '4-7', memory: 64G}\n"
			      "  silent:\n"
			      "    workers: [local]\n"
			      "  everywhere:\n";

TEST(the_mapping_form_gives_each_worker_its_crss)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	assert_ok(parse_config(mapping, "local", &job, &err), err);
	assert_int_equal(job.crs_count, 3);
	assert_string_equal(job.crs[0].name, "both");
	assert_cpus(&job, 0, "0-3");
	assert_true(job.crs[0].share.memory == UINT64_C(4) << 30);
	assert_string_equal(job.crs[1].name, "silent");
	assert_int_equal(job.crs[1].share.cpus_at.line, 0);
	assert_int_equal(job.crs[1].share.memory_at.line, 0);
	assert_string_equal(job.crs[2].name, "everywhere");
}

TEST(digits_under_cpu_and_cpus_are_a_count_and_a_list_is_a_list)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	assert_ok(parse_config(mapping, "big", &job, &err), err);
	assert_int_equal(job.worker.cpu_count, 64);
	assert_int_equal(job.crs[0].share.cpu_count, 8);
	assert_true(job.crs[0].share.memory == UINT64_C(8) << 30);
	assert_int_equal(job.crs[1].share.cpu_count, 0);
	assert_cpus(&job, 1, "4-7");
}

TEST(a_mistyped_resource_key_gets_a_suggestion)
{
	static const struct {
		const char *text, *message, *hint;
	} table[] = {
		{"a: {cpu_set: 0-3, memory: 1G}", "1:5: unknown key 'cpu_set'", "'cpuset'"},
		{"a: {cpusets: 0-3, memory: 1G}", "1:5: unknown key 'cpusets'", "'cpuset'"},
		{"a: {cpuset: 0-3, memroy: 1G}", "1:18: unknown key 'memroy'", "'memory'"},
		{"a: {cpuset: 0-3, mem_limit: 1G}", "1:18: unknown key 'mem_limit'", "'memory'"},
		{"a: {CPUSET: 0-3, Memory: 1G}", "1:5: unknown key 'CPUSET'", "'cpuset'"},
		{"a: {cpus: 4, ram: 1G}", "1:14: unknown key 'ram'", "'memory'"},
		{"crs: [{name: a, cpuset: 0, memory: 1G}]", "1:28: unknown key 'memory'",
			"'memory_limit'"},
		{"crs: {a: {cpuset: 0-3}}", "1:11: unknown key 'cpuset'", "'resources'"},
		{"crs: {a: {resource: {cpu: 1}}}", "1:11: unknown key 'resource'", "'resources'"},
		{"crs: {a: {worker: [local]}}", "1:11: unknown key 'worker'", "'workers'"},
		{"crs: {a: {resources: {cpu: 1, disk: 4}}}", "1:31: unknown key 'disk'",
			"did you mean"},
		{"crs: {a: }\nworker: {local: {cpu: 1}}", "2:1: unknown key 'worker'", "'workers'"},
		{"crs: {a: }\nworkers: {local: {cpu: 1, memory_max: 4G}}",
			"unknown key 'memory_max'", "'memory'"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_refused(table[i].text, table[i].message, table[i].hint);
}

TEST(unrelated_keys_are_accepted)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	assert_ok(parse_config("run_env: local\nllm_config: {litellm: {mode: internal}}\n"
			       "a: {cpuset: 0, memory: 1G, source: {url: x}, attach: false, "
			       "llm_budget: 10, "
			       "additional_env: {MEMORY: x, CPUS: 3}}\n",
			  "local", &job, &err),
		err);
	assert_int_equal(job.crs_count, 1);
}

TEST(a_crs_compose_entry_may_have_a_number_of_cpus)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	assert_ok(parse_config("run_env: local\noss_crs_infra: {cpuset: 0, memory: 1G}\n"
			       "a: {cpus: 4, memory: 8G}\nb: {cpu: 2-3, memory: 1G}\n",
			  "local", &job, &err),
		err);
	assert_int_equal(job.crs_count, 3);
	assert_int_equal(job.crs[1].share.cpu_count, 4);
	assert_int_equal(job.crs[2].share.cpu_count, 0);
	assert_cpus(&job, 2, "2-3");
	assert_refused("run_env: local\na: {cpus: 4}", "c.yaml:2:1: CRS 'a' has no memory", "");
}

/* A file of the Python OSS-CRS with one CRS more than the infrastructure. */
static int parse_upstream(const char *entry, struct job *job, struct error *err)
{
	char text[512];
	(void)snprintf(text, sizeof text,
		"run_env: local\ndocker_registry: local\n"
		"oss_crs_infra: {cpuset: \"0\", memory: 1G}\n%s\n",
		entry);
	return parse_config(text, "local", job, err);
}

/* Each of these differences has its reason in docs/config.md. */
TEST(what_the_python_oss_crs_refuses_and_this_program_takes)
{
	static const struct {
		const char *entry, *cpus;
		uint64_t memory;
	} table[] = {
		{"a: {cpuset: 4, memory: 1G}", "4", UINT64_C(1) << 30},
		{"a: {cpuset: \"2, 3\", memory: 1G}", "2-3", UINT64_C(1) << 30},
		{"a: {cpuset: \"2\", memory: 2GiB}", "2", UINT64_C(2) << 30},
		{"a.b: {cpuset: \"2\", memory: 1G}", "2", UINT64_C(1) << 30},
		{"42: {cpuset: \"2\", memory: 1G}", "2", UINT64_C(1) << 30},
		{"a: {cpuset: \"2\", memory: 1G, source: {url: x}, llm_budget: 0}", "2",
			UINT64_C(1) << 30},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(job_free) struct job job = JOB_NONE;
		struct error err = {0};
		assert_ok(parse_upstream(table[i].entry, &job, &err), err);
		assert_int_equal(job.crs_count, 2);
		assert_cpus(&job, 1, table[i].cpus);
		assert_int_equal(job.crs[1].share.memory, table[i].memory);
	}
}

TEST(what_the_python_oss_crs_takes_and_this_program_refuses)
{
	static const struct {
		const char *entry, *message;
	} table[] = {
		{"a: {cpuset: \"\xd9\xa2\", memory: 1G}", "expected a CPU number"},
		{"a: {cpuset: \"100000\", memory: 1G}", "CPU number is too high"},
		{"a: {cpuset: \"2-3\\n\", memory: 1G}", "expected ',' after a range"},
		{"a: {cpuset: \"2\", memory: 0G}", "must be more than zero"},
		{"a: {cpuset: \"2\", memory: 1B}", "less than a page"},
		{"a: {cpuset: \"2\", memory: 1G, memroy: 2G}", "unknown key 'memroy'"},
		{"a: {cpuset: \"2\", memory: 1G, mem_limit: 2G}", "unknown key 'mem_limit'"},
		{"llm_config: {cpuset: \"5\", memory: 1G}", "'llm_config' is a setting"},
		{"llm_config: {cpus: 5}", "'llm_config' is a setting"},
		{"crs: {cpuset: \"2\", memory: 1G}", "entry with a cpuset outside `crs:`"},
		{"workers: {cpuset: \"2\", memory: 1G}", "has no `crs:`"},
		{"a: {cpuset: \"2\", memory: 1G}\na: {cpuset: \"3\", memory: 1G}",
			"duplicate key 'a'"},
		{"a: {cpuset: \"2\", cpuset: \"3\", memory: 1G}", "duplicate key 'cpuset'"},
		{"x: &x {cpuset: \"2\", memory: 1G}\na: {<<: *x}", "merge keys"},
		{"a: {cpuset: !!binary Mg==, memory: 1G}", "expected a CPU number"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(job_free) struct job job = JOB_NONE;
		struct error err = {0};
		assert_int_equal(parse_upstream(table[i].entry, &job, &err), -1);
		assert_int_equal(err.status, EX_CONFIG);
		assert_contains(err.msg, table[i].message);
	}
}

TEST(an_unknown_worker_is_refused_with_the_nearest_name)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	assert_int_equal(parse_config(mapping, "lcoal", &job, &err), -1);
	assert_contains(err.msg, "c.yaml:2:3: no worker named 'lcoal'");
	assert_contains(err.hint, "'local'");
	assert_refused("workers: {local: {cpu: 1}}\ncrs: {a: {workers: [locale]}}",
		"c.yaml:2:21: no worker named 'locale'", "'local'");
	assert_refused("workers: {local: {cpu: 1}, x: }\ncrs: {a: {workers: [x]}}",
		"c.yaml:2:6: no CRS runs on worker 'local'", "");
}

TEST(other_shapes_are_refused)
{
	assert_refused("crs: 1", "c.yaml:1:6: `crs:` must be a list or a mapping", "- name");
	assert_refused("crs: {a: 4G}", "c.yaml:1:10: a CRS must be a mapping", "");
	assert_refused("crs: {a: {workers: local}}", "workers must be a list of names", "[local]");
	assert_refused("crs: {a: {workers: [{}]}}", "workers must be a list of names", "");
	assert_refused(
		"crs: {a: {resources: 4G}}", "`resources:` must contain cpuset and memory", "");
	assert_refused("crs: {a: {resources: {cpu: 1, local: {cpu: 1}}}}",
		"`resources:` must contain", "not both");
	assert_refused("crs: {a: {resources: {cpu: 1, cpuset: 2}}}",
		"cpuset (line 1) and cpu are both", "");
	assert_refused("workers: [local]\ncrs: {a: }", "`workers:` must be a mapping", "");
	assert_refused("workers: {local: 16}\ncrs: {a: }", "worker 'local' must be a mapping", "");
	assert_refused(
		"crs: {a: }\nb: {cpuset: 0, memory: 1G}", "c.yaml:2:1: entry with a cpuset", "");
	assert_refused("crs: {a: {resources: {cpu: 0}}}", "cpu must be at least 1", "");
	assert_refused(
		"crs: {a: {resources: {cpu: 9000}}}", "more CPUs than any kernel supports", "");
	assert_refused(
		"crs: {a: {resources: {cpu: 99999999999999999999}}}", "more CPUs than any", "");
	assert_refused("crs: {a: {resources: {cpu: 1.5}}}", "expected ',' or '-'", "");
	assert_refused("run_env: local", "contains no CRS", "crs:");
	assert_refused("[a]", "expected a mapping", "");
}

TEST(numbers_are_read_as_written_not_as_yaml_types)
{
	assert_cpuset("0-3", "0-3");
	assert_cpuset("3", "3");
	assert_cpuset("'010'", "10");
	assert_cpuset("00-03", "0-3");
	assert_cpuset("1,000", "0-1");
	assert_refused(
		"a: {cpuset: 010, memory: 1G}", "c.yaml:1:13: cpuset '010' is an octal", "leading");
	assert_refused(
		"crs: {a: {resources: {cpu: 08}}}", "cpu '08' is an octal number", "leading zero");
	assert_refused(
		"crs: {a: {resources: {memory: 0777}}}", "memory '0777' is an octal", "leading");
	assert_refused("a: {cpuset: 1:30, memory: 1G}", "c.yaml:1:13: cpuset: CPU list '1:30'", "");
	assert_refused("a: {cpuset: 0x10, memory: 1G}", "CPU list '0x10'", "");
	assert_refused("a: {cpuset: 1_0, memory: 1G}", "CPU list '1_0'", "");
	assert_refused("crs: {a: {resources: {memory: 1_0}}}", "size '1_0': unknown unit", "4G");
	assert_refused("a: {cpuset: 0, memory: 1:30}", "size '1:30': unknown unit", "4G");
	assert_refused("a: {cpuset: 0, memory: 1e3}", "size '1e3': unknown unit", "4G");
	assert_refused("a: {cpuset: 0, memory: .inf}", "expected a number", "4G");
	assert_refused("a: {cpuset: , memory: 1G}", "cpuset must be a CPU list", "");
	assert_refused("a: {cpuset: ~, memory: 1G}", "cpuset must be a CPU list", "");
	assert_refused("a: {cpuset: 0, memory: null}", "memory must be a size", "");
	assert_refused("a: {cpuset: [0, 1], memory: 1G}", "cpuset must be a CPU list", "");
}

TEST(encodings_and_line_ends)
{
	static const char utf16[] = "\xff\xfe"
				    "a\0:\0 \0{\0c\0p\0u\0s\0e\0t\0:\0 \0001\0,\0 "
				    "\0m\0e\0m\0o\0r\0y\0:\0 \0001\0G\0}\0";
	static const char nul[] = "a: {cpuset: 0\0, memory: 1G}";
	_cleanup_(job_free) struct job bom = JOB_NONE;
	_cleanup_(job_free) struct job crlf = JOB_NONE;
	_cleanup_(job_free) struct job wide = JOB_NONE;
	struct error err = {0};
	assert_ok(parse_config("\xef\xbb\xbf"
			       "a: {cpuset: 1, memory: 1G}\n",
			  "local", &bom, &err),
		err);
	assert_cpus(&bom, 0, "1");
	assert_ok(
		parse_config("a:\r\n  cpuset: 0-1\r\n  memory: 1G\r\n", "local", &crlf, &err), err);
	assert_cpus(&crlf, 0, "0-1");
	assert_ok(job_parse("c.yaml", utf16, sizeof utf16 - 1, "local", &wide, &err), err);
	assert_cpus(&wide, 0, "1");
	assert_refused_bytes(nul, sizeof nul - 1, "c.yaml: byte 13: control characters", "");
	assert_refused("a: {cpuset: \"0\\0\", memory: 1G}",
		"c.yaml:1:13: value contains a NUL character", "");
	assert_refused("a: {cpuset: 0, memory: \xff}", "c.yaml: byte 23: ", "");
	assert_refused("a:\n\tcpuset: 0\n", "c.yaml:2:1: ", "spaces");
}

TEST(documents_keys_and_aliases)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	struct error err = {0};
	assert_ok(parse_config("x: &m 1G\na: {cpuset: 0, memory: *m}\nb: {cpuset: 1, memory: *m}\n",
			  "local", &job, &err),
		err);
	assert_int_equal(job.crs_count, 2);
	assert_true(job.crs[1].share.memory == UINT64_C(1) << 30);
	assert_refused("", "c.yaml: file is empty", "");
	assert_refused("# nothing\n", "c.yaml: file is empty", "");
	assert_refused("---\n", "expected a mapping", "");
	assert_refused(
		"a: {cpuset: 0, memory: 1G}\n---\nb: 1\n", "c.yaml:2:1: second YAML document", "");
	assert_refused(
		"a: {cpuset: 0, memory: 1G, cpuset: 1}", "c.yaml:1:28: duplicate key 'cpuset'", "");
	assert_refused("a: &a {cpuset: 0, memory: *a}",
		"c.yaml:1:4: anchor contains an alias of itself", "");
	assert_refused("a: {cpuset: 0, memory: *b}", "c.yaml:1:24: undefined alias", "");
	assert_refused("x: &x {y: 1}\na: {<<: *x, cpuset: 0, memory: 1G}", "c.yaml:2:5: merge keys",
		"write the keys");
}

TEST(depth_and_aliases_are_bounded)
{
	char deep[2 * DOC_DEPTH_MAX + 8] = "a: ";
	memset(deep + 3, '[', DOC_DEPTH_MAX);
	memset(deep + 3 + DOC_DEPTH_MAX, ']', DOC_DEPTH_MAX);
	assert_refused(deep, "nested more than 64 levels deep", "");
	deep[3 + DOC_DEPTH_MAX - 1] = ' ';
	deep[3 + DOC_DEPTH_MAX] = ' ';
	assert_refused(deep, "contains no CRS", "");
	char laughs[1024] = "a0: &a0 x\n";
	for (unsigned i = 1; i < 12; i++) {
		size_t used = strlen(laughs);
		(void)snprintf(laughs + used, sizeof laughs - used,
			"a%u: &a%u [*a%u, *a%u, *a%u, *a%u]\n", i, i, i - 1, i - 1, i - 1, i - 1);
	}
	assert_refused(laughs, "more than 1048576 values when aliases are expanded", "");
	char chain[4096] = "a0: &a0 x\n";
	for (unsigned i = 1; i <= DOC_DEPTH_MAX; i++) {
		size_t used = strlen(chain);
		(void)snprintf(
			chain + used, sizeof chain - used, "a%u: &a%u [*a%u]\n", i, i, i - 1);
	}
	assert_refused(chain, "nested more than 64 levels deep", "");
}

TEST(a_file_larger_than_the_bound_is_refused)
{
	_cleanup_free_ char *text = malloc(JOB_SIZE_MAX + 1);
	assert_non_null(text);
	memset(text, '#', JOB_SIZE_MAX + 1);
	assert_refused_bytes(text, JOB_SIZE_MAX + 1, "larger than 1048576 bytes", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_mapping_form_gives_each_worker_its_crss),
		RUN(digits_under_cpu_and_cpus_are_a_count_and_a_list_is_a_list),
		RUN(a_mistyped_resource_key_gets_a_suggestion),
		RUN(unrelated_keys_are_accepted),
		RUN(a_crs_compose_entry_may_have_a_number_of_cpus),
		RUN(what_the_python_oss_crs_refuses_and_this_program_takes),
		RUN(what_the_python_oss_crs_takes_and_this_program_refuses),
		RUN(an_unknown_worker_is_refused_with_the_nearest_name),
		RUN(other_shapes_are_refused),
		RUN(numbers_are_read_as_written_not_as_yaml_types),
		RUN(encodings_and_line_ends),
		RUN(documents_keys_and_aliases),
		RUN(depth_and_aliases_are_bounded),
		RUN(a_file_larger_than_the_bound_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
