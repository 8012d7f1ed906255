/* SPDX-License-Identifier: MIT
 *
 * test_guard_routes: which requests the guard passes on, with which target, and which it refuses.
 */
#include "unit.h"

#include "judge_answer.h"

TEST(a_request_of_ones_own_is_passed_on_with_the_whole_id)
{
	static const struct {
		const char *method, *target, *body, *sent_target, *sent_body;
	} table[] = {
		{"GET", "/_ping", "", "/_ping", NULL},
		{"GET", "/v1.44/version", "", "/v1.44/version", NULL},
		{"GET", "/containers/mine/json", "x", "/containers/" JUDGED_OWN "/json", NULL},
		{"POST", "/v1.41/containers/mine/start", "{\"Privileged\": true}",
			"/v1.41/containers/" JUDGED_OWN "/start", NULL},
		{"GET", "/containers/mine/logs?follow=1&stdout=1", "",
			"/containers/" JUDGED_OWN "/logs?follow=1&stdout=1", NULL},
		{"DELETE", "/containers/mine?v=1&force=1", "",
			"/containers/" JUDGED_OWN "?v=1&force=1", NULL},
		{"POST", "/containers/mine/rename?name=b", "",
			"/containers/" JUDGED_OWN "/rename?name=b", NULL},
		{"POST", "/containers/mine/update", "{\"Memory\": 68719476736}",
			"/containers/" JUDGED_OWN "/update",
			"{\"Memory\":1073741824,\"MemorySwap\":1073741824}"},
		{"POST", "/containers/mine/exec", "{\"Container\": \"theirs\", \"Cmd\": [\"id\"]}",
			"/containers/" JUDGED_OWN "/exec", "{\"Container\":null,\"Cmd\":[\"id\"]}"},
		{"POST", "/containers/mine/exec", "{\"Cmd\": [\"id\"], \"Detach\": true}",
			"/containers/" JUDGED_OWN "/exec", "{\"Cmd\":[\"id\"],\"Detach\":true}"},
		{"POST", "/exec/" JUDGED_EXEC "/start", "{\"Detach\": false, \"Tty\": true}",
			"/exec/" JUDGED_EXEC "/start", "{\"Tty\":true}"},
		{"GET", "/images/a/b:1/json", "", "/images/a/b:1/json", NULL},
		{"GET", "/volumes/cache", "", "/volumes/cache", NULL},
		{"POST", "/volumes/create", "{\"Name\": \"cache\"}", "/volumes/create",
			"{\"Name\":\"cache\",\"Labels\":{\"oss-crs.maker\":\"run/"
			"alpha\",\"oss-crs.run\":\"run\","
			"\"oss-crs.guard\":\"alpha\",\"com.docker.compose.project\":\"job\"}}"},
		{"POST", "/containers/create?name=worker-1", "{}",
			"/containers/create?name=worker-1",
			"{\"HostConfig\":{\"CgroupParent\":\"" JUDGED_PARENT
			"\"},\"Labels\":{\"oss-crs.maker\":\"run/"
			"alpha\",\"oss-crs.run\":\"run\",\"oss-crs.guard\":\"alpha\","
			"\"com.docker.compose.project\":\"job\"}}"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(answer_free) struct answer answer =
			judge(table[i].method, table[i].target, table[i].body);
		if (answer.result < 0)
			fail_test("%s %s: %s", table[i].method, table[i].target, answer.err.msg);
		assert_string_equal(answer.target, table[i].sent_target);
		if (table[i].sent_body)
			assert_string_equal(answer.body, table[i].sent_body);
		else
			assert_null(answer.body);
	}
}

TEST(a_request_outside_the_crs_is_refused)
{
	static const struct {
		const char *method, *target, *body;
	} table[] = {
		{"GET", "/containers/theirs/json", ""},
		{"POST", "/containers/theirs/start", ""},
		{"DELETE", "/containers/" JUDGED_OTHER, ""},
		{"POST", "/containers/theirs/exec", "{}"},
		{"POST", "/containers/mine/exec", "{\"Privileged\": true}"},
		{"POST", "/containers/mine/exec", "{\"privileged\": true}"},
		{"POST", "/containers/mine/update", "{\"Devices\": [{}, 1]}"},
		{"POST", "/containers/mine/update", "{\"CgroupParent\": \"/\"}"},
		{"POST", "/containers/mine/update", "{\"RestartPolicy\": {\"Name\": \"always\"}}"},
		{"POST", "/containers/mine/rename?name=job-beta-1", ""},
		{"POST", "/containers/mine/rename?name=job.beta.1", ""},
		{"POST", "/containers/mine/rename", ""},
		{"POST", "/containers/create?name=job_beta_1", "{}"},
		{"POST", "/containers/create?name=Beta", "{}"},
		{"POST", "/containers/create?fromImage=x", "{}"},
		{"GET", "/containers/mine/top?ps_args=-e", ""},
		{"GET", "/containers/mine/export", ""},
		{"PUT", "/containers/mine/archive?path=/", ""},
		{"GET", "/containers/mine/attach/ws", ""},
		{"GET", "/exec/" JUDGED_OTHER "/json", ""},
		{"POST", "/exec/abc/start", "{}"},
		{"POST", "/build", ""},
		{"POST", "/v1.41/build?t=x", ""},
		{"POST", "/session", ""},
		{"POST", "/grpc", ""},
		{"POST", "/images/create?fromImage=busybox", ""},
		{"POST", "/images/load", ""},
		{"DELETE", "/images/busybox", ""},
		{"POST", "/commit?container=mine", ""},
		{"POST", "/networks/create", "{}"},
		{"GET", "/networks", ""},
		{"POST", "/networks/job_default/connect", "{}"},
		{"POST", "/containers/prune", ""},
		{"POST", "/system/prune", ""},
		{"GET", "/system/df", ""},
		{"GET", "/info", ""},
		{"POST", "/swarm/init", ""},
		{"GET", "/services", ""},
		{"GET", "/plugins", ""},
		{"GET", "/secrets", ""},
		{"POST", "/auth", ""},
		{"GET", "/v4.0.0/libpod/info", ""},
		{"GET", "/libpod/containers/json", ""},
		{"HEAD", "/containers/mine/json", ""},
		{"GET", "/Containers/json", ""},
		{"GET", "/volumes/theirs", ""},
		{"POST", "/volumes/create",
			"{\"DriverOpts\": {\"device\": \"/\", \"o\": \"bind\"}}"},
		{"POST", "/volumes/create", "{\"Name\": \"theirs\"}"},
		{"POST", "/volumes/create", "{\"Driver\": \"nfs\"}"},
		{"POST", "/volumes/create", "{\"Labels\": {\"oss-crs.run\": \"x\"}}"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(answer_free) struct answer answer =
			judge(table[i].method, table[i].target, table[i].body);
		if (answer.result == 0)
			fail_test("passed: %s %s %s", table[i].method, table[i].target,
				table[i].body);
		if (answer.err.status != EX_NOPERM)
			fail_test("%s %s: %s", table[i].method, table[i].target, answer.err.msg);
	}
}

TEST(a_list_is_of_what_the_crs_has_made)
{
	static const char own[] = "%22oss-crs.maker%3Drun%2Falpha%22";
	static const struct {
		const char *target, *sent;
	} table[] = {
		{"/containers/json", "/containers/json?filters=%7B%22label%22%3A%5B@%5D%7D"},
		{"/v1.41/containers/json?all=1",
			"/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B@%5D%7D"},
		{"/events?filters=%7B%22type%22%3A%7B%22container%22%3Atrue%7D%7D",
			"/events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22label%22%3A%5B@"
			"%5D%7D"},
		{"/volumes?filters=%7B%22label%22%3A%5B%22a%22%5D%7D",
			"/volumes?filters=%7B%22label%22%3A%5B%22a%22%2C@%5D%7D"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char sent[512];
		const char *place = strchr(table[i].sent, '@');
		(void)snprintf(sent, sizeof sent, "%.*s%s%s", (int)(place - table[i].sent),
			table[i].sent, own, place + 1);
		_cleanup_(answer_free) struct answer answer = judge("GET", table[i].target, "");
		assert_ok(answer.result, answer.err);
		assert_string_equal(answer.target, sent);
	}
	static const char *const bad[] = {"/containers/json?filters=x", "/events?filters=[]",
		"/events?filters=%7B%22label%22%3A1%7D",
		"/events?filters=%7B%22label%22%3A%5B%5D%2C%22label%22%3A%5B%5D%7D"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		_cleanup_(answer_free) struct answer answer = judge("GET", bad[i], "");
		assert_int_equal(answer.result, -1);
		assert_int_equal(answer.err.status, EX_DATAERR);
	}
}

TEST(a_volume_has_no_name_that_compose_could_give)
{
	static const char *const names[] = {"job_new", "job-new", "beta", "a/b", ""};
	for (size_t i = 0; i < COUNT(names); i++) {
		char body[64];
		(void)snprintf(
			body, sizeof body, "{\"Name\": \"%s\", \"Driver\": \"local\"}", names[i]);
		_cleanup_(answer_free) struct answer answer =
			judge("POST", "/volumes/create", body);
		assert_int_equal(answer.result, *names[i] ? -1 : 0);
		/* It is not left to the engine, which would make it. */
		if (*names[i] && !strstr(answer.err.msg, "such names are the run's own"))
			assert_contains(answer.err.msg, "not a plain name");
	}
}

TEST(what_does_not_exist_is_no_refusal)
{
	_cleanup_(answer_free) struct answer answer = judge("GET", "/containers/gone/json", "");
	assert_int_equal(answer.result, -1);
	assert_int_equal(answer.err.code, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_request_of_ones_own_is_passed_on_with_the_whole_id),
		RUN(a_request_outside_the_crs_is_refused),
		RUN(a_list_is_of_what_the_crs_has_made),
		RUN(a_volume_has_no_name_that_compose_could_give),
		RUN(what_does_not_exist_is_no_refusal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
