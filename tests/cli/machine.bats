#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --strict-machine turns the advice about comparable figures into what `check` requires.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}

# The findings that are needed, of those about the machine.
needed() { # OPTION...
	"$RUN" check --json "$@" |
		jq -r '.findings[] | select(.needed and (.id | IN("smt", "numa", "isolated-cpus", "governor", "turbo", "thp", "interrupts", "hidepid"))) | .id'
}

@test "check advises about the machine, and with --strict-machine requires what makes runs comparable" {
	[ -z "$(needed)" ]
	[ "$(needed --strict-machine | xargs)" = "numa governor turbo thp interrupts" ]
}

@test "with --strict-machine the host is ready only if all of that is met" {
	met=$("$RUN" check --json --strict-machine | jq '[.findings[] | select(.needed) | .ok] | all')
	[ "$("$RUN" check --json --strict-machine | jq .ready)" = "$met" ]
}

@test "the machine is required of a job that runs, not of a plan" {
	run "$RUN" plan --strict-machine "$BATS_TEST_TMPDIR"
	[ "$status" -eq 64 ]
	for command in build run exec hold; do
		"$RUN" "$command" --help | grep -q -- '--strict-machine '
	done
}
