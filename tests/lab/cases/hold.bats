#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# hold: the cgroups of a job for another program, for as long as that program holds a pipe open. Here
# it is a shell.

load common.bash

HOLD=/tmp/hold
CONFIG='{"run_env": "local", "a": {"cpuset": "0-1", "memory": "128M"}, "oss_crs_infra": {"cpuset": "2", "memory": "96M"}}'

setup_file() {
	ready_host
}

setup() {
	rm -rf $HOLD && install -d -o alice $HOLD
}

teardown() {
	exec 9>&-
	after_failure
	docker ps -aq --filter label=com.docker.compose.project=held | xargs -r docker rm -f
}

# begin_hold NAME OPTION...: hold a run as alice from standard input, with what it prints in
# $HOLD/NAME, its messages in NAME.err and its status in NAME.status. The writing end is descriptor 9.
begin_hold() {
	local name=$1
	shift
	rm -f "$HOLD/$name"*
	mkfifo -m 644 "$HOLD/$name.in"
	sh_as alice "oss-crs-run hold --json $* - <$HOLD/$name.in >$HOLD/$name 2>$HOLD/$name.err; echo \$? >$HOLD/$name.status" 3>&- 8>&- 9>&- &
	exec 9>"$HOLD/$name.in"
	printf '%s\n...\n' "$CONFIG" >&9
}

# begun NAME: the hold has begun, or has ended without.
begun() {
	[ "$(head -n 1 "$HOLD/$1" | tail -c 2)" = '}' ] || [ -s "$HOLD/$1.status" ]
}
export -f begun
export HOLD

# first NAME FILTER: from the line that says that it is held; report NAME FILTER: from the report.
first() {
	head -n 1 "$HOLD/$1" | jq -r "$2"
}

report() {
	tail -n +2 "$HOLD/$1" | jq -r "$2"
}

# end_hold NAME STATUS
end_hold() {
	exec 9>&-
	wait
	cat "$HOLD/$1.err"
	[ "$(cat "$HOLD/$1.status")" -eq "$2" ]
}

@test "cgroups and limits are there while the pipe is open, and gone with a report when it is closed" {
	begin_hold one --run-id nightly --phase build
	until_true begun one
	local path
	path=$(first one .path)
	[[ "$(first one .name)" == nightly-build-*-local ]]
	[ "$path" = "$CG/$OURS/$(first one .name)" ]
	[ "$CG$(first one .cgroup_parents.a)" = "$path/a" ]
	[ "$CG$(first one .cgroup_parents.oss_crs_infra)" = "$path/oss_crs_infra" ]
	[ "$(cat "$path/a/cpuset.cpus.effective" "$path/a/memory.max" "$path/a/memory.swap.max" | tr '\n' ' ')" = "0-1 134217728 0 " ]
	[ "$(cat "$path/oss_crs_infra/cpuset.cpus.effective" "$path/oss_crs_infra/memory.max" | tr '\n' ' ')" = "2 100663296 " ]
	[ "$(as alice oss-crs-run status --json | jq -r '.runs[] | .state + " " + .phase')" = "running build" ]
	end_hold one 0
	[ ! -e "$path" ]
	[ "$(report one '.name + " " + .phase + " " + .reason')" = "$(first one .name) build exited" ]
	[ "$(jq -r .name "$(first one .report)")" = "$(first one .name)" ]
	nothing_left
}

@test "a second hold on the same CPUs gets 75, and with --wait its turn when the first ends" {
	begin_hold one
	until_true begun one
	exec 8>&9
	begin_hold two
	wait -n
	[ "$(cat $HOLD/two.status)" -eq 75 ]
	[ "$(jq -r .error.status $HOLD/two)" -eq 75 ]
	# A caller that goes away while it waits leaves the queue.
	begin_hold three --wait
	until_true grep -q waiting $HOLD/three.err
	exec 9>&-
	wait -n
	[ "$(cat $HOLD/three.status)" -eq 75 ]
	[ "$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d | wc -l)" -eq 1 ]
	begin_hold four --wait
	until_true grep -q waiting $HOLD/four.err
	exec 8>&-
	until_true begun four
	[ "$(cat $HOLD/one.status)" -eq 0 ]
	end_hold four 0
	nothing_left
}

# run_held NAME PARENT: start a container of the project `held`; no PARENT: none.
run_held() {
	docker run -d --name "$1" ${2:+--cgroup-parent "$2"} --network none --restart always \
		--label com.docker.compose.project=held --label com.docker.compose.service="$1" busybox sleep 1000
}

@test "a container started with a parent is inside, watched, and removed; one without is warned of" {
	begin_hold one --project-name held
	until_true begun one
	local path id
	path=$(first one .path)
	id=$(run_held in "$(first one .cgroup_parents.a)")
	grep -qx "$(docker inspect -f '{{.State.Pid}}' "$id")" "$path/a/$id/cgroup.procs"
	run_held out
	until_true grep -q "container 'out' runs without limits: its cgroup_parent is none" $HOLD/one.err
	# The project has to be empty at the start: it is removed at the end.
	exec 8>&9
	begin_hold two --project-name held
	wait -n
	[ "$(cat $HOLD/two.status)" -eq 75 ]
	[[ "$(jq -r .error.message $HOLD/two)" == "Compose project 'held' already has 2 containers, networks or volumes" ]]
	exec 8>&-
	end_hold one 0
	[ "$(report one '.attested | "\(.containers) \(.unconfined) \(.unknown)"')" = "1 1 0" ]
	[ "$(report one '.crs[] | select(.name == "a").exits')" = "-" ]
	nothing_left
}

@test "SIGTERM, the time limit and an OOM kill are in the report" {
	begin_hold one --timeout 600 --run-id term
	until_true begun one
	pkill -TERM -u alice -x oss-crs-run
	end_hold one 143
	[ "$(report one .reason)" = signal ]
	begin_hold two --timeout 1
	until_true test -s $HOLD/two.status
	end_hold two 124
	[ "$(report two .reason)" = timeout ]
	begin_hold three --project-name held
	until_true begun three
	run docker run --rm --cgroup-parent "$(first three .cgroup_parents.a)" --network none --label com.docker.compose.project=held \
		busybox sh -c 'tail -c 512m /dev/zero'
	[ "$status" -eq 137 ]
	end_hold three 0
	[ "$(report three '.crs[] | select(.name == "a") | .oom[0].limit')" = crs ]
	nothing_left
}

@test "hold itself killed: what it held is removed" {
	begin_hold one --project-name held
	until_true begun one
	run_held in "$(first one .cgroup_parents.a)"
	pkill -KILL -u alice -x oss-crs-run
	until_true bash -c '! pgrep -u alice -x oss-crs-keeper'
	end_hold one 137
	nothing_left
}
