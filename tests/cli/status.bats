#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `status` on directories that stand for the cgroups: once, piped, on terminals of several sizes,
# and on every way to end it. tests/lab has the tests that need real cgroups.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
NAME=job-run-1764000000-0a1b2c3d-local
ESC=$(printf '\033')

setup() {
	ROOT=$BATS_TEST_TMPDIR/cg
	OURS=$ROOT/user.slice/user-4242.slice/user@4242.service/oss-crs
	cgroup "$OURS/$NAME" "cpuset memory"
	cgroup "$OURS/$NAME/alpha" ""
}

teardown() {
	tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server 2>/dev/null || :
}

cgroup() { # DIR CONTROLLERS
	mkdir -p "$1"
	echo 0-1 | tee "$1/cpuset.cpus" >"$1/cpuset.cpus.effective"
	echo 1073741824 >"$1/memory.max"
	echo 536870912 >"$1/memory.current"
	echo 'usage_usec 59300000' >"$1/cpu.stat"
	echo 'oom_kill 2' >"$1/memory.events"
	echo 'populated 1' >"$1/cgroup.events"
	echo "$2" >"$1/cgroup.subtree_control"
	echo 3 >"$1/pids.current"
	echo max | tee "$1/cgroup.max.depth" >"$1/cgroup.max.descendants"
}

# on_terminal ROWS COLUMNS LINE: run a line of shell on a terminal of that size. Sets $output and
# $status.
on_terminal() {
	run timeout 60 script -qec "stty rows $1 columns $2; $3" /dev/null </dev/null
	output=${output//$'\r'/}
}

@test "a run of another user is shown, as a table and as JSON" {
	run "$RUN" status --cgroup-root "$ROOT"
	[ "$status" -eq 0 ]
	[[ "$output" == *"dead     $NAME  of uid 4242 since "* ]]
	[[ "$output" =~ alpha\ 0-1\ +59.3s\ 512M/1G ]]
	[[ "$output" != *"$ESC"* ]]
	run "$RUN" status --json --cgroup-root "$ROOT"
	[ "$(jq -c '.runs[0] | [.name, .state, .user, .crs[0].memory_current, .crs[0].oom_kills, .crs[0].pids, .crs[0].pressure.cpu]' <<<"$output")" = \
		"[\"$NAME\",\"dead\",\"uid 4242\",536870912,2,3,null]" ]
}

@test "a run is found by its name and its id, and one that is not there is an error" {
	run "$RUN" status --cgroup-root "$ROOT" "$NAME"
	[ "$status" -eq 0 ]
	run "$RUN" status --cgroup-root "$ROOT" job
	[ "$status" -eq 0 ]
	run "$RUN" status --cgroup-root "$ROOT" nothing
	[ "$status" -eq 64 ]
	[[ "$output" == *"no active run named 'nothing'"* ]]
}

@test "--watch that is piped looks once, without escapes" {
	run timeout 10 "$RUN" status --watch --cgroup-root "$ROOT"
	[ "$status" -eq 0 ]
	[ "$(grep -c "$NAME" <<<"$output")" -eq 1 ]
	[[ "$output" != *"$ESC"* ]]
}

@test "a terminal gets colours unless NO_COLOR or a dumb TERM says no, and never more columns than it has" {
	on_terminal 24 80 "TERM=xterm '$RUN' status --cgroup-root '$ROOT'"
	[[ "$output" == *"$ESC"* ]]
	on_terminal 24 80 "TERM=xterm NO_COLOR=1 '$RUN' status --cgroup-root '$ROOT'"
	[[ "$output" != *"$ESC"* ]]
	on_terminal 24 80 "TERM=dumb '$RUN' status --watch --cgroup-root '$ROOT'"
	[[ "$output" != *"$ESC"* ]]
	on_terminal 24 40 "TERM=xterm NO_COLOR=1 '$RUN' status --cgroup-root '$ROOT'"
	[ "$(wc -L <<<"$output")" -le 40 ]
	[[ "$output" == *"alpha"*"512M/1G"* ]]
}

# until_true CMD...: wait for something that another process is about to do.
until_true() {
	timeout 60 bash -c 'until "$@"; do read -rt 0.05 <> <(:) || :; done' _ "$@"
}

# watch_until ACTION...: start to watch on a terminal, run ACTION when it draws, and wait for its
# end. $output is what the terminal received, $status the exit status; keys go to descriptor 4.
watch_until() {
	LOG=$BATS_TEST_TMPDIR/log
	rm -f "$LOG" "$BATS_TEST_TMPDIR/keys"
	mkfifo "$BATS_TEST_TMPDIR/keys"
	exec 4<>"$BATS_TEST_TMPDIR/keys"
	TERM=xterm script -qfec "stty rows 24 columns 80; echo \$\$ >'$BATS_TEST_TMPDIR/pid'; exec '$RUN' status --watch --cgroup-root '$ROOT' $NAME" \
		"$LOG" <&4 >/dev/null 2>&1 3>&- &
	SCRIPT=$!
	until_true grep -qs alpha "$LOG"
	"$@"
	status=0
	wait $SCRIPT || status=$?
	output=$(<"$LOG")
	exec 4>&-
}

# The last sequences that the terminal received show the cursor and leave the alternate screen.
restored() {
	[[ "$output" == *"${ESC}[?1049h${ESC}[?25l"* ]]
	[[ "${output##*1049h}" == *"${ESC}[?25h${ESC}[?1049l"* ]]
}

key() {
	printf '%b' "$1" >&4
}

hit() { # SIGNAL
	kill "-$1" "$(<"$BATS_TEST_TMPDIR/pid")"
}

@test "--watch gives the terminal back: q, Ctrl-C, SIGTERM, SIGHUP, the end of the run" {
	watch_until key q
	[ "$status" -eq 0 ]
	restored
	watch_until key '\003'
	[ "$status" -eq 0 ]
	restored
	watch_until hit TERM
	[ "$status" -eq 143 ]
	restored
	watch_until hit HUP
	[ "$status" -eq 129 ]
	restored
	watch_until rm -r "$OURS/$NAME"
	[ "$status" -eq 0 ]
	restored
}

# script(1) stops and continues together with the program that it runs.
stop_and_go_on() {
	key '\032'
	until_true grep -q '^State:.T' "/proc/$SCRIPT/status"
	kill -CONT $SCRIPT
	until_true bash -c '[ "$(grep -o "1049[hl]" "$1" | tr "\n" " ")" = "1049h 1049l 1049h " ]' _ "$LOG"
	key q
}

@test "Ctrl-Z gives the terminal to the shell, and fg takes it again" {
	watch_until stop_and_go_on
	[ "$status" -eq 0 ]
	restored
}

resize() {
	until_true bash -c 'stty rows 10 columns 30 <"/proc/$1/fd/1"' _ "$(<"$BATS_TEST_TMPDIR/pid")"
	until_true bash -c 'tail -c 400 "$1" | grep -q "alpha" && ! tail -c 400 "$1" | grep -q PRESSURE' _ "$LOG"
	key q
}

@test "a terminal that gets smaller loses columns" {
	watch_until resize
	[ "$status" -eq 0 ]
	[[ "$output" == *PRESSURE* ]]
}

# In tmux, which is a terminal of its own: screen WIDTH HEIGHT starts to watch two runs, press KEY types, and
# shows CONDITION... waits until the screen, in $pane, is as it should be.
OTHER=other-exec-1764000001-0a1b2c3e-local

screen() { # WIDTH HEIGHT [VARIABLE=VALUE...]
	cgroup "$OURS/$OTHER" "cpuset memory"
	cgroup "$OURS/$OTHER/gamma" ""
	cgroup "$OURS/$NAME/beta" ""
	echo 805306368 >"$OURS/$NAME/beta/memory.current"
	env -u TMUX "${@:3}" tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null \
		new-session -d -x "$1" -y "$2" "exec '$RUN' status --watch --cgroup-root '$ROOT'" 3>&- ';' set -g status off
}

press() {
	tmux -S "$BATS_TEST_TMPDIR/tmux" send-keys "$1"
}

shows() { # PATTERN
	timeout 60 bash -c 'until pane=$(tmux -S "$1" capture-pane -p) && [[ ${pane//$'"'\n'"'/|} == $2 ]]; do read -rt 0.05 <> <(:) || :; done
		echo "$pane"' _ "$BATS_TEST_TMPDIR/tmux" "$1" >"$BATS_TEST_TMPDIR/pane"
	pane=$(<"$BATS_TEST_TMPDIR/pane")
}

@test "keys sort the CRSs and choose a run, at 80x24 in tmux" {
	screen 80 24
	shows '*2 runs, 3 CRSs*|q quit  s sort: name  n next run|*alpha*beta*'
	[[ "$pane" == *gamma* ]]
	press s
	shows '*s sort: CPU use*'
	press s
	shows '*s sort: memory*beta*alpha*'
	# Which run is the first is a matter of inode numbers, which this file system may use again.
	press n
	shows '*a all runs*'
	first=alpha second=gamma shown=$OTHER
	[[ "$pane" == *alpha* ]] || first=gamma second=alpha shown=$NAME
	[[ "$pane" == *$first* && "$pane" != *$second* ]]
	press n
	shows "*a all runs*$second*"
	[[ "$pane" != *$first* ]]
	# A run that ends while it is the one that is shown: all others again.
	rm -r "${OURS:?}/$shown"
	shows "*1 run, *n next run|*$first*"
	press n
	shows '*a all runs*'
	press a
	shows "*n next run|*$first*"
	# A key that is none, and an arrow, change nothing and end nothing.
	press x
	press Up
	press s
	shows '*s sort: pressure*'
	[ "$(wc -L <<<"$pane")" -le 80 ]
	press q
	until_true bash -c '! tmux -S "$1" has-session 2>/dev/null' _ "$BATS_TEST_TMPDIR/tmux"
}

@test "a narrow window and a low one show what fits, without colours if NO_COLOR is set" {
	screen 30 24 NO_COLOR=1
	shows '*q quit  s sort: name  n next r|*alpha*'
	[ "$(wc -L <<<"$pane")" -le 30 ]
	[[ "$(tmux -S "$BATS_TEST_TMPDIR/tmux" capture-pane -e -p)" != *"$ESC["[0-9]*m* ]]
	tmux -S "$BATS_TEST_TMPDIR/tmux" resize-window -x 80 -y 5
	shows '*alpha*more lines*'
	[[ "$pane" != *"q quit"* ]]
	press q
	until_true bash -c '! tmux -S "$1" has-session 2>/dev/null' _ "$BATS_TEST_TMPDIR/tmux"
}
