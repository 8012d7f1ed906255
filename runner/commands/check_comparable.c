/* SPDX-License-Identifier: MIT
 *
 * check_comparable: what makes two equal runs on one machine differ: clocks, memory that the kernel
 * moves or merges into large pages, interrupts. `check` advises about it; --strict-machine refuses
 * to measure on a machine that does not meet all of it. check_parts.h names the kernel document of
 * each.
 */
#include "check_parts.h"

#include "cleanup.h"
#include "fs.h"
#include "machine.h"
#include "plan.h"

#include <errno.h>

/* The files that switch off clocks above the nominal one. A machine has one of them, or none if
 * nothing here can switch them. */
static const struct {
	const char *path, *off;
} turbos[] = {
	{"sys/devices/system/cpu/intel_pstate/no_turbo", "1"},
	{"sys/devices/system/cpu/cpufreq/boost", "0"},
};

/* Say why a file cannot be read. */
static int cannot_read(const struct error *problem, char *detail)
{
	(void)snprintf(detail, DETAIL_MAX, "cannot be read: %.400s", problem->msg);
	return 1;
}

int look_turbo(struct check_facts *facts, char *detail, struct error *err)
{
	(void)snprintf(detail, DETAIL_MAX, "the kernel offers no turbo");
	for (size_t i = 0; i < sizeof turbos / sizeof *turbos; i++) {
		char value[16];
		struct error problem = {0};
		if (fs_read_attr(facts->context->host.root, turbos[i].path, value, sizeof value,
			    &problem) < 0) {
			if (problem.code == ENOENT)
				continue;
			return cannot_read(&problem, detail);
		}
		(void)snprintf(detail, DETAIL_MAX, "turbo is off");
		if (strcmp(value, turbos[i].off) == 0)
			return 0;
		(void)fail_as(err, EX_UNAVAILABLE,
			"turbo is on: a core is faster while its neighbours are idle or cool");
		return add_hint(err,
			"to switch it off until the next boot, run: echo %s | sudo tee /%s",
			turbos[i].off, turbos[i].path);
	}
	return 0;
}

int look_thp(struct check_facts *facts, char *detail, struct error *err)
{
	static const char path[] = "sys/kernel/mm/transparent_hugepage/enabled";
	char text[64];
	struct error problem = {0};
	if (fs_read_attr(facts->context->host.root, path, text, sizeof text, &problem) < 0) {
		if (problem.code != ENOENT)
			return cannot_read(&problem, detail);
		(void)snprintf(detail, DETAIL_MAX, "this kernel makes no huge pages by itself");
		return 0;
	}
	(void)snprintf(detail, DETAIL_MAX, "huge pages only for programs that ask for them");
	if (!strstr(text, "[always]"))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"the kernel makes huge pages for every program, when it finds free ones");
	return add_hint(err,
		"to make them only for programs that ask for them, run: echo madvise | "
		"sudo tee /%s",
		path);
}

int look_interrupts(struct check_facts *facts, char *detail, struct error *err)
{
	struct error problem = {0};
	struct cpulist interrupted = {0};
	const struct topology *topology = &facts->topology;
	char list[CPULIST_TEXT_MAX] _unfilled_;
	if (machine_interrupts(&facts->context->host, &interrupted, &problem) < 0)
		return cannot_read(&problem, detail);
	if (!topology->count) {
		(void)snprintf(detail, DETAIL_MAX, "cannot read /sys/devices/system/cpu");
		return 1;
	}
	struct cpulist first = topology_core(topology, 0);
	(void)snprintf(detail, DETAIL_MAX, "devices interrupt only the first core (CPU%s %.200s)",
		cpulist_count(&first) > 1 ? "s" : "", cpulist_format(&first, list));
	cpulist_subtract(&interrupted, &first);
	if (topology->core_count < 2 || cpulist_empty(&interrupted))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "devices interrupt CPU%s %.200s, and what runs there",
		cpulist_count(&interrupted) > 1 ? "s" : "", cpulist_format(&interrupted, list));
	return add_hint(err, INTERRUPTS_HINT);
}

int comparable_require(
	const struct context *context, const struct topology *topology, struct error *err)
{
	static const struct {
		const char *id;
		int (*look)(struct check_facts *facts, char *detail, struct error *err);
	} rows[] = {{"governor", look_governor}, {"turbo", look_turbo}, {"numa", look_numa},
		{"thp", look_thp}};
	struct check_facts facts = {.context = context, .topology = *topology};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char detail[DETAIL_MAX] = "";
		int result = rows[i].look(&facts, detail, err);
		if (result > 0)
			return fail_as(err, EX_UNAVAILABLE,
				"--strict-machine: %s is unknown: %.400s", rows[i].id, detail);
		if (result < 0) {
			err->status = EX_UNAVAILABLE;
			return add_context(err, "--strict-machine");
		}
	}
	return 0;
}
