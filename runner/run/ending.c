/* SPDX-License-Identifier: MIT
 *
 * ending: the rules by which the end of a container is the end of a run. All of it is pure: the
 * caller asks the engine how the container ended.
 */
#include "ending.h"

#include <string.h>

static bool has_ended(const struct container *container)
{
	return container->finished[0] && !container->pid && !container->restarting;
}

/* Whether a container is up again, or will be as far as is known. */
static bool runs_on(const struct container *container)
{
	return container->pid || container->restarting || container->may_restart;
}

static bool is_over(const struct container *container)
{
	return container->finished[0] && !runs_on(container);
}

enum ending ending_judge(const struct compose *compose, const struct run_plan *plan,
	const struct container *container)
{
	const struct compose_service *service = compose_find(compose, container->service);
	bool failed = container->exit_code != 0;
	if (!service || runs_on(container))
		return ENDING_NONE;
	if (service->is_attached && !service->is_awaited)
		return ENDING_DECIDES;
	if (!failed)
		return ENDING_NONE;
	bool helper = !service->is_attached && plan_find(plan, JOB_INFRA_CRS) >= 0;
	return helper ? ENDING_WARNING : ENDING_DECIDES;
}

bool ending_matters(const struct compose *compose, const struct run_plan *plan)
{
	int infra = plan_find(plan, JOB_INFRA_CRS);
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		if (service->is_awaited || service->is_restarted || !service->is_attached ||
			(infra >= 0 && service->crs == infra))
			return true;
	}
	return false;
}

bool ending_by_compose(const struct compose *compose)
{
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		if (service->is_attached && (service->is_awaited || service->is_restarted))
			return false;
	}
	return true;
}

static bool has_container(const struct containers *containers, const char *service)
{
	for (size_t i = 0; i < containers->count; i++)
		if (strcmp(containers->list[i].service, service) == 0)
			return true;
	return false;
}

/* Whether a container decides rather than another: one that failed before one that did not, and of
 * two alike the one that ended first. */
static bool is_better(const struct container *container, const struct container *other)
{
	bool failed = container->exit_code != 0;
	if (failed != (other->exit_code != 0))
		return failed;
	return containers_ended_before(container, other);
}

const struct container *ending_of_all(const struct compose *compose, const struct run_plan *plan,
	const struct containers *containers)
{
	int infra = plan_find(plan, JOB_INFRA_CRS);
	const struct container *decides = NULL;
	/* docker-compose 1.29 makes a container only when those before it have ended. */
	for (size_t i = 0; i < compose->service_count; i++)
		if (compose->services[i].crs != COMPOSE_UNCONFINED &&
			compose->services[i].crs != infra &&
			!has_container(containers, compose->services[i].name))
			return NULL;
	for (size_t i = 0; i < containers->count; i++) {
		const struct container *container = &containers->list[i];
		int crs = compose_crs(compose, container->service);
		if (crs == COMPOSE_UNCONFINED || crs == infra)
			continue;
		if (!is_over(container))
			return NULL;
		if (!decides || is_better(container, decides))
			decides = container;
	}
	return decides;
}

bool ending_is_crs(const struct compose *compose, const struct run_plan *plan, const char *service)
{
	int crs = compose_crs(compose, service);
	return crs != COMPOSE_UNCONFINED && crs != plan_find(plan, JOB_INFRA_CRS);
}

static const struct container *find_container(const struct containers *containers, const char *id)
{
	for (size_t i = 0; *id && i < containers->count; i++)
		if (strcmp(containers->list[i].id, id) == 0)
			return &containers->list[i];
	return NULL;
}

bool ending_is_success(const struct compose *compose, const struct run_plan *plan,
	const struct containers *containers, const char *helper)
{
	const struct container *end = find_container(containers, helper);
	bool any = false;
	for (size_t i = 0; i < compose->service_count; i++)
		any = any || ending_is_crs(compose, plan, compose->services[i].name);
	for (size_t i = 0; any && i < containers->count; i++) {
		const struct container *container = &containers->list[i];
		if (ending_is_crs(compose, plan, container->service) && has_ended(container) &&
			container->exit_code == 0 &&
			(!end || containers_ended_before(container, end)))
			return true;
	}
	return !any;
}

bool ending_all_started(const struct compose *compose, const struct containers *containers)
{
	for (size_t i = 0; i < compose->service_count; i++) {
		bool started = false;
		for (size_t j = 0; containers && j < containers->count && !started; j++)
			started =
				containers->list[j].started &&
				strcmp(containers->list[j].service, compose->services[i].name) == 0;
		if (!started)
			return false;
	}
	return containers != NULL;
}

bool ending_is_over(const struct compose *compose, const struct containers *containers)
{
	for (size_t i = 0; i < containers->count; i++)
		if (!is_over(&containers->list[i]))
			return false;
	return ending_all_started(compose, containers);
}
