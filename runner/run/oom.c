/* SPDX-License-Identifier: MIT
 *
 * oom: the state remembers the counters of each CRS and of each cgroup below it; the latter come
 * and go with their containers. The counter of a CRS includes the kills below it. What is left of
 * its growth once the cgroups below are reported belongs to cgroups that are gone, or to the CRS
 * itself.
 */
#include "oom.h"

#include "cgroup_stat.h"
#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>

struct below {
	char name[OOM_CGROUP_MAX];
	uint64_t kills, limit_hits;
};

struct crs_state {
	uint64_t kills, limit_hits;
	uint64_t told;    /* kills reported; those below can be ahead of `kills` */
	bool pending_hit; /* a hit of its limit whose kill is not yet counted */
	struct below *below;
	size_t count;
};

struct oom_state {
	const struct cg_tree *tree;
	uint64_t worker_hits;
	struct crs_state *crs;
	size_t crs_count; /* the plan's; the tree may be gone before the state */
};

const char *oom_limit_name(enum oom_limit limit)
{
	static const char *const names[] = {
		[OOM_LIMIT_CRS] = "crs",
		[OOM_LIMIT_CONTAINER] = "container",
		[OOM_LIMIT_WORKER] = "worker",
		[OOM_LIMIT_HOST] = "host",
	};
	return names[limit];
}

/* How much a counter has grown since *last, which takes the new value. Fails if it cannot be read,
 * with ENOENT or ENODEV if its cgroup is gone. */
static int read_growth(int dir, const char *cg, const char *file, const char *key, uint64_t *last,
	uint64_t *ret, struct error *err)
{
	uint64_t now = 0;
	if (cgroup_get_key(dir, cg, file, key, &now, err) < 0)
		return -1;
	*ret = now > *last ? now - *last : 0;
	*last += *ret;
	return 0;
}

/* The same; 0 if it cannot be read. For a cgroup below a CRS, which comes and goes with its
 * container: what is not found there is found in the counter of the CRS. */
static uint64_t growth_below(
	int dir, const char *cg, const char *file, const char *key, uint64_t *last)
{
	struct error ignored;
	uint64_t grown = 0;
	(void)read_growth(dir, cg, file, key, last, &grown, &ignored);
	return grown;
}

static struct below *find_below(struct crs_state *crs, const char *name)
{
	for (size_t i = 0; i < crs->count; i++)
		if (strcmp(crs->below[i].name, name) == 0)
			return &crs->below[i];
	if (strlen(name) >= OOM_CGROUP_MAX)
		return NULL;
	struct below *larger = reallocarray(crs->below, crs->count + 1, sizeof *larger);
	if (!larger)
		return NULL;
	crs->below = larger;
	larger[crs->count] = (struct below){.kills = 0};
	(void)snprintf(larger[crs->count].name, OOM_CGROUP_MAX, "%s", name);
	return &larger[crs->count++];
}

struct look {
	struct oom_state *state;
	struct error *err; /* of the first counter that could not be read */
	bool failed;
	void (*on_kill)(void *data, const struct oom_kill *kill);
	void *data;
	bool crs_hit, worker_hit; /* whose limit was hit since the last look */
};

static void report_kill(
	const struct look *look, size_t i, const char *cgroup, bool own_limit, uint64_t count)
{
	struct oom_kill kill = {
		.crs = i,
		.count = count,
		.limit = own_limit          ? OOM_LIMIT_CONTAINER
			 : look->crs_hit    ? OOM_LIMIT_CRS
			 : look->worker_hit ? OOM_LIMIT_WORKER
					    : OOM_LIMIT_HOST,
		.anon = CGROUP_STAT_UNKNOWN,
		.file = CGROUP_STAT_UNKNOWN,
		.shmem = CGROUP_STAT_UNKNOWN,
	};
	const struct cg_tree *tree = look->state->tree;
	const char *name = tree->plan->crs[i].name;
	struct error ignored;
	char stat[8192] _unfilled_;
	(void)snprintf(kill.cgroup, sizeof kill.cgroup, "%s", cgroup);
	if (cgroup_get(tree->worker, name, "memory.stat", stat, sizeof stat, &ignored) == 0) {
		(void)cgroup_find_key(stat, "anon", &kill.anon);
		(void)cgroup_find_key(stat, "file", &kill.file);
		(void)cgroup_find_key(stat, "shmem", &kill.shmem);
	}
	look->on_kill(look->data, &kill);
}

/* Look at the cgroups below a CRS, of which some may be new. Returns the kills found there. */
static uint64_t look_below(const struct look *look, size_t i)
{
	struct crs_state *crs = &look->state->crs[i];
	const struct cg_tree *tree = look->state->tree;
	struct error ignored;
	_cleanup_closedir_ DIR *list = fs_list(tree->worker, tree->plan->crs[i].name, &ignored);
	if (!list)
		return 0;
	int dir = dirfd(list);
	uint64_t found = 0;
	const struct dirent *entry = NULL;
	while (fs_next(list, &entry, &ignored) > 0) {
		struct below *below =
			entry->d_type == DT_DIR ? find_below(crs, entry->d_name) : NULL;
		if (!below)
			continue;
		uint64_t kills =
			growth_below(dir, below->name, "memory.events", "oom_kill", &below->kills);
		if (kills)
			report_kill(look, i, below->name,
				growth_below(dir, below->name, "memory.events", "oom",
					&below->limit_hits) > 0,
				kills);
		found += kills;
	}
	return found;
}

/* Read the growth of a counter of the worker or of a CRS. One that cannot be read makes the look a
 * failure, after which the other CRSs are still looked at. */
static uint64_t growth_of(
	struct look *look, const char *cg, const char *file, const char *key, uint64_t *last)
{
	struct error problem;
	uint64_t grown = 0;
	if (read_growth(look->state->tree->worker, cg, file, key, last, &grown, &problem) < 0) {
		if (!look->failed)
			*look->err = problem;
		look->failed = true;
	}
	return grown;
}

/* Find whose limit was hit. The kernel counts the hit of a limit first and the kill second. The
 * hits are read second, and only after a kill was seen, so no kill lacks its hit. A hit whose kill
 * is not yet counted applies to the next one. */
static void look_at_limits(
	struct look *look, struct crs_state *crs, const char *name, uint64_t kills)
{
	uint64_t hits = growth_of(look, name, "memory.events.local", "oom", &crs->limit_hits);
	look->crs_hit = hits > 0 || crs->pending_hit;
	crs->pending_hit = hits > kills;
	if (growth_of(look, ".", "memory.events.local", "oom", &look->state->worker_hits) > 0)
		look->worker_hit = true;
}

static void look_at_crs(struct look *look, size_t i)
{
	struct oom_state *state = look->state;
	struct crs_state *crs = &state->crs[i];
	const char *name = state->tree->plan->crs[i].name;
	uint64_t kills = growth_of(look, name, "memory.events", "oom_kill", &crs->kills);
	if (kills == 0)
		return;
	look_at_limits(look, crs, name, kills);
	/* Kills since the count of the CRS was read are found below it, so `told` can be ahead. */
	crs->told += look_below(look, i);
	if (crs->kills <= crs->told)
		return;
	/* Victims whose cgroup is already gone, or who were in the cgroup of the CRS itself. */
	report_kill(look, i, "", false, crs->kills - crs->told);
	crs->told = crs->kills;
}

int oom_look(struct oom_state *state, void (*on_kill)(void *data, const struct oom_kill *kill),
	void *data, struct error *err)
{
	struct look look = {.state = state, .on_kill = on_kill, .data = data, .err = err};
	for (size_t i = 0; i < state->crs_count; i++)
		look_at_crs(&look, i);
	return look.failed ? -1 : 0;
}

int oom_open(const struct cg_tree *tree, struct oom_state **ret, struct error *err)
{
	struct oom_state *state = calloc(1, sizeof *state);
	struct crs_state *crs = calloc(tree->plan->crs_count, sizeof *crs);
	if (!state || !crs) {
		free(state);
		free(crs);
		return fail(err, ENOMEM, "OOM events");
	}
	state->tree = tree;
	state->crs = crs;
	state->crs_count = tree->plan->crs_count;
	*ret = state;
	return 0;
}

void oom_close(struct oom_state *state)
{
	if (!state)
		return;
	for (size_t i = 0; i < state->crs_count; i++)
		free(state->crs[i].below);
	free(state->crs);
	free(state);
}

int oom_kills_add(struct oom_kills *kills, const struct oom_kill *kill, const char *container,
	struct error *err)
{
	for (size_t i = 0; i < kills->count; i++) {
		struct oom_sum *sum = &kills->list[i];
		if (sum->crs == kill->crs && sum->limit == kill->limit &&
			strcmp(sum->container, container) == 0) {
			sum->count += kill->count;
			return 0;
		}
	}
	struct oom_sum *larger = reallocarray(kills->list, kills->count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "OOM kills");
	kills->list = larger;
	larger[kills->count] = (struct oom_sum){.crs = kill->crs,
		.container = strdup(container),
		.limit = kill->limit,
		.count = kill->count};
	if (!larger[kills->count].container)
		return fail(err, ENOMEM, "OOM kills");
	kills->count++;
	return 0;
}

uint64_t oom_kills_in(const struct oom_kills *kills, size_t crs)
{
	uint64_t count = 0;
	if (kills->incomplete)
		return CGROUP_STAT_UNKNOWN;
	for (size_t i = 0; i < kills->count; i++)
		if (kills->list[i].crs == crs)
			count += kills->list[i].count;
	return count;
}

void oom_kills_free(struct oom_kills *kills)
{
	for (size_t i = 0; i < kills->count; i++)
		free(kills->list[i].container);
	free(kills->list);
	*kills = (struct oom_kills)OOM_KILLS_NONE;
}
