/* SPDX-License-Identifier: MIT
 *
 * lease_json: makes one object per conflicting lease, for `plan --json` and for the report of a
 * run with --share.
 */
#include "lease_json.h"

static json_t *one_to_json(struct json_build *build, const struct lease *lease)
{
	char user[64];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	return json_build_pack(build, "{s:o, s:o, s:I, s:s, s:i, s:I, s:s, s:I}", "run",
		json_build_prose(lease->name), "user",
		json_build_prose(lease_user(lease, user, sizeof user)), "owner_pid",
		(json_int_t)lease->owner, "cpus", cpulist_format(&lease->cpus, cpus), "cpus_any",
		(int)lease->any, "memory_max",
		(json_int_t)(lease->memory < INT64_MAX ? lease->memory : INT64_MAX), "state",
		lease_state_name(lease->state), "since", (json_int_t)lease->since);
}

json_t *lease_to_json(struct json_build *build, const struct ledger *ledger)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->list[i].conflicts)
			json_build_append(build, list, one_to_json(build, &ledger->list[i]));
	return list;
}

json_t *lease_foreign_to_json(struct json_build *build, const struct ledger *ledger)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->list[i].state == LEASE_FOREIGN)
			json_build_append(build, list, one_to_json(build, &ledger->list[i]));
	return list;
}
