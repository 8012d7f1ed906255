/* SPDX-License-Identifier: MIT
 *
 * compose: the files, the environment and the command lines of the job's Compose project. A file
 * whose name ends in .j2 is a template; it is rendered into the run's scratch directory, and
 * Compose reads the result. What the files contain is read in compose_services.c, and the
 * override file is made in compose_override.c.
 */
#include "compose.h"

#include "cleanup.h"
#include "compose_guard.h"
#include "fs.h"
#include "program.h"
#include "template.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>

#define TEMPLATE_SIZE_MAX (4U << 20)
#define PROJECT_MAX       128

static const char *const default_files[] = {
	"docker-compose.yaml", "docker-compose.yml", "docker-compose.yaml.j2"};

/* Where Docker's CLI looks for plugins after ~/.docker/cli-plugins. */
static const char *const plugin_dirs[] = {"/usr/local/lib/docker/cli-plugins",
	"/usr/local/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins",
	"/usr/libexec/docker/cli-plugins"};

static char *plugin_in(const char *dir, const char *below)
{
	_cleanup_free_ char *path = NULL;
	bool found = dir && *dir && asprintf(&path, "%s%s/docker-compose", dir, below) > 0 &&
		     program_is_at(path);
	return found ? steal_ptr(path) : NULL;
}

/* Whether a program is a snap's: a link to snap(1). */
static bool is_snap(const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	const char *name = real ? strrchr(real, '/') : NULL;
	return name && strcmp(name, "/snap") == 0;
}

char *compose_find_tool(struct error *err)
{
	const char *config = getenv("DOCKER_CONFIG");
	char *tool = config && *config ? plugin_in(config, "/cli-plugins")
				       : plugin_in(getenv("HOME"), "/.docker/cli-plugins");
	for (size_t i = 0; i < sizeof plugin_dirs / sizeof *plugin_dirs && !tool; i++)
		tool = plugin_in(plugin_dirs[i], "");
	if (!tool)
		tool = program_find("docker-compose");
	if (tool && is_snap(tool)) {
		(void)fail_as(err, EX_UNAVAILABLE,
			"%s is a snap, which cannot read the files of a run", tool);
		(void)add_hint(err, "install another Compose beside it; on Debian and Ubuntu, run: "
				    "sudo apt-get install docker-compose-v2 || sudo apt-get "
				    "install docker-compose");
		free(tool);
		return NULL;
	}
	if (tool)
		return tool;
	(void)fail_as(err, EX_UNAVAILABLE, "Docker Compose is not installed");
	(void)add_hint(err, "on Debian, run: sudo apt-get install docker-compose");
	return NULL;
}

char *compose_project(const char *run_name)
{
	char *project = strdup(run_name);
	for (char *p = project; p && *p; p++)
		*p = *p == '.' ? '-' : (char)tolower((unsigned char)*p);
	/* A project name begins with a letter or a digit. */
	if (project && !isalnum((unsigned char)*project))
		*project = 'x';
	return project;
}

int compose_check_project(const char *project, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strspn(project, letters);
	if (len > 0 && len <= PROJECT_MAX && !project[len] && isalnum((unsigned char)*project))
		return 0;
	(void)fail_as(err, EX_USAGE, "'%.64s' cannot be the name of a Compose project", project);
	return add_hint(err,
		"begin with a lower-case letter or a digit, go on with these, '_' and '-', up to "
		"%d characters",
		PROJECT_MAX);
}

/* Render the template at `path`, the job's file of that number, into a file of its own. The caller
 * frees *ret, the path of that file. */
static int render_template(const char *path, const struct run_plan *plan, const char *scratch_dir,
	size_t number, char **ret, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, "open %s", path);
	_cleanup_free_ char *text = NULL;
	if (fs_read_fd(fd, path, TEMPLATE_SIZE_MAX, &text, NULL, err) < 0)
		return -1;
	_cleanup_free_ const char **names = calloc(plan->crs_count + 1, sizeof *names);
	if (!names)
		return fail(err, ENOMEM, "%s", path);
	struct template_values values = {.cgroup_parent = plan->cgroup_parent, .crs = names};
	for (size_t i = 0; i < plan->crs_count; i++)
		if (strcmp(plan->crs[i].name, JOB_INFRA_CRS) != 0)
			names[values.crs_count++] = plan->crs[i].name;
	_cleanup_free_ char *rendered = NULL;
	if (template_render(path, text, &values, &rendered, err) < 0)
		return -1;
	_cleanup_close_ int dir = open(scratch_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(err, errno, "open %s", scratch_dir);
	char name[64];
	(void)snprintf(name, sizeof name, "docker-compose.%zu.yaml", number);
	if (fs_replace(dir, name, rendered, strlen(rendered), 0600, err) < 0)
		return -1;
	return asprintf(ret, "%s/%s", scratch_dir, name) < 0 ? fail(err, ENOMEM, "%s", path) : 0;
}

bool compose_is_template(const char *path)
{
	size_t len = strlen(path);
	return len > 3 && strcmp(path + len - 3, ".j2") == 0;
}

static int add_compose_file(
	struct compose *compose, const struct compose_job *job, const char *path, struct error *err)
{
	if (access(path, R_OK) < 0) {
		(void)fail(err, errno, "%s", path);
		err->status = EX_CONFIG;
		return -1;
	}
	if (!compose->dir) {
		_cleanup_free_ char *copy = strdup(path);
		compose->dir = copy ? strdup(dirname(copy)) : NULL;
	}
	char *file = NULL;
	if (!compose_is_template(path))
		file = strdup(path);
	else if (render_template(
			 path, job->plan, job->scratch, compose->file_count + 1, &file, err) < 0)
		return -1;
	if (!file || !compose->dir)
		return fail(err, ENOMEM, "%s", path);
	compose->files[compose->file_count++] = file;
	return 0;
}

static int add_default_file(
	struct compose *compose, const struct compose_job *job, struct error *err)
{
	for (size_t i = 0; i < sizeof default_files / sizeof *default_files; i++) {
		_cleanup_free_ char *path = NULL;
		if (asprintf(&path, "%s/%s", job->dir, default_files[i]) < 0)
			return fail(err, ENOMEM, "%s", job->dir);
		if (access(path, F_OK) == 0)
			return add_compose_file(compose, job, path, err);
	}
	(void)fail_as(err, EX_CONFIG, "%s: no Docker Compose file in this directory", job->dir);
	return add_hint(err, "add a %s, or name one with --compose-file FILE", default_files[0]);
}

/* Compose finds the engine by its environment, as Docker's client does. */
static int make_compose_environment(
	struct compose *compose, const struct compose_job *job, struct error *err)
{
	_cleanup_(variables_free) struct variables engine = VARIABLES_NONE;
	if (job->endpoint && (variables_add(&engine, "DOCKER_HOST", job->endpoint, err) < 0 ||
				     variables_add(&engine, "DOCKER_CONTEXT", NULL, err) < 0 ||
				     variables_add(&engine, "DOCKER_TLS_VERIFY", NULL, err) < 0))
		return -1;
	if (environment_make(job->variables, &engine, &compose->environment, err) < 0)
		return -1;
	/* From here on the project owns the strings of the engine's variables. */
	compose->engine = engine;
	engine = (struct variables)VARIABLES_NONE;
	return 0;
}

int compose_open(const struct compose_job *job, struct compose *ret, struct error *err)
{
	_cleanup_(compose_free) struct compose compose = {
		.project = job->project ? strdup(job->project) : compose_project(job->plan->name),
		.is_named = job->project != NULL,
		.phase = job->both_phases ? NULL : phase_name(job->phase),
		.service_crs = {.list = job->service_crs, .count = job->service_crs_count},
		.files = calloc(job->file_count + 1, sizeof *compose.files),
		.variables = job->variables,
		.other_figures = job->other_figures,
		.running_engine = job->engine,
		.guard = job->guard,
		.guard_dir = job->scratch,
	};
	if (!compose.project || !compose.files)
		return fail(err, ENOMEM, "Compose");
	compose.tool = compose_find_tool(err);
	if (!compose.tool || make_compose_environment(&compose, job, err) < 0)
		return -1;
	for (size_t i = 0; i < job->file_count; i++)
		if (add_compose_file(&compose, job, job->files[i], err) < 0)
			return -1;
	if (job->file_count == 0 && add_default_file(&compose, job, err) < 0)
		return -1;
	*ret = compose;
	compose = (struct compose)COMPOSE_NONE;
	return 0;
}

static void free_compose_names(struct compose_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

void compose_free(struct compose *compose)
{
	for (size_t i = 0; i < compose->file_count; i++)
		free(compose->files[i]);
	for (size_t i = 0; i < compose->service_count; i++) {
		free(compose->services[i].name);
		free(compose->services[i].image);
		free_compose_names(&compose->services[i].variables);
		compose_guard_free(&compose->services[i]);
		risks_free(&compose->services[i].risks);
	}
	free_compose_names(&compose->networks);
	free_compose_names(&compose->volumes);
	free_compose_names(&compose->warnings);
	variables_free(&compose->engine);
	free(compose->environment);
	free(compose->tool);
	free(compose->files);
	free(compose->services);
	free(compose->project);
	free(compose->dir);
	free(compose->schema);
	*compose = (struct compose)COMPOSE_NONE;
}

int compose_argv(const struct compose *compose, const char *const *more, const char ***ret,
	struct error *err)
{
	size_t n = 0;
	size_t more_count = 0;
	while (more[more_count])
		more_count++;
	const char **argv = calloc(compose->file_count * 2 + more_count + 16, sizeof *argv);
	if (!argv)
		return fail(err, ENOMEM, "Compose");
	argv[n++] = compose->tool;
	argv[n++] = "--project-directory";
	argv[n++] = compose->dir;
	argv[n++] = "--project-name";
	argv[n++] = compose->project;
	const char *const phases[] = {phase_name(PHASE_BUILD), phase_name(PHASE_RUN)};
	for (size_t i = 0; i < (compose->phase ? 1 : sizeof phases / sizeof *phases); i++) {
		argv[n++] = "--profile";
		argv[n++] = compose->phase ? compose->phase : phases[i];
	}
	for (size_t i = 0; i < compose->file_count; i++) {
		argv[n++] = "--file";
		argv[n++] = compose->files[i];
	}
	for (size_t i = 0; i < more_count; i++)
		argv[n++] = more[i];
	*ret = argv;
	return 0;
}

int compose_up_argv(const struct compose *compose, const struct compose_up *up, const char ***ret,
	struct error *err)
{
	const char *more[8] = {"--file", up->override};
	size_t n = 2;
	if (up->plain) {
		more[n++] = "--ansi";
		more[n++] = "never";
	}
	more[n++] = "up";
	if (up->plain)
		more[n++] = "--no-color";
	if (up->until_first)
		more[n++] = "--abort-on-container-exit";
	return compose_argv(compose, more, ret, err);
}
