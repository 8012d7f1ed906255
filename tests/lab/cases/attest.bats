#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Attestation on a real host: a change to a running job's cgroups from outside ends the run, and the
# message names the file, what was planned and what was found. Run as root in a lab guest; jobs run
# as alice.

load common
load job

teardown() {
	mount -o remount,hidepid=0 /proc
	pkill -CONT -x containerd || :
	set_affinity 0-3
	after_failure
}

# set_affinity LIST: let Docker, and so its containers, inherit this CPU affinity, as CPUAffinity=
# in their units does.
set_affinity() {
	local pid
	for pid in $(pidof dockerd containerd); do taskset -apc "$1" "$pid" >/dev/null; done
}

# The first command of a service that ends by itself, but not before it was looked at.
WORK='i=0; while [ $$i -lt 8 ]; do i=$$((i+1)); sleep 1; done'

# attested: the numbers of containers in the report: attested, unknown, unconfined.
attested() {
	jq -r '.attested | "\(.containers) \(.unknown) \(.unconfined)"' /tmp/alice-report
}

# mismatch: attestation ended the last run, and the run left nothing.
mismatch() {
	[ "$status" -eq 70 ]
	nothing_left
}

# start: start a job of two services in the background, its output in /tmp/run.out. Returns when
# both containers run.
start() {
	services a 'sleep 600 & sleep 600' b 'sleep 600'
	begin
}

# begin ARG...: the same for the services as they stand, with these options.
begin() {
	sh_as alice "exec oss-crs-run run $* $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	until_true grep -q 'populated 1' "$worker/a/cgroup.events" "$worker/b/cgroup.events"
}

finish() {
	status=0
	wait $job || status=$?
}

@test "a limit raised during the run ends it" {
	start
	as alice sh -c "echo max >$worker/a/memory.max"
	finish
	cat /tmp/run.out
	grep -q "/a/memory.max: planned 134217728, found max" /tmp/run.out
	mismatch
}

@test "a CRS given another CPU during the run ends it" {
	start
	as alice sh -c "echo 3 >$worker/b/cpuset.cpus"
	finish
	cat /tmp/run.out
	grep -q "/b/cpuset.cpus.effective: planned 2, found 3" /tmp/run.out
	mismatch
}

@test "a container moved out of its CRS by root ends it" {
	start
	mkdir $CG/elsewhere
	for pid in $(cat "$worker"/b/*/cgroup.procs); do echo "$pid" >$CG/elsewhere/cgroup.procs; done
	finish
	rmdir $CG/elsewhere
	cat /tmp/run.out
	grep -Eq "container '.*[-_]b[-_]1', process [0-9]+ \(sh\|sleep\), /proc/[0-9]+/cgroup: planned /$OURS/.*/b, found /elsewhere" /tmp/run.out ||
		grep -Eq "container '.*[-_]b[-_]1', process [0-9]+ .*found /elsewhere" /tmp/run.out
	mismatch
}

@test "one process of several moved out by root is found when the run ends" {
	start
	mkdir $CG/elsewhere
	docker exec "$(docker ps -q --filter label=com.docker.compose.service=a)" sh -c 'sleep 601 & exec sleep 602' &
	until_true pgrep -fx 'sleep 602'
	pgrep -fx 'sleep 602' >$CG/elsewhere/cgroup.procs
	docker kill "$(docker ps -q --filter label=com.docker.compose.service=b)"
	finish
	pkill -fx 'sleep 60[12]' || true
	until_true rmdir $CG/elsewhere
	cat /tmp/run.out
	grep -Eq "container '.*[-_]a[-_]1', process [0-9]+ \(sleep\).*found /elsewhere" /tmp/run.out
	mismatch
}

@test "a tree that was removed by hand ends the run before anything runs on without limits" {
	services a 'sleep 600' b 'sleep 600'
	sed -i 's/network_mode: none/&\n    restart: always/' $JOB/docker-compose.yaml
	sh_as alice "exec oss-crs-run run --until all $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	# Docker is stopped meanwhile; otherwise it restarts the container before the cgroup is
	# removed.
	kill -STOP "$(pidof dockerd)"
	echo 1 >"$worker/a/cgroup.kill"
	until_true bash -c 'rmdir "$1"/a/*/; rmdir "$1/a"' _ "$worker"
	kill -CONT "$(pidof dockerd)"
	finish
	cat /tmp/run.out
	# The cgroup was removed, or Docker made it again, with all CPUs and no limit.
	grep -Eq "/a/[A-Za-z0-9.]+: planned .*, found (no such cgroup|max|0-3)" /tmp/run.out
	mismatch
}

@test "a cgroup_parent that a second Compose file sets elsewhere is refused before anything starts" {
	services a 'sleep 600' b 'sleep 600'
	printf 'services:\n  b:\n    cgroup_parent: /system.slice\n' >$JOB/second.yaml
	run as alice oss-crs-run run --compose-file $JOB/docker-compose.yaml --compose-file $JOB/second.yaml $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'b': cgroup_parent is outside this run: '/system.slice'"* ]]
	nothing_left
}

@test "a run that nobody disturbs is attested, docker exec and restarts included" {
	services a 'sleep 600' b 'i=0; while [ $$i -lt 8 ]; do i=$$((i+1)); sleep 1; done; exit 7'
	sed -i '0,/network_mode: none/s//&\n    restart: always/' $JOB/docker-compose.yaml
	begin --report /tmp/alice-report
	a=$(docker ps -q --filter label=com.docker.compose.service=a)
	docker exec "$a" true
	kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$a")"
	until_true bash -c '[ "$(docker inspect -f "{{.RestartCount}} {{.State.Running}}" "$1")" = "1 true" ]' _ "$a"
	finish
	cat /tmp/run.out
	[ "$status" -eq 7 ]
	[ "$(attested)" = '2 0 0' ]
	nothing_left
}

@test "services that could step outside are named, and refused with --strict" {
	services a "$WORK; exit 3" b 'sleep 600'
	sed -i '0,/network_mode: none/s//&\n    privileged: true/' $JOB/docker-compose.yaml
	run as alice oss-crs-run run --report /tmp/alice-report $JOB p h
	[ "$status" -eq 3 ]
	[[ "$output" == *"/docker-compose.yaml:6:17: service 'a' could escape its CRS: privileged: true (full root rights on the host)"* ]]
	[ "$(jq -c .risks /tmp/alice-report)" = '{"a":["privileged"]}' ]
	[ "$(jq -r '.risk_details[0] | .service + " " + .key + " " + .value' /tmp/alice-report)" = "a privileged true" ]
	[ "$(attested)" = '2 0 0' ]
	run as alice oss-crs-run run --strict $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'a' could escape its CRS: privileged"* ]]
	run as alice oss-crs-run run --strict-containment $JOB p h
	[ "$status" -eq 78 ]
	run as alice oss-crs-run run --strict-limits $JOB p h
	[ "$status" -eq 3 ]
	[[ "$output" == *"service 'a' could escape its CRS: privileged"* ]]
	nothing_left
}

@test "whatever is not known to be harmless is refused with --strict, however it is written" {
	services a 'exit 3' a_run 'exit 3' a_root 'exit 3' a_volume 'exit 3' b 'exit 3'
	sed -i -e '/^  a:/a\    cap_add: [sys_admin]\n    security_opt: ["apparmor=unconfined"]' \
		-e '/^  a_run:/a\    volumes: ["/var/run:/host/run"]' \
		-e '/^  a_root:/a\    volumes: ["/:/host:ro"]' \
		-e '/^  a_volume:/a\    volumes: ["all:/host"]\n    pid: "service:b"' $JOB/docker-compose.yaml
	printf 'volumes:\n  all:\n    driver_opts: {type: none, o: bind, device: /}\n' >>$JOB/docker-compose.yaml
	run as alice oss-crs-run run --strict $JOB p h
	echo "$output"
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'a' could escape its CRS: cap_add: sys_admin"* ]]
	[[ "$output" == *"service 'a' could escape its CRS: security_opt: apparmor=unconfined"* ]]
	[[ "$output" == *"service 'a_run' could escape its CRS: volumes: /var/run"* ]]
	[[ "$output" == *"service 'a_root' could escape its CRS: volumes: /"* ]]
	[[ "$output" == *"service 'a_volume' could escape its CRS: volumes.all.driver_opts: {"* ]]
	[[ "$output" == *"service 'a_volume' could escape its CRS: pid: service:b"* ]]
	nothing_left
}

@test "what a fuzzer needs is allowed with --strict, and limits beyond a CRS are warned of" {
	services a 'test -f /work/config-resource.yaml && exit 3' b 'sleep 600'
	sed -i -e '/^  a:/a\    cap_add: [cap_sys_ptrace]\n    security_opt: ["no-new-privileges:true"]\n    shm_size: 64m\n    cpuset: "3"\n    mem_limit: 10g' \
		-e '/^  a:/a\    volumes: [".:/work", "data:/data", "made:/made", "/usr/share:/host:ro"]\n    tmpfs: /scratch\n    ulimits: {core: 0}' $JOB/docker-compose.yaml
	printf 'volumes:\n  data:\n  made: {external: true, name: made}\n' >>$JOB/docker-compose.yaml
	docker volume create made
	run as alice oss-crs-run run --strict --report /tmp/alice-report $JOB p h
	echo "$output"
	[ "$status" -eq 3 ]
	[ "$(jq -c .risks /tmp/alice-report)" = '{}' ]
	[[ "$output" == *"service 'a': cpuset: 3 exceeds its CRS 'a' (CPUs 0-1, 128M); the limits of the CRS hold"* ]]
	[[ "$output" == *"service 'a': mem_limit: "*" exceeds its CRS 'a' (CPUs 0-1, 128M)"* ]]
	docker volume rm made
	docker volume create --opt type=none --opt o=bind --opt device=/ made
	run as alice oss-crs-run run --strict $JOB p h
	docker volume rm made
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'a' could escape its CRS: volumes.made.driver_opts: {"* ]]
	nothing_left
}

@test "with hidepid no container is attested, and the run, its report and check say so" {
	services a "$WORK; exit 3" b 'sleep 600'
	run as alice oss-crs-run check
	[[ "$output" == *"ok         hidepid "* ]]
	mount -o remount,hidepid=2 /proc
	run as alice oss-crs-run check
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"advice     hidepid "*"mounted with hidepid="*"remount,hidepid=0 /proc"* ]]
	run as alice oss-crs-run run --report /tmp/alice-report $JOB p h
	echo "$output"
	[ "$status" -eq 3 ]
	[ "$(grep -c "warning: cannot check container '.*[-_][ab][-_]1': .*hidepid" <<<"$output")" = 2 ]
	[[ "$output" == *"containers not attested: 2 not checked (0 are attested)"* ]]
	[ "$(attested)" = '0 2 0' ]
	nothing_left
}

@test "with hidepid --strict ends the run as a mismatch does" {
	services a 'sleep 600' b 'sleep 600'
	mount -o remount,hidepid=2 /proc
	run as alice oss-crs-run run --strict --report /tmp/alice-report $JOB p h
	echo "$output"
	[[ "$output" == *"cannot check "*hidepid* ]]
	[ "$(jq -r .reason /tmp/alice-report)" = mismatch ]
	[ "$(jq -r '.attested.containers' /tmp/alice-report)" = 0 ]
	mismatch
}

# The shim is the parent of a container's first process. With containerd stopped, nobody notices its
# end, and the engine goes on saying that the container runs.
@test "a container whose shim was killed is not attested" {
	services a 'sleep 600' b 'sleep 600'
	begin --until all --report /tmp/alice-report
	pid=$(docker inspect -f '{{.State.Pid}}' "$(docker ps -q --filter label=com.docker.compose.service=a)")
	shim=$(awk '/^PPid:/ {print $2}' /proc/$pid/status)
	[[ $(cat /proc/$shim/comm) == containerd-shim* ]]
	kill -STOP $(pidof containerd)
	kill -KILL $shim
	until_true [ ! -d /proc/$shim ]
	# The last process of b ends, at which every container is looked at.
	echo 1 >"$worker/b/cgroup.kill"
	until_true grep -q "cannot check container '.*[-_]a[-_]1': .* is gone" /tmp/run.out
	kill -CONT $(pidof containerd)
	pkill -INT -x oss-crs-run || :
	finish
	cat /tmp/run.out
	[ "$(jq -r '.attested | .containers == 1 and .unknown >= 1' /tmp/alice-report)" = true ]
	nothing_left
}

@test "a process of a user in 2,100 groups that was moved out is found" {
	services a 'sleep 600 & sleep 600' b 'sleep 600'
	groups=$(seq -s , 10001 12100)
	sed -i "0,/network_mode: none/s//&\n    group_add: [$groups]/" $JOB/docker-compose.yaml
	begin
	mkdir $CG/elsewhere
	docker exec "$(docker ps -q --filter label=com.docker.compose.service=a)" sleep 602 &
	until_true pgrep -fx 'sleep 602'
	[ "$(wc -c <"/proc/$(pgrep -fx 'sleep 602')/status")" -gt 8192 ]
	pgrep -fx 'sleep 602' >$CG/elsewhere/cgroup.procs
	docker kill "$(docker ps -q --filter label=com.docker.compose.service=b)"
	finish
	pkill -fx 'sleep 602' || true
	until_true rmdir $CG/elsewhere
	cat /tmp/run.out
	grep -Eq "container '.*[-_]a[-_]1', process [0-9]+ \(sleep\).*found /elsewhere" /tmp/run.out
	mismatch
}

# Before Linux 6.2, a process that enters a cpuset gets all of its CPUs.
@test "a container that inherits a CPU affinity is told, and refused with --strict" {
	[[ $(uname -r) != 6.1.* ]] || skip "Linux 6.1 gives a container all CPUs of its cpuset"
	services a "$WORK; exit 3" b 'sleep 600'
	set_affinity 0,2
	run as alice oss-crs-run run --report /tmp/alice-report $JOB p h
	echo "$output"
	[ "$status" -eq 3 ]
	text="inherits a CPU affinity: of the CPUs 0-1 of CRS 'a' it may use only 0"
	[[ "$output" == *"warning: container '"*[-_]a[-_]"1' $text"* ]]
	[[ "$output" == *"affinity: container '"*[-_]a[-_]"1' $text"* ]]
	[[ "$(jq -r '.caveats[] | select(.id == "affinity").detail' /tmp/alice-report)" == *"$text" ]]
	[ "$(attested)" = '2 0 0' ]
	run as alice oss-crs-run run --strict $JOB p h
	echo "$output"
	[[ "$output" == *"$text"*"hint: "*CPUAffinity=* ]]
	mismatch
}

# shared OWNER SHARER: a job in which the service SHARER is in the PID, IPC and network namespaces of
# OWNER and has a process whose parent has ended, so that OWNER's first process is its parent now.
# The service b_end ends with 7 when it is told to.
shared() {
	services "$1" 'sleep 600' "$2" '(sleep 601 &); exec sleep 600' \
		b_end "trap 'exit 7' TERM; while :; do sleep 1; done"
	sed -i "/^  $1:/,/network_mode/ s/network_mode: none/&\n    ipc: shareable/
		/^  $2:/,/network_mode/ s/network_mode: none/network_mode: 'service:$1'\n    pid: 'service:$1'\n    ipc: 'service:$1'/" \
		$JOB/docker-compose.yaml
}

# start_shared ARG...: start it in the background. Returns when all runs; orphan is that process.
start_shared() {
	sh_as alice "exec oss-crs-run run --report /tmp/alice-report $* $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 3 ]'
	until_true pgrep -fx 'sleep 601'
	orphan=$(pgrep -fx 'sleep 601')
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
}

# The container of a service, and the parent of a process.
container_of() { docker ps -q --filter "label=com.docker.compose.service=$1"; }
parent_of() { awk '/^PPid:/ {print $2}' "/proc/$1/status"; }

@test "services of one CRS that share namespaces are attested, with --strict too" {
	shared a a_2
	start_shared --strict
	docker exec -d "$(container_of a_2)" sleep 602
	[ "$(parent_of $orphan)" = "$(docker inspect -f '{{.State.Pid}}' "$(container_of a)")" ]
	docker kill -s TERM "$(container_of b_end)"
	finish
	cat /tmp/run.out
	[ "$status" -eq 7 ]
	[ "$(attested)" = '3 0 0' ]
	nothing_left
}

@test "services of two CRSs that share namespaces are each held to their own" {
	shared a b
	start_shared
	docker exec -d "$(container_of b)" sleep 602
	[ "$(parent_of $orphan)" = "$(docker inspect -f '{{.State.Pid}}' "$(container_of a)")" ]
	grep -q "${worker##*/}/b/" /proc/$orphan/cgroup
	docker kill -s TERM "$(container_of b_end)"
	finish
	cat /tmp/run.out
	[[ "$(cat /tmp/run.out)" == *"service 'b' could escape its CRS: pid: service:a"* ]]
	[ "$status" -eq 7 ]
	[ "$(attested)" = '3 0 0' ]
	nothing_left
}

@test "a process that another container's first process has adopted, and that was moved out, is found" {
	shared a b
	start_shared
	mkdir $CG/elsewhere
	echo $orphan >$CG/elsewhere/cgroup.procs
	docker kill -s TERM "$(container_of b_end)"
	finish
	pkill -fx 'sleep 601' || :
	until_true rmdir $CG/elsewhere
	cat /tmp/run.out
	grep -Eq "process $orphan \(sleep\).*found /elsewhere" /tmp/run.out
	mismatch
}

@test "selftest tries to get more than a CRS has, and everything is refused" {
	run as alice oss-crs-run selftest
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^held .*tries' <<<"$output")" = 6 ]
	[[ "$output" == *"held     cpus"*"refused: Invalid argument"* ]]
	[[ "$output" == *"held     memory"*"killed at 64 MiB of the 256 MiB it wanted"* ]]
	run sh_as alice 'oss-crs-run selftest --json | jq -r .held'
	[ "$output" = true ]
	nothing_left
}
