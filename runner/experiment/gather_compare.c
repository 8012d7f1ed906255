/* SPDX-License-Identifier: MIT
 *
 * gather_compare: which cells are compared. Configs are the innermost of a trial's runs
 * (run_list.h), so those of one project and harness are next to each other.
 */
#include "gather.h"

#include "cleanup.h"

#include <errno.h>

/* The values of a cell, copied: to compare is to sort. */
static double *copy_values(const struct gather_values *values)
{
	double *copy = calloc(values->count, sizeof *copy);
	if (copy)
		memcpy(copy, values->list, values->count * sizeof *copy);
	return copy;
}

static int compare_figure(const struct gather *gather, const struct gather_cell *a,
	const struct gather_cell *b, size_t figure, gather_comparer *take, void *data,
	struct error *err)
{
	const struct gather_values *left = &a->figures[figure];
	const struct gather_values *right = &b->figures[figure];
	if (!left->count || !right->count)
		return 0;
	_cleanup_free_ double *values_a = copy_values(left);
	_cleanup_free_ double *values_b = copy_values(right);
	if (!values_a || !values_b)
		return fail(err, ENOMEM, "figures");
	const struct gather_comparison comparison = {
		.a = &gather->runs->list[a->place],
		.b = &gather->runs->list[b->place],
		.machine = a->machine,
		.figure = figure,
		.count_a = left->count,
		.count_b = right->count,
		.result = statistics_compare(values_a, left->count, values_b, right->count),
	};
	return take(data, &comparison, err);
}

static int compare_places(const struct gather *gather, size_t a, size_t b, gather_comparer *take,
	void *data, struct error *err)
{
	for (size_t machine = 0; machine < gather->machine_count; machine++) {
		const struct gather_cell *left = gather_find(gather, a, "", machine);
		const struct gather_cell *right = gather_find(gather, b, "", machine);
		for (size_t i = GATHER_OWN; left && right && i < gather->figure_count; i++)
			if (compare_figure(gather, left, right, i, take, data, err) < 0)
				return -1;
	}
	return 0;
}

int gather_compare(const struct gather *gather, size_t configs, gather_comparer *take, void *data,
	struct error *err)
{
	for (size_t first = 0; first + configs <= gather->places; first += configs)
		for (size_t a = first; a < first + configs; a++)
			for (size_t b = a + 1; b < first + configs; b++)
				if (compare_places(gather, a, b, take, data, err) < 0)
					return -1;
	return 0;
}
