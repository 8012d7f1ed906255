/* SPDX-License-Identifier: MIT
 *
 * template: the two expressions that a docker-compose.yaml.j2 may use: {{ cgroup_parent }}
 * anywhere, and {{ crs.name }} in a key, whose block is then repeated for each CRS. Any other
 * Jinja syntax is an error.
 */
#ifndef OSS_CRS_TEMPLATE_H
#define OSS_CRS_TEMPLATE_H

#include "error.h"

#include <stddef.h>

struct template_values {
	const char *cgroup_parent;
	const char *const *crs; /* names, in order */
	size_t crs_count;
};

/* Render a template. name is the file's name for messages, "NAME:LINE: what". Returns 0, or -1
 * with an EX_CONFIG error for bad syntax. The caller frees *ret. */
int template_render(const char *name, const char *text, const struct template_values *values,
	char **ret, struct error *err);

#endif
