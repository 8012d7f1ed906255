/* SPDX-License-Identifier: MIT
 *
 * fuzz_ssh: use the input as what a host says of its runs, and as ssh.tsv.
 *
 * Invariants: a list is read as states that are written as the same list, or is an error of
 * EX_DATAERR that changes nothing; every run of ssh.tsv has a host with a name that can be one.
 */
#include "fuzz.h"

#include "ssh.h"

#define RUNS 1000

static void check_listing(const char *text)
{
	enum placer_state states[RUNS] = {PLACER_NONE};
	struct error err = {0};
	if (ssh_parse_listing(text, states, RUNS, &err) < 0) {
		check_error(&err, EX_DATAERR);
		for (size_t i = 0; i < RUNS; i++)
			CHECK(states[i] == PLACER_NONE);
		return;
	}
	enum placer_state again[RUNS] = {PLACER_NONE};
	_cleanup_free_ char *written = ssh_listing(states, RUNS);
	CHECK(written && ssh_parse_listing(written, again, RUNS, &err) == 0);
	CHECK(memcmp(again, states, sizeof states) == 0);
}

static void check_owners(const char *text)
{
	struct ssh_owners owners = SSH_OWNERS_NONE;
	struct error err = {0};
	if (ssh_owners_parse(text, RUNS, &owners, &err) < 0) {
		check_error(&err, EX_DATAERR);
		return;
	}
	for (size_t i = 0; i < RUNS; i++)
		CHECK(owners.of[i] == SSH_NOBODY ||
			(owners.of[i] < owners.name_count &&
				experiment_is_host(owners.names[owners.of[i]])));
	ssh_owners_free(&owners);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	check_listing(text);
	check_owners(text);
	return 0;
}
