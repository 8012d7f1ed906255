/* SPDX-License-Identifier: MIT
 *
 * test_guard_judge: what the guard makes of the request for a container, and what of it it refuses.
 */
#include "unit.h"

#include "cleanup_json.h"
#include "judge_answer.h"

static struct answer create(const char *body)
{
	return judge("POST", "/v1.41/containers/create", body);
}

/* What an object that has been judged has at "A.B". */
static const json_t *member(const json_t *object, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	char *rest = NULL;
	for (char *key = strtok_r(copy, ".", &rest); key; key = strtok_r(NULL, ".", &rest))
		object = json_object_get(object, key);
	return object;
}

/* The JSON that a creation sends on has at this path; NULL: nothing. */
static void assert_sent(const char *body, const char *path, const char *value)
{
	_cleanup_(answer_free) struct answer answer = create(body);
	if (answer.result < 0)
		fail_test("%s: %s", body, answer.err.msg);
	_cleanup_json_ json_t *sent = json_loads(answer.body, JSON_REJECT_DUPLICATES, NULL);
	const json_t *found = member(sent, path);
	_cleanup_free_ char *text =
		found ? json_dumps(found, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (!value != !text || (value && strcmp(value, text) != 0))
		fail_test("%s: %s is %s", body, path, text ? text : "missing");
}

TEST(a_container_gets_the_cgroup_and_the_labels_of_its_crs)
{
	static const char body[] = "{\"Image\": \"busybox\", \"Labels\": {\"mine\": \"1\"}}";
	assert_sent(body, "HostConfig.CgroupParent", "\"" JUDGED_PARENT "\"");
	assert_sent(body, "Image", "\"busybox\"");
	assert_sent(body, "Labels",
		"{\"mine\":\"1\",\"oss-crs.maker\":\"run/"
		"alpha\",\"oss-crs.run\":\"run\",\"oss-crs.guard\":\"alpha\","
		"\"com.docker.compose.project\":\"job\"}");
	assert_sent("{}", "HostConfig", "{\"CgroupParent\":\"" JUDGED_PARENT "\"}");
	assert_sent("{\"HostConfig\": {\"CgroupParent\": \"" JUDGED_PARENT "\"}}",
		"HostConfig.CgroupParent", "\"" JUDGED_PARENT "\"");
	assert_sent("{\"HostConfig\": null, \"Labels\": null}", "HostConfig.CgroupParent",
		"\"" JUDGED_PARENT "\"");
}

TEST(limits_are_lowered_to_those_of_the_crs)
{
	static const struct {
		const char *host, *path, *value;
	} table[] = {
		{"\"Memory\": 68719476736", "HostConfig.Memory", "1073741824"},
		{"\"Memory\": 68719476736", "HostConfig.MemorySwap", "1073741824"},
		{"\"Memory\": 1048576, \"MemorySwap\": -1", "HostConfig.Memory", "1048576"},
		{"\"Memory\": 1048576, \"MemorySwap\": -1", "HostConfig.MemorySwap", "1048576"},
		{"\"MemorySwap\": -1", "HostConfig.MemorySwap", NULL},
		{"\"MemoryReservation\": 2000000000", "HostConfig.MemoryReservation", "1073741824"},
		{"\"NanoCpus\": 64000000000", "HostConfig.NanoCpus", "2000000000"},
		{"\"NanoCpus\": 500000000", "HostConfig.NanoCpus", "500000000"},
		{"\"CpuQuota\": 9000000", "HostConfig.CpuQuota", "200000"},
		{"\"CpuQuota\": 9000000, \"CpuPeriod\": 1000", "HostConfig.CpuQuota", "2000"},
		{"\"CpuQuota\": 9000000, \"CpuPeriod\": 2000000", "HostConfig.CpuQuota", "200000"},
		{"\"CpuQuota\": -1", "HostConfig.CpuQuota", NULL},
		{"\"CpusetCpus\": \"0-7\"", "HostConfig.CpusetCpus", "\"1-2\""},
		{"\"CpusetCpus\": \"2\"", "HostConfig.CpusetCpus", "\"2\""},
		{"\"CpusetCpus\": \"\"", "HostConfig.CpusetCpus", NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char body[256];
		(void)snprintf(body, sizeof body, "{\"HostConfig\": {%s}}", table[i].host);
		assert_sent(body, table[i].path, table[i].value);
	}
}

/* What each of these would do is why the guard is there. */
static const struct {
	const char *host, *name;
} outside[] = {
	{"\"Privileged\": true", "HostConfig.Privileged true"},
	{"\"privileged\": true", "HostConfig.privileged true"},
	{"\"CgroupParent\": \"/\"", "HostConfig.CgroupParent"},
	{"\"cgroupparent\": \"/\"", "HostConfig.cgroupparent"},
	{"\"Cgroup\": \"container:theirs\"", "HostConfig.Cgroup"},
	{"\"PidMode\": \"host\"", "HostConfig.PidMode \"host\""},
	{"\"PidMode\": \"container:theirs\"", "container 'theirs'"},
	{"\"NetworkMode\": \"host\"", "HostConfig.NetworkMode"},
	{"\"NetworkMode\": \"ns:/proc/1/ns/net\"", "HostConfig.NetworkMode"},
	{"\"NetworkMode\": \"container:theirs\"", "container 'theirs'"},
	{"\"NetworkMode\": \"other_default\"", "HostConfig.NetworkMode"},
	{"\"IpcMode\": \"host\"", "HostConfig.IpcMode"},
	{"\"IpcMode\": \"container:theirs\"", "container 'theirs'"},
	{"\"UTSMode\": \"host\"", "HostConfig.UTSMode"},
	{"\"UsernsMode\": \"host\"", "HostConfig.UsernsMode"},
	{"\"CgroupnsMode\": \"host\"", "HostConfig.CgroupnsMode"},
	{"\"Binds\": [\"/:/host\"]", "HostConfig.Binds '/'"},
	{"\"Binds\": [\"/home/alice/job/out/x:/x\"]", "HostConfig.Binds"},
	{"\"Binds\": [\"/home/alice/job/out/../..:/x\"]", "HostConfig.Binds"},
	{"\"Binds\": [\"/home/alice/job/src:/x\"]", "read-only"},
	{"\"Binds\": [\"/home/alice/job/src:/x:rw\"]", "read-only"},
	{"\"Binds\": [\"/home/alice/job/out:/x:shared\"]", "known options"},
	{"\"Binds\": [\"/home/alice/job/out:/x:upperdir=/etc\"]", "known options"},
	{"\"Binds\": [\"./out:/x\"]", "HostConfig.Binds './out'"},
	{"\"Binds\": [\"theirs:/x\"]", "volume 'theirs'"},
	{"\"Binds\": [\"job_other:/x\"]", "the run's own"},
	{"\"Binds\": [1]", "HostConfig.Binds 1"},
	{"\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/etc\", \"Target\": \"/x\"}]",
		"HostConfig.Mounts '/etc'"},
	{"\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/home/alice/job/src\"}]", "read-only"},
	{"\"Mounts\": [{\"Type\": \"bind\", \"source\": \"/etc\"}]", "HostConfig.Mounts.source"},
	{"\"Mounts\": [{\"Type\": \"volume\", \"Source\": \"/etc\"}]", "does not fit"},
	{"\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"new\"}]", "does not fit"},
	{"\"Mounts\": [{\"Type\": \"image\", \"Source\": \"busybox\"}]", "HostConfig.Mounts.Type"},
	{"\"Mounts\": [{\"Target\": \"/x\"}]", "without a type"},
	{"\"Mounts\": [{\"Type\": \"volume\", \"VolumeOptions\": {\"DriverConfig\": "
	 "{\"Options\": {\"device\": \"/etc\", \"o\": \"bind\"}}}}]",
		"DriverConfig.Options"},
	{"\"Mounts\": [{\"Type\": \"volume\", \"VolumeOptions\": {\"DriverConfig\": "
	 "{\"Name\": \"nfs\"}}}]",
		"DriverConfig.Name"},
	{"\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/home/alice/job/out\", "
	 "\"BindOptions\": {\"Propagation\": \"rshared\"}}]",
		"Propagation"},
	{"\"VolumesFrom\": [\"theirs\"]", "HostConfig.VolumesFrom"},
	{"\"VolumeDriver\": \"nfs\"", "HostConfig.VolumeDriver"},
	{"\"Devices\": [{\"PathOnHost\": \"/dev/sda\"}]", "HostConfig.Devices"},
	{"\"DeviceCgroupRules\": [\"a *:* rwm\"]", "HostConfig.DeviceCgroupRules"},
	{"\"DeviceRequests\": [{\"Count\": -1}]", "HostConfig.DeviceRequests"},
	{"\"CapAdd\": [\"SYS_ADMIN\"]", "HostConfig.CapAdd \"SYS_ADMIN\""},
	{"\"CapAdd\": [\"KILL\", \"cap_sys_admin\"]", "HostConfig.CapAdd"},
	{"\"CapAdd\": [\"ALL\"]", "HostConfig.CapAdd"},
	{"\"SecurityOpt\": [\"seccomp=unconfined\"]", "HostConfig.SecurityOpt"},
	{"\"SecurityOpt\": [\"label=disable\"]", "HostConfig.SecurityOpt"},
	{"\"Sysctls\": {\"kernel.core_pattern\": \"|/x\"}", "HostConfig.Sysctls"},
	{"\"Ulimits\": [{\"Name\": \"rtprio\", \"Soft\": 99}]", "HostConfig.Ulimits.Name"},
	{"\"OomScoreAdj\": -1000", "HostConfig.OomScoreAdj"},
	{"\"OomKillDisable\": true", "HostConfig.OomKillDisable"},
	{"\"CpuRealtimeRuntime\": 1000", "HostConfig.CpuRealtimeRuntime"},
	{"\"CpusetCpus\": \"0,3\"", "the CRS has the CPUs 1-2"},
	{"\"CpusetCpus\": \"x\"", "HostConfig.CpusetCpus"},
	{"\"Memory\": -5", "HostConfig.Memory"},
	{"\"Memory\": 1.5", "HostConfig.Memory"},
	{"\"Memory\": \"64g\"", "HostConfig.Memory"},
	{"\"RestartPolicy\": {\"Name\": \"always\"}", "RestartPolicy.Name"},
	{"\"LogConfig\": {\"Type\": \"syslog\"}", "HostConfig.LogConfig.Type"},
	{"\"LogConfig\": {\"Type\": \"k8s-file\", \"Config\": {\"path\": \"/etc/x\"}}",
		"HostConfig.LogConfig.Config.path"},
	{"\"PortBindings\": {\"80/tcp\": [{\"HostPort\": \"80\"}]}", "HostConfig.PortBindings"},
	{"\"PublishAllPorts\": true", "HostConfig.PublishAllPorts"},
	{"\"Links\": [\"theirs:a\"]", "HostConfig.Links"},
	{"\"Runtime\": \"kata\"", "HostConfig.Runtime"},
	{"\"Annotations\": {\"run.oci.hooks\": \"1\"}", "HostConfig.Annotations"},
	{"\"BlkioDeviceReadBps\": [{\"Path\": \"/dev/sda\"}]", "HostConfig.BlkioDeviceReadBps"},
	{"\"StorageOpt\": {\"overlay.mount_program\": \"/x\"}", "HostConfig.StorageOpt."},
	{"\"ShmSize\": -1", "HostConfig.ShmSize"},
	{"\"Isolation\": \"hyperv\"", "HostConfig.Isolation"},
	{"\"Binds\": [\"/home/alice/job/out:x\"]", "SOURCE:TARGET"},
	{"\"Binds\": [\"/home/alice/job/out:/x:rshared\"]", "known options"},
	{"\"Mounts\": [{\"Type\": \"tmpfs\", \"Source\": \"/home/alice/job/out\"}]",
		"does not fit"},
	{"\"Sysctls\": {\"net.core.somaxconn\": 1}", "HostConfig.Sysctls"},
	{"\"KeyOfTomorrow\": {\"a\": 1}", "HostConfig.KeyOfTomorrow"},
};

TEST(what_steps_outside_is_refused_by_its_name)
{
	for (size_t i = 0; i < COUNT(outside); i++) {
		char body[512];
		(void)snprintf(body, sizeof body, "{\"HostConfig\": {%s}}", outside[i].host);
		_cleanup_(answer_free) struct answer answer = create(body);
		if (answer.result == 0)
			fail_test("passed: %s", answer.body);
		assert_int_equal(answer.err.status, EX_NOPERM);
		assert_contains(answer.err.msg, outside[i].name);
	}
}

TEST(a_body_beside_host_config_is_judged_too)
{
	static const struct {
		const char *body, *name;
	} table[] = {
		{"{\"hostconfig\": {\"Privileged\": true}}", "hostconfig"},
		{"{\"HOSTCONFIG\": {\"Binds\": [\"/:/x\"]}}", "HOSTCONFIG"},
		{"{\"HostConfig\": [1]}", "HostConfig"},
		{"{\"Labels\": {\"oss-crs.run\": \"other\"}}", "oss-crs.run"},
		{"{\"Labels\": {\"com.docker.compose.service\": \"beta\"}}",
			"com.docker.compose.service"},
		{"{\"Labels\": {\"a\": 1}}", "Labels"},
		{"{\"NetworkingConfig\": {\"EndpointsConfig\": {\"other\": {}}}}", "'other'"},
		{"{\"NetworkingConfig\": {\"EndpointsConfig\": {\"host\": null}}}", "'host'"},
		{"{\"NetworkingConfig\": {\"EndpointsConfig\": {\"job_default\": "
		 "{\"Aliases\": [\"beta\"]}}}}",
			"Aliases"},
		{"{\"NetworkingConfig\": {\"EndpointsConfig\": {\"job_default\": "
		 "{\"DriverOpts\": {\"a\": \"b\"}}}}}",
			"DriverOpts"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(answer_free) struct answer answer = create(table[i].body);
		if (answer.result == 0)
			fail_test("passed: %s", answer.body);
		assert_int_equal(answer.err.status, EX_NOPERM);
		assert_contains(answer.err.msg, table[i].name);
	}
}

/* The engine takes keys in any case, and the last of two. */
TEST(a_key_that_sets_nothing_is_not_sent_on)
{
	assert_sent("{\"HostConfig\": {\"cgroupParent\": \"\", \"Privileged\": false}}",
		"HostConfig", "{\"CgroupParent\":\"" JUDGED_PARENT "\"}");
	assert_sent("{\"hostConfig\": {}, \"Image\": \"a\"}", "hostConfig", NULL);
	assert_sent("{\"HostConfig\": {\"MaskedPaths\": [], \"ReadonlyPaths\": []}}",
		"HostConfig.MaskedPaths", NULL);
}

TEST(a_body_that_is_not_an_object_once_is_malformed)
{
	static const char *const bodies[] = {"[]", "{", "{\"Image\": \"a\", \"Image\": \"b\"}",
		"{\"HostConfig\": {\"Memory\": 1, \"Memory\": 2}}", "{} {}", "\"a\"", "\xff",
		"{\"Memory\": 99999999999999999999}"};
	for (size_t i = 0; i < COUNT(bodies); i++) {
		_cleanup_(answer_free) struct answer answer = create(bodies[i]);
		if (answer.result == 0)
			fail_test("passed: %s", bodies[i]);
		assert_int_equal(answer.err.status, EX_DATAERR);
	}
}

/* What docker run and docker-py send for an ordinary container. */
TEST(an_ordinary_container_is_passed_on)
{
	static const struct {
		const char *host, *path, *value;
	} table[] = {
		{"\"Binds\": [\"/home/alice/job/out:/out\"]", "HostConfig.Binds",
			"[\"/home/alice/job/out:/out\"]"},
		{"\"Binds\": [\"/home/alice/job/src:/src:ro,z\", \"job_data:/d\", \"cache:/c\", "
		 "\"new:/n\", \"/anonymous\"]",
			"HostConfig.Binds",
			"[\"/home/alice/job/src:/src:ro,z\",\"job_data:/d\",\"cache:/c\","
			"\"new:/n\",\"/anonymous\"]"},
		/* The engine's socket is the guard's. */
		{"\"Binds\": [\"/var/run/docker.sock:/var/run/docker.sock\"]", "HostConfig.Binds",
			"[\"" JUDGED_SOCKET ":/var/run/docker.sock\"]"},
		{"\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"" JUDGE_SOCKET
		 "\", \"Target\": \"/s\"}]",
			"HostConfig.Mounts",
			"[{\"Type\":\"bind\",\"Source\":\"" JUDGED_SOCKET "\",\"Target\":\"/s\"}]"},
		{"\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/home/alice/job/src\", "
		 "\"Target\": \"/s\", \"ReadOnly\": true}]",
			"HostConfig.Mounts",
			"[{\"Type\":\"bind\",\"Source\":\"/home/alice/job/src\",\"Target\":\"/"
			"s\",\"ReadOnly\":true}]"},
		{"\"Mounts\": [{\"Type\": \"tmpfs\", \"Target\": \"/t\"}]", "HostConfig.Mounts",
			"[{\"Type\":\"tmpfs\",\"Target\":\"/t\"}]"},
		{"\"PidMode\": \"container:mine\"", "HostConfig.PidMode",
			"\"container:" JUDGED_OWN "\""},
		{"\"NetworkMode\": \"container:" JUDGED_OWN "\"", "HostConfig.NetworkMode",
			"\"container:" JUDGED_OWN "\""},
		{"\"NetworkMode\": \"job_default\"", "HostConfig.NetworkMode", "\"job_default\""},
		{"\"NetworkMode\": \"default\"", "HostConfig.NetworkMode", "\"default\""},
		{"\"CapAdd\": [\"sys_ptrace\", \"CAP_KILL\"], \"CapDrop\": [\"ALL\"]",
			"HostConfig.CapAdd", "[\"sys_ptrace\",\"CAP_KILL\"]"},
		{"\"SecurityOpt\": [\"no-new-privileges\"]", "HostConfig.SecurityOpt",
			"[\"no-new-privileges\"]"},
		{"\"RestartPolicy\": {\"Name\": \"no\", \"MaximumRetryCount\": 0}",
			"HostConfig.RestartPolicy", "{\"Name\":\"no\"}"},
		{"\"LogConfig\": {\"Type\": \"\", \"Config\": {}}", "HostConfig.LogConfig", "{}"},
		{"\"AutoRemove\": true", "HostConfig.AutoRemove", "true"},
		{"\"PidsLimit\": -1", "HostConfig.PidsLimit", "-1"},
		{"\"Ulimits\": [{\"Name\": \"core\", \"Soft\": -1, \"Hard\": -1}]",
			"HostConfig.Ulimits", "[{\"Name\":\"core\",\"Soft\":-1,\"Hard\":-1}]"},
		{"\"Sysctls\": {\"net.core.somaxconn\": \"1\"}", "HostConfig.Sysctls",
			"{\"net.core.somaxconn\":\"1\"}"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char body[512];
		(void)snprintf(body, sizeof body, "{\"HostConfig\": {%s}}", table[i].host);
		assert_sent(body, table[i].path, table[i].value);
	}
	assert_sent("{\"NetworkingConfig\": {\"EndpointsConfig\": {\"job_default\": "
		    "{\"IPAMConfig\": null, \"Links\": null, \"MacAddress\": \"\"}}}}",
		"NetworkingConfig", "{\"EndpointsConfig\":{\"job_default\":{}}}");
	assert_sent("{\"Volumes\": {\"/data\": {}}, \"ExposedPorts\": {\"80/tcp\": {}}}", "Volumes",
		"{\"/data\":{}}");
}

TEST(a_path_is_writable_if_one_of_the_crss_services_may_write_it)
{
	static const struct judge_mount orders[][2] = {
		{{"/srv/x", false}, {"/srv/x", true}}, {{"/srv/x", true}, {"/srv/x", false}}};
	static const char body[] = "{\"HostConfig\": {\"Binds\": [\"/srv/x:/x\"]}}";
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct judge_mount mounts[2] = {orders[i][0], orders[i][1]};
		struct judge_scope scope = judged_scope();
		scope.mounts = mounts;
		scope.mount_count = COUNT(mounts);
		_cleanup_(answer_free) struct answer answer =
			judge_of(&scope, "POST", "/containers/create", body);
		assert_ok(answer.result, answer.err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_container_gets_the_cgroup_and_the_labels_of_its_crs),
		RUN(limits_are_lowered_to_those_of_the_crs),
		RUN(what_steps_outside_is_refused_by_its_name),
		RUN(a_body_beside_host_config_is_judged_too),
		RUN(a_key_that_sets_nothing_is_not_sent_on),
		RUN(a_body_that_is_not_an_object_once_is_malformed),
		RUN(an_ordinary_container_is_passed_on),
		RUN(a_path_is_writable_if_one_of_the_crss_services_may_write_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
