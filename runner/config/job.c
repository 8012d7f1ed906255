/* SPDX-License-Identifier: MIT
 *
 * job: finds the config file, picks the reader for its format, and checks what holds in every
 * format: the names of CRSs and their number. A file with `crs` or `workers` at the top is in the
 * resource format, every other one in the crs-compose format.
 */
#include "job.h"

#include "cleanup.h"
#include "formats.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <sys/stat.h>

static const char *const file_names[] = {
	"config-resource.yaml", "crs-compose.yaml", "compose.yaml"};

/* The files that cgroup v2 puts into each cgroup begin with these. A CRS is a child cgroup, and
 * its name must not look like one of those files. */
static const char *const kernel_prefixes[] = {"cgroup.", "cpu.", "cpuset.", "devices.", "dmem.",
	"freezer.", "hugetlb.", "io.", "irq.", "memory.", "misc.", "net_cls.", "net_prio.",
	"perf_event.", "pids.", "rdma."};

const char *job_format_name(enum job_format format)
{
	return format == JOB_RESOURCE ? "resource" : "crs-compose";
}

static bool is_name_char(char c, bool first)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (!first && (c == '.' || c == '_' || c == '-'));
}

bool job_is_name(const char *text)
{
	size_t len = 0;
	while (is_name_char(text[len], len == 0))
		len++;
	return len > 0 && !text[len];
}

static int check_name(const struct doc *doc, struct mark at, const char *name, struct error *err)
{
	size_t len = strlen(name);
	if (!job_is_name(name)) {
		(void)fail_at(err, doc->name, at, "'%s' cannot be the name of a CRS", name);
		return add_hint(err, "start with a letter or digit; then use only letters, digits, "
				     "'.', '_' and '-'");
	}
	if (len > JOB_NAME_MAX)
		return fail_at(err, doc->name, at,
			"the name of a CRS can have at most %d bytes; this one has %zu",
			JOB_NAME_MAX, len);
	bool prefixed = strchr(name, '.');
	for (size_t i = 0; prefixed && i < sizeof kernel_prefixes / sizeof *kernel_prefixes; i++) {
		if (strncmp(name, kernel_prefixes[i], strlen(kernel_prefixes[i])) == 0) {
			(void)fail_at(err, doc->name, at, "'%s' cannot be the name of a CRS", name);
			return add_hint(err,
				"names of the kernel's files in a cgroup begin with '%s'",
				kernel_prefixes[i]);
		}
	}
	return 0;
}

int job_add_crs(struct doc *doc, struct job *job, const struct doc_node *name, struct job_crs **ret,
	struct error *err)
{
	const char *text = doc_text(name);
	if (!text)
		return fail_at(
			err, doc->name, doc_mark(name), "the name of a CRS must be plain text");
	if (check_name(doc, doc_mark(name), text, err) < 0)
		return -1;
	if (job->crs_count == JOB_CRS_MAX)
		return fail_at(err, doc->name, doc_mark(name), "more than %d CRSs", JOB_CRS_MAX);
	if ((job->crs_count & (job->crs_count - 1)) == 0) {
		/* The array has room for 1, 2, 4, 8 … elements and doubles when it is full. */
		struct job_crs *larger = reallocarray(
			job->crs, job->crs_count ? job->crs_count * 2 : 1, sizeof *larger);
		if (!larger)
			return fail(err, ENOMEM, "%s", doc->name);
		job->crs = larger;
	}
	struct job_crs *crs = &job->crs[job->crs_count];
	memset(crs, 0, sizeof *crs);
	crs->name = strdup(text);
	crs->at = doc_mark(name);
	if (!crs->name)
		return fail(err, ENOMEM, "%s", doc->name);
	job->crs_count++;
	*ret = crs;
	return 0;
}

int job_read_services(
	struct doc *doc, const struct doc_node *body, struct job_crs *crs, struct error *err)
{
	const struct doc_node *list = doc_get(doc, body, JOB_SERVICES_KEY);
	struct doc_node *item = NULL;
	size_t count = 0;
	if (!list)
		return 0;
	if (!doc_is_list(list))
		return fail_at(err, doc->name, doc_mark(list),
			JOB_SERVICES_KEY " must be a list of services");
	while (doc_item(doc, list, count, &item))
		count++;
	crs->services = calloc(count + 1, sizeof *crs->services);
	if (!crs->services)
		return fail(err, ENOMEM, "%s", doc->name);
	for (; doc_item(doc, list, crs->service_count, &item); crs->service_count++) {
		const char *text = doc_text(item);
		if (!text || !*text || doc_is_null(item))
			return fail_at(err, doc->name, doc_mark(item),
				JOB_SERVICES_KEY " must be a list of services");
		crs->services[crs->service_count] = strdup(text);
		if (!crs->services[crs->service_count])
			return fail(err, ENOMEM, "%s", doc->name);
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct job_crs *const *left = a;
	const struct job_crs *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);
	return order ? order
		     : ((*left)->at.line > (*right)->at.line) -
			       ((*left)->at.line < (*right)->at.line);
}

/* Refuse two CRSs of the same name. Only this check finds them in a list; in a mapping, doc_load()
 * refuses a key that occurs twice. */
static int refuse_twins(const char *name, const struct job *job, struct error *err)
{
	_cleanup_free_ const struct job_crs **sorted = calloc(job->crs_count + 1, sizeof *sorted);
	if (!sorted)
		return fail(err, ENOMEM, "%s", name);
	for (size_t i = 0; i < job->crs_count; i++)
		sorted[i] = &job->crs[i];
	qsort(sorted, job->crs_count, sizeof *sorted, compare_names);
	for (size_t i = 1; i < job->crs_count; i++)
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
			return fail_at(err, name, sorted[i]->at,
				"duplicate CRS '%s' (first in line %u)", sorted[i]->name,
				sorted[i - 1]->at.line);
	return 0;
}

int job_parse(const char *name, const char *text, size_t len, const char *worker, struct job *ret,
	struct error *err)
{
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	if (len > JOB_SIZE_MAX)
		return fail_as(
			err, EX_CONFIG, "%s: file is larger than %u bytes", name, JOB_SIZE_MAX);
	if (doc_load(name, text, len, &doc, err) < 0)
		return -1;
	const struct doc_node *root = doc_root(&doc);
	if (!doc_is_map(root))
		return fail_at(err, name, doc_mark(root),
			"expected a mapping (`key: value` lines) at the top level");
	_cleanup_(job_free) struct job job = JOB_NONE;
	bool resource = doc_get(&doc, root, "crs") || doc_get(&doc, root, "workers");
	job.format = resource ? JOB_RESOURCE : JOB_CRS_COMPOSE;
	if ((resource ? resource_read(&doc, worker, &job, err)
		      : crs_compose_read(&doc, &job, err)) < 0)
		return -1;
	if (refuse_twins(name, &job, err) < 0)
		return -1;
	*ret = job;
	job = (struct job)JOB_NONE;
	return 0;
}

void job_free(struct job *job)
{
	for (size_t i = 0; i < job->crs_count; i++) {
		free(job->crs[i].name);
		for (size_t j = 0; j < job->crs[i].service_count; j++)
			free(job->crs[i].services[j]);
		free(job->crs[i].services);
	}
	free(job->crs);
	free(job->path);
	free(job->dir);
	*job = (struct job)JOB_NONE;
}

/* Turn CONFIG into the path of the config file. The caller frees it. Returns NULL with an error. */
static char *find_file(const char *config, struct error *err)
{
	struct stat st;
	if (stat(config, &st) < 0) {
		(void)fail(err, errno, "%s", config);
		err->status = EX_CONFIG;
		(void)add_hint(err, "CONFIG is a config file, or a directory that contains %s",
			file_names[0]);
		return NULL;
	}
	if (!S_ISDIR(st.st_mode)) {
		char *path = strdup(config);
		if (!path)
			(void)fail(err, ENOMEM, "%s", config);
		return path;
	}
	for (size_t i = 0; i < sizeof file_names / sizeof *file_names; i++) {
		_cleanup_free_ char *path = NULL;
		const char *slash = config[strlen(config) - 1] == '/' ? "" : "/";
		if (asprintf(&path, "%s%s%s", config, slash, file_names[i]) < 0) {
			(void)fail(err, ENOMEM, "%s", config);
			return NULL;
		}
		if (access(path, F_OK) == 0)
			return steal_ptr(path);
	}
	(void)fail_as(err, EX_CONFIG, "%s: no config in this directory", config);
	(void)add_hint(err, "the directory needs one of %s, %s or %s", file_names[0], file_names[1],
		file_names[2]);
	return NULL;
}

int job_load(const char *config, const char *worker, struct job *ret, struct error *err)
{
	_cleanup_free_ char *path = find_file(config, err);
	if (!path)
		return -1;
	/* Follows symbolic links: the file is the user's and is opened as the user. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (fd < 0 || fs_read_fd(fd, path, JOB_SIZE_MAX, &text, &len, err) < 0) {
		if (fd < 0)
			(void)fail(err, errno, "open %s", path);
		err->status = EX_CONFIG;
		return -1;
	}
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_free_ char *dir = copy ? strdup(dirname(copy)) : NULL;
	if (!dir)
		return fail(err, ENOMEM, "%s", path);
	if (job_parse(path, text, len, worker, ret, err) < 0)
		return -1;
	ret->path = steal_ptr(path);
	ret->dir = steal_ptr(dir);
	return 0;
}
