/* SPDX-License-Identifier: MIT
 *
 * test_guard_podman: what Podman makes of a request that Docker would refuse, or read otherwise.
 * Podman turns the body of a creation into the command line of `podman create`, takes variables
 * without a value from its own environment, and shows the events that fit any one of the labels.
 */
#include "unit.h"

#include "cleanup_json.h"
#include "judge_answer.h"

static struct answer judge_podman(const char *method, const char *text, const char *body)
{
	struct judge_scope scope = judged_scope();
	scope.podman = true;
	return judge_of(&scope, method, text, body);
}

static void assert_refused(const struct answer *answer, const char *what, const char *name)
{
	if (answer->result == 0)
		fail_test("passed: %s", what);
	if (answer->err.status != EX_NOPERM)
		fail_test("%s: %s", what, answer->err.msg);
	assert_contains(answer->err.msg, name);
}

/* Each would be another option of the command line. The engine is not asked which it is. */
TEST(a_text_that_podman_would_take_apart_is_refused)
{
	static const struct {
		const char *body, *name;
	} table[] = {
		{"{\"Volumes\": {\"/etc:/x\": {}}}", "Volumes"},
		{"{\"Volumes\": {\"/ok\": {}, \"/:/x:rw\": {}}}", "Volumes"},
		{"{\"Volumes\": {\"etc\": {}}}", "Volumes"},
		{"{\"Volumes\": {\"\": {}}}", "Volumes"},
		{"{\"Volumes\": [\"/etc:/x\"]}", "Volumes"},
		/* Without a source, Podman binds the target's own path. */
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"bind\", \"Target\": \"/etc\"}]}}",
			"without a source"},
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"bind\", "
		 "\"Target\": \"/x,source=/etc\"}]}}",
			"HostConfig.Mounts"},
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"volume\", "
		 "\"Target\": \"/x,source=theirs\"}]}}",
			"HostConfig.Mounts.Target"},
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"tmpfs\", "
		 "\"Target\": \"/x\\n\"}]}}",
			"HostConfig.Mounts.Target"},
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"tmpfs\", "
		 "\"Target\": \"/x\\r\"}]}}",
			"HostConfig.Mounts.Target"},
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"tmpfs\", "
		 "\"Target\": \"\\\"/x\"}]}}",
			"HostConfig.Mounts.Target"},
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"tmpfs\", \"Target\": 1}]}}",
			"HostConfig.Mounts.Target"},
		{"{\"HostConfig\": {\"Mounts\": [{\"Type\": \"bind\", \"Source\": "
		 "\"/home/alice/job/out\", \"Consistency\": \"cached,idmap\"}]}}",
			"HostConfig.Mounts.Consistency"},
		{"{\"HostConfig\": {\"GroupAdd\": [\"1\", \"keep-groups\"]}}",
			"HostConfig.GroupAdd"},
		{"{\"HostConfig\": {\"GroupAdd\": {\"keep-groups\": 1}}}", "HostConfig.GroupAdd"},
		{"{\"HostConfig\": {\"Binds\": [\".:/x\"]}}", "HostConfig.Binds '.'"},
		{"{\"HostConfig\": {\"Binds\": [\"/home/alice/job/out:/x:O,upperdir=/etc\"]}}",
			"known options"},
		{"{\"HostConfig\": {\"NetworkMode\": \"slirp4netns:allow_host_loopback=true\"}}",
			"HostConfig.NetworkMode"},
		{"{\"HostConfig\": {\"UsernsMode\": \"keep-id\"}}", "HostConfig.UsernsMode"},
		{"{\"HostConfig\": {\"ContainerIDFile\": \"/home/alice/.profile\"}}",
			"HostConfig.ContainerIDFile"},
		{"{\"Name\": \"job-beta-1\"}", "Name"},
		{"{\"EnvMerge\": [\"A=%HOME\"]}", "EnvMerge"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(answer_free) struct answer docker =
			judge("POST", "/containers/create", table[i].body);
		_cleanup_(answer_free) struct answer podman =
			judge_podman("POST", "/containers/create", table[i].body);
		assert_refused(&docker, table[i].body, table[i].name);
		assert_refused(&podman, table[i].body, table[i].name);
	}
}

/* Docker takes them out of what the image sets. */
TEST(a_variable_without_a_value_would_be_podmans_own)
{
	static const char *const bodies[] = {"{\"Env\": [\"A=1\", \"HTTPS_PROXY\"]}",
		"{\"Env\": [\"*\"]}", "{\"Env\": [1]}", "{\"Env\": {\"A\": \"1\"}}"};
	for (size_t i = 0; i < COUNT(bodies); i++) {
		_cleanup_(answer_free) struct answer podman =
			judge_podman("POST", "/containers/create", bodies[i]);
		assert_refused(&podman, bodies[i], "Env");
	}
	_cleanup_(answer_free) struct answer docker =
		judge("POST", "/containers/create", bodies[0]);
	assert_ok(docker.result, docker.err);
	_cleanup_(answer_free) struct answer fine = judge_podman(
		"POST", "/containers/create", "{\"Env\": [\"A=\", \"B=*\", \"C=x=y\"]}");
	assert_ok(fine.result, fine.err);
	assert_contains(fine.body, "\"Env\":[\"A=\",\"B=*\",\"C=x=y\"]");
}

/* One label names the run and the CRS, so that no other event fits. */
TEST(events_are_those_of_the_crs_though_any_label_would_do)
{
	_cleanup_(answer_free) struct answer plain = judge_podman("GET", "/events?since=1", "");
	assert_ok(plain.result, plain.err);
	assert_string_equal(plain.target,
		"/events?since=1&filters=%7B%22label%22%3A%5B%22oss-crs.maker%3Drun%2Falpha%22%5D%"
		"7D");
	static const char *const wider[] = {"/events?filters=%7B%22label%22%3A%5B%22a%22%5D%7D",
		"/events?filters=%7B%22label%22%3A%7B%22a%22%3Atrue%7D%7D"};
	for (size_t i = 0; i < COUNT(wider); i++) {
		_cleanup_(answer_free) struct answer podman = judge_podman("GET", wider[i], "");
		assert_refused(&podman, wider[i], "label");
		_cleanup_(answer_free) struct answer docker = judge("GET", wider[i], "");
		assert_ok(docker.result, docker.err);
	}
	_cleanup_(answer_free) struct answer list = judge_podman(
		"GET", "/containers/json?filters=%7B%22label%22%3A%5B%22a%22%5D%7D", "");
	assert_ok(list.result, list.err);
	/* {"label=a": ["b"]} would be one more label. */
	_cleanup_(answer_free) struct answer hidden =
		judge("GET", "/events?filters=%7B%22label%3Da%22%3A%5B%22b%22%5D%7D", "");
	assert_int_equal(hidden.result, -1);
	assert_int_equal(hidden.err.status, EX_DATAERR);
}

TEST(podmans_own_interface_is_refused_by_its_name)
{
	static const char *const targets[] = {
		"/v5.4.2/libpod/_ping", "/libpod/info", "/v5.4/libpod/containers/json"};
	for (size_t i = 0; i < COUNT(targets); i++) {
		_cleanup_(answer_free) struct answer answer = judge_podman("GET", targets[i], "");
		assert_refused(&answer, targets[i], "requests of Docker's API only");
	}
	_cleanup_(answer_free) struct answer ping = judge_podman("GET", "/v5.4.2/_ping", "");
	assert_ok(ping.result, ping.err);
	assert_string_equal(ping.target, "/v5.4.2/_ping");
}

TEST(the_engines_socket_is_the_guards_where_podman_has_it_too)
{
	static const char *const sources[] = {"/run/podman/podman.sock",
		"/run/user/1000/podman/podman.sock", "/var/run/docker.sock"};
	for (size_t i = 0; i < COUNT(sources); i++) {
		char body[256];
		(void)snprintf(body, sizeof body, "{\"HostConfig\": {\"Binds\": [\"%s:/s\"]}}",
			sources[i]);
		_cleanup_(answer_free) struct answer answer =
			judge_podman("POST", "/containers/create", body);
		assert_ok(answer.result, answer.err);
		assert_contains(answer.body, "\"" JUDGED_SOCKET ":/s\"");
	}
}

TEST(a_container_on_podman_has_a_log_that_can_be_followed)
{
	static const struct {
		const char *body, *log;
	} table[] = {
		{"{}", "{\"Type\":\"k8s-file\"}"},
		{"{\"HostConfig\": {\"LogConfig\": {\"Type\": \"\", \"Config\": {}}}}",
			"{\"Type\":\"k8s-file\"}"},
		{"{\"HostConfig\": {\"LogConfig\": {\"Type\": \"none\"}}}", "{\"Type\":\"none\"}"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(answer_free) struct answer answer =
			judge_podman("POST", "/containers/create", table[i].body);
		assert_ok(answer.result, answer.err);
		_cleanup_json_ json_t *sent = json_loads(answer.body, 0, NULL);
		_cleanup_free_ char *log = json_dumps(
			json_object_get(json_object_get(sent, "HostConfig"), "LogConfig"),
			JSON_COMPACT);
		assert_string_equal(log, table[i].log);
	}
}

/* What Docker's client sends for `docker run -v /data --mount … -e A=1`. */
TEST(an_ordinary_container_is_passed_on_to_podman)
{
	static const char body[] =
		"{\"Image\": \"busybox\", \"Env\": [\"A=1\"], \"Volumes\": {\"/data\": {}, "
		"\"/a b\": {}}, \"HostConfig\": {\"GroupAdd\": [\"audio\", \"1\"], \"Mounts\": "
		"[{\"Type\": \"volume\", \"Target\": \"/v\", \"Consistency\": \"default\"}, "
		"{\"Type\": \"tmpfs\", \"Target\": \"/t\", \"TmpfsOptions\": {\"SizeBytes\": 1}}, "
		"{\"Type\": \"bind\", \"Source\": \"/home/alice/job/out\", \"Target\": \"/o\"}]}}";
	_cleanup_(answer_free) struct answer answer =
		judge_podman("POST", "/containers/create", body);
	assert_ok(answer.result, answer.err);
	assert_contains(answer.body, "\"Volumes\":{\"/data\":{},\"/a b\":{}}");
	assert_contains(answer.body, "\"GroupAdd\":[\"audio\",\"1\"]");
	assert_contains(answer.body, "{\"Type\":\"volume\",\"Target\":\"/v\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_text_that_podman_would_take_apart_is_refused),
		RUN(a_variable_without_a_value_would_be_podmans_own),
		RUN(events_are_those_of_the_crs_though_any_label_would_do),
		RUN(podmans_own_interface_is_refused_by_its_name),
		RUN(the_engines_socket_is_the_guards_where_podman_has_it_too),
		RUN(a_container_on_podman_has_a_log_that_can_be_followed),
		RUN(an_ordinary_container_is_passed_on_to_podman),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
