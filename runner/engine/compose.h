/* SPDX-License-Identifier: MIT
 *
 * compose: the job's Docker Compose files: which services the phase has, which CRS each belongs to, the override
 * file that puts them there, and the command lines. The user's files are never changed.
 */
#ifndef OSS_CRS_COMPOSE_H
#define OSS_CRS_COMPOSE_H

#include "owner.h"
#include "plan.h"
#include "run_variables.h"

#define COMPOSE_UNCONFINED (-1)

struct compose_service {
	char *name;
	int crs;        /* index into the plan's CRSs, or COMPOSE_UNCONFINED */
	unsigned risks; /* see risks.h */
};

struct compose_names {
	char **list;
	size_t count;
};

/* What everything that Compose makes for the run is marked with: see ENGINE_RUN_LABEL. */
struct compose_mark {
	uid_t uid;
	char owner[OWNER_TEXT_MAX];
	bool keep;
};

struct compose {
	char *tool;    /* path of Compose */
	char *project; /* Compose project of the run: its name in lower case, '.' as '-' */
	char *dir;     /* project directory: relative paths in the files start here */
	char **files;  /* as given with -f */
	size_t file_count;
	const char *phase;                 /* the profile */
	const struct variables *variables; /* those of the run; the caller's */
	const char **environment;          /* of Compose's own process */
	struct variables engine;           /* those of the environment that name the engine */
	char *schema; /* `version:` as the old tool writes it, to be repeated in the override; else NULL */
	struct compose_service *services;
	size_t service_count;
	struct compose_names networks, volumes; /* that the project makes itself */
	struct compose_mark mark;               /* the caller's to fill in */
};

#define COMPOSE_NONE            \
	{                       \
		.project = NULL \
	}

/* The path of Compose: of Docker's plugin where `docker compose` would find it, else of docker-compose. The plugin is a whole
 * program, which takes the same arguments without `docker compose` before them; by that command it would be started twice,
 * and Docker's own client once, for each call. The caller frees; NULL with EX_UNAVAILABLE if there is neither. */
char *compose_find_tool(struct error *err);

/* The Compose project of a run of that name, so that whoever knows the name finds what it left. Caller frees. */
char *compose_project(const char *run_name);

/* A job's Compose project, before anything of it has been read. All of it is the caller's, and the plan and the variables
 * outlive the project. */
struct compose_job {
	const struct run_plan *plan;
	enum phase phase;
	const char *dir;          /* where the files are looked for if none is given */
	const char *const *files; /* as given with -f */
	size_t file_count;
	const char *scratch; /* path of the directory that templates are rendered into */
	const char
		*endpoint; /* "unix://…" of the engine; NULL: the one that Docker's settings name */
	const struct variables *variables; /* those of the run, from run_variables.h */
};

/* Find the job's files: those given, or docker-compose.yaml, .yml or .yaml.j2 in dir; and make the environment of Compose.
 * Missing files are EX_CONFIG. */
int compose_open(const struct compose_job *job, struct compose *ret, struct error *err);
void compose_free(struct compose *compose);

/* Ask the tool what the files come to (`config`) and find the CRS of every service of the phase: by a cgroup_parent
 * below the run's, by the label oss-crs.crs, by its name, by the longest CRS name X where it is X_…, or else
 * oss_crs_infra. A service that belongs nowhere is EX_CONFIG unless unconfined ones are allowed. */
int compose_services(struct compose *compose, const struct run_plan *plan, bool allow_unconfined,
	struct error *err);

/* The CRS of a service, as an index into the plan's, or COMPOSE_UNCONFINED. */
int compose_crs(const struct compose *compose, const char *service);

/* The override file's content. Caller frees. */
int compose_override(
	const struct compose *compose, const struct run_plan *plan, char **ret, struct error *err);

/* argv of any call: the words that all have in common, then `more` (NULL-terminated). Caller frees the array, not the
 * strings. */
int compose_argv(const struct compose *compose, const char *const *more, const char ***ret,
	struct error *err);

/* argv of `up` with the override file at the given path. Caller frees the array, not the strings. */
int compose_up_argv(const struct compose *compose, const char *override, bool until_first,
	const char ***ret, struct error *err);

#endif
