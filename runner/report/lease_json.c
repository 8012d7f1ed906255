/* SPDX-License-Identifier: MIT
 *
 * lease_json: makes one object per conflicting lease, for `plan --json` and for the report of a
 * run with --share.
 */
#include "lease_json.h"

json_t *lease_to_json(struct json_build *build, const struct ledger *ledger)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ledger->count; i++) {
		const struct lease *lease = &ledger->list[i];
		char user[64];
		char cpus[CPULIST_TEXT_MAX];
		if (!lease->conflicts)
			continue;
		json_build_append(build, list,
			json_build_pack(build, "{s:s, s:o, s:I, s:s, s:i, s:I, s:s, s:I}", "run",
				lease->name, "user",
				json_build_prose(lease_user(lease, user, sizeof user)), "owner_pid",
				(json_int_t)lease->owner, "cpus",
				cpulist_format(&lease->cpus, cpus), "cpus_any", (int)lease->any,
				"memory_max",
				(json_int_t)(lease->memory < INT64_MAX ? lease->memory : INT64_MAX),
				"state", lease_state_name(lease->state), "since",
				(json_int_t)lease->since));
	}
	return list;
}
