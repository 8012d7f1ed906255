/* SPDX-License-Identifier: MIT
 *
 * load: the loads of the isolation group. A victim does a fixed amount of work that is sensitive to
 * one thing that a neighbour can take away, and prints its name and the microseconds. A neighbour
 * takes that thing with several processes, until it is ended.
 *
 *   load cache     victim: follow a chain through 1 MiB, in an order that no prefetcher can predict
 *   load memory    victim: map 64 MiB, write to each page and unmap it, over and over
 *   load fork      victim: start processes, one after the other
 *   load spin      neighbour: only compute
 *   load stream    neighbour: write 64 MiB, over and over: more than the caches hold
 *   load pages     neighbour: read files in /var/tmp that are larger than its memory
 *   load burst     neighbour: children that take 512 MiB and end, or are killed for it
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHAIN_LEN   (1U << 18) /* entries of 4 bytes */
#define CHAIN_STEPS 100000000UL
#define MAP_SIZE    (64UL << 20)
#define MAP_ROUNDS  3
#define FORKS       200
#define PAGE        4096UL
#define NEIGHBOURS  3             /* processes */
#define FILE_SIZE   (128UL << 20) /* of each process; together more than a neighbour's memory */
#define BURST_SIZE  (512UL << 20)

static uint64_t now(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static char *map_pages(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "map");
	return memory;
}

/* ---- victims ------------------------------------------------------------------------------- */

/* Make one cycle through all entries with Sattolo's algorithm and a generator with a fixed seed,
 * and follow it. */
static void follow_chain(void)
{
	static uint32_t next[CHAIN_LEN];
	uint64_t state = 1;
	for (uint32_t i = 0; i < CHAIN_LEN; i++)
		next[i] = i;
	for (uint32_t i = CHAIN_LEN - 1; i > 0; i--) {
		state = state * 6364136223846793005U + 1442695040888963407U;
		uint32_t other = (uint32_t)(state >> 33) % i;
		uint32_t kept = next[i];
		next[i] = next[other];
		next[other] = kept;
	}
	volatile uint32_t end = 0;
	uint32_t at = 0;
	for (unsigned long i = 0; i < CHAIN_STEPS; i++)
		at = next[at];
	end = at;
	(void)end;
}

static void map_memory(void)
{
	for (int round = 0; round < MAP_ROUNDS; round++) {
		char *memory = map_pages(MAP_SIZE);
		for (size_t i = 0; i < MAP_SIZE; i += PAGE)
			memory[i] = 1;
		(void)munmap(memory, MAP_SIZE);
	}
}

static void start_processes(void)
{
	for (int i = 0; i < FORKS; i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			err(1, "fork");
	}
}

/* ---- neighbours ---------------------------------------------------------------------------- */

static void spin(void)
{
	for (volatile uint64_t count = 0;; count = count + 1)
		;
}

static void stream(void)
{
	char *memory = map_pages(MAP_SIZE);
	for (int value = 0;; value++)
		(void)memset(memory, value, MAP_SIZE);
}

static void fill_page_cache(void)
{
	static char block[1 << 20];
	char name[] = "/var/tmp/load-XXXXXX";
	int fd = mkstemp(name);
	if (fd < 0 || unlink(name) < 0)
		err(1, "%s", name);
	for (size_t at = 0; at < FILE_SIZE; at += sizeof block)
		if (pwrite(fd, block, sizeof block, (off_t)at) < 0)
			err(1, "write");
	for (;;) {
		for (size_t at = 0; at < FILE_SIZE; at += sizeof block)
			if (pread(fd, block, sizeof block, (off_t)at) < 0)
				err(1, "read");
		/* Without a limit, they would stay in memory and leave the disk idle. */
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
}

static void burst(void)
{
	for (;;) {
		pid_t pid = fork();
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			char *memory = map_pages(BURST_SIZE);
			for (size_t i = 0; i < BURST_SIZE; i += PAGE)
				memory[i] = 1;
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			err(1, "fork");
	}
}

/* Several processes that end with this one. */
static void be_neighbour(void (*work)(void))
{
	for (int i = 0; i < NEIGHBOURS; i++) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			work();
		}
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}

/* ---- the command line ---------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*work)(void);
		int neighbour;
	} loads[] = {
		{"cache", follow_chain, 0},
		{"memory", map_memory, 0},
		{"fork", start_processes, 0},
		{"spin", spin, 1},
		{"stream", stream, 1},
		{"pages", fill_page_cache, 1},
		{"burst", burst, 1},
	};
	for (size_t i = 0; argc == 2 && i < sizeof loads / sizeof *loads; i++) {
		if (strcmp(argv[1], loads[i].name) != 0)
			continue;
		if (loads[i].neighbour)
			be_neighbour(loads[i].work);
		uint64_t begin = now();
		loads[i].work();
		return printf("%s %llu\n", argv[1], (unsigned long long)(now() - begin)) < 0;
	}
	errx(64, "usage: load cache|memory|fork|spin|stream|pages|burst");
}
