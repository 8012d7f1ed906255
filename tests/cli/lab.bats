#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the lab and ./demo do while they wait, when they fail, and when they are ended: without a
# virtual machine, which tests/lab/run needs.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup() {
	export OSS_CRS_LAB_CACHE=$BATS_TEST_TMPDIR/cache
	mkdir -p "$OSS_CRS_LAB_CACHE/trixie"
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	local pid
	for pid in $(cat "$BATS_TEST_TMPDIR"/pid* 2>/dev/null); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

until_true() {
	timeout 60 bash -c 'until "$@"; do read -rt 0.05 <> <(:) || :; done' _ "$@"
}

# with_lab LINE: a line of shell that has the lab's functions.
with_lab() {
	printf '. %q\nsuite=trixie command=root boot_limit=1 name=trixie\n%s\n' "$HERE/tests/lab/lab" "$1" >script
	bash script 3>&-
}

@test "who waits for a thing of the lab says for whom, and other things are not waited for" {
	with_lab 'make() { : >made; until [[ -e go ]]; do moment 0.1; done; }; ensure root abc make; echo "$made"' >maker 2>&1 &
	maker=$!
	until_true test -e made
	with_lab 'make() { :; }; ensure root abc make; echo "$made"' >waiter 2>&1 &
	waiter=$!
	until_true grep -q 'waiting for' waiter
	grep -qE '^lab: waiting for the root of trixie: lab -s trixie root \(PID [0-9]+\), which makes it$' waiter
	# An image is another thing.
	run with_lab 'make() { :; }; ensure image def make; echo "$made"'
	[ "$status" -eq 0 ]
	[[ "$output" != *waiting* ]]
	: >go
	wait $maker
	wait $waiter
	[ "$(tail -n 1 waiter)" = "$OSS_CRS_LAB_CACHE/trixie/root-abc" ]
}

@test "who makes a thing waits for those who use the old one, and names them" {
	mkdir "$OSS_CRS_LAB_CACHE/trixie/root-old"
	with_lab 'ensure root old false; : >used; until [[ -e go ]]; do moment 0.1; done' &
	until_true test -e used
	with_lab 'make() { :; }; ensure root new make' >maker 2>&1 &
	until_true grep -q 'waiting for' maker
	grep -qE '^lab: waiting for the root of trixie: used by .*script \(PID [0-9]+\)$' maker
	: >go
	wait
	[ ! -e "$OSS_CRS_LAB_CACHE/trixie/root-old" ]
	[ -d "$OSS_CRS_LAB_CACHE/trixie/root-new" ]
}

@test "a failed boot says so with the last lines of the console and the limit" {
	mkdir machine
	seq -f 'line %g of the console' 1 30 >machine/console
	printf '\033[31mKernel panic\n' >>machine/console
	run with_lab 'guest() { return 1; }; is_up() { return 0; }; wait_for_ssh "$PWD/machine"'
	[ "$status" -eq 1 ]
	[[ "$output" == *"the last lines of the machine's console:"*"line 30 of the console"*"Kernel panic"* ]]
	[[ "$output" != *"line 5 of"* && "$output" != *$'\033'* ]]
	[[ "$output" == *"has not answered on ssh for 1 s; OSS_CRS_LAB_BOOT_LIMIT sets that limit" ]]
	run with_lab 'guest() { return 1; }; is_up() { return 1; }; wait_for_ssh "$PWD/machine"'
	[[ "$output" == *"Kernel panic"*"the machine ended" ]]
}

@test "the limit for a boot grows with the load, and can be set" {
	limit=$(with_lab default_boot_limit)
	[ "$limit" -ge 300 ]
	[ "$limit" -le 1800 ]
	OSS_CRS_LAB_BOOT_LIMIT=soon run "$HERE/tests/lab/lab" list
	[ "$status" -eq 1 ]
	[[ "$output" == *"OSS_CRS_LAB_BOOT_LIMIT is a number of seconds, not 'soon'" ]]
	OSS_CRS_LAB_BOOT_LIMIT=900 run "$HERE/tests/lab/lab" list
	[ "$status" -eq 0 ]
}

@test "a lab that is ended ends its children, and removes what it had begun" {
	with_lab 'echo $$ >pid-lab; make() { bash -c "echo \$\$ >pid-child; exec sleep 1000"; }; ensure root abc make' >log 2>&1 &
	lab=$!
	until_true test -s pid-child
	[ -d "$OSS_CRS_LAB_CACHE/trixie/new-root" ]
	kill -TERM "$(cat pid-lab)"
	wait $lab || :
	[ ! -e "/proc/$(cat pid-child)" ]
	[ ! -e "$OSS_CRS_LAB_CACHE/trixie/new-root" ]
	[ ! -e "$OSS_CRS_LAB_CACHE/trixie/root-abc" ]
}

# with_children LINE: a line of shell as ./demo and ./check have it.
with_children() {
	printf 'set -euo pipefail\n. %q\nend_children_on_signals\ntrap "echo undone" EXIT\n%s\n' "$HERE/tests/children.bash" "$1" >script
	# nohup and a background job of a script have others ignored.
	env --default-signal=HUP,INT,QUIT,TERM bash script 3>&-
}

# A child with a child of its own, which bash alone would leave behind.
TREE='tree() { bash -c "bash -c \"echo \\\$\\\$ >pid-grandchild; exec sleep 1000\"; true"; }'

@test "SIGTERM and Ctrl-C end all that ./demo has started, and then it undoes the rest" {
	for signal in TERM INT HUP; do
		rm -f pid-grandchild
		# As in a shell of the user's: a background job would ignore SIGINT.
		set -m
		with_children "echo \$\$ >pid-demo; $TREE; progress '1/2 the host' tree" >log 2>&1 &
		demo=$!
		set +m
		until_true test -s pid-grandchild
		kill "-$signal" "$(cat pid-demo)"
		status=0
		wait $demo || status=$?
		[ "$status" -eq $((128 + $(kill -l $signal))) ]
		[ ! -e "/proc/$(cat pid-grandchild)" ]
		[ "$(tail -n 1 log)" = undone ]
	done
	grep -q '^end_children_on_signals$' "$HERE/demo"
	grep -q '^end_children_on_signals$' "$HERE/check"
}

@test "a step says that it begins and how long it took, and shows its output only if it fails" {
	run with_children 'progress "1/2 fine" bash -c "echo hidden"; progress "2/2 broken" bash -c "echo this is why; exit 7"'
	[ "$status" -eq 7 ]
	[[ "$output" == $'1/2 fine ...\n1/2 fine: '[0-9]*$' s\n2/2 broken ...\n2/2 broken: failed after '[0-9]*$' s\nthis is why\nundone' ]]
}

@test "on a terminal a step has one line with the newest line of its output, cut to its width" {
	printf 'printf "one\\ntwo\\r\\033[1mthree and a long tail of words\\n"; until [[ -e go ]]; do read -rt 0.1 <> <(:) || :; done\n' >step
	printf 'set -euo pipefail\n. %q\nprogress "1/1 the host" bash step\n' "$HERE/tests/children.bash" >script
	TERM=xterm script -qfec 'stty rows 24 columns 40; bash script' log </dev/null >/dev/null 2>&1 3>&- &
	until_true grep -q 'three and' log
	: >go
	wait
	output=$(tr '\r' '\n' <log | sed 's/\x1b\[K//')
	grep -qE '^1/1 the host \.\.\. [0-9]+ s  \[1mthree and a l' <<<"$output"
	[ "$(grep '^1/1' <<<"$output" | wc -L)" -le 39 ]
	grep -qE '^1/1 the host: [0-9]+ s$' <<<"$output"
}
