#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What ./check makes of its steps (tests/steps.bash): a run in which all that ran passed ends with 0
# and says what it left out; with --strict nothing may be skipped or left out.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# The steps in a shell of their own, as ./check has them. Sets $output, $status and $last.
with_steps() {
	run bash -euo pipefail -c ". '$HERE/tests/steps.bash'
		$1
		closing_line" 3>&-
	last=${lines[-1]}
}

@test "steps that pass end with 0, and one that fails with its output and 1" {
	with_steps 'step "fine" true; step "also" echo hidden'
	[ "$status" -eq 0 ]
	[ "$last" = "2 passed, 0 failed" ]
	[[ "$output" != *hidden* ]]
	with_steps 'step "fine" true; step "broken" bash -c "echo this is why; exit 3"'
	[ "$status" -eq 1 ]
	[ "$last" = "1 passed, 1 failed" ]
	[[ "$output" == *"FAIL  broken"*"this is why"* ]]
}

@test "what was left out is in the last line, and fails with --strict only" {
	with_steps 'left_out=("the lab"); step fine true'
	[ "$status" -eq 0 ]
	[ "$last" = "1 passed, 0 failed; not run: the lab" ]
	with_steps 'strict=yes left_out=("the lab"); step fine true'
	[ "$status" -eq 1 ]
	[[ "$last" == "1 passed, 0 failed; not run: the lab; --strict "* ]]
}

@test "a test that bats or cmocka skips is shown and counted, and fails with --strict only" {
	# Made by printf: bats takes each line that begins with @test for a test of this file.
	printf '@%s {\n\t%s\n}\n' 'test "needs a unicorn"' 'skip "no unicorn"' 'test "needs nothing"' true \
		>"$BATS_TEST_TMPDIR/skips.bats"
	steps="step one bats --timing '$BATS_TEST_TMPDIR/skips.bats'
		step two printf '[==========] Running\n[  SKIPPED ] reads_the_journal\n'
		skip_step three 'no linter'"
	with_steps "$steps"
	[ "$status" -eq 0 ]
	[[ "$output" == *"skip  needs a unicorn"*": no unicorn"*"skip  reads_the_journal"*"skip  three "*"no linter"* ]]
	[ "$last" = "2 passed, 0 failed, 3 skipped" ]
	with_steps "strict=yes; $steps"
	[ "$status" -eq 1 ]
	[[ "$last" == "2 passed, 0 failed, 3 skipped; --strict "* ]]
}

@test "the slowest ten are named, tests of the lab among them" {
	seq 1 14 | sed 's/.*/ok & test & in &600ms/' >"$BATS_TEST_TMPDIR/lab.log"
	with_steps "step quick true; time_tests '$BATS_TEST_TMPDIR/lab.log' 'trixie: '"
	[ "$status" -eq 0 ]
	[ "$(sed -n '/^slowest:/,$p' <<<"$output" | sed '1d;$d' | xargs -n 5 | head -n 2)" = \
		$'15 s trixie: test 14\n14 s trixie: test 13' ]
	[ "$(grep -c ' s  trixie: ' <<<"$output")" -eq 10 ]
}

@test "the end names each step and each test of the lab that failed" {
	printf '%s\n' 'ok 1 this holds in 3ms' 'not ok 2 that does not in 5ms' '# why' 'not ok - tests/lab/run: status 1' \
		>"$BATS_TEST_TMPDIR/lab.log"
	with_steps "step fine true; step lab cat '$BATS_TEST_TMPDIR/missing'
		name_failed_tests '$BATS_TEST_TMPDIR/lab.log' 'trixie: '"
	[ "$status" -eq 1 ]
	[ "$(sed -n '/^failed:/,$p' <<<"$output")" = "failed:
  lab
  trixie: that does not in 5ms
  trixie: tests/lab/run: status 1
1 passed, 1 failed" ]
}

@test "what lands has passed a check that skipped nothing" {
	grep -qxE 'exec ./check --strict' "$HERE/.ci/run"
	run "$HERE/check" --bogus
	[ "$status" -eq 64 ]
	[[ "$output" == "usage: check "*"--strict"* ]]
}
