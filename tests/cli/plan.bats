#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the command line promises without a host: plan, refusals, exit statuses, help. RUN and SETUP
# name the programs under test; the default is the release build.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
SETUP=${SETUP:-$HERE/build/release/setup-helper/oss-crs-setup}

# The run.conf of the user who runs the tests must not change them.
export XDG_CONFIG_HOME=/nonexistent

plan() {
	"$RUN" plan --host-cpus 0-255 --host-memory 2T "$@"
}

write() { # FILE, text on standard input
	cat >"$BATS_TEST_TMPDIR/$1"
}

refused() { # TEXT: the last command ended with 78 and said TEXT
	[ "$status" -eq 78 ]
	[[ "$output" == *"$1"* ]]
}

@test "the manual's own config plans to two CRSs and the worker's figures" {
	plan --json "$HERE/tests/fixtures/seed" >"$BATS_TEST_TMPDIR/plan"
	run jq -r '.version, .format, .worker, .cpus, .memory_max, (.crs[] | .name, .cpus, .memory_max, .memory_swap_max)' "$BATS_TEST_TMPDIR/plan"
	[ "$output" = "$(printf '%s\n' 1 resource local 0-15 17179869184 crs1 0-3 4294967296 0 crs2 4-7 8589934592 0)" ]
	run jq -r '.name, .path, .cgroup_parent, .crs[0].cgroup_parent' "$BATS_TEST_TMPDIR/plan"
	[[ "${lines[0]}" =~ ^seed-run-[0-9]+-[0-9a-f]{8}-local$ ]]
	[ "${lines[2]}" = "/user.slice/user-$(id -u).slice/user@$(id -u).service/oss-crs/${lines[0]}" ]
	[ "${lines[1]}" = "/sys/fs/cgroup${lines[2]}" ]
	[ "${lines[3]}" = "${lines[2]}/crs1" ]
}

@test "crs-compose: the worker is the union of CPUs and the sum of memory, other keys pass" {
	write crs-compose.yaml <<-'EOF'
		run_env: local
		oss_crs_infra: {cpuset: "0-1", memory: "8G"}
		roboduck:
		  cpuset: "2-15"
		  memory: "48G"
		  additional_env: {A: b}
		llm_config: {litellm: {mode: internal}}
	EOF
	run bash -c "'$RUN' plan --json --host-cpus 0-255 --host-memory 2T '$BATS_TEST_TMPDIR' | jq -r '.format, .cpus, .memory_max, .crs[].name'"
	[ "$output" = "$(printf '%s\n' crs-compose 0-15 60129542144 oss_crs_infra roboduck)" ]
}

@test "crs-compose: cpus: 4 is a number of CPUs, taken of those that no other CRS lists" {
	write crs-compose.yaml <<-'EOF'
		run_env: local
		oss_crs_infra: {cpuset: "1", memory: "1G"}
		finder: {cpus: 4, memory: 8G}
		fixer: {cpu: "2", memory: 1G}
	EOF
	run bash -c "'$RUN' plan --json --host-cpus 0-7 --host-memory 64G '$BATS_TEST_TMPDIR' | jq -r '.cpus, .memory_max, .crs[].cpus'"
	[ "$output" = "$(printf '%s\n' 0-6 10737418240 1 0,2-4 5-6)" ]
}

@test "crs-compose: two CRSs on one CPU are a warning, and an error with --strict" {
	write crs-compose.yaml <<-'EOF'
		a: {cpuset: "0-1", memory: 1G}
		b: {cpuset: "1-2", memory: 1G}
	EOF
	run plan "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[[ "$output" == *"crs-compose.yaml:2:13: CRS 'b' shares CPU 1 with CRS 'a' (line 1)"* ]]
	for strict in --strict --strict-limits; do
		run plan "$strict" "$BATS_TEST_TMPDIR"
		refused "uses CPU 1, but so does"
	done
}

@test "conflicts in a resource config name both places" {
	write config-resource.yaml <<-'EOF'
		crs:
		  - {name: a, cpuset: "0-1", memory_limit: 1G}
		  - {name: b, cpuset: "1-2", memory_limit: 1G}
		workers:
		  local: {cpuset: "0-1", memory: 1G}
	EOF
	run plan "$BATS_TEST_TMPDIR"
	refused "config-resource.yaml:3:23: CRS 'b' uses CPUs 2, which worker 'local' does not have (line 5)"
	sed -i 's/cpuset: "0-1", memory: 1G/cpuset: "0-3", memory: 1G/' "$BATS_TEST_TMPDIR/config-resource.yaml"
	run plan "$BATS_TEST_TMPDIR"
	refused "config-resource.yaml:5:34: worker 'local' has 1G of memory, but its CRSs need 2G"
	sed -i 's/memory: 1G}/memory: 4G}/' "$BATS_TEST_TMPDIR/config-resource.yaml"
	run plan "$BATS_TEST_TMPDIR"
	refused "config-resource.yaml:3:23: CRS 'b' uses CPU 1, but so does CRS 'a' (line 2)"
}

@test "--cpus, --memory and --scale put a config on other CPUs and memory" {
	write crs-compose.yaml <<-'EOF'
		a: {cpuset: "0-3", memory: 4G}
		b: {cpuset: "4-5", memory: 2G}
	EOF
	run bash -c "'$RUN' plan --json --host-cpus 0-63 --host-memory 2T --cpus 8-13 '$BATS_TEST_TMPDIR' | jq -r '.cpus, .crs[].cpus'"
	[ "$output" = "$(printf '%s\n' 8-13 8-11 12-13)" ]
	run bash -c "'$RUN' plan --json --host-cpus 0-63 --host-memory 2T --cpus 12 --memory 12G --scale '$BATS_TEST_TMPDIR' | jq -r '.cpus, .crs[].cpus, .crs[].memory_max'"
	[ "$output" = "$(printf '%s\n' 0-11 0-7 8-11 8589934592 4294967296)" ]
	run plan --cpus 8-12 "$BATS_TEST_TMPDIR"
	refused "needs 6 CPUs, but --cpus has 5"
	[[ "$output" == *"hint: use --scale"* ]]
	run plan --memory 5G "$BATS_TEST_TMPDIR"
	refused "needs 6G of memory, but --memory is 5G"
}

@test "a mistyped key about resources is refused, with the one that is meant" {
	printf 'a: {cpuset: "0", memroy: 1G}\n' | write crs-compose.yaml
	run plan "$BATS_TEST_TMPDIR"
	refused "crs-compose.yaml:1:18: unknown key 'memroy'"
	[[ "$output" == *"hint: did you mean 'memory'?"* ]]
}

@test "a CPU list that YAML takes apart is refused, in every format" {
	write crs-compose.yaml <<-'EOF'
		a: {cpuset: 2,3, memory: 1G}
	EOF
	run plan "$BATS_TEST_TMPDIR"
	refused "crs-compose.yaml:1:15: '3' is a key here, not an element of a list"
	[[ "$output" == *"hint: quote a list that contains commas"* ]]
	rm "$BATS_TEST_TMPDIR/crs-compose.yaml"
	for entry in '  - {name: a, cpuset: 0,4-5, memory_limit: 1G}' \
		'  a: {resources: {cpuset: 0,4-5, memory: 1G}}'; do
		printf 'crs:\n%s\n' "$entry" | write config-resource.yaml
		run plan "$BATS_TEST_TMPDIR"
		refused config-resource.yaml:2:
		[[ "$output" == *"'4-5' is a key here, not an element of a list"* ]]
	done
	printf 'crs:\n  - {name: a, cpuset: "1", memory_limit: 1G}\nworkers:\n  local: {cpuset: 1,3, memory: 4G}\n' |
		write config-resource.yaml
	run plan "$BATS_TEST_TMPDIR"
	refused "config-resource.yaml:4:21: '3' is a key here, not an element of a list"
}

@test "a CRS without resources is refused where the Python OSS-CRS refuses it" {
	for entry in 'finder: {source: {local_path: /srv/finder}}' 'finder:' 'finder: text' 'finder: [1]'; do
		printf 'run_env: local\n%s\nfixer: {cpuset: "2-3", memory: 1G}\n' "$entry" | write crs-compose.yaml
		run plan "$BATS_TEST_TMPDIR"
		refused "crs-compose.yaml:2:1: CRS 'finder' has neither cpuset nor memory"
	done
	printf 'notes: text\nfixer: {cpuset: "2-3", memory: 1G}\n' | write crs-compose.yaml
	run plan "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
}

@test "names, sizes and lists that are wrong are refused where they stand" {
	for bad in 'name: ../x' 'name: cpuset.x' 'name: ""' "name: $(printf 'x%.0s' {1..129})"; do
		printf 'crs:\n  - {%s, cpuset: "0", memory_limit: 1G}\n' "$bad" | write config-resource.yaml
		run plan "$BATS_TEST_TMPDIR"
		refused config-resource.yaml:2:
	done
	for bad in '"3-1"' '"0,,1"' '""' '"a"' '"9000"' '[1]'; do
		printf 'crs:\n  - {name: a, cpuset: %s, memory_limit: 1G}\n' "$bad" | write config-resource.yaml
		run plan "$BATS_TEST_TMPDIR"
		refused config-resource.yaml:2:
	done
	for bad in 0 -1G 1Q 99999999999G 1B '""' '{}'; do
		printf 'crs:\n  - {name: a, cpuset: "0", memory_limit: %s}\n' "$bad" | write config-resource.yaml
		run plan "$BATS_TEST_TMPDIR"
		refused config-resource.yaml:2:
	done
}

@test "YAML that is broken, doubled or empty is refused with its line" {
	printf 'crs:\n\t- name: a\n' | write config-resource.yaml
	run plan "$BATS_TEST_TMPDIR"
	refused config-resource.yaml:2:
	printf 'a: {cpuset: "0", memory: 1G}\na: {cpuset: "1", memory: 1G}\n' | write config-resource.yaml
	run plan "$BATS_TEST_TMPDIR"
	refused "config-resource.yaml:2:1: duplicate key 'a' (first used in line 1)"
	printf 'a: {cpuset: "0", memory: 1G}\n---\nb: 1\n' | write config-resource.yaml
	run plan "$BATS_TEST_TMPDIR"
	refused "second YAML document"
	: | write config-resource.yaml
	run plan "$BATS_TEST_TMPDIR"
	refused empty
}

@test "CPUs and memory that the machine does not have are refused" {
	run "$RUN" plan --host-cpus 0-7 --host-memory 2T "$HERE/tests/fixtures/seed"
	refused "the planned machine does not have CPUs 8-15"
	[[ "$output" == *"hint: its CPUs are 0-7; to divide them among the CRSs: --cpus 0-7 --scale" ]]
	run "$RUN" plan --host-cpus 0-7 --host-memory 2T --cpus 0-7 --scale "$HERE/tests/fixtures/seed"
	[ "$status" -eq 0 ]
	run "$RUN" plan --host-cpus 0-15 --host-memory 8G "$HERE/tests/fixtures/seed"
	refused "the planned machine has 8G"
	run "$RUN" plan --host-cpus 0-7 --host-memory 2T --cpus 9 --scale "$HERE/tests/fixtures/seed"
	refused "--cpus 9: the planned machine has only 8 CPUs"
}

@test "a CRS with less memory than a container needs is warned of" {
	printf 'crs: [{name: a, cpuset: 0, memory_limit: 1M}]\nworkers: {local: {cpuset: 0-3, memory: 2G}}\n' | write config-resource.yaml
	run plan "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[[ "$output" == *"warning: CRS 'a' has only 1M of memory"* ]]
}

@test "digits alone are a number of CPUs, for --host-cpus as for --cpus" {
	run "$RUN" plan --json --host-cpus 16 --host-memory 2T "$HERE/tests/fixtures/seed"
	[ "$status" -eq 0 ]
	run "$RUN" plan --host-cpus 8 --host-memory 2T "$HERE/tests/fixtures/seed"
	refused "does not have CPUs 8-15"
	run "$RUN" plan --host-cpus 16-16 --host-memory 2T "$HERE/tests/fixtures/seed"
	refused "does not have CPUs 0-15"
	run "$RUN" plan --host-cpus 0 --host-memory 2T "$HERE/tests/fixtures/seed"
	[ "$status" -eq 64 ]
	[[ "$output" == *"--host-cpus takes a CPU list, or a number from 1 to "*"as the list 0-0"* ]]
}

@test "a number of CPUs below a key that is for the other form does not lead to a list" {
	printf 'crs: [{name: a, cpus: 1, memory_limit: 1G}]\nworkers: {local: {cpuset: 0-3, memory: 2G}}\n' | write config-resource.yaml
	run plan "$BATS_TEST_TMPDIR"
	refused "unknown key 'cpus'"
	[[ "$output" == *"hint: 'cpuset' takes a list of CPUs"*"takes a number"* ]]
}

@test "usage errors are 64 and say where help is" {
	for arguments in "" bogus "plan" "plan --bogus x" "plan -Z x" "run a b" "exec x" "plan --keep x" "run --timeout 0 a b c" "run --until never a b c" "plan --cpus 0 x" "plan --cpus 1- x" "plan --cpus 9999 x" "plan --memory 5 x" "plan --scale $HERE/tests/fixtures/seed"; do
		# shellcheck disable=SC2086 # split into words on purpose
		run "$RUN" $arguments
		[ "$status" -eq 64 ]
		[[ "$output" == oss-crs-run:* ]]
	done
	run "$SETUP" --bogus
	[ "$status" -eq 64 ]
}

@test "a mistyped command is named with the one that is meant" {
	run "$RUN" chekc
	[ "$status" -eq 64 ]
	[[ "$output" == *"unknown command 'chekc'"*"did you mean 'check'?"* ]]
	run "$RUN" frobnicate
	[[ "$output" != *"did you mean"* ]]
}

@test "help and version end well, and help names every command" {
	run "$RUN" --help
	[ "$status" -eq 0 ]
	for command in build run exec plan check clean; do
		[[ "$output" == *"  $command "* ]]
		"$RUN" $command --help | grep -q -- --json
	done
	"$RUN" --version | grep -Eq '^oss-crs-run [0-9.]+$'
	"$SETUP" --version | grep -Eq '^oss-crs-setup [0-9.]+$'
}

@test "with --json an error is an object too" {
	run bash -c "'$RUN' plan --json /nowhere 2>/dev/null | jq -r '.version, .error.status'"
	[ "$output" = "$(printf '1\n78')" ]
}

@test "a PROJECT, HARNESS or ARG that is not UTF-8 is refused, since the containers could not get it" {
	for words in $'caf\xe9 h' $'p caf\xe9' $'p h -- a caf\xe9'; do
		# shellcheck disable=SC2086 # words are words
		run "$RUN" run "$HERE/tests/fixtures/seed" $words
		[ "$status" -eq 64 ]
		[[ "$output" == *"is not UTF-8: 'caf\\xe9'"* ]]
	done
	run "$RUN" build "$HERE/tests/fixtures/seed" $'\xff'
	[ "$status" -eq 64 ]
}

@test "with --json an error is an object too where the message is not UTF-8 or is cut inside a character" {
	for name in $'caf\xe9' $'\xff\xfe' "$(printf 'é%.0s' {1..600})" "x$(printf 'é%.0s' {1..600})"; do
		run bash -c '"$1" plan --json -- "$2" 2>/dev/null | jq -r .error.status' _ "$RUN" "$name"
		[ "$output" = 78 ]
		run bash -c '"$1" check --json "$2" 2>/dev/null | jq -r .error.status' _ "$SETUP" "$name"
		[ "$output" = 64 ]
	done
}

@test "defaults come from the user's run.conf, and the command line overrides them" {
	mkdir -p "$BATS_TEST_TMPDIR/home/oss-crs"
	printf '[defaults]\nworker = big\n' >"$BATS_TEST_TMPDIR/home/oss-crs/run.conf"
	write config-resource.yaml <<-'EOF'
		crs: [{name: a, cpuset: "0-1", memory_limit: 1G}]
		workers: {local: {cpuset: "0-1"}, big: {cpuset: "0-7"}}
	EOF
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/home
	run bash -c "'$RUN' plan --json --host-cpus 0-255 --host-memory 2T '$BATS_TEST_TMPDIR' | jq -r '.worker, .cpus'"
	[ "$output" = "$(printf 'big\n0-7')" ]
	run bash -c "'$RUN' plan --worker local --json --host-cpus 0-255 --host-memory 2T '$BATS_TEST_TMPDIR' | jq -r '.worker, .cpus'"
	[ "$output" = "$(printf 'local\n0-1')" ]
	printf '[defaults]\nwroker = big\n' >"$BATS_TEST_TMPDIR/home/oss-crs/run.conf"
	run plan "$BATS_TEST_TMPDIR"
	refused "run.conf:2: wroker cannot be set in run.conf"
	run "$RUN" plan --help
	[ "$status" -eq 0 ]
}

@test "closed standard descriptors and an ignored SIGCHLD or SIGPIPE change nothing" {
	run bash -c "trap '' CHLD PIPE; exec '$RUN' plan --json --host-cpus 0-255 --host-memory 2T '$HERE/tests/fixtures/seed' 0<&- 2>&-"
	[ "$status" -eq 0 ]
	[ "$(jq -r .worker <<<"$output")" = local ]
	run bash -c "'$RUN' plan --json --host-cpus 0-255 --host-memory 2T '$HERE/tests/fixtures/seed' >&-"
	[ "$status" -eq 0 ]
}

# Compose itself is not installed where these tests run, and `config` of it prints such a file as it
# is.
stand_in_compose() {
	mkdir -p "$BATS_TEST_TMPDIR/docker/cli-plugins"
	cat >"$BATS_TEST_TMPDIR/docker/cli-plugins/docker-compose" <<-'EOF'
		#!/bin/sh
		echo "$*" >>"$(dirname "$0")/calls"
		while [ $# -gt 1 ]; do
			[ "$1" != --file ] || cat "$2"
			shift
		done
	EOF
	chmod +x "$BATS_TEST_TMPDIR/docker/cli-plugins/docker-compose"
	export DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
}

ensemble() {
	stand_in_compose
	write crs-compose.yaml <<-'EOF'
		run_env: local
		docker_registry: local
		oss_crs_infra: {cpuset: "0", memory: 512M}
		finder: {cpuset: "1", memory: 256M, compose_services: [from_config]}
		fixer: {cpuset: "2", memory: 256M}
	EOF
	write compose-run.yaml <<-'EOF'
		services:
		  fixer_one: {image: busybox, profiles: [run]}
		  labelled: {image: busybox, labels: {oss-crs.crs: fixer}}
		  from_config: {image: busybox, labels: {oss-crs.crs: fixer}}
		  parent: {image: busybox, cgroup_parent: /user.slice/user-UID.slice/user@UID.service/oss-crs/r1-a-run-1764000000-0a1b2c3d/finder}
		  oss-crs-exchange: {image: busybox, attach: false}
		  target_builder: {image: busybox, profiles: [build]}
	EOF
	sed -i "s/UID/$(id -u)/g" "$BATS_TEST_TMPDIR/compose-run.yaml"
	plan_ensemble=("$RUN" plan --host-cpus 0-7 --host-memory 16G -f "$BATS_TEST_TMPDIR/compose-run.yaml" "$BATS_TEST_TMPDIR/crs-compose.yaml")
}

@test "plan --compose-file shows whose each service is and why, and warns of what falls to the infrastructure" {
	ensemble
	run bash -c '"$@" --json 2>/dev/null | jq -r ".services[] | \"\(.name) \(.crs) \(.by)\""' _ "${plan_ensemble[@]}"
	[ "$output" = "$(printf '%s\n' 'fixer_one fixer name' 'from_config finder config' 'labelled fixer label' \
		'oss-crs-exchange oss_crs_infra infrastructure' 'parent finder cgroup_parent' 'target_builder oss_crs_infra infrastructure')" ]
	grep -q -- '--profile build --profile run .* config$' "$DOCKER_CONFIG/cli-plugins/calls"
	run "${plan_ensemble[@]}"
	[ "$status" -eq 0 ]
	[[ "$output" == *"nothing says whose service 'target_builder' is: it gets the CPUs and memory of oss_crs_infra; if it belongs to a CRS, use --service-crs target_builder=NAME"* ]]
	[[ "$output" == *"service 'parent': cgroup_parent names another run: the service belongs to CRS 'finder' of this run"* ]]
	[[ "$output" != *"whose service 'oss-crs-exchange'"* ]]
	grep -Eq '^target_builder +oss_crs_infra +infrastructure$' <<<"$output"
}

@test "plan names what could escape a CRS, and refuses it with --strict, as a run does" {
	ensemble
	sed -i 's/fixer_one: {/&privileged: true, /; s|labelled: {|&volumes: ["/var/run/docker.sock:/d.sock"], |' "$BATS_TEST_TMPDIR/compose-run.yaml"
	run "${plan_ensemble[@]}"
	[ "$status" -eq 0 ]
	[[ "$output" == *"service 'fixer_one' could escape its CRS: privileged: true"* ]]
	[[ "$output" == *"service 'labelled' could escape its CRS: volumes: /var/run/docker.sock"* ]]
	for strict in --strict --strict-containment; do
		run "${plan_ensemble[@]}" "$strict"
		[ "$status" -eq 78 ]
		[[ "$output" == *"compose-run.yaml:2:"*"service 'fixer_one' could escape its CRS: privileged: true"* ]]
		# The guard takes the socket's place.
		[[ "$output" != *"'labelled' could escape"* ]]
	done
}

@test "--service-crs says whose a service is, and is refused where nothing can come of it" {
	ensemble
	run bash -c '"$@" --service-crs target_builder=finder --service-crs labelled=finder --json 2>/dev/null | jq -r ".services[] | select(.by == \"--service-crs\") | \"\(.name) \(.crs)\""' _ "${plan_ensemble[@]}"
	[ "$output" = "$(printf '%s\n' 'labelled finder' 'target_builder finder')" ]
	run "${plan_ensemble[@]}" --service-crs target_builder=finder
	[[ "$output" != *"nothing says whose"* ]]
	run "${plan_ensemble[@]}" --service-crs target_builder=nobody
	[ "$status" -eq 78 ]
	[[ "$output" == *"--service-crs target_builder=nobody: no CRS 'nobody' in the config"* ]]
	run "${plan_ensemble[@]}" --service-crs parent=fixer
	[ "$status" -eq 78 ]
	[[ "$output" == *"its cgroup_parent names a different CRS than its --service-crs"* ]]
	for word in target_builder =finder nothing=finder; do
		run "${plan_ensemble[@]}" --service-crs "$word"
		[ "$status" -eq 64 ]
	done
	run "${plan_ensemble[@]}" --service-crs target_builder=finder --service-crs target_builder=fixer
	[ "$status" -eq 64 ]
	run plan --service-crs target_builder=finder "$BATS_TEST_TMPDIR"
	[ "$status" -eq 64 ]
	[[ "$output" == *"--service-crs needs --compose-file"* ]]
}

@test "compose_services in the config is a list of services, of one CRS each" {
	ensemble
	sed -i 's/fixer: {cpuset: "2"/fixer: {compose_services: [from_config], cpuset: "2"/' "$BATS_TEST_TMPDIR/crs-compose.yaml"
	run "${plan_ensemble[@]}"
	[ "$status" -eq 78 ]
	[[ "$output" == *"crs-compose.yaml:5:1: service 'from_config' belongs to CRS 'fixer' and to 'finder' (line 4)"* ]]
	for value in from_config '{a: b}' '[{}]' '[~]'; do
		sed -i "s/compose_services: [^,]*,/compose_services: $value,/" "$BATS_TEST_TMPDIR/crs-compose.yaml"
		run "${plan_ensemble[@]}"
		[ "$status" -eq 78 ]
		[[ "$output" == *"crs-compose.yaml:5:"*"compose_services must be a list of services"* ]]
	done
}
