/* SPDX-License-Identifier: MIT
 *
 * judge_limits: the limits of one container, lowered to what its CRS has. The kernel holds the
 * lower of the two in any case (cgroup-v2.rst): here a request that asks for more gets what there
 * is, and `docker inspect` says so.
 */
#include "judge_parts.h"

#include "cleanup.h"

#include <errno.h>
#include <inttypes.h>

#define DEFAULT_PERIOD 100000 /* microseconds, of CpuQuota */

/* A number that is not negative. */
int judge_count(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)judging;
	return json_is_integer(*value) && json_integer_value(*value) >= 0
		       ? 0
		       : judge_refuse(where, *value, "not a number of 0 or more", err);
}

/* A number, or -1 for no limit. */
int judge_quantity(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)judging;
	return json_is_integer(*value) && json_integer_value(*value) >= -1
		       ? 0
		       : judge_refuse(where, *value, "not a number of -1 or more", err);
}

/* The CPUs that both the container and its CRS have. */
int judge_cpus(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	const char *text = json_string_value(*value);
	char list[CPULIST_TEXT_MAX];
	char why[256];
	struct cpulist cpus;
	struct error problem = {0};
	if (!text || cpulist_parse(text, &cpus, &problem) < 0)
		return judge_refuse(where, *value, "not a list of CPUs", err);
	cpulist_intersect(&cpus, judging->scope->cpus);
	if (cpulist_empty(&cpus)) {
		(void)snprintf(why, sizeof why, "the CRS has the CPUs %.128s",
			cpulist_format(judging->scope->cpus, list));
		return judge_refuse(where, *value, why, err);
	}
	*value = json_string(cpulist_format(&cpus, list));
	return *value ? 0 : fail(err, ENOMEM, "%s", where);
}

int judge_nodes(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	struct cpulist nodes;
	struct error problem = {0};
	const char *text = json_string_value(*value);
	(void)judging;
	return text && cpulist_parse(text, &nodes, &problem) == 0
		       ? 0
		       : judge_refuse(where, *value, "not a list of memory nodes", err);
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static int set_number(json_t *object, const char *key, json_int_t value, struct error *err)
{
	return json_object_set_new(object, key, json_integer(value)) < 0
		       ? fail(err, ENOMEM, "%s", key)
		       : 0;
}

static int lower(json_t *object, const char *key, json_int_t most, struct error *err)
{
	return number_of(object, key) > most ? set_number(object, key, most, err) : 0;
}

static json_int_t at_most(uint64_t value)
{
	return value < INT64_MAX ? (json_int_t)value : INT64_MAX;
}

int judge_limits(struct judging *judging, json_t *object, struct error *err)
{
	const struct judge_scope *scope = judging->scope;
	const json_int_t memory = at_most(scope->memory_max);
	const json_int_t cpus = cpulist_count(scope->cpus);
	json_int_t period = number_of(object, "CpuPeriod");
	if (period <= 0 || period > 1000000) /* the kernel's longest is a second */
		period = DEFAULT_PERIOD;
	if (number_of(object, "CpuQuota") < 0)
		(void)json_object_del(object, "CpuQuota");
	if (lower(object, "Memory", memory, err) < 0 ||
		lower(object, "MemoryReservation", memory, err) < 0 ||
		lower(object, "NanoCpus", cpus * 1000000000, err) < 0 ||
		lower(object, "CpuQuota", cpus * period, err) < 0)
		return -1;
	/* Memory and swap together: a CRS does not swap. */
	if (number_of(object, "Memory") > 0)
		return set_number(object, "MemorySwap", number_of(object, "Memory"), err);
	(void)json_object_del(object, "MemorySwap");
	return 0;
}
