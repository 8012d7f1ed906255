/* SPDX-License-Identifier: MIT
 *
 * test_risks: which services could leave their cgroup. The configs are in the formats of
 * docker-compose 1.29 and of `docker compose config`.
 */
#include "unit.h"

#include "risks.h"

TEST(settings_that_let_a_service_leave_its_cgroup_are_named)
{
	static const struct {
		const char *body, *risks;
	} table[] = {
		{"{image: x, volumes: [{type: bind, source: /home/u, target: /w}, {type: tmpfs, "
		 "target: "
		 "/t}]}",
			""},
		{"{image: x, privileged: false, cap_add: [SYS_PTRACE], pid: 'service:b', cgroup: "
		 "private}",
			""},
		{"{privileged: true}", "privileged"},
		{"{cgroup: host, pid: host}", "cgroup: host, pid: host"},
		{"{cap_add: [NET_ADMIN, SYS_ADMIN]}", "SYS_ADMIN"},
		{"{cap_add: [ALL]}", "SYS_ADMIN"},
		{"{volumes: [{type: bind, source: /var/run/docker.sock, target: /d, read_only: "
		 "true}]}",
			"docker.sock"},
		{"{volumes: ['/run/user/1000/docker.sock:/var/run/docker.sock:ro']}",
			"docker.sock"},
		{"{volumes: ['/sys/fs/cgroup:/sys/fs/cgroup:ro']}", ""},
		{"{volumes: ['/sys/fs/cgroup:/sys/fs/cgroup:rw']}", "writable /sys/fs/cgroup"},
		{"{volumes: ['/sys:/sys']}", "writable /sys/fs/cgroup"},
		{"{volumes: [{type: bind, source: /, target: /host}]}", "writable /sys/fs/cgroup"},
		{"{volumes: [{type: bind, source: /, target: /host, read_only: true}]}", ""},
		{"{volumes: ['/system:/sys', 'data:/data', '/anonymous']}", ""},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(doc_free) struct doc doc = DOC_NONE;
		char text[RISKS_TEXT_MAX];
		struct error err = {0};
		assert_ok(doc_load("test", table[i].body, strlen(table[i].body), &doc, &err), err);
		assert_string_equal(
			risks_format(risks_of(&doc, doc_root(&doc)), text), table[i].risks);
	}
}

TEST(the_longest_text_fits)
{
	char text[RISKS_TEXT_MAX];
	assert_contains(risks_format((1U << RISK_COUNT) - 1, text), "writable /sys/fs/cgroup");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN(settings_that_let_a_service_leave_its_cgroup_are_named),
		RUN(the_longest_text_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
