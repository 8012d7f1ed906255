/* SPDX-License-Identifier: MIT
 *
 * lease: who has which CPUs and how much memory of this host, and whether a run still fits.
 *
 * No file or daemon keeps books. The ledger is the cgroups themselves: every directory below the oss-crs of any user that
 * has a living owner (tree.h) is a lease on what its cpuset.cpus and memory.max say. They are readable by all users, the
 * kernel knows whose they are, and a lease ends with its owner, however that ends. A run that waits for its turn is there
 * too: its cgroup has the figures, but no controllers for what is below.
 *
 * The order of arrival is that of the cgroups' inode numbers. kernfs hands them out in ascending order, for all users and
 * never twice (kernfs_new_node() and idr_alloc_cyclic(); 64 bits where ino_t has them, so they do not wrap), and nobody can
 * choose one: there is no clock to argue about and no number to forge.
 */
#ifndef OSS_CRS_LEASE_H
#define OSS_CRS_LEASE_H

#include "cpulist.h"
#include "host.h"
#include "tree.h"

#include <limits.h>
#include <time.h>

enum lease_state {
	LEASE_RUNNING,
	LEASE_WAITING, /* its owner lives, it has not begun */
	LEASE_LEFT, /* its owner is gone, but not all its processes: it does not count, but it disturbs */
	LEASE_EMPTY, /* its owner is gone, and so are its processes: it is only there to be removed */
};

enum {
	LEASE_HAS_CPUS = 1 << 0,   /* CPUs that are asked for */
	LEASE_HAS_MEMORY = 1 << 1, /* memory, of which there is not enough left */
};

struct lease {
	uid_t uid;
	char name[NAME_MAX + 1]; /* the run's */
	uint64_t id;             /* inode of the run's cgroup: a later run has a higher one */
	pid_t owner;             /* 0: in a PID namespace that cannot be seen from here */
	enum lease_state state;
	time_t since; /* when it began; for one that waits, when it came */
	struct cpulist cpus;
	uint64_t memory;    /* bytes; the most its CRSs can use together */
	unsigned conflicts; /* LEASE_HAS_ bits; set by lease_judge() */
};

struct ledger {
	struct lease *list;
	size_t count;
	unsigned hidden; /* users and runs whose cgroups we may not look at */
};

#define LEDGER_NONE          \
	{                    \
		.list = NULL \
	}

/* Read all leases of all users. own: the id of a tree of this process, which must not be looked at (tree.h), or 0. What
 * ends while it is read is left out. The caller frees. */
int ledger_read(const struct host *host, uint64_t own, struct ledger *ret, struct error *err);
void ledger_free(struct ledger *ledger);

/* What a run asks for. */
struct lease_claim {
	struct cpulist cpus;
	uint64_t memory; /* bytes */
	uint64_t
		id; /* of its cgroup: who came later does not count; 0: it has just come, and all others were first */
	uint64_t host_memory; /* bytes that there are in all (MemTotal) */
};

struct lease_view {
	bool fits;
	struct cpulist taken; /* of the CPUs asked for */
	uint64_t memory_free; /* bytes; what of the host's memory nobody before has a claim to */
	bool memory_short;
	unsigned ahead; /* waiting runs that are in the way */
};

/* Whether a claim can be met: its CPUs are nobody's who runs or came before and waits, and its memory is within what is
 * left. Marks the leases that are in the way. Pure. */
struct lease_view lease_judge(struct ledger *ledger, const struct lease_claim *claim);

/* Of the CPUs of the host, those which a run of that id could have now. */
void lease_free_cpus(const struct ledger *ledger, uint64_t id, const struct cpulist *host_cpus,
	struct cpulist *ret);

/* Whether the lease still has the owner that it was read with: 1, 0, or -1 with an error. */
int lease_is_live(const struct host *host, const struct lease *lease, struct error *err);

/* Open the run's cgroup (O_PATH). Returns a descriptor that the caller closes, or -1. */
int lease_open(const struct host *host, const struct lease *lease, struct error *err);

/* "running", "waiting", "left", "empty". */
const char *lease_state_name(enum lease_state state);

/* The name of the lease's user, or "uid 1000". Returns buf. */
const char *lease_user(const struct lease *lease, char *buf, size_t size);

/* "run X of alice has CPUs 0-1 since 2026-11-24 09:30:00", for each that is in the way as far as they fit into size
 * bytes, the rest as a number. Returns buf. */
const char *lease_describe(const struct ledger *ledger, const struct lease_claim *claim,
	const struct lease_view *view, char *buf, size_t size);

#endif
