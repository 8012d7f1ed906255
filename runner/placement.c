/* SPDX-License-Identifier: MIT
 *
 * placement: see placement.h.
 */
#include "placement.h"

struct cpulist placement_take(struct cpulist *pool, unsigned count)
{
	struct cpulist taken = {0};
	unsigned cpu = cpulist_next(pool, 0);
	for (; count > 0 && cpu < CPULIST_MAX; count--, cpu = cpulist_next(pool, cpu + 1))
		cpulist_add(&taken, cpu);
	cpulist_subtract(pool, &taken);
	return taken;
}
