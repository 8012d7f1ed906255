/* SPDX-License-Identifier: MIT
 *
 * compose: the job's Docker Compose project. It finds the job's Compose files, the services of
 * the phase and the CRS of each service, writes the override file that puts the services into
 * their CRSs' cgroups, and builds Compose's command lines. The user's files are never changed.
 */
#ifndef OSS_CRS_COMPOSE_H
#define OSS_CRS_COMPOSE_H

#include "engine.h"
#include "owner.h"
#include "plan.h"
#include "risks.h"
#include "run_variables.h"

#define COMPOSE_UNCONFINED (-1)

struct compose_names {
	char **list;
	size_t count;
};

/* What says which CRS a service belongs to, in the order in which it counts. */
enum crs_source {
	CRS_OF_NONE, /* it belongs to none */
	CRS_OF_PARENT,
	CRS_OF_OPTION,
	CRS_OF_CONFIG,
	CRS_OF_LABEL,
	CRS_OF_NAME,
	CRS_OF_INFRA,
};

#define CRS_SOURCES (CRS_OF_INFRA + 1)

/* A path of the host, or a volume, that a service has. */
struct compose_mount {
	char *source; /* as the engine knows it: a path, or the name of a volume */
	char *target; /* in the container */
	bool writable;
	bool is_socket; /* the engine's socket */
};

struct compose_mounts {
	struct compose_mount *list;
	size_t count;
};

/* Which services get a guarded socket of the engine (--guard). */
enum compose_guard {
	COMPOSE_GUARD_NONE,
	COMPOSE_GUARD_SOCKETS, /* those of a CRS that mount the engine's socket */
	COMPOSE_GUARD_ALL,     /* those of a CRS */
};

struct compose_service {
	char *name;
	int crs; /* index into the plan's CRSs, or COMPOSE_UNCONFINED */
	enum crs_source source;
	bool has_log_driver; /* one of its own */
	bool is_awaited;     /* others begin when it has ended well */
	bool is_attached;    /* Compose is attached to it: it does not say `attach: false` */
	bool is_restarted;   /* the engine starts it again when it ends, or when it fails */
	/* Compose builds its image, and names it after project and service. */
	bool is_built;
	bool has_container_name; /* a name that only one container of the engine can have */
	char *image;             /* that it needs; NULL: Compose builds it, or it names none */
	/* Names of the OSS_CRS_ variables that it sets itself. */
	struct compose_names variables;
	/* With a guard only: what it has mounted, the engine's names of the networks that it is
	 * in, and whether it gets a guarded socket (compose_guard.h). */
	struct compose_mounts mounts;
	struct compose_names networks;
	bool guarded;
	struct risks risks;
};

/* The values of the labels of everything that Compose creates for the run, except the run's name;
 * see ENGINE_RUN_LABEL. */
struct compose_mark {
	uid_t uid;
	char owner[OWNER_TEXT_MAX];
	/* --keep: nothing is removed until the user asks for it. */
	bool keep;
	/* --keep-images: images that the run builds are never removed. */
	bool keep_images;
};

struct compose {
	/* Another program starts the project's containers: which services there are is not known.
	 */
	bool foreign;
	char *tool; /* path of Compose */
	/* Compose project of the run: the run's name in lower case, with '-' for '.', or the name
	 * that the user gave it. */
	char *project;
	bool is_named; /* the user gave it: what has its name may be older than the run */
	/* Project directory: relative paths in the files start here. */
	char *dir;
	char **files; /* the files that Compose gets with --file */
	size_t file_count;
	const char *phase; /* the profile; NULL: those of both phases */
	/* SERVICE=CRS, as given with --service-crs; the words belong to the caller. */
	struct {
		const char *const *list;
		size_t count;
	} service_crs;
	/* The run's variables; they belong to the caller. */
	const struct variables *variables;
	/* The CPUs and memory are not those of the config: they replace what a service itself says
	 * of them in its variables. */
	bool other_figures;
	const char **environment; /* of the Compose process */
	/* The variables of that environment that name the engine. */
	struct variables engine;
	/* `version:` as docker-compose 1.29 prints it, which the override has to repeat; NULL if
	 * there is none. */
	char *schema;
	struct compose_service *services; /* in the order of their names (strcmp(3)) */
	size_t service_count;
	/* Those that the project creates itself. */
	struct compose_names networks, volumes;
	/* What a service asks for that its CRS does not give, in words. */
	struct compose_names warnings;
	struct engine *running_engine; /* belongs to the caller */
	struct compose_mark mark;      /* the caller fills it in */
	enum compose_guard guard;
	const char *guard_dir; /* path of the directory of the guarded sockets; the caller's */
};

#define COMPOSE_NONE            \
	{                       \
		.project = NULL \
	}

/* The path of Compose: of Docker's plugin, where `docker compose` would find it, else of
 * docker-compose. The plugin is a complete program that takes the same arguments without `docker
 * compose` before them; a call through that command would start Docker's client once and the
 * plugin twice. The caller frees the path; NULL with EX_UNAVAILABLE if neither is installed. */
char *compose_find_tool(struct error *err);

/* The Compose project of the run of that name. The name alone gives the project, so that what a
 * run left can be found by the run's name. The caller frees it; NULL if out of memory. */
char *compose_project(const char *run_name);

/* Refuse, as EX_USAGE, what cannot be the name of a project: it begins with a lower-case letter or
 * a digit and goes on with these, '_' and '-'. */
int compose_check_project(const char *project, struct error *err);

/* What a job's Compose project is made of. All of it belongs to the caller; the plan and the
 * variables must outlive the project. */
struct compose_job {
	const struct run_plan *plan;
	enum phase phase;
	bool both_phases;         /* the services of either phase, whatever `phase` is */
	const char *dir;          /* where to look for the files if none is given */
	const char *const *files; /* as given with --compose-file */
	size_t file_count;
	const char *scratch; /* path of the directory that templates are rendered into */
	/* "unix://…" of the engine; NULL: the engine that Docker's settings name. */
	const char *endpoint;
	/* Its socket no container may get, and it knows the volumes that exist already. NULL: what
	 * the services may ask for is not judged. */
	struct engine *engine;
	const char *const *service_crs; /* as given with --service-crs */
	size_t service_crs_count;
	const char *project;               /* --project-name; NULL: one after the run's name */
	const struct variables *variables; /* the run's variables, see run_variables.h */
	bool other_figures;                /* --cpus or --scale; see struct compose */
	enum compose_guard guard;          /* the sockets will be in the scratch directory */
};

/* Find Compose and the job's files (those given, else docker-compose.yaml, .yml or .yaml.j2 in
 * dir), render those that are templates, and make the environment of the Compose process.
 * Returns 0, or -1 with an error: EX_UNAVAILABLE if Compose is not installed, EX_CONFIG if a
 * file is missing. The caller releases *ret with compose_free(). */
int compose_open(const struct compose_job *job, struct compose *ret, struct error *err);
void compose_free(struct compose *compose);

/* Whether a Compose file is a template, which compose_open() renders into the scratch directory. */
bool compose_is_template(const char *path);

/* Append a copy of a text. Returns 0, or -1 with an error when out of memory. */
int compose_add_name(struct compose_names *names, const char *name, struct error *err);

/* Let Compose resolve the files (`config`) and find the CRS of every service of the phase, its
 * risks (risks.h), and where its own limits contradict its CRS (service_limits.h). A
 * service belongs to the CRS that its cgroup_parent names below the cgroup of this or another run,
 * else to that of --service-crs, else to the CRS that has it in the config, else to that of its
 * label oss-crs.crs, else to the CRS of the same name, else to the CRS with the longest
 * name X where the service is X_…, else to oss_crs_infra. A service that belongs to no CRS is
 * EX_CONFIG, unless allow_unconfined is set. */
int compose_services(struct compose *compose, const struct run_plan *plan, bool allow_unconfined,
	struct error *err);

/* The same with what `config` prints as a text: add the services, networks and volumes in it to
 * the project. On failure some are added; the caller releases them with compose_free(). */
int compose_services_parse(struct compose *compose, const char *text, const struct run_plan *plan,
	bool allow_unconfined, struct error *err);

/* Whether the run builds images that are to be removed with it. */
bool compose_builds(const struct compose *compose);

/* The service of that name; NULL if there is none. */
struct compose_service *compose_find(const struct compose *compose, const char *name);

/* The engine's name of a volume or network that the document has under a key of its section. The
 * caller frees it; NULL if out of memory. */
char *compose_engine_name(
	const struct compose *compose, struct doc *doc, const char *section, const char *key);

/* The CRS of a service, as an index into the plan's CRSs, or COMPOSE_UNCONFINED. */
int compose_crs(const struct compose *compose, const char *service);

/* Whether Compose is attached to the containers of a service. */
bool compose_is_attached(const struct compose *compose, const char *service);

/* The content of the override file. A service keeps the OSS_CRS_ variables that it sets itself, but
 * never OSS_CRS_HELD_ ones, nor the CPUs and the memory with other_figures; the memory then has a
 * unit. The caller frees *ret. */
int compose_override(
	const struct compose *compose, const struct run_plan *plan, char **ret, struct error *err);

/* The argument vector of a Compose call: the words that all calls share, then `more`
 * (NULL-terminated). The caller frees the array, but not the strings. */
int compose_argv(const struct compose *compose, const char *const *more, const char ***ret,
	struct error *err);

/* How Compose is to start the services. */
struct compose_up {
	const char *override; /* path of the override file */
	bool until_first;     /* --abort-on-container-exit */
	/* Without colours and without moving the cursor. docker-compose 1.29 colours the names of
	 * services also where its output is no terminal. */
	bool plain;
};

/* The argument vector of `up`. The caller frees the array, but not the strings. */
int compose_up_argv(const struct compose *compose, const struct compose_up *up, const char ***ret,
	struct error *err);

#endif
