/* SPDX-License-Identifier: MIT
 *
 * fuzz_guard: use the input as a request of a CRS to its guard's socket: head, body, target and
 * judgement, with an engine that is a table.
 *
 * Invariants: what is sent on is read again as what it is; it names no container but the CRS's own;
 * a container that is created has the CRS's cgroup, its labels and no more than its memory, and no
 * key that the guard does not know.
 */
#include "fuzz.h"

#include "../unit/judged.h"
#include "cleanup_json.h"
#include "message.h"

#include <strings.h>

/* Podman makes words of a command line of these. */
static void check_words(const json_t *sent, const json_t *host)
{
	const char *key = NULL;
	const json_t *value = NULL;
	size_t i = 0;
	json_object_foreach (json_object_get(sent, "Volumes"), key, value)
		CHECK(*key == '/' && !strchr(key, ':'));
	json_array_foreach (json_object_get(host, "Mounts"), i, value) {
		const char *target = json_string_value(json_object_get(value, "Target"));
		const char *type = json_string_value(json_object_get(value, "Type"));
		CHECK(!target || !strpbrk(target, ",\"\n"));
		CHECK(strcmp(type, "bind") != 0 ||
			json_is_string(json_object_get(value, "Source")));
	}
}

static void check_created(const char *body)
{
	_cleanup_json_ json_t *sent = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	const char *key = NULL;
	json_t *value = NULL;
	json_t *host = json_object_get(sent, "HostConfig");
	const json_t *labels = json_object_get(sent, "Labels");
	CHECK(json_is_object(host) && json_is_object(labels));
	/* Once in any case, so that the engine finds the one that was judged. */
	json_object_foreach (sent, key, value)
		CHECK(strcasecmp(key, "HostConfig") != 0 || value == host);
	json_object_foreach (host, key, value) {
		CHECK(strcasecmp(key, "CgroupParent") != 0 ||
			strcmp(json_string_value(value), JUDGED_PARENT) == 0);
		CHECK(strcasecmp(key, "Privileged") != 0 && strcasecmp(key, "Devices") != 0 &&
			strcasecmp(key, "VolumesFrom") != 0);
		CHECK(strcasecmp(key, "Memory") != 0 || json_integer_value(value) <= (1 << 30));
	}
	CHECK(json_object_get(host, "CgroupParent"));
	check_words(sent, host);
	CHECK(strcmp(json_string_value(json_object_get(labels, "oss-crs.guard")), "alpha") == 0);
}

static void check_sent(const char *method, const char *text, const char *body)
{
	_cleanup_(target_free) struct target target = TARGET_NONE;
	_cleanup_free_ char *again = NULL;
	struct error err = {0};
	CHECK(strpbrk(text, " \r\n\t") == NULL);
	CHECK(target_parse(text, &target, &err) == 0);
	CHECK(target_format(&target, &again, &err) == 0);
	CHECK(strcmp(again, text) == 0);
	CHECK(judge_route(method, &target, &err));
	if (target_matches(&target, "containers/create"))
		check_created(body);
	else if (strcmp(target.segments[0], "containers") == 0 &&
		 !target_matches(&target, "containers/json"))
		CHECK(strcmp(target.segments[1], JUDGED_OWN) == 0);
}

/* Read the body as it would come, in two pieces. */
static bool read_body(struct message *message, const char *text, size_t len)
{
	const size_t pieces[] = {len / 2, len - len / 2};
	struct error err = {0};
	for (size_t i = 0; i < 2 && !message->complete; i++) {
		size_t used = 0;
		if (message_read_body(message, text, pieces[i], 4096, &used, &err) < 0)
			return false;
		CHECK(used <= pieces[i] && message->body_len <= 4096);
		text += pieces[i];
	}
	return message->complete;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct judge_scope scope = judged_scope();
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_(message_free) struct message message = MESSAGE_NONE;
	_cleanup_(target_free) struct target target = TARGET_NONE;
	_cleanup_free_ char *new_target = NULL;
	_cleanup_free_ char *new_body = NULL;
	struct error err = {0};
	size_t len = message_head_length(text, size);
	if (len == 0 || message_read_head(MESSAGE_REQUEST, text, len, &message, &err) < 0 ||
		target_parse(message.target, &target, &err) < 0)
		return 0;
	const struct route *route = judge_route(message.method, &target, &err);
	if (!route) {
		check_error(&err, EX_NOPERM);
		return 0;
	}
	if (!read_body(&message, text + len, size - len))
		return 0;
	if (judge_request(route, &scope, &judged_lookup, &target, message.body, message.body_len,
		    &new_target, &new_body, &err) == 0)
		check_sent(message.method, new_target, new_body);
	else
		CHECK(err.msg[0]);
	return 0;
}
