/* SPDX-License-Identifier: MIT
 *
 * template: the two things that a docker-compose.yaml.j2 may say: {{ cgroup_parent }} anywhere, and {{ crs.name }} in
 * a key, whose whole block is then repeated for each CRS. Anything else that Jinja would understand is an error.
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

/* Render text; name is for messages, "NAME:LINE: what". The caller frees *ret. */
int template_render(const char *name, const char *text, const struct template_values *values,
	char **ret, struct error *err);

#endif
