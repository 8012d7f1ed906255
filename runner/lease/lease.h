/* SPDX-License-Identifier: MIT
 *
 * lease: which run has which CPUs and how much memory of this host, and whether another one fits.
 *
 * No file and no daemon keeps the ledger. The ledger is the cgroups themselves: in the oss-crs
 * cgroup of every user, each cgroup whose owner is alive (tree.h) is a lease on the CPUs in its
 * cpuset.cpus and the memory in its memory.max. So is a cgroup of any other name that has
 * processes: other programs put their runs there too, such as the Python OSS-CRS. All users can
 * read these files, the kernel knows which user they belong to, and a lease ends with its owner,
 * however the owner ends. A waiting run is in the ledger too: its cgroup has the figures, but
 * enables no controllers below it. What it wants as a number of CPUs, whichever they are, is in its
 * cgroup.max.descendants, and where the user's CPUs are a partition, its list of CPUs is in an
 * extended attribute (tree.h).
 *
 * The order of arrival is the order of the cgroups' inode numbers. kernfs assigns them in ascending
 * order, for all users, and uses none twice (kernfs_new_node() and idr_alloc_cyclic(); 64 bits
 * where ino_t has them, so they do not wrap). No user can choose one. So there is no clock to
 * disagree about and no number to forge.
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
	/* The owner is alive, but the run has not begun. */
	LEASE_WAITING,
	/* The owner has ended. The lease does not count; ledger_read_dead() says what is left. */
	LEASE_DEAD,
	/* The owner has ended, but not all processes of the run: they may disturb other runs, but
	 * the lease does not count. */
	LEASE_LEFT,
	/* The owner and all processes of the run have ended: only the cgroups are left. */
	LEASE_EMPTY,
	/* Not a run of this program: a cgroup that something else has made below oss-crs, with
	 * processes in it. It counts for as long as it has any. */
	LEASE_FOREIGN,
};

enum {
	LEASE_HAS_CPUS = 1 << 0,   /* has CPUs that the claim asks for */
	LEASE_HAS_MEMORY = 1 << 1, /* has memory, of which too little is left for the claim */
};

struct lease {
	uid_t uid;
	char name[NAME_MAX + 1]; /* of the run; for LEASE_FOREIGN any text, from another program */
	uint64_t id;             /* inode of the run's cgroup: a later run has a higher one */
	pid_t owner;             /* 0: none, or in a PID namespace that is not visible from here */
	enum lease_state state;
	time_t since; /* when the run began; when it arrived, if it waits */
	/* For LEASE_FOREIGN: those of its cpuset.cpus, else of the cgroups directly below it. Empty
	 * if none is set there; then it may use any. */
	struct cpulist cpus;
	/* For LEASE_WAITING: how many CPUs more it wants, whichever they are. */
	unsigned any;
	/* Bytes: the most that its CRSs can use together. For LEASE_FOREIGN, what has no limit
	 * counts with what it uses now. */
	uint64_t memory;
	unsigned conflicts; /* LEASE_HAS_ bits, set by lease_judge() */
};

/* The most cgroups of one user, runs and their CRSs, that a look at the ledger reads. A user with
 * more of them is hidden beyond this number. */
#define LEDGER_USER_MAX 4096

struct ledger {
	struct lease *list;
	size_t count;
	/* Users and runs that could not be looked at, for whatever reason. They may have any CPUs
	 * and any memory. */
	unsigned hidden;
	struct {
		uid_t uid;
		char name[NAME_MAX + 1]; /* of the run; empty: all runs of the user */
		struct error why;
	} first_hidden;
};

#define LEDGER_NONE          \
	{                    \
		.list = NULL \
	}

/* Read the leases of all users, in the order of arrival, and the foreign cgroups that have
 * processes. `own` is the id of a tree that this
 * process owns, or 0; that tree is skipped, because its owner must not ask about it (tree.h). A run
 * that ends meanwhile is left out. Runs without an owner are LEASE_DEAD, and nothing else is read
 * of them, since runs of all users wait for a reader that has the lock of queue.h. The caller frees
 * *ret with ledger_free(). */
int ledger_read(const struct host *host, uint64_t own, struct ledger *ret, struct error *err);
void ledger_free(struct ledger *ledger);

/* Look at the LEASE_DEAD runs: each becomes LEASE_LEFT or LEASE_EMPTY, with its CPUs, or leaves the
 * ledger if its cgroup is gone or, then counted as hidden, cannot be read. */
void ledger_read_dead(const struct host *host, struct ledger *ledger);

/* Write to buf which user or run is hidden and why: "run X of alice: REASON; and 2 more". For a
 * ledger with `hidden` not 0. Looks up the user's name, so never under the lock. Returns buf. */
#define LEDGER_HIDDEN_MAX 800 /* bytes, with the NUL */
const char *ledger_describe_hidden(const struct ledger *ledger, char buf[static LEDGER_HIDDEN_MAX]);

/* What a run asks for. */
struct lease_claim {
	struct cpulist cpus;      /* these */
	unsigned any;             /* and so many more, whichever they are */
	struct cpulist host_cpus; /* all that the host has */
	uint64_t memory;          /* bytes */
	/* Inode of the run's cgroup: waiting runs with a higher one do not count. 0: the run has no
	 * cgroup yet, and all waiting runs are ahead of it. */
	uint64_t id;
	uint64_t host_memory; /* bytes: MemTotal of the host */
};

struct lease_view {
	bool fits;
	struct cpulist taken; /* CPUs of the claim that other runs have */
	/* The number of the host's CPUs that no run ahead has or waits for, and that the claim does
	 * not list. */
	unsigned cpus_free;
	/* CPUs by number, of the claim and of the waiting runs ahead, are more than these. */
	bool cpus_short;
	uint64_t memory_free; /* bytes of the host that no run ahead has or waits for */
	bool memory_short;
	unsigned ahead; /* waiting runs that conflict with the claim */
};

/* Judge whether a claim fits: no running run, and no waiting run ahead of it, has its CPUs; of the
 * CPUs that they leave there are enough for it and for the runs ahead that wait for any CPUs; and
 * its memory is within what they leave. Sets `conflicts` of every lease. Pure. */
struct lease_view lease_judge(struct ledger *ledger, const struct lease_claim *claim);

/* The CPUs of the host that a run with this id (see struct lease_claim) could have now. */
void lease_free_cpus(const struct ledger *ledger, uint64_t id, const struct cpulist *host_cpus,
	struct cpulist *ret);

/* Whether the lease still has the owner that it was read with. Returns 1, 0, or -1 on error. */
int lease_is_live(const struct host *host, const struct lease *lease, struct error *err);

/* Open the run's cgroup (O_PATH). Returns a descriptor that the caller closes, or -1. */
int lease_open(const struct host *host, const struct lease *lease, struct error *err);

/* Check that no lease in conflict about CPUs (lease_judge()) has them as a partition. To share
 * them, even for a moment, would take them from that run, which would end. Fails with EX_TEMPFAIL
 * if one has. */
int ledger_check_partitions(
	const struct host *host, const struct ledger *ledger, struct error *err);

/* "running", "waiting", "dead", "left", "empty", "foreign". */
const char *lease_state_name(enum lease_state state);

/* Write to buf the CPUs of a list and so many more: "CPUs 0-1", "4 CPUs", "CPUs 0-1 and 4 more",
 * "any CPUs".
 * The list is cut after 64 characters. Returns buf. */
#define LEASE_CPUS_MAX 128 /* bytes, with the NUL */
const char *lease_cpus_text(
	const struct cpulist *cpus, unsigned any, char buf[static LEASE_CPUS_MAX]);

/* Write to buf what a foreign cgroup is and has: "cgroup X of alice, which oss-crs-run did not
 * make, has CPUs 0-1 and 2G of memory". Returns buf. */
#define LEASE_FOREIGN_MAX 768 /* bytes, with the NUL */
const char *lease_describe_foreign(const struct lease *lease, char buf[static LEASE_FOREIGN_MAX]);

/* Write the name of the lease's user to buf; "uid 1000" if there is no name. Returns buf. */
const char *lease_user(const struct lease *lease, char *buf, size_t size);

/* Write to buf why a claim does not fit: which CPUs and how much memory are missing, then for up to
 * three leases in conflict "run X of alice has CPUs 0-1 since 2026-11-24 09:30:00", then the number
 * of the others. Cut to size bytes. Returns buf. */
const char *lease_describe(const struct ledger *ledger, const struct lease_claim *claim,
	const struct lease_view *view, char *buf, size_t size);

#endif
