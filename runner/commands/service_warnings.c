/* SPDX-License-Identifier: MIT
 *
 * service_warnings: a warning per service and risk, with the place in the user's file if it is
 * known. All of them are printed before --strict-containment refuses the job for the first.
 */
#include "service_warnings.h"

#include "cleanup.h"
#include "risks.h"

/* Warn of everything that could let a service escape its CRS. */
static int warn_of_risks(
	const struct context *context, const struct compose_service *service, struct error *err)
{
	for (size_t i = 0; i < service->risks.count; i++) {
		const struct risk *risk = &service->risks.list[i];
		const char *place = risk->place ? risk->place : "";
		_cleanup_free_ char *text = NULL;
		if (risk_describe(risk, &text, err) < 0)
			return -1;
		log_warning(&context->log, "%s%sservice '%s' could escape its CRS: %s", place,
			*place ? ": " : "", service->name, text);
	}
	return 0;
}

static int refuse_service(const struct compose_service *service, struct error *err)
{
	const struct risk *risk = service->risks.list;
	(void)fail_as(err, EX_CONFIG, "service '%s' could escape its CRS: %s: %s", service->name,
		risk->key, risk->value);
	if (risk->place)
		(void)add_context(err, "%s", risk->place);
	return add_hint(err,
		"--strict and --strict-containment refuse everything warned about above; with "
		"--strict-limits alone, the report lists these risks");
}

int service_warnings(
	const struct context *context, const struct compose *compose, struct error *err)
{
	const struct compose_service *risky = NULL;
	for (size_t i = 0; i < compose->warnings.count; i++)
		log_warning(&context->log, "%s", compose->warnings.list[i]);
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		if (service->crs == COMPOSE_UNCONFINED && context->options.allow_unconfined)
			log_warning(&context->log,
				"service '%s' belongs to no CRS and runs without limits",
				service->name);
		if (warn_of_risks(context, service, err) < 0)
			return -1;
		if (!risky && service->risks.count > 0)
			risky = service;
	}
	return risky && context->options.strict_containment ? refuse_service(risky, err) : 0;
}
