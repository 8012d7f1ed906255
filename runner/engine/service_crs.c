/* SPDX-License-Identifier: MIT
 *
 * service_crs: finds the CRS of a service by what says most exactly whose it is: the service's own
 * cgroup_parent, then the user's word (--service-crs, compose_services in the config), then its
 * label, then its name. What none of these names is the infrastructure's.
 */
#include "service_crs.h"

#include "cleanup.h"

#include <errno.h>
#include <stdarg.h>

#define CRS_LABEL    "oss-crs.crs"
#define INFRA_PREFIX "oss-crs-" /* how the Python OSS-CRS names the services of its own */

const char *crs_source_name(enum crs_source source)
{
	static const char *const names[] = {[CRS_OF_NONE] = "none",
		[CRS_OF_PARENT] = "cgroup_parent",
		[CRS_OF_OPTION] = "--service-crs",
		[CRS_OF_CONFIG] = "config",
		[CRS_OF_LABEL] = "label",
		[CRS_OF_NAME] = "name",
		[CRS_OF_INFRA] = "infrastructure"};
	return names[source];
}

static int fail_service(struct error *err, const char *service, const char *what, const char *value)
{
	char text[sizeof err->msg];
	(void)snprintf(text, sizeof text, "service '%s': %s '%s'", service, what, value);
	return fail_as(err, EX_CONFIG, "%s", text);
}

static int __attribute__((format(printf, 3, 4)))
add_warning(struct compose *compose, struct error *err, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return fail(err, ENOMEM, "Compose");
	}
	return compose_add_name(&compose->warnings, text, err);
}

/* The value of a label. Labels are a mapping, or a list of "key=value". */
static const char *get_label(struct doc *doc, const struct doc_node *body, const char *label)
{
	const struct doc_node *labels = doc_get(doc, body, "labels");
	const char *value = doc_text(doc_get(doc, labels, label));
	size_t len = strlen(label);
	struct doc_node *item = NULL;
	for (size_t i = 0; !value && doc_item(doc, labels, i, &item); i++) {
		const char *text = doc_text(item);
		if (text && strncmp(text, label, len) == 0 && text[len] == '=')
			value = text + len + 1;
	}
	return value;
}

/* The CRS of the same name as the service, else the CRS with the longest name X where the
 * service is X_…; -1 if there is none. */
static int find_by_name(const struct run_plan *plan, const char *service)
{
	int best = -1;
	size_t best_len = 0;
	for (size_t i = 0; i < plan->crs_count; i++) {
		size_t len = strlen(plan->crs[i].name);
		if (strncmp(service, plan->crs[i].name, len) != 0)
			continue;
		if (service[len] == '\0')
			return (int)i;
		if (service[len] == '_' && len > best_len) {
			best = (int)i;
			best_len = len;
		}
	}
	return best;
}

/* The CRS that a cgroup_parent below the cgroup of another run names: "…/oss-crs/RUN/CRS". A tool
 * that makes such cgroups itself writes it. -1 if it is none. */
static int find_in_other_run(const struct run_plan *plan, const char *parent)
{
	const char *slash = strrchr(plan->cgroup_parent, '/');
	size_t len = slash ? (size_t)(slash - plan->cgroup_parent) : 0;
	if (strncmp(parent, plan->cgroup_parent, len) != 0 || parent[len] != '/')
		return -1;
	const char *name = strchr(parent + len + 1, '/');
	return name && name > parent + len + 1 ? plan_find(plan, name + 1) : -1;
}

/* The CRS that the service's own cgroup_parent names; *ret is -1 if the service has no
 * cgroup_parent. */
static int find_by_parent(struct compose *compose, const struct run_plan *plan, const char *service,
	const char *parent, int *ret, struct error *err)
{
	size_t len = strlen(plan->cgroup_parent);
	*ret = -1;
	if (!parent || !*parent)
		return 0;
	if (strncmp(parent, plan->cgroup_parent, len) == 0 && parent[len] == '/') {
		*ret = plan_find(plan, parent + len + 1);
		return *ret >= 0 ? 0
				 : fail_service(err, service,
					   "cgroup_parent names a CRS that is not in the config:",
					   parent + len + 1);
	}
	*ret = find_in_other_run(plan, parent);
	if (*ret >= 0)
		return add_warning(compose, err,
			"service '%s': cgroup_parent names another run: the service belongs to "
			"CRS '%s' of this run",
			service, plan->crs[*ret].name);
	(void)fail_service(err, service, "cgroup_parent is outside this run:", parent);
	return add_hint(err, "write ${OSS_CRS_CGROUP_PARENT}/NAME, or leave cgroup_parent out; "
			     "oss-crs-run sets it");
}

/* The CRS that --service-crs names for the service; *ret is -1 if there is none. */
static int find_by_option(const struct compose *compose, const struct run_plan *plan,
	const char *service, int *ret, struct error *err)
{
	size_t len = strlen(service);
	*ret = -1;
	for (size_t i = 0; i < compose->service_crs.count; i++) {
		const char *word = compose->service_crs.list[i];
		if (strncmp(word, service, len) != 0 || word[len] != '=')
			continue;
		int crs = plan_find(plan, word + len + 1);
		if (crs < 0)
			return fail_as(err, EX_CONFIG,
				"--service-crs %s: no CRS '%s' in the config", word,
				word + len + 1);
		if (*ret >= 0 && *ret != crs)
			return fail_as(err, EX_USAGE, "--service-crs gives service '%s' two CRSs",
				service);
		*ret = crs;
	}
	return 0;
}

/* The CRS below which the config names the service; *ret is -1 if there is none. A CRS that is not
 * this worker's is not in the plan. */
static int find_by_config(
	const struct run_plan *plan, const char *service, int *ret, struct error *err)
{
	const struct job *job = plan->job;
	const struct job_crs *first = NULL;
	*ret = -1;
	for (size_t i = 0; job && i < job->crs_count; i++) {
		const struct job_crs *crs = &job->crs[i];
		for (size_t j = 0; j < crs->service_count; j++) {
			if (strcmp(crs->services[j], service) != 0)
				continue;
			if (first && first != crs)
				return fail_at(err, job->path ? job->path : "config", crs->at,
					"service '%s' belongs to CRS '%s' and to '%s' (line %u)",
					service, crs->name, first->name, first->at.line);
			first = crs;
			*ret = plan_find(plan, crs->name);
		}
	}
	return 0;
}

/* The CRS that a service's label names; *ret is -1 if it has no such label. */
static int find_by_label(struct doc *doc, const struct doc_node *body, const char *service,
	const struct run_plan *plan, int *ret, struct error *err)
{
	const char *label = get_label(doc, body, CRS_LABEL);
	*ret = label ? plan_find(plan, label) : -1;
	return label && *ret < 0
		       ? fail_service(err, service,
				 "its label " CRS_LABEL " names a CRS that is not in the config:",
				 label)
		       : 0;
}

/* What no rule names is the infrastructure's. The Python OSS-CRS has services of CRSs whose names
 * say nothing, such as target_builder, so this is said. */
static int find_infra(struct compose *compose, const struct run_plan *plan, const char *service,
	int *ret, struct error *err)
{
	*ret = plan_find(plan, JOB_INFRA_CRS);
	if (*ret < 0 || strncmp(service, INFRA_PREFIX, strlen(INFRA_PREFIX)) == 0)
		return 0;
	return add_warning(compose, err,
		"nothing says whose service '%s' is: it gets the CPUs and memory of %s; if it "
		"belongs to a CRS, use --service-crs %s=NAME",
		service, JOB_INFRA_CRS, service);
}

int service_crs_find(struct compose *compose, struct doc *doc, const struct doc_node *body,
	const char *service, const struct run_plan *plan, int *ret_crs, enum crs_source *ret_source,
	struct error *err)
{
	int found[CRS_SOURCES];
	const char *parent = doc_text(doc_get(doc, body, "cgroup_parent"));
	if (find_by_option(compose, plan, service, &found[CRS_OF_OPTION], err) < 0 ||
		find_by_config(plan, service, &found[CRS_OF_CONFIG], err) < 0 ||
		find_by_label(doc, body, service, plan, &found[CRS_OF_LABEL], err) < 0 ||
		find_by_parent(compose, plan, service, parent, &found[CRS_OF_PARENT], err) < 0)
		return -1;
	found[CRS_OF_NAME] = find_by_name(plan, service);
	found[CRS_OF_INFRA] = -1;
	enum crs_source source = CRS_OF_PARENT;
	while (source < CRS_OF_INFRA && found[source] < 0)
		source++;
	/* A path that the job has written is refused where the user or a label says otherwise. */
	for (enum crs_source other = CRS_OF_OPTION; other <= CRS_OF_LABEL; other++)
		if (source == CRS_OF_PARENT && found[other] >= 0 && found[other] != found[source]) {
			char what[96];
			(void)snprintf(what, sizeof what,
				"its cgroup_parent names a different CRS than its %s:",
				other == CRS_OF_LABEL ? "label " CRS_LABEL
						      : crs_source_name(other));
			return fail_service(err, service, what, plan->crs[found[other]].name);
		}
	if (source == CRS_OF_INFRA &&
		find_infra(compose, plan, service, &found[CRS_OF_INFRA], err) < 0)
		return -1;
	*ret_crs = found[source] >= 0 ? found[source] : COMPOSE_UNCONFINED;
	*ret_source = found[source] >= 0 ? source : CRS_OF_NONE;
	return 0;
}

int service_crs_check(const struct compose *compose, struct error *err)
{
	for (size_t i = 0; i < compose->service_crs.count; i++) {
		const char *word = compose->service_crs.list[i];
		size_t len = strcspn(word, "=");
		size_t j = 0;
		if (!word[len] || len == 0)
			return fail_as(err, EX_USAGE,
				"--service-crs takes SERVICE=CRS, not '%.64s'", word);
		while (j < compose->service_count &&
			(strncmp(compose->services[j].name, word, len) != 0 ||
				compose->services[j].name[len]))
			j++;
		if (j == compose->service_count)
			return fail_as(err, EX_USAGE, "--service-crs %s: no such service%s%s", word,
				compose->phase ? " in phase " : "",
				compose->phase ? compose->phase : "");
	}
	return 0;
}
