#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Jobs of the Python OSS-CRS, unchanged, under `run` and `build` on a real host: what its renderer
# writes into Compose files, in a job of busybox. Run as root in a lab guest after setup.bats, or in
# a clean one; jobs run as alice. Compose 1.29 does not know `attach: false`, which the renderer writes.

load common
load job

# Two CRSs and the infrastructure, as in a crs-compose.yaml.
setup() {
	docker compose version >/dev/null 2>&1 || skip "the Python OSS-CRS needs Compose 2"
	rm -rf $JOB && mkdir -p $JOB
	cat >$JOB/crs-compose.yaml <<-'EOF'
		run_env: local
		docker_registry: local
		oss_crs_infra: {cpuset: "0", memory: 96M}
		finder: {cpuset: "1", memory: 96M}
		fixer: {cpuset: "2", memory: 96M}
	EOF
}

# set_key SERVICE LINE: add a line to a service of the job's Compose file.
set_key() {
	sed -i "/^  $1:/a\\    $2" $JOB/docker-compose.yaml
}

@test "a service keeps the variables that it sets, and has the run's own beside them" {
	services finder_one 'env | grep ^OSS_CRS_'
	set_key finder_one 'environment: [OSS_CRS_RUN_ID=theirs, OSS_CRS_CPUSET=7, OSS_CRS_MEMORY_LIMIT=96M]'
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 0 ]
	for line in OSS_CRS_RUN_ID=theirs OSS_CRS_HELD_RUN_ID=job OSS_CRS_CPUSET=7 OSS_CRS_HELD_CPUSET=1 \
		OSS_CRS_MEMORY_LIMIT=96M OSS_CRS_HELD_MEMORY_LIMIT=100663296 OSS_CRS_PHASE=run; do
		grep -q "$line\$" <<<"$output" || { echo "$line: $output" && return 1; }
	done
	run as alice oss-crs-run run --cpus 1-3 --memory 288M --scale $JOB p h
	grep -q 'OSS_CRS_CPUSET=2$' <<<"$output"
	grep -q 'OSS_CRS_MEMORY_LIMIT=96M$' <<<"$output"
	nothing_left
}

@test "with --json standard output is JSON alone, and the job's output goes to standard error" {
	services finder_one 'echo found; exit 3'
	run sh_as alice "oss-crs-run run --json $JOB p h 2>/tmp/stderr"
	[ "$status" -eq 3 ]
	[ "$(jq -r .exit_status <<<"$output")" = 3 ]
	grep -q found /tmp/stderr
	run sh_as alice "oss-crs-run exec --json $JOB -- sh -c 'echo told; exit 4' 2>/tmp/stderr"
	[ "$status" -eq 4 ]
	[ "$(jq -r '.phase, .exit_status' <<<"$output" | paste -sd ' ')" = 'exec 4' ]
	grep -qx told /tmp/stderr
	nothing_left
}

# The image is built on busybox alone, which the host has.
@test "an image that a run builds goes with it, and stays with --keep-images or a name of its own" {
	mkdir $JOB/image && printf 'FROM busybox:latest\nRUN echo made >/made\n' >$JOB/image/Dockerfile
	chmod -R a+rX $JOB
	services finder_one 'cat /made' fixer_one 'sleep 600'
	sed -i '/^  finder_one:/,/pull_policy/c\  finder_one:\n    build: ./image' $JOB/docker-compose.yaml
	before=$(docker image ls --format '{{.Repository}}' | sort)
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 0 ]
	[[ "$output" == *made* ]]
	[ "$(docker image ls --format '{{.Repository}}' | sort)" = "$before" ]
	run as alice oss-crs-run run --keep-images $JOB p h
	[ "$status" -eq 0 ]
	run docker image ls --format '{{.Repository}}' --filter 'reference=job-run-*'
	[ "${#lines[@]}" -eq 1 ]
	docker image rm "$output"
	sed -i 's/build: .*/&\n    image: ours/' $JOB/docker-compose.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 0 ]
	docker image rm ours
	nothing_left
}

@test "the builder of one CRS is charged to it by --service-crs, and to the infrastructure with a warning" {
	services target_builder 'grep Cpus_allowed_list /proc/self/status'
	run as alice oss-crs-run build $JOB p
	[ "$status" -eq 0 ]
	grep -Eq 'Cpus_allowed_list:.0$' <<<"$output"
	[[ "$output" == *"nothing says whose service 'target_builder' is"* ]]
	run as alice oss-crs-run plan -f $JOB/docker-compose.yaml --service-crs target_builder=finder $JOB
	[ "$status" -eq 0 ]
	grep -Eq '^target_builder +finder +--service-crs$' <<<"$output"
	run as alice oss-crs-run build --service-crs target_builder=finder $JOB p
	[ "$status" -eq 0 ]
	grep -Eq 'Cpus_allowed_list:.1$' <<<"$output"
	[[ "$output" != *"nothing says whose"* ]]
	nothing_left
}

@test "a project has the name that the job expects, and loses nothing that it had before" {
	services finder_one 'sleep 600' oss-crs-lifecycle 'sleep 600'
	docker volume create --label com.docker.compose.project=p1 p1_data
	sh_as alice "exec oss-crs-run run --project-name p1 $JOB p h" >/tmp/run.out 2>&1 &
	until_true bash -c '[ "$(docker ps -q --filter label=com.docker.compose.project=p1 | wc -l)" = 2 ]'
	run as alice oss-crs-run run --share --project-name p1 $JOB p h
	[ "$status" -eq 75 ]
	[[ "$output" == *"Compose project 'p1' has containers"*"of run job-run-"* ]]
	pkill -KILL -x oss-crs-run
	wait $! || :
	as alice oss-crs-run clean
	nothing_left
	[ "$(docker volume ls -q)" = p1_data ]
	docker volume rm p1_data
	services finder_one 'exit 3'
	run as alice oss-crs-run run --project-name p1 $JOB p h
	[ "$status" -eq 3 ]
	nothing_left
	run as alice oss-crs-run run --project-name P.1 $JOB p h
	[ "$status" -eq 64 ]
}

@test "helpers that end first, well or not, leave the end and the status to the CRS that decides" {
	services oss-crs-lifecycle 'exit 0' finder_one 'sleep 1; exit 9' fixer_one 'sleep 5; exit 3'
	set_key oss-crs-lifecycle 'attach: false'
	set_key finder_one 'attach: false'
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 3 ]
	[[ "$output" == *"finder_one-1' has ended with status 9; the run goes on without it"* ]]
	nothing_left
}

@test "a job whose CRSs have all ended ends, though its helpers would go on for ever" {
	services oss-crs-exchange 'sleep 600' finder_one 'sleep 1; exit 4' fixer_one 'exit 0'
	for service in oss-crs-exchange finder_one fixer_one; do
		set_key $service 'attach: false'
	done
	run as alice oss-crs-run run --timeout 300 $JOB p h
	[ "$status" -eq 4 ]
	nothing_left
}

# running: "SERVICE CRS" of each container that runs; the CRS is the cgroup above the container's own, as
# the kernel names it.
running() {
	local pid service
	docker ps -q | xargs docker inspect -f '{{.State.Pid}} {{index .Config.Labels "com.docker.compose.service"}}' |
		while read -r pid service; do
			echo "$service $(sed 's,/[^/]*$,,; s,.*/,,' "/proc/$pid/cgroup")"
		done | sort
}

@test "an ensemble of twelve services: each is in its CRS, the one that decides gives the status, nothing is left" {
	local before status=0
	before=$(docker image ls --format '{{.Repository}}' | sort)
	cp -r /srv/cases/ensemble/. $JOB
	mkdir $JOB/exchange && echo secret >$JOB/key
	chmod -R a+rwX $JOB
	sh_as alice "exec oss-crs-run run --strict-limits --project-name ensemble_t1 --report /tmp/ensemble $JOB p h" >/tmp/run.out 2>&1 &
	until_true grep -q 'fixer_main-1 .*secret' /tmp/run.out
	until_true grep -q "finder_seeds-1' has ended with status 9; the run goes on without it" /tmp/run.out
	until_true bash -c '[ "$(docker ps -q --filter label=com.docker.compose.project=ensemble_t1 | wc -l)" = 10 ]'
	[ "$(running)" = "$(printf '%s\n' 'finder_fuzz finder' 'fixer_judge fixer' 'fixer_main fixer' \
		oss-crs-{builder-sidecar,database,exchange,keys,lifecycle,proxy,publisher}' oss_crs_infra')" ]
	touch $JOB/exchange/end
	wait $! || status=$?
	[ "$status" -eq 3 ]
	[[ "$(cat /tmp/run.out)" != *"nothing says whose"* ]]
	run jq -r '(.crs[] | .name + " " + .exits), (.attested | "\(.unknown) \(.unconfined)")' /tmp/ensemble
	echo "$output"
	[[ "${lines[1]}" == "finder "*9* ]]
	[[ "${lines[2]}" == "fixer "*3* ]]
	[ "${lines[3]}" = "0 0" ]
	nothing_left
	[ -z "$(docker volume ls -q)" ]
	[ "$(docker image ls --format '{{.Repository}}' | sort)" = "$before" ]
}

@test "a run that its infrastructure ends is no success, and a warning says what ended it" {
	services oss-crs-proxy 'sleep 1' finder_one 'sleep 600'
	run as alice oss-crs-run run $JOB p h
	echo "$output"
	[ "$status" -eq 69 ]
	[[ "$output" == *"oss-crs-proxy-1' of oss_crs_infra ends the run, with status 0"* ]]
	[[ "$output" == *"whether the job succeeded is unknown"* ]]
	nothing_left
}

@test "exec says of which CRSs no process was ever in the cgroup, and its report too" {
	run as alice oss-crs-run exec $JOB -- true
	[ "$status" -eq 0 ]
	[[ "$output" == *"no process was ever in the cgroup of CRS 'oss_crs_infra', 'finder', 'fixer'"* ]]
	run sh_as alice "oss-crs-run exec --json $JOB -- sh -c 'docker run --rm --network none --cgroup-parent=\$OSS_CRS_CGROUP_PARENT/finder busybox:latest true' 2>/tmp/stderr"
	grep -q "in the cgroup of CRS 'oss_crs_infra', 'fixer'" /tmp/stderr
	[ "$(jq -r '.caveats[] | select(.id == "not-entered") | .detail' <<<"$output")" = \
		"no process was ever in the cgroup of CRS 'oss_crs_infra', 'fixer'" ]
	run as alice oss-crs-run exec --crs finder $JOB -- true
	[[ "$output" != *"no process was ever"* ]]
	nothing_left
}

# Upstream's run: a cgroup without limits for the run, one with limits per CRS, containers below. Its
# set-up makes oss-crs alice's own, as ours does.
@test "a run of the Python OSS-CRS keeps its CPUs from ours, is shown as foreign, and is left alone" {
	local foreign=$CG/$OURS/r1-abc123-run-1764000000-0a1b2c3d process waiting status=0
	as alice oss-crs-run exec -q $JOB -- true
	as alice sh -c "mkdir -p $foreign/fixer && echo +cpuset +memory >$foreign/cgroup.subtree_control &&
		echo 1 >$foreign/fixer/cpuset.cpus && echo 64M >$foreign/fixer/memory.max"
	sleep 600 3>&- &
	process=$!
	echo $process >$foreign/fixer/cgroup.procs
	services finder_one 'exit 3'
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 75 ]
	[[ "$output" == *"foreign cgroup r1-abc123-run-1764000000-0a1b2c3d of alice has CPUs 1 since"* ]]
	run as alice oss-crs-run plan $JOB
	[[ "$output" == *"Now: CPUs 1 are taken: foreign cgroup"* ]]
	run as alice oss-crs-run status
	[[ "$output" == *"foreign  r1-abc123-run-1764000000-0a1b2c3d  of alice since"*", not by oss-crs-run, has CPUs 1 and 64M of memory"* ]]
	run sh_as alice "oss-crs-run status --json | jq -r '.foreign[0] | .name, .cpus, .memory_max'"
	[ "$output" = "$(printf '%s\n' r1-abc123-run-1764000000-0a1b2c3d 1 67108864)" ]
	as alice oss-crs-run clean --all
	run as alice oss-crs-run clean r1-abc123-run-1764000000-0a1b2c3d
	[ "$status" -eq 64 ]
	[ -d $foreign/fixer ]
	echo 3 >$foreign/fixer/cpuset.cpus
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 3 ]
	[[ "$output" == *"cgroup r1-abc123-run-1764000000-0a1b2c3d of alice, which oss-crs-run did not create, has CPUs 3"* ]]
	echo 1 >$foreign/fixer/cpuset.cpus
	sh_as alice "exec oss-crs-run run --wait $JOB p h" >/tmp/run.out 2>&1 &
	waiting=$!
	until_true grep -q 'waiting at position' /tmp/run.out
	kill $process
	status=0
	wait $waiting || status=$?
	[ "$status" -eq 3 ]
	rmdir $foreign/fixer $foreign
	nothing_left
}
