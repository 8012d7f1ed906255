/* SPDX-License-Identifier: MIT
 *
 * main: the entry point of oss-crs-run, which makes cgroups for the CRSs of a job and runs the job
 * inside them. This file has the table of commands. Each command returns an exit status or an
 * error, and only this file prints errors.
 */
#include "commands.h"

#include "cleanup.h"
#include "nearest.h"
#include "proc.h"
#include "runconf.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>

struct command {
	const char *name;
	unsigned bit;
	int min_args, max_args; /* max_args -1: no limit */
	const char *usage, *help;
	int (*run)(const struct context *context, struct error *err);
};

static const struct command commands[] = {
	{"build", COMMAND_BUILD, 2, -1, "CONFIG PROJECT [-- ARG...]",
		"run the build phase of a job under Docker Compose", cmd_build},
	{"run", COMMAND_RUN, 3, -1, "CONFIG PROJECT HARNESS [-- ARG...]",
		"run the run phase of a job under Docker Compose", cmd_run},
	{"exec", COMMAND_EXEC, 2, -1, "CONFIG [--crs NAME] -- COMMAND...",
		"run any command with the same cgroups", cmd_exec},
	{"hold", COMMAND_HOLD, 1, 1, "CONFIG|-",
		"keep the same cgroups for a program while it holds a pipe open", cmd_hold},
	{"plan", COMMAND_PLAN, 1, 1, "CONFIG", "show what a run would create; changes nothing",
		cmd_plan},
	{"check", COMMAND_CHECK, 0, 0, "",
		"check whether this host is ready, and how to make it so", cmd_check},
	{"selftest", COMMAND_SELFTEST, 0, 1, "",
		"try to exceed the limits of a CRS, and report what stops it", cmd_selftest},
	{"status", COMMAND_STATUS, 0, 1, "[RUN]",
		"show active runs of all users: limits, use, pressure, OOM kills", cmd_status},
	{"report", COMMAND_REPORT, 0, 2, "[RUN|FILE [RUN|FILE]]",
		"show a finished run, list reports, or compare two", cmd_report},
	{"clean", COMMAND_CLEAN, 0, -1, "[RUN...]", "remove what killed runs left", cmd_clean},
	{"experiment", COMMAND_EXPERIMENT, 2, 5, "plan|submit|status|gather|cancel FILE",
		"do many runs on this host, over ssh, or by Slurm", cmd_experiment},
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_help(const struct command *command)
{
	if (command) {
		(void)printf("usage: oss-crs-run %s [OPTIONS] %s\n%s\n\noptions:\n", command->name,
			command->usage, command->help);
		options_help(command->bit, stdout);
		return;
	}
	(void)puts("usage: oss-crs-run COMMAND [OPTIONS] ...\n\ncommands:");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)printf("  %-10s  %s\n", commands[i].name, commands[i].help);
	(void)puts("\n`oss-crs-run COMMAND --help` lists the arguments and options of a command.");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Fail for an unknown command; name is NULL if the command line has none. */
static int fail_command(const char *name, struct error *err)
{
	const char *names[COMMAND_COUNT + 1] = {NULL};
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	const char *meant = name ? nearest_meant(name, names) : NULL;
	if (!name)
		(void)fail_as(err, EX_USAGE, "no command given");
	else
		(void)fail_as(err, EX_USAGE, "unknown command '%.64s'%s%s%s", name,
			meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
	return add_hint(err, "see: oss-crs-run --help");
}

static int check_args(
	const struct command *command, const struct options *options, struct error *err)
{
	int count = options->arg_count;
	if (count >= command->min_args && (command->max_args < 0 || count <= command->max_args))
		return 0;
	(void)fail_as(
		err, EX_USAGE, "too %s arguments", count < command->min_args ? "few" : "many");
	return add_hint(err, "usage: oss-crs-run %s [OPTIONS] %s", command->name, command->usage);
}

/* Print an error. With --json it is also an object on standard output, for programs that read
 * nothing else. */
static void print_error(const struct context *context, const struct error *err)
{
	log_error(&context->log, err);
	if (!context->options.json)
		return;
	json_t *root = json_pack("{s:i, s:{s:s, s:s, s:i}}", "version", 1, "error", "message",
		err->msg, "hint", err->hint, "status", err->status);
	if (root && json_dumpf(root, stdout, JSON_INDENT(2)) == 0)
		(void)putchar('\n');
	json_decref(root);
}

/* Reset what this process inherits. A closed standard descriptor would become the next file that
 * the program opens. An ignored SIGCHLD hides how a child ended (wait(2)). With SIGPIPE ignored,
 * a reader that goes away does not keep the run from cleaning up. */
static int reset_inherited_state(struct error *err)
{
	if (proc_standard_descriptors(err) < 0)
		return -1;
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return fail(err, errno, "signal");
	return 0;
}

/* Read the options and run the command. Returns its exit status, or -1 with an error. */
static int run_command_line(int argc, char **argv, struct context *context, struct error *err)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = find_command(name);
	if (!command)
		return fail_command(argc > 1 ? name : NULL, err);
	struct options *options = &context->options;
	/* Read the command line even if a run.conf has an error: --help and --json still apply. */
	struct error conf = {0};
	int defaults = runconf_read(&context->host, command->bit, options, &conf);
	if (options_parse(argc - 1, argv + 1, command->bit, options, err) < 0)
		return -1;
	context->log.level = options->quiet     ? LOG_QUIET
			     : options->verbose ? LOG_VERBOSE
						: LOG_NORMAL;
	if (options->help) {
		print_help(command);
		return EX_OK;
	}
	if (defaults < 0) {
		*err = conf;
		return -1;
	}
	if (options->share && options->wait) {
		(void)fail_as(err, EX_USAGE, "--share and --wait cannot be used together");
		return add_hint(
			err, "--wait starts after the other runs end; --share starts beside them");
	}
	if (check_args(command, options, err) < 0 ||
		(options->cgroup_root &&
			host_set_cgroup(&context->host, options->cgroup_root, err) < 0))
		return -1;
	return command->run(context, err);
}

int main(int argc, char **argv)
{
	struct context context = {.host = HOST_CLOSED,
		.options = OPTIONS_NONE,
		.log = {.program = "oss-crs-run"},
		.uid = getuid()};
	struct error err = {0};
	const char *name = argc > 1 ? argv[1] : "";
	if (strcmp(name, "--version") == 0)
		return puts("oss-crs-run " OSS_CRS_VERSION) == EOF ? EX_IOERR : EX_OK;
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(argc > 2 ? find_command(argv[2]) : NULL);
		return EX_OK;
	}
	int status = -1;
	if (reset_inherited_state(&err) == 0 && host_open(&context.host, &err) == 0)
		status = run_command_line(argc, argv, &context, &err);
	/* Output that cannot be written is a failure. A reader that closed the pipe is not. */
	if (status >= 0 && fflush(stdout) != 0 && errno != EPIPE)
		status = fail_as(&err, EX_IOERR, "write standard output: %s", strerror(errno));
	if (status < 0) {
		print_error(&context, &err);
		status = err.status;
	}
	host_close(&context.host);
	options_free(&context.options);
	return status;
}
