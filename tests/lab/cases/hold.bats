#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# hold: the cgroups of a job for another program, for as long as that program holds a pipe open. The
# callers here are a shell and, with oss_crs_run.py, Python. HOLD_KILLS is how often callers are
# killed (20).

load common
load job

HOLD=/tmp/hold
PYTHON=/usr/local/lib/python3/dist-packages
CONFIG='{"run_env": "local", "a": {"cpuset": "0-1", "memory": "128M"}, "oss_crs_infra": {"cpuset": "2", "memory": "96M"}}'

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
	[ "$(first one .docker_host)" = null ]
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
	[[ "$(first one .docker_host)" == unix:///*/docker.sock ]]
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

@test "two runs of a user never have one project" {
	begin_hold one --project-name held
	until_true begun one
	exec 8>&9
	begin_hold two --project-name held --wait
	wait -n
	[ "$(cat $HOLD/two.status)" -eq 75 ]
	[ "$(jq -r .error.message $HOLD/two)" = "another run of yours has Compose project 'held'" ]
	exec 8>&-
	end_hold one 0
	nothing_left
}

@test "what comes into the project while a hold waits is not the hold's, and stays" {
	begin_hold one
	until_true begun one
	exec 8>&9
	begin_hold two --project-name held --wait
	until_true grep -q waiting $HOLD/two.err
	run_held theirs
	kill -KILL "$(pgrep -u alice -n -x oss-crs-run)"
	wait -n
	[ "$(cat $HOLD/two.status)" -eq 137 ]
	until_true bash -c '[ "$(pgrep -c -u alice -x oss-crs-keeper)" -eq 1 ]'
	[ "$(docker inspect -f '{{.State.Running}}' theirs)" = true ]
	docker rm -f theirs
	begin_hold three --project-name held --wait
	until_true grep -q waiting $HOLD/three.err
	run_held theirs
	exec 8>&-
	until_true test -s $HOLD/three.status
	end_hold three 75
	[[ "$(jq -r .error.message $HOLD/three)" == "Compose project 'held' already has 1 "* ]]
	[ "$(docker inspect -f '{{.State.Running}}' theirs)" = true ]
	docker rm -f theirs
	nothing_left
}

@test "a signal and the time limit end a hold, and are in its report" {
	begin_hold one --timeout 600 --run-id term
	until_true begun one
	pkill -TERM -u alice -x oss-crs-run
	end_hold one 143
	[ "$(report one .reason)" = signal ]
	begin_hold two --timeout 1
	until_true test -s $HOLD/two.status
	end_hold two 124
	[ "$(report two .reason)" = timeout ]
	nothing_left
}

@test "an OOM kill in a container that the caller has started is in the report" {
	begin_hold one --project-name held
	until_true begun one
	run docker run --rm --cgroup-parent "$(first one .cgroup_parents.a)" --network none --label com.docker.compose.project=held \
		busybox sh -c 'tail -c 512m /dev/zero'
	[ "$status" -eq 137 ]
	end_hold one 0
	[ "$(report one '.crs[] | select(.name == "a") | .oom[0].limit')" = crs ]
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

# What a Python program does: hold, put a process into the CRS, say so, wait.
python_caller() {
	cat >$HOLD/caller.py <<-EOF
		import subprocess, sys
		from oss_crs_run import Hold
		with Hold({"a": ("0-1", "128M"), "oss_crs_infra": ("2", "96M")}, run_id="py", **eval(sys.argv[1])) as hold:
		    sleep = subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL)
		    if len(sys.argv) > 2:
		        (hold.path / "a" / "cgroup.procs").write_text(str(sleep.pid))
		    print(hold.cgroup_parents["a"], flush=True)
		    sys.stdin.read()
		    sleep.kill()
		print(hold.report["reason"])
	EOF
}

@test "Python holds a run, and gets its report" {
	python_caller
	echo | sh_as alice "PYTHONPATH=$PYTHON python3 $HOLD/caller.py {}" >$HOLD/out
	[[ "$(head -n 1 $HOLD/out)" == /$OURS/py-run-*/a ]]
	[ "$(tail -n 1 $HOLD/out)" = exited ]
	nothing_left
}

@test "kill -9 of a Python caller leaves nothing, however often and whenever" {
	python_caller
	# A manager's unit may move its processes into the CRS. Every second caller is killed before it
	# says that it holds, after 0 to 0.4 s.
	cat >$HOLD/kills.py <<-'EOF'
		import os, random, subprocess, sys, time
		root, caller, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
		def mine(name):
		    found = 0
		    for pid in filter(str.isdigit, os.listdir("/proc")):
		        try:
		            found += os.stat(f"/proc/{pid}").st_uid == os.getuid() and open(f"/proc/{pid}/comm").read() == name + "\n"
		        except OSError:
		            pass
		    return found
		held = 0
		for i in range(count):
		    child = subprocess.Popen([sys.executable, caller, "{}", "in"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		    if i % 2 == 0:
		        parent = child.stdout.readline().strip()
		        assert os.path.isdir("/sys/fs/cgroup" + parent), parent
		        assert open("/sys/fs/cgroup" + parent + "/cgroup.procs").read()
		        held += 1
		    else:
		        time.sleep(random.random() * 0.4)
		    child.kill()
		    child.wait()
		    end = time.monotonic() + 120
		    while mine("oss-crs-run") or mine("oss-crs-keeper"):
		        assert time.monotonic() < end, "oss-crs-run lives"
		        time.sleep(0.02)
		    left = [name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name))]
		    assert not left, left
		print(count, held)
	EOF
	local kills=${HOLD_KILLS:-20}
	run sh_as alice "PYTHONPATH=$PYTHON systemd-run --user -q --wait --pipe -E PYTHONPATH python3 $HOLD/kills.py $CG/$OURS $HOLD/caller.py $kills"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "$kills $(((kills + 1) / 2))" ]
	nothing_left
}

@test "kill -9 of a Python caller removes the containers that it has started" {
	python_caller
	mkfifo $HOLD/in
	sh_as alice "PYTHONPATH=$PYTHON exec python3 $HOLD/caller.py '{\"project_name\": \"held\"}'" <$HOLD/in >$HOLD/out 3>&- &
	exec 9>$HOLD/in
	until_true test -s $HOLD/out
	run_held in "$(cat $HOLD/out)"
	pkill -KILL -u alice -f caller.py
	until_true bash -c '! pgrep -u alice -x oss-crs-run && ! pgrep -u alice -x oss-crs-keeper'
	wait
	nothing_left
}
