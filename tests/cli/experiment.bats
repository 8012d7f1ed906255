#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `experiment` without a host: what plan prints, what is refused, and what Slurm's commands are called
# with. Recorders stand for sbatch, squeue, scancel and scontrol: they show the text, not the
# behaviour. tests/lab/cases/experiment.bats does runs.

bats_require_minimum_version 1.5.0

load experiment

@test "plan has every run, trials outermost, with what its config needs, and no engine is asked" {
	rm bin/*
	experiment plan --json
	[ "$status" -eq 0 ]
	[ "$(jq -r '.version, .name, (.runs | length)' <<<"$output" | xargs)" = "1 json 12" ]
	[ "$(jq -c '.runs[3] | [.index, .id, .config, .project, .harness, .trial, .worker, .cpus, .memory_max]' <<<"$output")" = \
		'[3,"solo-json-c-h2-1","solo","json-c","h2",1,"local",1,67108864]' ]
	[ "$(jq -r '.runs[4].id' <<<"$output")" = duo-json-c-h1-2 ]
	[ "$(jq -c '[.jobs[] | [.engine, (.indices | length), .command[0]]]' <<<"$output")" = '[["slurm",6,"sbatch"],["slurm",6,"sbatch"]]' ]
	[ "$(jq -r '.jobs[0].script' <<<"$output")" = "$(printf '#!/bin/sh\nexec oss-crs-run experiment task %s "$((0 + SLURM_ARRAY_TASK_ID))"' "$BATS_TEST_TMPDIR/json")" ]
	[ ! -e json ]
	experiment plan
	[[ "$output" == *"Experiment json: 12 runs"* ]]
	[[ "$output" =~ duo\ +json-c\ +h1\ +3\ +2\ +256M\ +local ]]
	[[ "$output" == *"sbatch --parsable --job-name=oss-crs-json --array=0,2,4,6,8,10%2 --nodes=1 --ntasks=1 --cpus-per-task=2 --mem=512M "*" --time=495 --signal=B:TERM@180 --requeue --open-mode=append "* ]]
}

@test "the example is an experiment" {
	run "$RUN" experiment plan --json "$HERE/examples/experiment/experiment.yaml"
	[ "$status" -eq 0 ]
	[ "$(jq -r '.runs[] | .id' <<<"$output" | xargs)" = "duo-json-c-json_array_fuzzer-1 solo-json-c-json_array_fuzzer-1 duo-json-c-json_array_fuzzer-2 solo-json-c-json_array_fuzzer-2" ]
	printf '%s\n' 'libfuzzer: executions 1, corpus 2, crashes 0' 'libfuzzer: executions 206276, corpus 1127, crashes 1' >log
	run env OSS_CRS_LOG=log "$HERE/examples/experiment/count-executions" report libfuzzer aflplusplus
	[ "$output" = "$(printf '%s\n' 'libfuzzer executions=206276' 'libfuzzer corpus=1127' 'libfuzzer crashes=1')" ]
}

@test "a config that cannot be read, or has no size of its own, is refused where the file names it" {
	sed -i 's|./solo}|./trio}|' x.yaml
	experiment plan
	[ "$status" -eq 78 ]
	[[ "$output" == *"x.yaml:2:29: config 'solo': "*trio* ]]
	file slurm
	printf 'crs:\n  a: {workers: [local]}\nworkers:\n  local: {}\n' >solo/config-resource.yaml
	experiment plan
	[ "$status" -eq 78 ]
	[[ "$output" == *"x.yaml:2:29: config 'solo': "* ]]
	experiment submit
	[ "$status" -eq 78 ]
	[ ! -e json ]
	run "$RUN" experiment plan /nonexistent.yaml
	[ "$status" -eq 78 ]
	run "$RUN" experiment plam x.yaml
	[ "$status" -eq 64 ]
	[[ "$output" == *"did you mean 'plan'?"* ]]
}

@test "submit gives Slurm an array per shape, and a second submit gives it nothing" {
	experiment submit
	[ "$status" -eq 0 ]
	[[ "$output" == *"submitted 12 of 12 runs"* ]]
	[ "$(grep -c '^--parsable' calls)" -eq 2 ]
	[ "$(grep -c 'exec oss-crs-run experiment task' calls)" -eq 2 ]
	[ "$(cat json/slurm.tsv)" = $'101\t0\n102\t0' ]
	for i in 0 2 4 6 8 10; do echo "101|$i|PD"; done >queue
	for i in 1 3 5 7 9 11; do echo "102|$i|R"; done >>queue
	echo '99|3|R' >>queue
	cp json/runs.tsv before
	experiment submit
	[[ "$output" == *"submitted 0 of 12 runs (0 done, 6 running, 6 queued before)"* ]]
	[ "$(grep -c '^--parsable' calls)" -eq 2 ]
	cmp before json/runs.tsv
}

@test "after failures, submit gives Slurm what has no result, and a deleted result again" {
	experiment submit
	for id in duo-json-c-h1-1:exited solo-json-c-h1-1:timeout duo-json-c-h2-1:oom solo-json-c-h2-1:signal; do
		done_run "${id%:*}" "${id#*:}"
	done
	printf '69\tnode1\tDocker is not there\n' >json/failed/duo-json-c-h1-2
	experiment status
	[[ "$output" =~ done\ +3 ]]
	[[ "$output" =~ failed\ +1 ]]
	[[ "$output" =~ missing\ +8 ]]
	[[ "$output" == *"duo-json-c-h1-2 failed on node1 with status 69: Docker is not there"* ]]
	experiment status --json
	[ "$(jq -c '.counts' <<<"$output")" = '{"done":3,"running":0,"queued":0,"failed":1,"missing":8,"unknown":0}' ]
	[ "$(jq -r '.runs[4].state' <<<"$output")" = failed ]
	experiment submit
	[[ "$output" == *"submitted 9 of 12 runs (3 done"* ]]
	grep -q -- '--array=3,5,7,9,11' calls
	rm json/results/duo-json-c-h2-1.json
	experiment submit
	[[ "$output" == *"submitted 10 of 12 runs"* ]]
}

@test "a file that was edited is refused with what changed, and --extend takes more trials" {
	experiment submit
	cp json/runs.tsv before
	file slurm 4
	experiment submit
	[ "$status" -eq 78 ]
	[[ "$output" == *"x.yaml has changed since it was submitted: trials: 4, was 3"* ]]
	cmp before json/runs.tsv
	experiment submit --extend
	[ "$status" -eq 0 ]
	[ "$(wc -l <json/runs.tsv)" -eq 17 ]
	cmp before <(head -n 13 json/runs.tsv)
	# The place may change, and a config may not need more than it did.
	sed -i 's/limit: 4/limit: 8/' x.yaml
	experiment submit
	[ "$status" -eq 0 ]
	sed -i 's/64M/96M/g' solo/config-resource.yaml
	experiment submit
	[ "$status" -eq 78 ]
	[[ "$output" == *"run 'solo-json-c-h1-1' of config 'solo' needs other CPUs or memory"* ]]
}

@test "cancel cancels the arrays that Slurm still has, and no other job" {
	experiment submit
	printf '%s\n' '101|0|R' '101|2|PD' '99|N/A|R' >queue
	experiment cancel
	[ "$status" -eq 0 ]
	[ "$(grep scancel calls)" = "scancel 101" ]
}

@test "submit and cancel print JSON and nothing else when asked to" {
	run bash -c '"$@" 2>/dev/null' _ "$RUN" experiment submit --json x.yaml
	[ "$(jq -c '[.version, .name, .submitted, .before.missing]' <<<"$output")" = '[1,"json",12,12]' ]
	printf '%s\n' '101|0|R' >queue
	run bash -c '"$@" 2>/dev/null' _ "$RUN" experiment cancel --json x.yaml
	[ "$(jq -c . <<<"$output")" = '{"version":1,"name":"json","cancelled":true}' ]
}

@test "report opens the result of a run of an experiment" {
	experiment submit
	done_run duo-json-c-h1-1 exited
	run "$RUN" report json/results/duo-json-c-h1-1.json
	[ "$status" -eq 0 ]
	[[ "$output" == *"CRS"*"CPUS"* ]]
}

@test "a Slurm that is not there, or says something else, is not taken for an empty one" {
	experiment submit
	echo 'slurm_load_jobs error: Unable to contact slurm controller' >queue
	experiment submit
	[ "$status" -eq 65 ]
	[[ "$output" == *"squeue printed a line that is not a job's"* ]]
	recorder squeue 'exit 1'
	for verb in submit status cancel; do
		experiment $verb
		[ "$status" -eq 69 ]
		[[ "$output" == *"squeue ended with status 1"* ]]
	done
	rm bin/squeue
	experiment submit
	[ "$status" -eq 69 ]
	[[ "$output" == *squeue* ]]
}

@test "the user's settings for Slurm's commands hide no job, and runs stay on one cluster" {
	recorder squeue 'env | grep -E "^(SQUEUE|SCANCEL|SBATCH|SLURM)_" >seen; echo "$*" >>seen'
	experiment submit
	SQUEUE_STATES=PD SCANCEL_PARTITION=x SLURM_CLUSTERS=far SBATCH_CLUSTERS=far SBATCH_ACCOUNT=mine experiment status
	[ "$status" -eq 0 ]
	[[ "$(xargs <seen)" == "SBATCH_ACCOUNT=mine --all --noheader "* ]]
	for option in --clusters=far --cluster=far -Mfar -M; do
		file slurm
		sed -i "s|limit: 4|options: [$option], workers: {local: {options: [--mem=1]}}|" x.yaml
		experiment plan
		echo "$output"
		[ "$status" -eq 78 ]
		[[ "$output" == *"x.yaml:6:"*"'$option': submit on a host of that cluster instead"* ]]
	done
	sed -i "s|$option|--cluster-constraint=a|; s|--mem=1|-M far|" x.yaml
	experiment plan
	[ "$status" -eq 78 ]
	[[ "$output" == *"'-M far'"* ]]
}

@test "an output directory that cannot be written is an error, and nothing was submitted" {
	sed -i 's|^trials|output: /proc/nothing\ntrials|' x.yaml
	experiment submit
	[ "$status" -ne 0 ]
	[[ "$output" == *"make /proc/nothing"* ]]
	[ ! -e calls ]
}

@test "a task does its own run: what fails is noted, what is done is not done again" {
	experiment submit
	run "$RUN" experiment task json 12
	[ "$status" -eq 64 ]
	[[ "$output" == *"'12' is not the index of a run"* ]]
	run "$RUN" experiment task json 1
	[ "$status" -ne 0 ]
	IFS=$'\t' read -r failed host why <json/failed/solo-json-c-h1-1
	[ "$failed" -eq "$status" ]
	[ -n "$host" ]
	[ -n "$why" ]
	done_run solo-json-c-h1-1 exited
	run "$RUN" experiment task json 1
	[ "$status" -eq 0 ]
	[ "$(ls json/running)" = "" ]
}

@test "prepare runs once on a host, again after a failure, and a run without it fails" {
	echo 'prepare: echo prepared >>log; test -e ready' >>x.yaml
	experiment submit
	run "$RUN" experiment task json 0
	[ "$status" -eq 69 ]
	[[ "$output" == *"\`prepare\` ended with status 1"* ]]
	grep -q '`prepare` ended with status 1' json/failed/duo-json-c-h1-1
	touch ready
	for index in 1 2 3; do
		run "$RUN" experiment task json $index
		[[ "$output" != *prepare* ]]
	done
	[ "$(grep -c prepared log)" -eq 2 ]
}

@test "a task that the engine has for the second time leaves the first alone" {
	experiment submit
	mkfifo held
	# fcntl(2) locks: what the task of another process has.
	python3 -c '
import fcntl, sys
f = open("json/running/duo-json-c-h1-1", "w")
fcntl.lockf(f, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()' <held >locked &
	exec 9>held
	timeout 20 bash -c 'until grep -q locked locked; do read -rt 0.1 <> <(:) || :; done'
	run "$RUN" experiment task json 0
	[ "$status" -eq 0 ]
	[[ "$output" == *"duo-json-c-h1-1: another process is doing this run"* ]]
	experiment status --json
	[ "$(jq -r '.runs[0].state' <<<"$output")" = running ]
	exec 9>&-
	wait
}

@test "the engine local without a user manager says so, and keeps what is to be done" {
	file local
	experiment submit
	[ "$status" -eq 69 ]
	[[ "$output" == *"local: cannot connect to the user manager"* ]]
	experiment status --json
	[ "$(jq .counts.missing <<<"$output")" -eq 12 ]
}

# gathered ID KERNEL FIGURE: a result of CRS a and b, and what the program of `metrics` printed.
gathered() {
	jq --arg kernel "$2" '.reason = "exited" | .machine.cpu = "EPYC" | .machine.kernel = $kernel' \
		"$HERE/tests/fuzz/corpus/summary/full" >"json/results/$1.json"
	printf 'a crashes=%s\n' "$3" >"json/metrics/$1.txt"
}

@test "gather has every run, statistics of each cell, and no machine mixed with another" {
	echo 'metrics: ./count' >>x.yaml
	experiment submit
	gathered duo-json-c-h1-1 6.1 1
	gathered duo-json-c-h1-2 6.1 2
	gathered duo-json-c-h1-3 6.1 4
	gathered solo-json-c-h1-1 6.1 8
	gathered solo-json-c-h1-2 6.1 16
	gathered solo-json-c-h1-3 6.12 0
	printf '69\tnode1\tDocker is not there\n' >json/failed/duo-json-c-h2-1
	experiment gather
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == "Experiment json: 6 of 12 runs done, 1 failed, 5 missing" ]]
	[[ "$output" == *"Machine A: EPYC, Linux 6.1 (5 runs)"*"Machine B: EPYC, Linux 6.12 (1 runs)"* ]]
	[[ "$output" =~ json-c\ +h1\ +duo\ +a\ +A\ +crashes\ +3/3\ +2\ +1.5..3\ +1..4 ]]
	[[ "$output" =~ json-c\ +h1\ +solo\ +a\ +A\ +crashes\ +2/3\ +12\ +10..14\ +8..16 ]]
	[[ "$output" =~ json-c\ +h1\ +solo\ +a\ +B\ +crashes\ +1/3\ +0 ]]
	[[ "$output" =~ json-c\ +h2\ +duo\ +-\ +-\ +-\ +0/3 ]]
	# scipy.stats.mannwhitneyu([1, 2, 4], [8, 16], method="exact"): 0, 0.2
	[[ "$output" =~ json-c\ +h1\ +duo\ +solo\ +A\ +crashes\ +3,\ 2\ +0\ +0.2\ +0.000 ]]
	[[ "$output" == *"failed: duo-json-c-h2-1 on node1, status 69: Docker is not there"* ]]
	[[ "$output" == *"missing: solo-json-c-h2-3"* ]]
	experiment gather --json
	[ "$(jq -c '[.version, .name, .counts, (.rows | length), (.machines | length)]' <<<"$output")" = \
		'[1,"json",{"done":6,"failed":1,"missing":5},12,2]' ]
	[ "$(jq -c '.comparisons | map([.a, .b, .machine, .u, .a12, .exact])' <<<"$output")" = '[["duo","solo",0,0,0,true]]' ]
	[ "$(jq -r '.rows[] | select(.state == "failed") | .failure.why' <<<"$output")" = "Docker is not there" ]
	experiment gather --csv
	[ "${#lines[@]}" -eq 13 ]
	[ "$(printf '%s\n' "${lines[@]}" | python3 -c 'import csv, sys; print({len(row) for row in csv.reader(sys.stdin)})')" = "{27}" ]
	[[ "${lines[0]}" == index,id,*,crashes ]]
	experiment gather --html page.html
	[ "$status" -eq 0 ]
	[ "$(grep -c '<svg' page.html)" -eq 2 ]
	[ "$(grep -c '<rect' page.html)" -eq 3 ]
	grep -q '>duo (3)</text>' page.html
	python3 -c 'import sys, xml.dom.minidom as x, re; t = open("page.html").read(); [x.parseString(s) for s in re.findall("<svg.*?</svg>", t, re.S)]'
}

@test "gather refuses a result that is only part of one, and figures that are none" {
	experiment submit
	gathered duo-json-c-h1-1 6.1 1
	echo 'a crashes=many' >json/metrics/duo-json-c-h1-1.txt
	experiment gather
	[ "$status" -eq 65 ]
	[[ "$output" == *"metrics/duo-json-c-h1-1.txt:1:11: not a number: 'many'"* ]]
	rm json/metrics/*
	head -c 100 json/results/duo-json-c-h1-1.json >half && mv half json/results/duo-json-c-h1-1.json
	experiment gather --csv
	[ "$status" -eq 65 ]
	run "$RUN" experiment gather --csv --json x.yaml
	[ "$status" -eq 64 ]
}

# ---- the engine ssh ----

@test "another engine is refused while the one before still has runs" {
	experiment submit
	echo '101|0|R' >queue
	cp json/experiment.json before
	hosts
	experiment submit
	[ "$status" -eq 75 ]
	[[ "$output" == *"the engine slurm still has runs of the experiment, such as duo-json-c-h1-1"* ]]
	cmp before json/experiment.json
	# The engine that has them is the one that is told to cancel.
	experiment cancel
	[ "$status" -eq 0 ]
	[ "$(grep scancel calls)" = "scancel 101" ]
	rm queue
	experiment submit
	[ "$status" -eq 0 ]
	[[ "$output" == *"submitted 12 of 12 runs"*" to ssh" ]]
}

@test "an array that cannot be noted is cancelled, since nobody would know that it is there" {
	mkdir -p json/slurm.tsv
	experiment submit
	[ "$status" -ne 0 ]
	[[ "$output" == *slurm.tsv* ]]
	# Nothing may have been submitted that was not cancelled.
	[ "$(grep -c '^--parsable' calls || :)" = "$(grep -c '^scancel' calls || :)" ]
	rmdir json/slurm.tsv
	# shellcheck disable=SC2016 # the recorder expands it
	recorder sbatch '( printf "%s\n" "$*"; cat ) >>calls; mkdir -p json/slurm.tsv; echo 107'
	experiment submit
	[ "$status" -ne 0 ]
	[[ "$output" == *"the array 107 was cancelled"* ]]
	[ "$(grep '^scancel' calls)" = "scancel 107" ]
}

@test "of two that submit or cancel at a time, one says so and does nothing" {
	experiment submit
	rm calls
	for verb in submit cancel; do
		status=0
		python3 -c '
import fcntl, subprocess, sys
f = open("json/submit.lock", "w")
fcntl.lockf(f, fcntl.LOCK_EX)
sys.exit(subprocess.run(sys.argv[1:], close_fds=True).returncode)' "$RUN" experiment $verb x.yaml 2>said || status=$?
		[ "$status" -eq 75 ]
		grep -q 'another process is submitting to .*/json, or cancelling' said
		[ ! -e calls ]
	done
}

@test "a run that is done again has no figures of the time before" {
	echo 'metrics: ./count' >>x.yaml
	experiment submit
	echo 'a crashes=7' >json/metrics/duo-json-c-h1-1.txt
	run "$RUN" experiment task json 0
	[ "$status" -ne 0 ]
	[ ! -e json/metrics/duo-json-c-h1-1.txt ]
}

@test "a lane does runs that were added to the experiment while it worked" {
	printf '%s\n' 'prepare: echo x >began; read line <go; false' >>x.yaml
	mkfifo began go
	exec 7<>began 8<>go
	experiment submit
	printf '%010d\n' 1 0 >json/queue
	"$RUN" experiment task json 7>&- 8>&- &
	read -rt 60 _ <&7
	sed -i 's/trials: 3/trials: 4/' x.yaml
	experiment submit --extend
	[ "$status" -eq 0 ]
	printf '%010d\n' 15 >>json/queue
	printf '\n\n' >&8
	wait
	[ "$(cat json/lanes/1)" = 0000000015 ]
	grep -q 'ended with status 1' json/failed/solo-json-c-h2-4
	grep -q 'ended with status 1' json/failed/duo-json-c-h1-1
	[ -e json/log/solo-json-c-h2-4.log ]
}

@test "a submit that was killed between its two files leaves an experiment whose cells are not mixed" {
	experiment submit
	cp json/runs.tsv before
	file slurm 4
	experiment submit --extend
	mv before json/runs.tsv
	experiment gather
	[ "$status" -eq 0 ]
	[[ "$output" =~ json-c\ +h2\ +solo\ +-\ +-\ +-\ +0/3 ]]
	experiment submit --extend
	[ "$(wc -l <json/runs.tsv)" -eq 17 ]
}

@test "a verb with too many words, or too few, is answered with its usage" {
	experiment plan x.yaml
	[ "$status" -eq 64 ]
	[[ "$output" == *"too many arguments"*"usage: oss-crs-run experiment plan [OPTIONS] FILE"* ]]
	run "$RUN" experiment host json s1
	[ "$status" -eq 64 ]
	[[ "$output" == *"too few arguments"*"experiment host [OPTIONS] DIR HOST ACTION"* ]]
}
