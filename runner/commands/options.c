/* SPDX-License-Identifier: MIT
 *
 * options: the table of all options, and getopt_long(3) over it. The help and the keys of
 * run.conf come from the same table.
 */
#include "options.h"

#include "cleanup.h"
#include "conf.h"
#include "duration.h"
#include "engine_select.h"
#include "nearest.h"
#include "partition.h"
#include "queue.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

enum option_kind {
	FLAG,     /* bool: becomes true */
	TEXT,     /* const char * */
	LIST,     /* struct text_list: the option can be repeated */
	DURATION, /* uint64_t, in seconds */
	PATIENCE, /* the same with an optional argument; QUEUE_FOREVER without it */
	NUMBER,   /* uint64_t, from 0 to KEEP_REPORTS_MAX */
	CHOICE,   /* int: first_choice plus the index into choices */
	PERHAPS,  /* the same with an optional argument; first_choice without it */
};

struct option_def {
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	size_t offset;        /* of the field in struct options */
	unsigned commands;    /* COMMAND_ bits, CONF, TESTS */
	const char *argument; /* for the help; NULL for a flag */
	const char *help;
	const char *const *choices;
	int first_choice; /* value of choices[0] */
};

#define JOBS  (COMMAND_BUILD | COMMAND_RUN)
#define RUNS  (JOBS | COMMAND_EXEC | COMMAND_HOLD)
#define PLANS (RUNS | COMMAND_PLAN)
#define ALL                                                                          \
	(PLANS | COMMAND_CHECK | COMMAND_CLEAN | COMMAND_SELFTEST | COMMAND_STATUS | \
		COMMAND_REPORT | COMMAND_EXPERIMENT)
#define CONF     (1 << 16) /* can be set in run.conf */
#define TESTS    (1 << 17) /* for tests only: not in the help */
#define FIELD(f) offsetof(struct options, f)

static const char *const engine_choices[] = {"auto", "docker", "podman", NULL};
static const char *const until_choices[] = {"first", "all", NULL};
static const char *const phase_choices[] = {"build", "run", NULL};
static const char *const exclusive_choices[] = {"root", "isolated", NULL};
static const char *const oom_choices[] = {"process", "group", NULL};

static const struct option_def defs[] = {
	{"worker", 0, TEXT, FIELD(worker), PLANS | CONF, "NAME",
		"which worker section of the config to use (default: local)", NULL, 0},
	{"run-id", 0, TEXT, FIELD(run_id), PLANS, "ID",
		"first part of the run's name (default: name of the config's directory)", NULL, 0},
	{"phase", 0, CHOICE, FIELD(phase), COMMAND_HOLD, "build|run",
		"phase of the job, in the run's name and report (default: run)", phase_choices,
		PHASE_BUILD},
	{"hold-fd", 0, NUMBER, FIELD(hold_fd), COMMAND_HOLD, "N",
		"end when descriptor N is closed (default: 0, standard input)", NULL, 0},
	{"compose-file", 'f', LIST, FIELD(compose_files), JOBS | COMMAND_PLAN, "FILE",
		"Compose file of the job; repeat for several", NULL, 0},
	{"service-crs", 0, LIST, FIELD(service_crs), JOBS | COMMAND_PLAN, "SERVICE=CRS",
		"CRS of a service, whatever its name; repeat for several", NULL, 0},
	{"project-name", 0, TEXT, FIELD(project_name), JOBS | COMMAND_HOLD, "NAME",
		"name of the job's Compose project (default: the run's name; of hold: none)", NULL,
		0},
	{"cpus", 0, TEXT, FIELD(cpus), PLANS, "LIST|N", "run on these CPUs, or on N of them", NULL,
		0},
	{"memory", 0, TEXT, FIELD(memory), PLANS, "SIZE", "fit the run into this much memory", NULL,
		0},
	{"scale", 0, FLAG, FIELD(scale), PLANS, NULL,
		"divide --cpus and --memory among the CRSs in proportion to the config", NULL, 0},
	{"allocation", 0, FLAG, FIELD(allocation), PLANS, NULL,
		"use only the CPUs and memory that a scheduler gave this process", NULL, 0},
	{"crs", 0, TEXT, FIELD(crs), COMMAND_EXEC, "NAME",
		"run the command inside this CRS's cgroup", NULL, 0},
	{"engine", 0, CHOICE, FIELD(engine), PLANS | COMMAND_CHECK | CONF, "auto|docker|podman",
		"container engine (default: Docker if it is ready, else rootless Podman)",
		engine_choices, WANT_ANY_ENGINE},
	{"docker", 0, FLAG, FIELD(docker), COMMAND_EXEC, NULL,
		"first check that the container engine is ready", NULL, 0},
	{"timeout", 0, DURATION, FIELD(timeout), RUNS | CONF, "DURATION",
		"end the job after 90, 90s, 5m, 2h or 1d, with status 124", NULL, 0},
	{"stop-grace", 0, DURATION, FIELD(stop_grace), JOBS | COMMAND_EXEC | CONF, "DURATION",
		"after a signal or the time limit, kill what has not ended within DURATION", NULL,
		0},
	{"wait", 0, PATIENCE, FIELD(wait), RUNS | CONF, "[=DURATION]",
		"queue until the CPUs and the memory are free", NULL, 0},
	{"share", 0, FLAG, FIELD(share), RUNS, NULL,
		"run even if other runs use the CPUs or memory; the report says so", NULL, 0},
	{"exclusive", 0, PERHAPS, FIELD(exclusive), RUNS, "[=root|isolated]",
		"let nothing else on the host run on the run's CPUs; they must be reserved for you",
		exclusive_choices, PARTITION_ROOT},
	{"until", 0, CHOICE, FIELD(until), JOBS | CONF, "first|all",
		"end with the first or the last container (default: run first, build all)",
		until_choices, UNTIL_FIRST},
	{"oom", 0, CHOICE, FIELD(oom), RUNS | CONF, "process|group",
		"what an OOM kill ends: one process (default) or the whole CRS", oom_choices,
		OOM_PROCESS},
	{"strict", 0, FLAG, FIELD(strict), PLANS | CONF, NULL,
		"the same as --strict-limits and --strict-containment together", NULL, 0},
	{"strict-limits", 0, FLAG, FIELD(strict_limits), PLANS | CONF, NULL,
		"refuse CRSs that share a CPU; end the run if a limit cannot be checked", NULL, 0},
	{"strict-machine", 0, FLAG, FIELD(strict_machine), RUNS | COMMAND_CHECK | CONF, NULL,
		"refuse a machine on which two equal runs differ, and a CRS with part of a core",
		NULL, 0},
	{"strict-containment", 0, FLAG, FIELD(strict_containment), JOBS | COMMAND_PLAN | CONF, NULL,
		"refuse services that could escape their CRS", NULL, 0},
	{"guard", 0, FLAG, FIELD(guard), JOBS | COMMAND_HOLD | CONF, NULL,
		"give each CRS a socket of the engine's API that keeps its containers in the CRS",
		NULL, 0},
	{"no-guard", 0, FLAG, FIELD(no_guard), JOBS | COMMAND_HOLD, NULL,
		"give no such socket, not even in place of the engine's with --strict", NULL, 0},
	{"allow-unconfined", 0, FLAG, FIELD(allow_unconfined), JOBS | CONF, NULL,
		"run services that belong to no CRS, without limits", NULL, 0},
	{"cgroup-parent", 0, FLAG, FIELD(cgroup_parent), RUNS, NULL,
		"one cgroup per CRS; always on, accepted for compatibility", NULL, 0},
	{"keep", 0, FLAG, FIELD(keep), JOBS | CONF, NULL,
		"keep containers and cgroups when the run ends", NULL, 0},
	{"keep-images", 0, FLAG, FIELD(keep_images), JOBS | CONF, NULL,
		"keep the images that the run built", NULL, 0},
	{"report", 0, TEXT, FIELD(report), JOBS | COMMAND_HOLD, "FILE",
		"write the report as JSON to FILE", NULL, 0},
	{"record", 0, FLAG, FIELD(record), RUNS | CONF, NULL,
		"sample usage every second, for report --svg and --html", NULL, 0},
	{"keep-reports", 0, NUMBER, FIELD(keep_reports), RUNS | CONF, "N",
		"keep reports of the newest N runs (default: 100)", NULL, 0},
	{"svg", 0, TEXT, FIELD(svg), COMMAND_REPORT, "FILE", "draw the samples of a run into FILE",
		NULL, 0},
	{"html", 0, TEXT, FIELD(html), COMMAND_REPORT | COMMAND_EXPERIMENT, "FILE",
		"write the report, or what gather finds, as a web page with charts", NULL, 0},
	{"host-cpus", 0, TEXT, FIELD(host_cpus), COMMAND_PLAN, "LIST|N",
		"plan for a machine with these CPUs, or with CPUs 0 to N-1", NULL, 0},
	{"host-memory", 0, TEXT, FIELD(host_memory), COMMAND_PLAN, "SIZE",
		"plan for a machine with this much memory", NULL, 0},
	{"topology", 0, TEXT, FIELD(topology), COMMAND_PLAN, "DIR",
		"plan for the machine whose /sys is recorded in DIR", NULL, 0},
	{"watch", 0, FLAG, FIELD(watch), COMMAND_STATUS, NULL,
		"refresh every second, until q or Ctrl-C", NULL, 0},
	{"openmetrics", 0, FLAG, FIELD(openmetrics), COMMAND_STATUS, NULL,
		"print metrics for Prometheus, in the OpenMetrics format", NULL, 0},
	{"textfile", 0, TEXT, FIELD(textfile), COMMAND_STATUS, "FILE",
		"write the metrics to FILE for node_exporter's collector; - is standard output",
		NULL, 0},
	{"stale", 0, FLAG, FIELD(stale), COMMAND_CLEAN, NULL,
		"remove runs whose owner process is gone (the default)", NULL, 0},
	{"all", 0, FLAG, FIELD(all), COMMAND_CLEAN, NULL,
		"remove every run of yours, active ones too", NULL, 0},
	{"dry-run", 0, FLAG, FIELD(dry_run), COMMAND_CLEAN, NULL,
		"only print what would be removed", NULL, 0},
	{"csv", 0, FLAG, FIELD(csv), COMMAND_EXPERIMENT, NULL,
		"gather: print a line of CSV for each run and CRS", NULL, 0},
	{"extend", 0, FLAG, FIELD(extend), COMMAND_EXPERIMENT, NULL,
		"submit: take more trials than the experiment had", NULL, 0},
	{"cgroup-root", 0, TEXT, FIELD(cgroup_root), ALL | TESTS, "DIR",
		"a directory that stands for /sys/fs/cgroup", NULL, 0},
	{"json", 0, FLAG, FIELD(json), ALL, NULL,
		"print JSON; the output of a job goes to standard error", NULL, 0},
	{"quiet", 'q', FLAG, FIELD(quiet), ALL | CONF, NULL, "print only errors", NULL, 0},
	{"verbose", 'v', FLAG, FIELD(verbose), ALL | CONF, NULL, "print every step", NULL, 0},
	{"help", 'h', FLAG, FIELD(help), ALL, NULL, "print this help", NULL, 0},
};

#define DEF_COUNT (sizeof defs / sizeof *defs)
#define LONG_BASE 256 /* getopt_long() returns this for defs[0]; letters are below */

static bool takes_optional(const struct option_def *def)
{
	return def->kind == PATIENCE || def->kind == PERHAPS;
}

static int set_choice(const struct option_def *def, const char *text, int *ret, struct error *err)
{
	for (int i = 0; def->choices[i]; i++) {
		if (strcmp(def->choices[i], text) == 0) {
			*ret = def->first_choice + i;
			return 0;
		}
	}
	/* As in "a|b" or "[=a|b]". */
	int len = (int)strcspn(def->argument, "]");
	int from = takes_optional(def) ? 2 : 0;
	return fail_as(err, EX_USAGE, "--%s takes %.*s, not '%s'", def->name, len - from,
		def->argument + from, text);
}

static int set_number(
	const struct option_def *def, const char *text, uint64_t *ret, struct error *err)
{
	uint64_t value = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9' && value <= KEEP_REPORTS_MAX; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (p == text || *p || value > KEEP_REPORTS_MAX)
		return fail_as(err, EX_USAGE, "--%s takes a number from 0 to %d, not '%.32s'",
			def->name, KEEP_REPORTS_MAX, text);
	*ret = value;
	return 0;
}

static int set_option_value(
	const struct option_def *def, const char *text, struct options *options, struct error *err)
{
	void *field = (char *)options + def->offset;
	struct text_list *list = field;
	switch (def->kind) {
	case FLAG:
		*(bool *)field = true;
		return 0;
	case TEXT:
		*(const char **)field = text;
		return *text ? 0 : fail_as(err, EX_USAGE, "--%s needs a value", def->name);
	case LIST:
		if (list->count == COMPOSE_FILES_MAX)
			return fail_as(err, EX_USAGE, "--%s given more than %d times", def->name,
				COMPOSE_FILES_MAX);
		list->items[list->count++] = text;
		return 0;
	case DURATION:
		return duration_parse(text, field, err) < 0 ? add_context(err, "--%s", def->name)
							    : 0;
	case PATIENCE:
		if (!text)
			*(uint64_t *)field = QUEUE_FOREVER;
		return text && duration_parse(text, field, err) < 0
			       ? add_context(err, "--%s", def->name)
			       : 0;
	case NUMBER:
		return set_number(def, text, field, err);
	case PERHAPS:
		if (!text) {
			*(int *)field = def->first_choice;
			return 0;
		}
		return set_choice(def, text, field, err);
	case CHOICE:
		return set_choice(def, text, field, err);
	}
	return 0;
}

static const struct option_def *find_option(int value)
{
	if (value >= LONG_BASE && value < LONG_BASE + (int)DEF_COUNT)
		return &defs[value - LONG_BASE];
	for (size_t i = 0; i < DEF_COUNT; i++)
		if (defs[i].letter && defs[i].letter == value)
			return &defs[i];
	return NULL;
}

/* The option of the command that the user meant by a misspelled "--NAME" or "--NAME=VALUE"; NULL
 * if none is close enough. */
static const char *meant_option(const char *word, unsigned command)
{
	const char *names[DEF_COUNT + 1] = {NULL};
	char name[NEAREST_WORD_MAX + 1];
	size_t count = 0;
	size_t len = strcspn(word, "=");
	for (size_t i = 0; i < DEF_COUNT; i++)
		if (defs[i].commands & command)
			names[count++] = defs[i].name;
	if (strncmp(word, "--", 2) != 0 || len - 2 >= sizeof name)
		return NULL;
	(void)snprintf(name, sizeof name, "%.*s", (int)len - 2, word + 2);
	return nearest_meant(name, names);
}

static int fail_unknown(char **argv, int value, unsigned command, struct error *err)
{
	/* optind may already be past the word. optopt is the letter of a short option, the value of
	 * a long option that was given an argument but takes none, or 0. */
	const char *word = argv[optind - 1];
	if (value == ':')
		(void)fail_as(err, EX_USAGE, "%s needs a value", word);
	else if (optopt >= LONG_BASE)
		(void)fail_as(err, EX_USAGE, "--%s takes no value", defs[optopt - LONG_BASE].name);
	else if (optopt)
		(void)fail_as(err, EX_USAGE, "unknown option -%c", optopt);
	else if (meant_option(word, command))
		(void)fail_as(err, EX_USAGE, "unknown option %.64s; did you mean --%s?", word,
			meant_option(word, command));
	else
		(void)fail_as(err, EX_USAGE, "unknown option %.64s", word);
	return add_hint(err, "see: oss-crs-run %s --help", argv[0]);
}

int options_parse(
	int argc, char **argv, unsigned command, struct options *options, struct error *err)
{
	struct option longs[DEF_COUNT + 1] = {0};
	for (size_t i = 0; i < DEF_COUNT; i++)
		longs[i] = (struct option){.name = defs[i].name,
			.has_arg = takes_optional(&defs[i]) ? optional_argument
				   : defs[i].argument       ? required_argument
							    : no_argument,
			.val = LONG_BASE + (int)i};
	uint64_t default_wait = options->wait;
	optind = 0;
	opterr = 0;
	for (;;) {
		int value = getopt_long(argc, argv, ":f:qvh", longs, NULL);
		if (value == -1)
			break;
		const struct option_def *def = find_option(value);
		if (!def)
			return fail_unknown(argv, value, command, err);
		if (!(def->commands & command)) {
			(void)fail_as(err, EX_USAGE, "%s has no option --%s", argv[0], def->name);
			return add_hint(err, "see: oss-crs-run %s --help", argv[0]);
		}
		if (set_option_value(def, optarg, options, err) < 0)
			return -1;
	}
	/* --share overrides a wait that comes from run.conf. */
	if (options->share && options->wait == default_wait)
		options->wait = 0;
	if (options->share && options->exclusive)
		return fail_as(err, EX_USAGE,
			"--exclusive and --share cannot be used together: --exclusive is for CPUs "
			"that nobody else uses");
	options->strict_limits |= options->strict;
	options->strict_containment |= options->strict;
	options->args = argv + optind;
	options->arg_count = argc - optind;
	return 0;
}

struct owned_text {
	struct owned_text *next;
	char text[];
};

/* Copy a text; options_free() frees it. NULL without memory. */
static const char *own_text(struct options *options, const char *text)
{
	size_t size = strlen(text) + 1;
	struct owned_text *owned = malloc(sizeof *owned + size);
	if (!owned)
		return NULL;
	memcpy(owned->text, text, size);
	owned->next = options->owned;
	options->owned = owned;
	return owned->text;
}

/* Set a flag from a file, as in "strict = yes". It has a value there, so that a later file can
 * turn it off again. */
static int set_flag_value(
	const struct option_def *def, const char *value, struct options *options, struct error *err)
{
	static const char *const words[] = {"no", "yes", NULL};
	int on = conf_word(value, words);
	if (on < 0)
		return fail_as(
			err, EX_CONFIG, "--%s: expected yes or no, not '%s'", def->name, value);
	*(bool *)((char *)options + def->offset) = on == 1;
	return 0;
}

int options_default(const char *name, const char *value, unsigned command, struct options *options,
	struct error *err)
{
	size_t i = 0;
	while (i < DEF_COUNT && (!(defs[i].commands & CONF) || strcmp(defs[i].name, name) != 0))
		i++;
	if (i == DEF_COUNT) {
		(void)fail_as(err, EX_CONFIG, "%s cannot be set in run.conf", name);
		return add_hint(err, "oss-crs-run.conf(5) lists the options that can");
	}
	struct options other = OPTIONS_NONE;
	struct options *to = defs[i].commands & command ? options : &other;
	const char *text = defs[i].argument ? own_text(options, value) : value;
	if (!text)
		return fail(err, ENOMEM, "%s", name);
	int result = defs[i].argument ? set_option_value(&defs[i], text, to, err)
				      : set_flag_value(&defs[i], text, to, err);
	return result < 0 ? -1 : (int)i;
}

void options_free(struct options *options)
{
	while (options->owned) {
		struct owned_text *next = options->owned->next;
		free(options->owned);
		options->owned = next;
	}
}

void options_help(unsigned command, FILE *to)
{
	for (size_t i = 0; i < DEF_COUNT; i++) {
		if (!(defs[i].commands & command) || defs[i].commands & TESTS)
			continue;
		char left[64];
		const char letter[] = {'-', defs[i].letter, ',', ' ', '\0'};
		(void)snprintf(left, sizeof left, "%s--%s%s%s", defs[i].letter ? letter : "    ",
			defs[i].name, defs[i].argument && !takes_optional(&defs[i]) ? " " : "",
			defs[i].argument ? defs[i].argument : "");
		(void)fprintf(to, "  %-32s %s\n", left, defs[i].help);
	}
}
