/* SPDX-License-Identifier: MIT
 *
 * risks: the list of a service's risks. The rules are in service_keys.c and service_uses.c. The
 * output of Compose's `config` has no lines of the user's files, so the keys are looked for there
 * again, but only if there is a risk.
 */
#include "risks.h"

#include "cleanup.h"
#include "fs.h"
#include "risk_search.h"

#include <errno.h>
#include <fcntl.h>

int risks_find(const struct risk_scope *scope, const struct doc_node *body, struct risks *ret,
	struct error *err)
{
	struct risk_search search = {.scope = scope, .found = ret, .service_key = RISK_UNKNOWN_KEY};
	search_mapping(&search, body, &service_table);
	check_default_network(&search, body);
	if (search.failed)
		return fail(err, ENOMEM, "Compose");
	return scope->memory->risk_count > RISKS_MAX
		       ? fail_as(err, EX_CONFIG,
				 "more than %u things by which services could step outside their "
				 "CRSs",
				 RISKS_MAX)
		       : 0;
}

void risks_free(struct risks *risks)
{
	for (size_t i = 0; i < risks->count; i++) {
		free(risks->list[i].key);
		free(risks->list[i].value);
		free(risks->list[i].place);
	}
	free(risks->list);
	*risks = (struct risks){.list = NULL};
}

static int load_file(const char *path, struct doc *ret)
{
	struct error ignored;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && fs_read_fd(fd, path, DOC_SIZE_MAX, &text, &len, &ignored) == 0
		       ? doc_load(path, text, len, ret, &ignored)
		       : -1;
}

/* Fill in the places of the risks of one service whose keys it has in this file. */
static int locate_service(
	struct doc *doc, const struct doc_node *body, struct risks *risks, struct error *err)
{
	for (size_t i = 0; i < risks->count; i++) {
		struct risk *risk = &risks->list[i];
		_cleanup_free_ char *key = strndup(risk->key, strcspn(risk->key, "."));
		if (!key)
			return fail(err, ENOMEM, "Compose");
		const struct doc_node *value = doc_get(doc, body, key);
		if (risk->place || !value)
			continue;
		struct mark mark = doc_mark(value);
		if (asprintf(&risk->place, "%s:%u:%u", doc->name, mark.line, mark.column) < 0) {
			risk->place = NULL;
			return fail(err, ENOMEM, "Compose");
		}
	}
	return 0;
}

/* The same for all services. The file is read once for all of them. */
static int locate_in_file(const char *path, const struct compose *compose, struct error *err)
{
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	if (load_file(path, &doc) < 0)
		return 0;
	const struct doc_node *bodies = doc_get(&doc, doc_root(&doc), "services");
	for (size_t i = 0; i < compose->service_count; i++) {
		struct compose_service *service = &compose->services[i];
		if (locate_service(
			    &doc, doc_get(&doc, bodies, service->name), &service->risks, err) < 0)
			return -1;
	}
	return 0;
}

int risks_locate(const struct compose *compose, struct error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < compose->service_count; i++)
		count += compose->services[i].risks.count;
	/* A later file overrides an earlier one. */
	for (size_t i = compose->file_count; count > 0 && i-- > 0;) {
		/* A rendered template is in the run's own directory, which goes with the run. */
		bool rendered = strncmp(compose->files[i], "/run/user/", 10) == 0;
		if (!rendered && locate_in_file(compose->files[i], compose, err) < 0)
			return -1;
	}
	return 0;
}

int risk_describe(const struct risk *risk, char **ret, struct error *err)
{
	char *text = NULL;
	if (asprintf(&text, "%s: %s (%s)", risk->key, risk->value, risk->why) < 0)
		return fail(err, ENOMEM, "Compose");
	*ret = text;
	return 0;
}
