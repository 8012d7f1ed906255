/* SPDX-License-Identifier: MIT
 *
 * fuzz_template: use the input as a template. Invariant: template_render() renders it, or fails
 * with an error.
 */
#include "fuzz.h"

#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"a", "b"};
	const struct template_values values = {.cgroup_parent = "/p", .crs = names, .crs_count = 2};
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_free_ char *rendered = NULL;
	struct error err = {0};
	if (template_render("t.j2", text, &values, &rendered, &err) < 0)
		check_error(&err, EX_CONFIG);
	else
		CHECK(rendered);
	return 0;
}
