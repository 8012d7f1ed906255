/* SPDX-License-Identifier: MIT
 *
 * options: the tables of verbs and options, which are the whole syntax, and the text of --help.
 */
#include "options.h"

#include "nearest.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	enum verb verb;
} verbs[] = {
	{"delegate", VERB_DELEGATE},
	{"docker", VERB_DOCKER},
	{"check", VERB_CHECK},
	{"undo", VERB_UNDO},
	{"sweep", VERB_SWEEP},
	{"reserve", VERB_RESERVE},
};

#define VERB_COUNT (sizeof verbs / sizeof *verbs)

enum option_id {
	OPTION_DRY_RUN = 256,
	OPTION_PURGE,
	OPTION_USER,
	OPTION_RESTART,
	OPTION_LINGER,
	OPTION_JSON,
	OPTION_VERSION,
	OPTION_CPUS,
	OPTION_ALL_BUT,
};

static const struct option options[] = {
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"yes", no_argument, NULL, 'y'},
	{"purge", no_argument, NULL, OPTION_PURGE},
	{"user", required_argument, NULL, OPTION_USER},
	{"restart", required_argument, NULL, OPTION_RESTART},
	{"linger", required_argument, NULL, OPTION_LINGER},
	{"cpus", required_argument, NULL, OPTION_CPUS},
	{"all-but", required_argument, NULL, OPTION_ALL_BUT},
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

#define OPTION_COUNT (sizeof options / sizeof *options - 1)

const char *request_help(void)
{
	return "usage: oss-crs-setup [VERB] [OPTIONS]    as: sudo oss-crs-setup ...  or  pkexec "
	       "oss-crs-setup ...\n"
	       "\n"
	       "  (no verb)   delegate, then docker (asks for the engine if Podman is installed)\n"
	       "  delegate    give the calling user CPU and memory delegation (cgroup v2)\n"
	       "  docker      set Docker's cgroup driver to cgroupfs\n"
	       "  check       look only: exit 0 if the host is ready, 69 if not; needs no "
	       "privilege\n"
	       "  reserve     take CPUs from everything on the host but the calling user's runs\n"
	       "  undo        undo what this program changed, newest first, for all users\n"
	       "  sweep       remove root's empty cgroups that dead runs of the calling user "
	       "left\n"
	       "\n"
	       "  --dry-run           print every step with the old and new state; change nothing\n"
	       "  -y, --yes           do not ask for confirmation\n"
	       "  --purge             with undo: remove the backups too, and forget what is left "
	       "alone\n"
	       "  --user NAME|UID     which user; only for root itself, not through sudo or "
	       "pkexec\n"
	       "  --restart=auto|never|force\n"
	       "                      Docker: auto does not restart while containers run\n"
	       "  --linger=yes|no     keep the user's services across logout; no leaves it as it "
	       "is\n"
	       "  --cpus LIST         with reserve: these CPUs\n"
	       "  --all-but N         with reserve: all CPUs but the N lowest\n"
	       "  --json              machine-readable output\n"
	       "  -q, --quiet         print errors only\n"
	       "  -v, --verbose       show each step before it is carried out\n"
	       "  -h, --help          show this help\n"
	       "  --version           show the version\n"
	       "\n"
	       "Configuration: " POLICY_FILE "\n";
}

bool request_delegates(const struct request *request)
{
	return request->verb == VERB_ALL || request->verb == VERB_DELEGATE ||
	       request->verb == VERB_CHECK;
}

bool request_dockers(const struct request *request)
{
	return request->verb == VERB_ALL || request->verb == VERB_DOCKER ||
	       request->verb == VERB_CHECK;
}

bool request_changes(const struct request *request)
{
	return request->verb != VERB_CHECK && !request->dry_run;
}

static int parse_verb(const char *text, struct request *request, struct error *err)
{
	const char *names[VERB_COUNT + 1] = {NULL};
	for (size_t i = 0; i < VERB_COUNT; i++) {
		names[i] = verbs[i].name;
		if (strcmp(text, verbs[i].name) == 0) {
			request->verb = verbs[i].verb;
			return 0;
		}
	}
	const char *meant = nearest_meant(text, names);
	(void)fail_as(err, EX_USAGE, "unknown verb '%.64s'%s%s%s", text,
		meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
	return add_hint(err, "one of: delegate, docker, check, reserve, undo, sweep; or none for "
			     "delegate and docker");
}

static int parse_all_but(const char *text, unsigned *ret, struct error *err)
{
	unsigned count = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9' && count <= CPULIST_MAX; p++)
		count = count * 10 + (unsigned)(*p - '0');
	if (*p || count == 0 || count > CPULIST_MAX)
		return fail_as(err, EX_USAGE, "--all-but takes a number from 1 to %d, not '%.32s'",
			CPULIST_MAX, text);
	*ret = count;
	return 0;
}

static int parse_cpus(const char *text, struct cpulist *ret, struct error *err)
{
	if (cpulist_parse(text, ret, err) == 0)
		return 0;
	err->status = EX_USAGE;
	return add_context(err, "--cpus");
}

static int apply_option(int option, struct request *request, struct error *err)
{
	switch (option) {
	case OPTION_DRY_RUN:
		request->dry_run = true;
		return 0;
	case OPTION_PURGE:
		request->purge = true;
		return 0;
	case 'y':
		request->yes = true;
		return 0;
	case OPTION_USER:
		request->user = optarg;
		return *optarg ? 0 : fail_as(err, EX_USAGE, "--user is empty");
	case OPTION_RESTART:
		request->restart_set = true;
		return policy_parse_restart(optarg, &request->restart, err) < 0
			       ? add_context(err, "--restart")
			       : 0;
	case OPTION_LINGER:
		request->linger_set = true;
		return policy_parse_bool(optarg, &request->linger, err) < 0
			       ? add_context(err, "--linger")
			       : 0;
	case OPTION_CPUS:
		return parse_cpus(optarg, &request->cpus, err);
	case OPTION_ALL_BUT:
		return parse_all_but(optarg, &request->all_but, err);
	case OPTION_JSON:
		request->json = true;
		return 0;
	case 'q':
		request->level = LOG_QUIET;
		return 0;
	case 'v':
		request->level = LOG_VERBOSE;
		return 0;
	case 'h':
		request->help = true;
		return 0;
	case OPTION_VERSION:
		request->version = true;
		return 0;
	default:
		return fail_as(err, EX_USAGE, "option not handled");
	}
}

/* The option of which "--NAME" is a misspelling; NULL if there is none, or NAME is an option. */
static const char *meant_long_option(const char *text)
{
	const char *names[OPTION_COUNT + 1] = {NULL};
	for (size_t i = 0; i < OPTION_COUNT; i++)
		names[i] = options[i].name;
	const char *meant = strncmp(text, "--", 2) == 0 ? nearest_meant(text + 2, names) : NULL;
	return meant && strcmp(meant, text + 2) != 0 ? meant : NULL;
}

static int refuse_option(int option, char **argv, struct error *err)
{
	const char *text = optind > 0 && argv[optind - 1] ? argv[optind - 1] : "";
	if (option == ':')
		(void)fail_as(err, EX_USAGE, "option %.64s needs a value", text);
	else if (meant_long_option(text))
		(void)fail_as(err, EX_USAGE, "unknown option '%.64s'; did you mean '--%s'?", text,
			meant_long_option(text));
	else
		(void)fail_as(
			err, EX_USAGE, "unknown option '%.64s', or one that takes no value", text);
	return add_hint(err, "oss-crs-setup --help");
}

int request_parse(int argc, char **argv, struct request *ret, struct error *err)
{
	struct request request = {.verb = VERB_ALL, .level = LOG_NORMAL};
	/* Since Linux 5.18 a program that is started without arguments gets one empty argument. */
	if (argc < 1 || !*argv[0])
		return fail_as(err, EX_USAGE, "called without a name");
	opterr = 0;
	int option = 0;
	while ((option = getopt_long(argc, argv, ":yqvh", options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return refuse_option(option, argv, err);
		if (apply_option(option, &request, err) < 0)
			return -1;
	}
	if (optind < argc && parse_verb(argv[optind], &request, err) < 0)
		return -1;
	if (optind + 1 < argc)
		return fail_as(err, EX_USAGE, "unexpected argument '%.64s'; give at most one verb",
			argv[optind + 1]);
	bool changes = request_changes(&request) && !request.help && !request.version;
	if (request.json && changes && !request.yes)
		return fail_as(err, EX_USAGE,
			"--json cannot ask for confirmation; use --yes, --dry-run or check");
	if (request.purge && request.verb != VERB_UNDO)
		return fail_as(err, EX_USAGE, "--purge works only with undo");
	bool listed = !cpulist_empty(&request.cpus);
	bool reserves = request.verb == VERB_RESERVE && !request.help && !request.version;
	if ((listed || request.all_but) && request.verb != VERB_RESERVE)
		return fail_as(err, EX_USAGE, "--cpus and --all-but work only with reserve");
	if (reserves && listed == (request.all_but > 0))
		return fail_as(err, EX_USAGE, "reserve takes either --cpus LIST or --all-but N");
	if (request.user && request.verb == VERB_UNDO)
		return fail_as(err, EX_USAGE, "undo acts for all users and does not take --user");
	*ret = request;
	return 0;
}

bool request_wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

const char *request_verb(const struct request *request)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (verbs[i].verb == request->verb)
			return verbs[i].name;
	return "setup";
}

void request_override(const struct request *request, struct policy *policy)
{
	if (request->restart_set)
		policy->restart = request->restart;
	if (request->linger_set)
		policy->linger = request->linger;
}
