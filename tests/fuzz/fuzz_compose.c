/* SPDX-License-Identifier: MIT
 *
 * fuzz_compose: use the input as what Compose's `config` prints.
 *
 * Invariants: it is refused with an error, or each of the services has a name and a CRS of the plan
 * or none; the override file that follows is JSON that names each of them.
 */
#include "fuzz.h"

#include "cleanup_json.h"
#include "compose.h"
#include "risks.h"

static void check_override(const struct compose *compose, const struct run_plan *plan)
{
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	CHECK(compose_override(compose, plan, &text, &err) == 0);
	_cleanup_json_ json_t *json = json_loads(text, 0, NULL);
	const json_t *services = json_object_get(json, "services");
	CHECK(json_object_size(services) == compose->service_count);
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		const json_t *body = json_object_get(services, service->name);
		const char *parent = json_string_value(json_object_get(body, "cgroup_parent"));
		CHECK(json_is_object(body) && (service->crs >= 0) == (parent != NULL));
	}
}

static void check_risks(const struct risks *risks)
{
	for (size_t i = 0; i < risks->count; i++) {
		_cleanup_free_ char *words = NULL;
		struct error err = {0};
		CHECK(risks->list[i].name && risks->list[i].key && risks->list[i].why);
		CHECK(risk_describe(&risks->list[i], &words, &err) == 0 && *words);
	}
}

static void read_config(const char *text, bool allow_unconfined)
{
	static struct plan_crs crs[] = {{.name = "a"}, {.name = "a_b"}, {.name = "oss_crs_infra"}};
	struct run_plan plan = {.name = "r-run-1-00000000-local",
		.cgroup_parent = "/p",
		.crs = crs,
		.crs_count = 3};
	/* Without the last CRS a service can have none. */
	plan.crs_count -= allow_unconfined;
	static char file[] = "docker-compose.yaml";
	static char *files[] = {file};
	static char project[] = "p";
	static char dir[] = "/";
	const struct variables variables = VARIABLES_NONE;
	/* Nobody answers: what the engine alone knows is not known. */
	struct engine engine = {.socket = "/nonexistent/socket"};
	struct compose compose = {.files = files,
		.phase = "run",
		.variables = &variables,
		.running_engine = &engine,
		.project = project,
		.dir = dir};
	struct error err = {0};
	if (compose_services_parse(&compose, text, &plan, allow_unconfined, &err) < 0) {
		check_error(&err, EX_CONFIG);
	} else {
		CHECK(compose.service_count > 0);
		for (size_t i = 0; i < compose.service_count; i++) {
			const struct compose_service *service = &compose.services[i];
			CHECK(service->crs < (int)plan.crs_count);
			CHECK(service->crs >= 0 || allow_unconfined);
			check_risks(&service->risks);
		}
		check_override(&compose, &plan);
	}
	compose.files = NULL;
	compose.project = compose.dir = NULL;
	compose_free(&compose);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	read_config(text, false);
	read_config(text, true);
	return 0;
}
