/* SPDX-License-Identifier: MIT
 *
 * status: reads the ledger, then the CRSs of each run that does not wait. Runs end while they are
 * read: a cgroup that is gone, or cannot be read, is skipped.
 */
#include "status.h"

#include "cleanup.h"
#include "clock.h"
#include "container_id.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define PROCS_MAX (1U << 20) /* bytes of a cgroup.procs file */

/* Make room for one more element in an array, NULL if out of memory. The array doubles each time
 * it is full, which is whenever count is 0 or a power of two. */
static void *grow_list(void *list, size_t count, size_t size)
{
	return count & (count - 1) ? list : reallocarray(list, count ? count * 2 : 1, size);
}

static int add_container(struct status_crs *crs, const char *id, struct error *err)
{
	char **larger = grow_list(crs->containers, crs->container_count, sizeof *larger);
	if (larger)
		crs->containers = larger;
	char *copy = larger ? strdup(id) : NULL;
	if (!copy)
		return fail(err, ENOMEM, "containers");
	crs->containers[crs->container_count++] = copy;
	return 0;
}

/* Add the processes in a cgroup, without those in the cgroups below it, to *count. A cgroup that is
 * gone has none; if it cannot be read, the sum is CGROUP_STAT_UNKNOWN. */
static void count_processes(int dir, const char *cg, uint64_t *count)
{
	char path[NAME_MAX + sizeof "/cgroup.procs"];
	_cleanup_free_ char *text = NULL;
	struct error problem;
	(void)snprintf(path, sizeof path, "%s/cgroup.procs", cg);
	if (*count == CGROUP_STAT_UNKNOWN)
		return;
	if (fs_read(dir, path, PROCS_MAX, &text, NULL, &problem) < 0) {
		if (problem.code != ENOENT && problem.code != ENODEV)
			*count = CGROUP_STAT_UNKNOWN;
		return;
	}
	for (const char *line = strchr(text, '\n'); line; line = strchr(line + 1, '\n'))
		(*count)++;
}

/* Whether a cgroup has cgroups below it: its link count is 2 plus one for each
 * (kernfs_iop_getattr()). Most CRSs of a run that has just begun have none, and listing the files
 * of a cgroup takes longer than reading a few of them. */
static bool has_below(int fd)
{
	struct stat st;
	return fstat(fd, &st) < 0 || st.st_nlink != 2;
}

/* Read what is below a CRS: its containers and, where the pids controller is not enabled, the
 * number of processes in the CRS and in its containers. Takes ownership of fd, the CRS's
 * directory. */
static int read_below(int fd, struct status_crs *crs, struct error *err)
{
	bool count = crs->figures.pids == CGROUP_STAT_UNKNOWN;
	if (count) {
		crs->figures.pids = 0;
		count_processes(fd, ".", &crs->figures.pids);
	}
	bool any = has_below(fd);
	_cleanup_closedir_ DIR *list = any ? fdopendir(fd) : NULL;
	if (!list) {
		int errnum = errno;
		(void)close(fd);
		return any ? fail(err, errnum, "list %s", crs->name) : 0;
	}
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0) {
		if (entry->d_type != DT_DIR)
			continue;
		char id[CONTAINER_ID_MAX + 1];
		if (container_id_of(entry->d_name, id) && strlen(id) == CONTAINER_ID_MAX &&
			add_container(crs, id, err) < 0)
			return -1;
		if (count)
			count_processes(fd, entry->d_name, &crs->figures.pids);
	}
	return more;
}

static void free_status_crs(struct status_crs *crs)
{
	for (size_t i = 0; i < crs->container_count; i++)
		free(crs->containers[i]);
	free(crs->containers);
}

/* Add a CRS, unless it is gone. *unread is why it cannot be looked at, if it cannot. */
static int add_status_crs(
	int dir, const char *name, struct status_run *run, struct error *unread, struct error *err)
{
	struct error problem = {0};
	struct status_crs *larger = grow_list(run->crs, run->crs_count, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "status");
	run->crs = larger;
	struct status_crs *crs = &run->crs[run->crs_count];
	*crs = (struct status_crs){.containers = NULL};
	(void)snprintf(crs->name, sizeof crs->name, "%s", name);
	_cleanup_close_ int fd = fs_open(dir, name, O_RDONLY | O_DIRECTORY, 0, &problem);
	if (fd >= 0 && cgroup_stat_read(fd, name, CGROUP_STAT_LIVE, &crs->figures, &problem) == 0 &&
		read_below(steal_fd(&fd), crs, &problem) == 0) {
		run->crs_count++;
		return 0;
	}
	free_status_crs(crs);
	if (problem.code == ENOMEM)
		return fail(err, ENOMEM, "status");
	if (!tree_is_gone(&problem))
		*unread = problem;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct status_crs *left = a;
	const struct status_crs *right = b;
	return strverscmp(left->name, right->name); /* c2 before c10 */
}

/* Read the CRSs of a run; a run that is gone has none. A directory whose name is not valid for a
 * CRS is not printed: the run may be another user's, who can create any name there. *unread is why
 * the run or a CRS of it cannot be looked at, if so. */
static int read_run(
	const struct host *host, struct status_run *run, struct error *unread, struct error *err)
{
	_cleanup_close_ int path = lease_open(host, &run->lease, unread);
	_cleanup_closedir_ DIR *list = path >= 0 ? fs_list(path, ".", unread) : NULL;
	if (!list) {
		if (tree_is_gone(unread))
			*unread = (struct error){0};
		return 0;
	}
	const struct dirent *entry = NULL;
	struct error problem;
	int more = 0;
	while ((more = fs_next(list, &entry, &problem)) > 0)
		if (entry->d_type == DT_DIR && job_is_name(entry->d_name) &&
			add_status_crs(dirfd(list), entry->d_name, run, unread, err) < 0)
			return -1;
	if (more < 0 && !tree_is_gone(&problem))
		*unread = problem;
	if (run->crs_count)
		qsort(run->crs, run->crs_count, sizeof *run->crs, by_name);
	return 0;
}

/* Whether a run is one that the caller wants: any if wanted is NULL, otherwise by run id or by
 * name. */
static bool is_run_wanted(const struct status_run *run, const char *wanted, bool by_id)
{
	if (!wanted)
		return true;
	return strcmp(by_id ? run->name.run_id : run->lease.name, wanted) == 0;
}

static int read_runs(const struct host *host, const struct ledger *ledger, const char *wanted,
	bool by_id, struct status *status, struct error *err)
{
	for (size_t i = 0; i < ledger->count; i++) {
		struct status_run *run = &status->runs[status->count];
		*run = (struct status_run){.lease = ledger->list[i]};
		bool foreign = run->lease.state == LEASE_FOREIGN;
		if ((!foreign && !run_name_parse(run->lease.name, &run->name)) ||
			!is_run_wanted(run, wanted, by_id))
			continue;
		status->count++;
		struct error unread = {0};
		if (run->lease.state != LEASE_WAITING && read_run(host, run, &unread, err) < 0)
			return -1;
		if (unread.msg[0] && status->hidden++ == 0)
			(void)snprintf(status->hidden_why, sizeof status->hidden_why,
				"run %s: %.512s", run->lease.name, unread.msg);
	}
	return 0;
}

int status_read(const struct host *host, const char *wanted, struct status *ret, struct error *err)
{
	_cleanup_(ledger_free) struct ledger ledger = LEDGER_NONE;
	_cleanup_(status_free) struct status status = STATUS_NONE;
	if (ledger_read(host, 0, &ledger, err) < 0)
		return -1;
	ledger_read_dead(host, &ledger);
	status.hidden = ledger.hidden;
	if (status.hidden)
		(void)ledger_describe_hidden(&ledger, status.hidden_why);
	status.at_usec = clock_usec();
	status.runs = calloc(ledger.count + 1, sizeof *status.runs);
	if (!status.runs)
		return fail(err, ENOMEM, "status");
	if (read_runs(host, &ledger, wanted, false, &status, err) < 0 ||
		(wanted && !status.count &&
			read_runs(host, &ledger, wanted, true, &status, err) < 0))
		return -1;
	if (wanted && !status.count) {
		(void)fail_as(err, EX_USAGE, "no active run named '%.128s'", wanted);
		return add_hint(err, "to list active runs: oss-crs-run status; "
				     "finished runs: oss-crs-run report");
	}
	*ret = status;
	status = (struct status)STATUS_NONE;
	return 0;
}

void status_free(struct status *status)
{
	for (size_t i = 0; i < status->count; i++) {
		for (size_t j = 0; j < status->runs[i].crs_count; j++)
			free_status_crs(&status->runs[i].crs[j]);
		free(status->runs[i].crs);
	}
	free(status->runs);
	*status = (struct status)STATUS_NONE;
}

const struct status_crs *status_find(
	const struct status *status, const struct status_run *run, const struct status_crs *crs)
{
	for (size_t i = 0; i < status->count; i++) {
		const struct status_run *other = &status->runs[i];
		if (other->lease.id == run->lease.id && other->crs_count)
			return bsearch(crs, other->crs, other->crs_count, sizeof *crs, by_name);
	}
	return NULL;
}

const char *status_state(const struct status_run *run)
{
	bool owned = run->lease.state == LEASE_RUNNING || run->lease.state == LEASE_WAITING;
	bool foreign = run->lease.state == LEASE_FOREIGN;
	return owned || foreign ? lease_state_name(run->lease.state) : "dead";
}

/* ---- JSON ---------------------------------------------------------------------------------- */

/* A figure as JSON; null if it is unknown, or if it is a limit that is not set. */
static json_t *number_or_null(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) : json_null();
}

/* Pressure over the last ten seconds, in percent. */
static json_t *pressure_to_json(struct json_build *build, const struct pressure *list)
{
	json_t *object = json_object();
	for (size_t i = 0; i < PRESSURE_KINDS; i++)
		json_build_set(build, object, pressure_names[i],
			list[i].stalled_usec == CGROUP_STAT_UNKNOWN
				? json_null()
				: json_real(list[i].avg10 / 100.0));
	return object;
}

static json_t *status_crs_to_json(struct json_build *build, const struct status_crs *crs)
{
	const struct cgroup_stat *figures = &crs->figures;
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char effective[CPULIST_TEXT_MAX] _unfilled_;
	json_t *containers = json_array();
	for (size_t i = 0; i < crs->container_count; i++)
		json_build_append(build, containers, json_build_prose(crs->containers[i]));
	return json_build_pack(build, "{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"name", json_build_prose(crs->name), "cpus", cpulist_format(&figures->cpus, cpus),
		"cpus_effective", cpulist_format(&figures->cpus_effective, effective), "memory_max",
		number_or_null(figures->memory_max), "memory_current",
		number_or_null(figures->memory_current), "memory_peak",
		number_or_null(figures->memory_peak), "cpu_usage_usec",
		number_or_null(figures->cpu_usec), "pressure",
		pressure_to_json(build, figures->pressure), "oom_kills",
		number_or_null(figures->oom_kills), "pids", number_or_null(figures->pids),
		"containers", containers);
}

static json_t *crs_list_to_json(struct json_build *build, const struct status_run *run)
{
	json_t *list = json_array();
	for (size_t i = 0; i < run->crs_count; i++)
		json_build_append(build, list, status_crs_to_json(build, &run->crs[i]));
	return list;
}

static json_t *run_to_json(struct json_build *build, const struct status_run *run)
{
	char user[64];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	const struct lease *lease = &run->lease;
	return json_build_pack(build, "{s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:s, s:i, s:o}",
		"name", lease->name, "run_id", run->name.run_id, "phase",
		phase_name(run->name.phase), "worker", run->name.worker, "user",
		json_build_prose(lease_user(lease, user, sizeof user)), "state", status_state(run),
		"started", (json_int_t)lease->since, "owner_pid", (json_int_t)lease->owner, "cpus",
		cpulist_format(&lease->cpus, cpus), "cpus_any", (int)lease->any, "crs",
		crs_list_to_json(build, run));
}

/* A cgroup that is no run has no run id, phase and worker. */
static json_t *foreign_to_json(struct json_build *build, const struct status_run *run)
{
	char user[64];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	const struct lease *lease = &run->lease;
	return json_build_pack(build, "{s:o, s:o, s:I, s:s, s:o, s:o}", "name",
		json_build_prose(lease->name), "user",
		json_build_prose(lease_user(lease, user, sizeof user)), "started",
		(json_int_t)lease->since, "cpus", cpulist_format(&lease->cpus, cpus), "memory_max",
		number_or_null(lease->memory), "crs", crs_list_to_json(build, run));
}

json_t *status_to_json(struct json_build *build, const struct status *status)
{
	json_t *runs = json_array();
	json_t *foreign = json_array();
	for (size_t i = 0; i < status->count; i++) {
		const struct status_run *run = &status->runs[i];
		if (run->lease.state == LEASE_FOREIGN)
			json_build_append(build, foreign, foreign_to_json(build, run));
		else
			json_build_append(build, runs, run_to_json(build, run));
	}
	return json_build_pack(build, "{s:i, s:o, s:o, s:I, s:o*}", "version", 1, "runs", runs,
		"foreign", foreign, "hidden", (json_int_t)status->hidden, "hidden_why",
		status->hidden ? json_build_prose(status->hidden_why) : NULL);
}
