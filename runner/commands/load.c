/* SPDX-License-Identifier: MIT
 *
 * load: from the command line and the machine to a plan, for all commands that need one. This
 * file reads the config and collects the facts (the options, the machine); plan_make() makes the
 * plan of them, and makes it again when it is known which CPUs other runs have.
 */
#include "load.h"

#include "allocation.h"
#include "allowance.h"
#include "cleanup.h"
#include "comparable.h"
#include "fs.h"
#include "machine.h"
#include "size.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <sys/random.h>
#include <time.h>

/* The default run id: the name of the directory that holds the config. The caller frees. */
static int default_run_id(const struct job *job, char **ret, struct error *err)
{
	_cleanup_free_ char *real = realpath(job->dir, NULL);
	const char *base = real ? basename(real) : NULL;
	*ret = base && *base && *base != '/' ? strdup(base) : strdup("run");
	return *ret ? 0 : fail(err, ENOMEM, "run id");
}

/* Open a recorded machine. The directory at path is a copy of /sys, or holds one as "sys".
 * ret_sys is that copy, ret_host a host with the directory as its root; the caller closes both. */
static int open_recording(const char *path, struct host *ret_host, int *ret_sys, struct error *err)
{
	_cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		(void)fail(err, errno, "--topology %s", path);
		err->status = EX_USAGE;
		return -1;
	}
	_cleanup_close_ int sys = fs_open(dir, "sys", O_PATH | O_DIRECTORY, 0, err);
	if (sys < 0 && err->code == ENOENT)
		sys = fs_open(dir, ".", O_PATH | O_DIRECTORY, 0, err);
	if (sys < 0 || host_open_at(dir, ret_host, err) < 0)
		return -1;
	*ret_sys = steal_fd(&sys);
	return 0;
}

/* Read the facts of a recorded machine. The memory is what its proc/meminfo says, or the sum of
 * its NUMA nodes if that file cannot be read. */
static int recorded_facts(const char *path, struct plan_request *request, struct topology *topology,
	struct error *err)
{
	_cleanup_(host_close) struct host host = HOST_CLOSED;
	_cleanup_close_ int sys = -1;
	if (open_recording(path, &host, &sys, err) < 0)
		return -1;
	if (machine_topology(sys, topology, err) < 0) {
		err->status = EX_USAGE;
		(void)add_context(err, "--topology %s", path);
		return add_hint(
			err, "--topology takes a copy of /sys, or a directory that contains one");
	}
	request->host_cpus = topology_online(topology);
	if (machine_memory(&host, &request->host_memory, NULL, err) < 0)
		request->host_memory = topology->memory;
	return 0;
}

/* Take away what the cgroups above the user's runs do not allow. The request names their files. */
static int apply_allowance(
	const struct allowance *allowance, struct plan_request *request, struct error *err)
{
	if (*allowance->cpus_file && !cpulist_within(&request->host_cpus, &allowance->cpus)) {
		cpulist_intersect(&request->host_cpus, &allowance->cpus);
		request->cpus_file = allowance->cpus_file;
	}
	if (allowance->memory.value < request->host_memory) {
		request->host_memory = allowance->memory.value;
		request->memory_file = allowance->memory.file;
	}
	return cpulist_empty(&request->host_cpus)
		       ? fail_as(err, EX_UNAVAILABLE, "%s allows no CPU of this host",
				 allowance->cpus_file)
		       : 0;
}

static int live_facts(const struct context *context, struct plan_request *request,
	struct topology *topology, struct loaded *loaded, struct error *err)
{
	struct allowance *allowance = &loaded->allowance;
	_cleanup_close_ int sys = fs_open(context->host.root, "sys", O_PATH | O_DIRECTORY, 0, err);
	if (sys < 0 || machine_topology(sys, topology, err) < 0)
		return -1;
	request->host_cpus = topology_online(topology);
	if (request->strict_machine &&
		(comparable_require(context, topology, err) < 0 ||
			machine_interrupts(&context->host, &request->interrupted, err) < 0))
		return -1;
	if (machine_memory(&context->host, &request->host_memory, NULL, err) < 0 ||
		allowance_read(&context->host, context->uid, allowance, err) < 0 ||
		apply_allowance(allowance, request, err) < 0)
		return -1;
	return context->options.allocation
		       ? allocation_apply(context, request, &loaded->allocation, err)
		       : 0;
}

/* Read the value of --cpus or --host-cpus. Digits alone are a number of CPUs, anything else is a
 * list. Sets either *ret_count or *ret_list. */
static int read_cpus_option(const char *option, const char *text, struct cpulist *ret_list,
	unsigned *ret_count, struct error *err)
{
	unsigned count = 0;
	if (text[strspn(text, "0123456789")]) {
		if (cpulist_parse(text, ret_list, err) == 0)
			return 0;
		err->status = EX_USAGE;
		return add_context(err, "%s", option);
	}
	for (; *text && count <= CPULIST_MAX; text++)
		count = count * 10 + (unsigned)(*text - '0');
	if (count > 0 && count <= CPULIST_MAX) {
		*ret_count = count;
		return 0;
	}
	(void)fail_as(err, EX_USAGE, "%s takes a CPU list, or a number from 1 to %d", option,
		CPULIST_MAX);
	return add_hint(err, "write CPU 0 alone as the list 0-0");
}

/* Read --host-cpus. A number stands for the CPUs from 0 on. */
static int read_host_cpus(const char *text, struct cpulist *ret, struct error *err)
{
	unsigned count = 0;
	if (read_cpus_option("--host-cpus", text, ret, &count, err) < 0)
		return -1;
	if (count > 0)
		cpulist_add_range(ret, 0, count - 1);
	return 0;
}

/* Read the facts of the machine that the plan is for: the one that the options describe, or this
 * one. */
static int machine_facts(const struct context *context, struct plan_request *request,
	struct topology *topology, struct loaded *loaded, struct error *err)
{
	const struct options *options = &context->options;
	request->elsewhere = options->host_cpus || options->topology || options->host_memory;
	if (request->elsewhere && options->allocation)
		return fail_as(err, EX_USAGE,
			"--allocation is about this host and cannot be used with --host-cpus, "
			"--host-memory or --topology");
	if (options->host_cpus && options->topology)
		return fail_as(err, EX_USAGE, "--host-cpus and --topology cannot be used together");
	if (options->host_cpus) {
		if (read_host_cpus(options->host_cpus, &request->host_cpus, err) < 0)
			return -1;
		if (!options->host_memory &&
			machine_memory(&context->host, &request->host_memory, NULL, err) < 0)
			return -1;
	} else if (options->topology) {
		if (recorded_facts(options->topology, request, topology, err) < 0)
			return -1;
	} else if (live_facts(context, request, topology, loaded, err) < 0) {
		return -1;
	}
	if (options->host_memory && size_parse(options->host_memory, SIZE_BARE_REFUSED,
					    &request->host_memory, err) < 0) {
		err->status = EX_USAGE;
		return add_context(err, "--host-memory");
	}
	if (request->host_memory)
		return 0;
	(void)fail_as(err, EX_USAGE, "%s does not record how much memory the machine has",
		options->topology);
	return add_hint(err, "set it with --host-memory");
}

static int read_limits(
	const struct options *options, struct plan_request *request, struct error *err)
{
	if (options->cpus && read_cpus_option("--cpus", options->cpus, &request->cpus,
				     &request->cpu_count, err) < 0)
		return -1;
	if (options->memory &&
		size_parse(options->memory, SIZE_BARE_REFUSED, &request->memory, err) < 0) {
		err->status = EX_USAGE;
		return add_context(err, "--memory");
	}
	request->scale = options->scale;
	return options->scale && !options->cpus && !options->memory && !options->allocation
		       ? fail_as(err, EX_USAGE, "--scale needs --cpus, --memory or --allocation")
		       : 0;
}

/* Find out which CPUs of a plan are listed. The others were given as a number. */
static void split_cpus(struct loaded *loaded)
{
	const struct plan_request *request = &loaded->request;
	const struct job *job = &loaded->job;
	struct cpulist given = {0};
	if (!cpulist_empty(&request->cpus) ||
		(!request->cpu_count && !cpulist_empty(&job->worker.cpus)))
		given = loaded->plan.cpus;
	else if (!request->cpu_count)
		for (size_t i = 0; i < job->crs_count; i++)
			cpulist_union(&given, &job->crs[i].share.cpus);
	loaded->given = given;
	loaded->any = cpulist_count(&loaded->plan.cpus) - cpulist_count(&given);
}

/* A config that is not in a file; name stands for it. */
struct config_text {
	const char *name, *text;
	size_t len;
};

/* Read the config: the text or, if that is NULL, the file that the command line names. */
static int read_job(const struct context *context, const struct config_text *config,
	const char *worker, struct job *ret, struct error *err)
{
	if (!config)
		return job_load(context->options.args[0], worker, ret, err);
	_cleanup_free_ char *path = strdup(config->name);
	if (!path)
		return fail(err, ENOMEM, "%s", config->name);
	if (job_parse(config->name, config->text, config->len, worker, ret, err) < 0)
		return -1;
	ret->path = steal_ptr(path);
	return 0;
}

static int read_request(const struct context *context, enum phase phase,
	const struct config_text *config, struct job *ret_job, char **ret_default_id,
	struct plan_request *ret, struct error *err)
{
	const struct options *options = &context->options;
	struct plan_request request = {
		.phase = phase,
		.worker = options->worker ? options->worker : "local",
		.timestamp = (uint64_t)time(NULL),
		.uid = context->uid,
		.strict = options->strict_limits,
		.strict_machine = options->strict_machine,
	};
	if (read_limits(options, &request, err) < 0 ||
		read_job(context, config, request.worker, ret_job, err) < 0 ||
		default_run_id(ret_job, ret_default_id, err) < 0)
		return -1;
	request.run_id = options->run_id ? options->run_id : *ret_default_id;
	if (getrandom(&request.random, sizeof request.random, 0) != sizeof request.random)
		return fail(err, errno, "getrandom");
	*ret = request;
	return 0;
}

/* Make the plan of what is loaded; it keeps the topology. */
static int remake_plan(struct loaded *loaded, struct topology *topology, struct error *err)
{
	struct run_plan plan = PLAN_NONE;
	loaded->request.topology = topology->count ? topology : NULL;
	if (plan_make(&loaded->job, &loaded->request, &plan, err) < 0)
		return -1;
	plan.topology = *topology;
	*topology = (struct topology)TOPOLOGY_NONE;
	plan_free(&loaded->plan);
	loaded->plan = plan;
	loaded->request.topology = NULL; /* it has moved */
	return 0;
}

static int load_config(const struct context *context, enum phase phase,
	const struct config_text *config, struct loaded *ret, struct error *err)
{
	_cleanup_(topology_free) struct topology topology = TOPOLOGY_NONE;
	if (read_request(context, phase, config, &ret->job, &ret->default_id, &ret->request, err) <
			0 ||
		machine_facts(context, &ret->request, &topology, ret, err) < 0)
		return -1;
	if (remake_plan(ret, &topology, err) < 0) {
		/* Nobody gave the --cpus that the message may be about. */
		return err->status == EX_CONFIG && context->options.allocation &&
				       !context->options.cpus
			       ? allocation_hint(&ret->allocation, err)
			       : -1;
	}
	split_cpus(ret);
	if (!ret->any)
		load_warn(context, ret);
	return 0;
}

int load_plan(
	const struct context *context, enum phase phase, struct loaded *ret, struct error *err)
{
	return load_config(context, phase, NULL, ret, err);
}

int load_plan_text(const struct context *context, enum phase phase, const char *name,
	const char *text, size_t len, struct loaded *ret, struct error *err)
{
	const struct config_text config = {.name = name, .text = text, .len = len};
	return load_config(context, phase, &config, ret, err);
}

int load_choose(struct loaded *loaded, const struct cpulist *taken, struct error *err)
{
	loaded->request.taken = *taken;
	return remake_plan(loaded, &loaded->plan.topology, err);
}

void load_warn(const struct context *context, struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->plan.warning_count && !loaded->warned; i++)
		log_warning(&context->log, "%s", loaded->plan.warnings[i]);
	loaded->warned = true;
}

void loaded_free(struct loaded *loaded)
{
	plan_free(&loaded->plan);
	job_free(&loaded->job);
	free(loaded->default_id);
	*loaded = (struct loaded)LOADED_NONE;
}
