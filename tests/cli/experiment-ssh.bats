#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The engine ssh without a host: what plan prints, what hosts are called with, and what is made of their answers. A
# recorder stands for ssh. tests/lab/cases/experiment.bats does runs over it.

bats_require_minimum_version 1.5.0
load experiment

@test "ssh: plan has a command for each host, and both configs on both" {
	hosts
	rm bin/*
	experiment plan
	[ "$status" -eq 0 ]
	[[ "$output" == *"Job 1: 6 runs"*"ssh -T -o BatchMode=yes "*" -- a 'oss-crs-run experiment host $BATS_TEST_TMPDIR/json a submit'"*"  | 0,2,5,7-8,10"* ]]
	[[ "$output" == *"Job 2: 6 runs"*" -- b 'oss-crs-run experiment host $BATS_TEST_TMPDIR/json b submit'"*"  | 1,3-4,6,9,11"* ]]
	[ ! -e json ]
}

@test "ssh: submit calls each host twice, and what hosts have is not submitted again" {
	hosts
	experiment submit
	[ "$status" -eq 0 ]
	[[ "$output" == *"submitted 12 of 12 runs"*" to ssh" ]]
	[ "$(wc -l <calls)" -eq 4 ]
	[ "$(cat told)" = $'0,2,5,7-8,10\n1,3-4,6,9,11' ]
	[ "$(cat json/ssh.tsv)" = $'a\t0,2,5,7-8,10\nb\t1,3-4,6,9,11' ]
	[ -z "$(find json/hosts -name '.seen*')" ]
	hosts "a:*) printf 'oss-crs-host 1\nqueued 2,5,7-8,10\nrunning 0\nend\n' ;;" \
		"b:*) printf 'oss-crs-host 1\nqueued 1,3-4,6,9,11\nend\n' ;;"
	experiment submit
	[[ "$output" == *"submitted 0 of 12 runs (0 done, 1 running, 11 queued before)"* ]]
	experiment status --json
	[ "$(jq -c '.counts' <<<"$output")" = '{"done":0,"running":1,"queued":11,"failed":0,"missing":0,"unknown":0}' ]
}

@test "ssh: the runs of a host that does not answer are unknown, and no other host gets them" {
	hosts
	experiment submit
	rm calls told
	hosts "b:*) echo 'ssh: connect to host b port 22: No route to host' >&2; exit 255 ;;"
	experiment status
	[ "$status" -eq 0 ]
	[[ "$output" == *"host 'b' cannot be reached (see above): 6 runs that it has been given are unknown"* ]]
	[[ "$output" =~ missing\ +6 ]]
	[[ "$output" =~ unknown\ +6 ]]
	[ "$(wc -l <calls)" -eq 2 ]
	# Those of `a`, which has forgotten them, are given to it again.
	experiment submit
	[ "$status" -eq 69 ]
	[[ "$output" == *"submitted 6 of 12 runs"*"6 runs are unknown, and were not submitted"* ]]
	[ "$(cat told)" = 0,2,5,7-8,10 ]
	# A host whose runs are done is not asked.
	for id in duo-json-c-h1-1 duo-json-c-h2-1 solo-json-c-h1-2 solo-json-c-h2-2 duo-json-c-h1-3 duo-json-c-h2-3 solo-json-c-h1-1 \
		solo-json-c-h2-1 duo-json-c-h1-2 duo-json-c-h2-2 solo-json-c-h1-3 solo-json-c-h2-3; do
		done_run $id exited
	done
	rm calls
	experiment status
	[[ "$output" =~ done\ +12 ]]
	[ ! -e calls ]
}

@test "ssh: a host that prints something else, or only part, is not taken for an idle one" {
	hosts
	experiment submit
	for answer in 'Welcome to b' 'oss-crs-host 1\nqueued 1\n' 'oss-crs-host 1\nqueued 12\nend\n'; do
		hosts "b:*) printf '$answer' ;;"
		run --separate-stderr "$RUN" experiment status --json x.yaml
		[ "$(jq -c '[.counts.missing, .counts.unknown]' <<<"$output")" = '[6,6]' ]
		experiment submit
		[ "$status" -eq 65 ]
		[[ "$output" == *"host 'b': "* ]]
	done
}

# The other end, as sshd(8) starts it: by a shell.
@test "ssh: a host that sees another directory, or has no user manager, is refused before anything starts" {
	ln -s "$RUN" bin/oss-crs-run
	hosts "a:*) printf 'oss-crs-host 1\nend\n' ;;" \
		'b:check) mkdir other; cp json/*.json json/runs.tsv other; bash -c "${line/\/json/\/other}"; exit ;;'
	experiment submit
	[ "$status" -eq 69 ]
	[[ "$output" == *"$BATS_TEST_TMPDIR/other on host 'b' is not the directory that was submitted"* ]]
	[[ "$output" == *"host 'b' refuses with status 69"*"on a file system that all of them share"* ]]
	[ ! -e json/ssh.tsv ]
	hosts "a:*) bash -c \"\$line\"; exit ;;"
	experiment submit
	[ "$status" -eq 69 ]
	[[ "$output" == *"cannot connect to the user manager"*"host 'a' refuses with status 69"* ]]
	hosts "b:*) bash -c no-such-oss-crs-run; exit ;;"
	experiment submit
	[[ "$output" == *"host 'b' has no oss-crs-run in its PATH"* ]]
	rm bin/ssh
	PATH=$BATS_TEST_TMPDIR/bin:/nonexistent experiment submit
	[ "$status" -eq 69 ]
	[[ "$output" == *ssh* ]]
	[ ! -e json/ssh.tsv ]
	[ -z "$(find json/hosts -name '.seen*')" ]
}

@test "ssh: what a host is told is checked there" {
	hosts
	experiment submit
	run "$RUN" experiment host json a list
	[ "$output" = $'oss-crs-host 1\nend' ]
	for name in -x ../json 'a b' ''; do
		run "$RUN" experiment host json "$name" list
		[ "$status" -eq 64 ]
	done
	run "$RUN" experiment host json a check 0123456789abcdef
	[ "$status" -eq 69 ]
	run "$RUN" experiment host json a check ../../x.yaml
	[ "$status" -eq 64 ]
	run "$RUN" experiment host json a submit <<<'0-12'
	[ "$status" -eq 65 ]
	# As where the connection broke: of 5,100 this would be another run.
	run bash -c 'printf 5,10 | "$0" experiment host json a submit' "$RUN"
	[ "$status" -eq 65 ]
	[[ "$output" == *"is cut off"* ]]
	run "$RUN" experiment host json c submit <<<'0-3'
	[ "$status" -eq 78 ]
	run "$RUN" experiment host json a enslave
	[ "$status" -eq 64 ]
	run "$RUN" experiment host json a cancel
	[ "$status" -eq 0 ]
}

@test "ssh: cancel asks every host that was given runs, and fails if one does not answer" {
	hosts
	experiment submit
	rm calls
	experiment cancel
	[ "$status" -eq 0 ]
	[ "$(grep -c ' cancel$' calls)" -eq 2 ]
	hosts 'b:*) exit 255 ;;'
	sed -i 's/hosts: \[a, b\]/hosts: [a]/' x.yaml
	experiment cancel
	[ "$status" -eq 69 ]
	[[ "$output" == *"host 'b' cannot be reached"*"cancel again when it answers"* ]]
}

# ---- nothing is lost, nothing runs twice ----
