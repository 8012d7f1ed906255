/* SPDX-License-Identifier: MIT
 *
 * load: a fixed amount of work that is sensitive to one thing that a neighbour can take away.
 *
 *   load cache    follow a chain through 1 MiB, in an order that no prefetcher can predict
 *   load memory   map 64 MiB, write to each page and unmap it, over and over
 */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHAIN_LEN   (1U << 18) /* entries of 4 bytes */
#define CHAIN_STEPS 60000000UL
#define MAP_SIZE    (64UL << 20)
#define MAP_ROUNDS  12
#define PAGE        4096UL

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
		char *memory = mmap(
			NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			err(1, "map");
		for (size_t i = 0; i < MAP_SIZE; i += PAGE)
			memory[i] = 1;
		(void)munmap(memory, MAP_SIZE);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "cache") == 0)
		follow_chain();
	else if (argc == 2 && strcmp(argv[1], "memory") == 0)
		map_memory();
	else
		errx(64, "usage: load cache|memory");
	return 0;
}
