/* SPDX-License-Identifier: MIT
 *
 * plan_services: lets Compose resolve the job's files, as a run would, and shows which CRS each
 * service would be held to. Templates are rendered into a scratch directory, which is removed
 * again.
 */
#include "plan_services.h"

#include "cleanup.h"
#include "grid.h"
#include "guarded.h"
#include "scratch.h"
#include "service_crs.h"
#include "service_warnings.h"

static bool has_template(const struct options *options)
{
	for (size_t i = 0; i < options->compose_files.count; i++)
		if (compose_is_template(options->compose_files.items[i]))
			return true;
	return false;
}

static int read_services(const struct context *context, const struct run_plan *plan,
	const char *scratch, struct compose *ret, struct error *err)
{
	const struct options *options = &context->options;
	_cleanup_(variables_free) struct variables variables = VARIABLES_NONE;
	const struct run_words words = {.project = NULL};
	if (run_variables_add(&variables, plan, PHASE_RUN, &words, err) < 0)
		return -1;
	const struct compose_job job = {
		.plan = plan,
		.both_phases = true,
		.files = options->compose_files.items,
		.file_count = options->compose_files.count,
		.service_crs = options->service_crs.items,
		.service_crs_count = options->service_crs.count,
		.scratch = scratch,
		.variables = &variables,
		.guard = guarded_wanted(options),
	};
	/* A service without a CRS is shown, not refused. */
	if (compose_open(&job, ret, err) < 0 || compose_services(ret, plan, true, err) < 0)
		return -1;
	ret->variables = NULL; /* they end here, and nothing is started */
	return 0;
}

int plan_services_read(const struct context *context, const struct run_plan *plan,
	struct compose *ret, struct error *err)
{
	const struct options *options = &context->options;
	_cleanup_(scratch_close) struct scratch scratch = SCRATCH_NONE;
	struct error removal = {0};
	if (options->compose_files.count == 0)
		return options->service_crs.count
			       ? fail_as(err, EX_USAGE, "--service-crs needs --compose-file")
			       : 0;
	if (has_template(options) && scratch_make(context->uid, plan->name, &scratch, err) < 0)
		return -1;
	int result = read_services(context, plan, scratch.path, ret, err);
	if (scratch_remove(&scratch, &removal) < 0 && result == 0) {
		*err = removal;
		return -1;
	}
	return result < 0 ? -1 : service_warnings(context, ret, err);
}

int plan_services_print(
	const struct compose *compose, const struct run_plan *plan, struct error *err)
{
	static const struct grid_column columns[] = {
		{.title = "SERVICE"}, {.title = "CRS"}, {.title = "BY"}};
	if (compose->service_count == 0)
		return 0;
	_cleanup_(grid_close) struct libscols_table *table =
		grid_open(columns, sizeof columns / sizeof *columns, stdout, err);
	if (!table)
		return -1;
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		const char *const cells[] = {service->name,
			service->crs >= 0 ? plan->crs[service->crs].name
					  : "(an error without --allow-unconfined)",
			crs_source_name(service->source)};
		if (grid_add(table, cells, NULL, sizeof cells / sizeof *cells, err) < 0)
			return -1;
	}
	(void)putchar('\n');
	return grid_print(table, err);
}

json_t *plan_services_to_json(
	struct json_build *build, const struct compose *compose, const struct run_plan *plan)
{
	json_t *list = json_array();
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		const char *crs = service->crs >= 0 ? plan->crs[service->crs].name : NULL;
		json_build_append(build, list,
			json_build_pack(build, "{s:s, s:s?, s:s}", "name", service->name, "crs",
				crs, "by", crs_source_name(service->source)));
	}
	return list;
}
