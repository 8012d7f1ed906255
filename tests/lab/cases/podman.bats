#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Jobs on rootless Podman. Run as root in a lab guest. Jobs run as bob, who is in neither group
# docker nor group sudo, on a host whose Docker is masked. Root does one thing for him: delegate.

load common

OURS=user.slice/user-1001.slice/user@1001.service/oss-crs
JOB_USER=bob

setup_file() {
	systemd-tmpfiles --create oss-crs.conf
	systemctl stop docker.socket docker.service containerd.service
	systemctl mask docker.socket docker.service containerd.service
	oss-crs-setup delegate --user bob --yes
}

setup() {
	make_job
	chmod a+rx $JOB
}

teardown() {
	mount -o remount,hidepid=0 /proc
	after_failure
}

# No containers, networks, units, cgroups or files are left. Podman itself has the network `podman`.
nothing_left() {
	[ -z "$(find $CG/$OURS -mindepth 1 -type d)" ]
	[ -z "$(ls /run/user/1001/oss-crs 2>/dev/null)" ]
	[ "$(sh_as bob 'podman ps -aq; podman network ls -q; systemctl --user list-units --all --plain --no-legend "oss-crs-*"')" = podman ]
}

# start ARG...: start the job in the background, its output in /tmp/run.out. Returns when each of
# its services has written a line.
start() {
	sh_as bob "exec oss-crs-run run $* $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true grep -q 'a.* up' /tmp/run.out
	until_true grep -q 'b.* up' /tmp/run.out
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
}

# finish: wait for that job and take its exit status.
finish() {
	status=0
	wait $job || status=$?
	cat /tmp/run.out
}

# The processes of a cgroup and of the cgroups below it.
processes_of() {
	find "$1" -name cgroup.procs -exec cat {} +
}

@test "a proxy and the registry's files reach the run's Podman as they reach podman pull" {
	services a 'echo up; sleep 600' b 'echo up; sleep 600'
	sh_as bob "HTTPS_PROXY=http://127.0.0.1:3128 NO_PROXY=a.example REGISTRY_AUTH_FILE=/nowhere.json \
		exec oss-crs-run run --engine podman $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true grep -q 'a.* up' /tmp/run.out
	run sh_as bob 'systemctl --user show -p Environment "oss-crs-podman-*.service"'
	[[ "$output" == *HTTPS_PROXY=http://127.0.0.1:3128* ]]
	[[ "$output" == *NO_PROXY=a.example* ]]
	[[ "$output" == *REGISTRY_AUTH_FILE=/nowhere.json* ]]
	pkill -TERM -u bob -x oss-crs-run
	finish
	nothing_left
}

# bats test_tags=short
@test "bob, who may use neither Docker nor sudo, is ready; Docker is not needed, and why it is not ready is said" {
	run as bob id -Gn
	[ "$output" = bob ]
	run as bob oss-crs-run check
	echo "$output"
	[ "$status" -eq 0 ]
	grep -Eq '^ok +engine +rootless Podman \(Docker is not needed\)' <<<"$output"
	grep -Eq '^not needed +docker +' <<<"$output"
	run sh_as bob 'oss-crs-run check --json | jq -c ".ready, (.findings[] | select(.id == \"docker\" or .id == \"podman\") | [.ok, .needed])"'
	[ "$output" = $'true\n[false,false]\n[true,true]' ]
	run as bob oss-crs-run check --engine docker
	[ "$status" -eq 69 ]
	grep -Eq '^missing +docker +' <<<"$output"
}

# The number of times that `clean` has started Podman.
clean_starts() {
	journalctl -q -o cat _UID=1001 | grep -c 'oss-crs-podman-clean\.socket' || :
}

# bats test_tags=short
@test "clean does not start Podman for bob, who has had no run on it" {
	run as bob oss-crs-run clean -v
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"nothing to clean"* ]]
	[ "$(clean_starts)" -eq 0 ]
}

# bats test_tags=short
@test "a run holds each CRS to its CPUs and memory, nothing of it is root's, and nothing is left" {
	services a 'echo a of $$(nproc) CPUs is up; sleep 600' b 'echo b of $$(nproc) CPUs is up; sleep 600'
	start
	grep -q 'a of 2 CPUs' /tmp/run.out
	grep -q 'b of 1 CPUs' /tmp/run.out
	grep -q 'using rootless Podman' /tmp/run.out
	[[ "$worker" == */job-run-*-local ]]
	[ "$(cat $worker/a/cpuset.cpus.effective)" = 0-1 ]
	[ "$(cat $worker/b/cpuset.cpus.effective)" = 2 ]
	[ "$(cat $worker/a/memory.max)" = $((128 << 20)) ]
	[ "$(cat $worker/b/memory.max)" = $((96 << 20)) ]
	[ "$(cat $worker/a/memory.swap.max)" = 0 ]
	[ "$(cat $worker/memory.max)" = $((256 << 20)) ]
	for crs in a b; do
		[ "$(sh_as bob "podman inspect -f '{{.HostConfig.CgroupParent}}' \$(podman ps -q --filter label=com.docker.compose.service=$crs)")" = "/$OURS/${worker##*/}/$crs" ]
		[ "$(processes_of $worker/$crs | wc -l)" -ge 1 ]
	done
	# The kernel's own files say which user the processes of the job run as, and those that keep
	# it (conmon, Podman).
	unit=$CG/${OURS%/oss-crs}/app.slice/oss-crs-podman-${worker##*/}.service
	processes_of $unit | xargs -I{} cat /proc/{}/comm | grep -qx conmon
	for pid in $(processes_of $worker) $(processes_of $unit); do
		[ "$(awk '/^Uid:/ {print ($2 == 0 || $3 == 0 || $4 == 0 || $5 == 0)}' /proc/$pid/status)" = 0 ]
	done
	[ -z "$(find $worker ! -user bob)" ]
	pkill -INT -x oss-crs-run
	finish
	[ "$status" -eq 130 ]
	grep -q 'USED OF RUN' /tmp/run.out
	nothing_left
}

@test "a CRS of three containers is killed at its limit while its neighbour goes on" {
	services a_1 'tail /dev/zero; sleep 600' a_2 'tail /dev/zero; sleep 600' a_3 'tail /dev/zero; sleep 600' \
		b 'i=0; while [ $$i -lt 8 ]; do i=$$((i+1)); sleep 1; done; echo neighbour is fine; exit 7'
	run as bob oss-crs-run run --report /tmp/bob-report $JOB p h
	echo "$output"
	[ "$status" -eq 7 ]
	[[ "$output" == *"neighbour is fine"* ]]
	[[ "$output" =~ "CRS 'a' is at its memory limit of 128M; the kernel killed 1 process of container '".*"-a_"[123]"-1'; memory now: anon "[0-9] ]]
	[ "$(jq -r '.crs[0] | ([.oom[].kills] | add) == .oom_kills and all(.oom[]; .limit == "crs")' /tmp/bob-report)" = true ]
	[ "$(jq -r '.attested | .containers >= 4 and .unknown == 0' /tmp/bob-report)" = true ]
	grep -Eq '^a +0-1 +[0-9.]+s +[0-9]+% +[0-9]+% +[0-9.]+M +128M +[1-9]' <<<"$output"
	nothing_left
}

# The processes of rootless Podman are bob's own, in a user namespace of his.
@test "with hidepid the containers of Podman are attested all the same" {
	services a 'sleep 600' b 'i=0; while [ $$i -lt 8 ]; do i=$$((i+1)); sleep 1; done; exit 7'
	mount -o remount,hidepid=2 /proc
	run as bob oss-crs-run run --strict --report /tmp/bob-report $JOB p h
	echo "$output"
	[ "$status" -eq 7 ]
	[ "$(jq -c .attested /tmp/bob-report)" = '{"containers":2,"unknown":0,"unconfined":0}' ]
	nothing_left
}

@test "cgroup_parent by variable and by template give the same cgroups as the override, from cron and without a login too" {
	# Each container exits with the number of its CPUs.
	cat >$JOB/docker-compose.yaml <<-'EOF'
		services:
		  worker:
		    image: busybox:latest
		    pull_policy: never
		    network_mode: none
		    command: [sh, -c, "exit $$(nproc)"]
		    cgroup_parent: ${OSS_CRS_CGROUP_PARENT}/a
	EOF
	# As cron starts it: no session, and almost no environment.
	run systemd-run -q --wait --pipe -p User=bob env -i HOME=/home/bob PATH=/usr/bin:/bin "$(command -v oss-crs-run)" run $JOB p h
	echo "$output"
	[ "$status" -eq 2 ]
	rm $JOB/docker-compose.yaml
	cat >$JOB/docker-compose.yaml.j2 <<-'EOF'
		services:
		  {{ crs.name }}_fuzz:
		    image: busybox:latest
		    pull_policy: never
		    network_mode: none
		    command: [sh, -c, "exit $$(nproc)"]
		    cgroup_parent: {{ cgroup_parent }}/{{ crs.name }}
	EOF
	# And from a unit of the user manager.
	run sh_as bob "systemd-run --user -q --wait --pipe oss-crs-run run --until all $JOB p h"
	echo "$output"
	grep -Eq '^a +0-1 .* 2$' <<<"$output"
	grep -Eq '^b +2 .* 1$' <<<"$output"
	nothing_left
}

@test "build waits for all builders and fails with the first that failed; what containers write as root is bob's" {
	services a 'echo made >/out/file' b 'sleep 1; exit 4'
	sed -i "0,/network_mode: none/s||&\n    volumes: ['./out:/out']|" $JOB/docker-compose.yaml
	install -d -o bob $JOB/out
	run as bob oss-crs-run build $JOB p
	[ "$status" -eq 4 ]
	[ "$(stat -c %U $JOB/out/file)" = bob ]
	nothing_left
}

@test "--timeout ends with 124, and containers of a network reach each other by name" {
	services a 'while ! nc -w 1 b 7; do sleep 1; done; echo b has said so; sleep 600' b 'nc -l -p 7 -e echo hello; sleep 600'
	sed -i '/network_mode/d' $JOB/docker-compose.yaml
	run as bob oss-crs-run run --timeout 40 $JOB p h
	echo "$output"
	[ "$status" -eq 124 ]
	[[ "$output" == *"b has said so"* ]]
	nothing_left
}

# bats test_tags=short
@test "a service that fails and is started again by its restart policy does not end the run" {
	restarting_services
	run as bob oss-crs-run run --timeout 250 $JOB p h
	echo "$output"
	[ "$status" -eq 6 ]
	nothing_left
}

@test "a service in the network of another goes with it, and the run keeps the status of its job" {
	services a 'sleep 3; exit 6' b 'sleep 600' c 'sleep 600'
	sed -i 's/^  c:/  b_c:/; /^  b:/,$ s/network_mode: none/network_mode: "service:a"/' $JOB/docker-compose.yaml
	run as bob oss-crs-run run $JOB p h
	echo "$output"
	[ "$status" -eq 6 ]
	[[ "$output" != *"runs again"* ]]
	nothing_left
}

# start_shared ARG...: start a job in the background in which b is in the PID, IPC and network
# namespaces of a, and has a process whose parent has ended. Returns when all runs.
start_shared() {
	services a 'sleep 600' b '(sleep 601 &); exec sleep 600' \
		b_end "trap 'exit 7' TERM; echo b_end is up; while :; do sleep 1; done"
	sed -i "/^  a:/,/network_mode/ s/network_mode: none/&\n    ipc: shareable/
		/^  b:/,/network_mode/ s/network_mode: none/network_mode: 'service:a'\n    pid: 'service:a'\n    ipc: 'service:a'/" \
		$JOB/docker-compose.yaml
	sh_as bob "exec oss-crs-run run $* $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true pgrep -fx 'sleep 601'
	until_true grep -q 'b_end.* up' /tmp/run.out
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	grep -q "${worker##*/}/b/" "/proc/$(pgrep -fx 'sleep 601')/cgroup"
}

# The container of a service.
container_of() {
	sh_as bob "podman ps -q --filter label=com.docker.compose.service=$1"
}

# On Podman the PID namespace tells a container's processes, so that those of all that share it are
# seen with each.
@test "services of two CRSs that share namespaces are each held to their own" {
	start_shared --until all --report /tmp/bob-report
	sh_as bob "podman exec -d $(container_of b) sleep 602"
	until_true pgrep -fx 'sleep 602'
	# At the end of the first container all others are looked at.
	pkill -TERM -f 'echo b_end is up'
	until_true grep -q 'b_end.* exited with code 7' /tmp/run.out
	# Podman cannot stop b while what it started lives, so that Compose waits after the first
	# signal. The second kills.
	pkill -INT -x oss-crs-run
	until_true grep -q 'Gracefully stopping' /tmp/run.out
	pkill -INT -x oss-crs-run || :
	finish
	[ "$status" -eq 130 ]
	[ "$(jq -c '[.attested, .reason]' /tmp/bob-report)" = '[{"containers":3,"unknown":0,"unconfined":0},"signal"]' ]
	nothing_left
}

@test "a process of a shared namespace that is moved out of its CRS ends the run" {
	start_shared --until all --report /tmp/bob-report
	mkdir $CG/elsewhere
	pgrep -fx 'sleep 601' >$CG/elsewhere/cgroup.procs
	pkill -TERM -f 'echo b_end is up'
	finish
	pkill -fx 'sleep 601' || true
	until_true rmdir $CG/elsewhere
	[ "$status" -eq 70 ]
	grep -Eq "process [0-9]+ \(sleep\).*found /elsewhere" /tmp/run.out
	nothing_left
}

@test "a process of podman exec that is moved out of its CRS ends the run" {
	services a 'echo a is up; sleep 600' b 'echo b is up; sleep 600'
	start
	sh_as bob "podman exec -d \$(podman ps -q --filter label=com.docker.compose.service=a) sleep 602"
	until_true pgrep -fx 'sleep 602'
	grep -q "/$OURS/.*/a/libpod-" "/proc/$(pgrep -fx 'sleep 602')/cgroup"
	mkdir $CG/elsewhere
	pgrep -fx 'sleep 602' >$CG/elsewhere/cgroup.procs
	sh_as bob "podman kill \$(podman ps -q --filter label=com.docker.compose.service=b)"
	finish
	pkill -fx 'sleep 602' || true
	until_true rmdir $CG/elsewhere
	[ "$status" -eq 70 ]
	grep -Eq "container '.*-a-1', process [0-9]+ \(sleep\).*found /elsewhere" /tmp/run.out
	nothing_left
}

# bats test_tags=short
@test "what a runner that was killed leaves, clean takes away: containers, cgroups, Podman's service" {
	services a 'echo a is up; sleep 600' b 'echo b is up; sleep 600'
	start
	pkill -KILL -x oss-crs-run
	finish
	[ "$(processes_of "$worker" | wc -l)" -ge 2 ]
	run as bob oss-crs-run clean
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"removed ${worker##*/}"* ]]
	nothing_left
	[ "$(clean_starts)" -gt 0 ]
}

# The client is Docker's, from the host's /usr; it finds the guard where the engine's socket would be.
# bats test_tags=short
@test "three containers of a CRS over its guarded socket: one is held, two are refused, none is left" {
	local r='docker run --rm --network none' id own
	# Podman reads no event of the past where the end is past too.
	local e='docker events --since 1h --until $$(($$(date +%s) + 8)) --format {{.Actor.Attributes.name}}'
	install -d -o bob /home/bob/shared
	rm -f /home/bob/shared/* /tmp/bob-report
	services a "docker run -d --name mine --memory 64g --cpuset-cpus 0-3 --network none busybox sleep 600; $r --privileged busybox true; $r --cpuset-cpus 3 busybox true; touch /shared/done; $e >/shared/mine; touch /shared/end-a; sleep 600" \
		b "until [ -e /shared/done ]; do sleep 1; done; docker ps -a --format {{.Names}} >/shared/others; $e >>/shared/others; touch /shared/end-b; sleep 600"
	sed -i 's|network_mode: none|&\n    volumes: ["/var/run/docker.sock:/var/run/docker.sock", "/usr:/usr:ro", "/usr/lib:/lib:ro", "/usr/lib64:/lib64:ro", "/home/bob/shared:/shared"]|' $JOB/docker-compose.yaml
	sh_as bob "exec oss-crs-run run --strict --timeout 200 --report /tmp/bob-report $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true test -e /home/bob/shared/end-a -a -e /home/bob/shared/end-b
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	id=$(sh_as bob 'podman ps -q --no-trunc --filter name=mine')
	own=$worker/a/libpod-$id
	[ "$(processes_of "$own" | wc -l)" -ge 1 ]
	[ "$(cat "$own/memory.max")" = $((128 << 20)) ]
	[ "$(cat "$own/cpuset.cpus.effective")" = 0-1 ]
	[ "$(sh_as bob "podman inspect -f '{{.HostConfig.CgroupParent}} {{index .Config.Labels \"oss-crs.guard\"}}' mine")" = "/$OURS/${worker##*/}/a a" ]
	[ "$(sort -u /home/bob/shared/mine)" = mine ]
	[ ! -s /home/bob/shared/others ]
	pkill -INT -u bob -x oss-crs-run
	finish
	[ "$status" -eq 130 ]
	[ "$(jq -r '.guard.refusals[] | "\(.crs) \(.count) \(.what)"' /tmp/bob-report)" = $'a 1 HostConfig.Privileged true: not among the keys that the guard knows\na 1 HostConfig.CpusetCpus "3": the CRS has the CPUs 0-1' ]
	[ "$(jq -c '[.attested, .risks]' /tmp/bob-report)" = '[{"containers":3,"unknown":0,"unconfined":0},{}]' ]
	nothing_left
}

# begin_hold OPTION...: hold a run as bob with project `held`, what it prints in /tmp/hold.out. It ends
# with descriptor 9. Sets path, parent and url, of CRS `a` and of the run's Podman.
begin_hold() {
	rm -f /tmp/hold.* && mkfifo -m 644 /tmp/hold.in
	sh_as bob "oss-crs-run hold --json --project-name held $* - </tmp/hold.in >/tmp/hold.out 2>/tmp/hold.err; echo \$? >/tmp/hold.status" 3>&- 9>&- &
	exec 9>/tmp/hold.in
	printf '%s\n...\n' '{"run_env": "local", "a": {"cpuset": "0-1", "memory": "128M"}}' >&9
	until_true grep -q '}$' /tmp/hold.out
	read -r path parent url < <(head -n 1 /tmp/hold.out | jq -r '.path + " " + .cgroup_parents.a + " " + .docker_host')
	[[ "$url" == unix:///run/user/1001/oss-crs/run-run-*/podman.sock ]]
}

# start_held: start a container over the run's Podman, as its caller would with DOCKER_HOST.
start_held() {
	sh_as bob "podman --url $url run -d --name in --network none --cgroup-parent $parent --stop-timeout 0 \
		--label com.docker.compose.project=held --label com.docker.compose.service=in busybox sleep 1000"
	[ "$(processes_of "$path/a" | wc -l)" -ge 1 ]
}

# bats test_tags=short
@test "hold watches what its caller starts over the run's own Podman, and removes both" {
	begin_hold
	start_held
	sh_as bob 'podman wait in' >/tmp/waited &
	sh_as bob "podman --url $url kill in"
	until_true grep -qx 137 /tmp/waited
	exec 9>&-
	wait
	cat /tmp/hold.err
	[ "$(cat /tmp/hold.status)" -eq 0 ]
	[ "$(tail -n +2 /tmp/hold.out | jq -c '[.attested, .crs[0].exits]')" = '[{"containers":1,"unknown":0,"unconfined":0},"137"]' ]
	nothing_left
}

@test "hold killed: its container and its Podman go too" {
	begin_hold
	start_held
	pkill -KILL -u bob -x oss-crs-run
	until_true bash -c '! pgrep -u bob -x oss-crs-keeper'
	exec 9>&-
	wait
	[ "$(cat /tmp/hold.status)" -eq 137 ]
	nothing_left
}

# Of these Podman itself would make mounts of the host's /etc.
@test "hold gives a CRS a guarded socket of Podman, over which no path of the host is mounted" {
	local socket
	begin_hold --guard
	socket=$(head -n 1 /tmp/hold.out | jq -r .engine_sockets.a)
	cat >/tmp/hold.py <<-'END'
		import http.client, json, socket, sys
		class Connection(http.client.HTTPConnection):
		    def connect(self):
		        self.sock = socket.socket(socket.AF_UNIX)
		        self.sock.connect(sys.argv[1])
		for more in ({"Volumes": {"/etc:/x": {}}}, {"HostConfig": {"Mounts": [{"Type": "bind", "Target": "/etc"}]}},
		             {"HostConfig": {"Mounts": [{"Type": "bind", "Target": "/x,source=/etc"}]}}, {"Env": ["*"]}):
		    connection = Connection("podman")
		    connection.request("POST", "/containers/create", json.dumps({"Image": "busybox", **more}))
		    print(connection.getresponse().status)
	END
	[ "$(sh_as bob "python3 /tmp/hold.py $socket")" = $'403\n403\n403\n403' ]
	sh_as bob "docker -H unix://$socket run -d --name in --network none -v /data busybox sleep 1000"
	[ "$(processes_of "$path/a" | wc -l)" -ge 1 ]
	exec 9>&-
	wait
	cat /tmp/hold.err
	[ "$(cat /tmp/hold.status)" -eq 0 ]
	[ "$(tail -n +2 /tmp/hold.out | jq -c '[.guard.refused, .attested]')" = '[4,{"containers":1,"unknown":0,"unconfined":0}]' ]
	nothing_left
}
