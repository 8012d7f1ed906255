#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Leases on CPUs and memory, without a daemon. Run as root in a clean lab guest. The host has four
# CPUs, which alice and carol share. /srv/lease/N is the config of a job with one CRS, `c`, on CPU
# N.

load common
load lease

@test "two hundred runs of two users at once, each for one CPU of four: never two on one, all end, in order of arrival" {
	batch='for i in {1..100}; do oss-crs-run exec -q --wait /srv/lease/$((i % 4)) --crs c -- /srv/lease/look & all="$all $!"; done
		failed=0; for p in $all; do wait $p || failed=$((failed + 1)); done; exit $failed'
	begin=$SECONDS
	as alice systemd-run --user --scope -q -- bash -c "$batch" >$DIR/alice.out 2>&1 &
	alice=$!
	as carol systemd-run --user --scope -q -- bash -c "$batch" >$DIR/carol.out 2>&1 &
	carol=$!
	a=0 c=0
	wait $alice || a=$?
	wait $carol || c=$?
	echo "# 200 runs in $((SECONDS - begin)) s" >&3
	cat $DIR/*.out
	[ $a -eq 0 ]
	[ $c -eq 0 ]
	cat $DIR/wrong
	[ ! -s $DIR/wrong ]
	[ "$(wc -l <$DIR/order)" -eq 200 ]
	# Inodes are numbered in the order in which the runs' cgroups were made, for all users. On
	# each CPU the runs started in that order.
	for cpu in 0 1 2 3; do
		grep "^$cpu " $DIR/order | cut -d' ' -f2 >$DIR/began
		[ "$(wc -l <$DIR/began)" -eq 50 ]
		sort -n $DIR/began | cmp - $DIR/began
	done
	[ "$(grep -c " $(id -u alice)\$" $DIR/order)" -eq 100 ]
	nothing_left
}

@test "without --wait the first has the CPU and all others end with 75 at once" {
	batch='for i in {1..20}; do oss-crs-run exec -q /srv/lease/$((i % 4)) -- /srv/lease/hold x & all="$all $!"; done
		for p in $all; do wait $p; echo "status $?"; done'
	as alice bash -c "$batch" >$DIR/alice.out 2>&1 &
	as carol bash -c "$batch" >$DIR/carol.out 2>&1 &
	# Runs that have started do not end before the gate opens, so every run that has ended has
	# lost.
	until_true bash -c '[ $(grep -c "are taken: run" <(cat /srv/lease/*.out)) -eq 36 ]'
	[ "$(wc -l <$DIR/order)" -eq 4 ]
	[ "$(runs | wc -l)" -eq 4 ]
	open_gate 4
	wait
	[ "$(cat $DIR/*.out | grep -c 'status 75')" -eq 36 ]
	nothing_left
}

@test "who is in the way: user, run, CPUs, since when; plan says it beforehand" {
	config two 1-2 64M
	run as carol oss-crs-run plan $DIR/two
	[ "$status" -eq 0 ]
	[[ "$output" == *"Now: the CPUs and memory are free"* ]]
	now=$(date +%s)
	holds alice 2 one
	name=$(basename "$(runs)")
	run as carol oss-crs-run exec $DIR/two -- true
	[ "$status" -eq 75 ]
	[[ "$output" =~ "CPUs 2 are taken: run $name of alice has CPUs 2 since "([0-9-]+ [0-9:]+) ]]
	since=$(date -d "${BASH_REMATCH[1]}" +%s)
	((since >= now - 1 && since <= $(date +%s)))
	[[ "$output" == *"hint: use --wait to queue, or use --share to run at the same time"* ]]
	run as carol oss-crs-run plan $DIR/two
	[ "$status" -eq 0 ]
	[[ "$output" == *"Now: CPUs 2 are taken: run $name of alice"* ]]
	as carol oss-crs-run plan --json $DIR/two >$DIR/plan.json
	run jq -r '.now | .fits, .cpus_free, .waiting_before, (.in_the_way[] | .run, .user, .cpus, .memory_max, .state)' $DIR/plan.json
	[ "$output" = "$(printf '%s\n' false 0-1,3 0 "$name" alice 2 $((64 << 20)) running)" ]
	[ "$(jq .now.in_the_way[0].owner_pid $DIR/plan.json)" = "$(owner one)" ]
	run as carol oss-crs-run plan --json --host-cpus 0-3 --host-memory 1G $DIR/two
	[ "$(jq 'has("now")' <<<"$output")" = false ]
	run as carol oss-crs-run exec $DIR/1 -- true
	[ "$status" -eq 0 ]
}

@test "those who wait begin in the order in which they came, and say their place" {
	holds alice 2 first
	for i in 1 2 3 4 5 6 7 8; do
		users=(carol alice)
		hold "${users[i % 2]}" 2 "w$i" --wait
		until_true grep -q "waiting at position $i in the queue: CPUs 2 are taken: run .* of alice has CPUs 2" $DIR/w$i.out
	done
	[ "$(runs | wc -l)" -eq 9 ]
	for i in 1 2 3 4 5 6 7 8; do
		# One at a time: the holder ends, and the next run starts.
		open_gate 1
		until_true grep -qx "w$i" $DIR/order
		[ "$(wc -l <$DIR/order)" -eq $((i + 1)) ]
	done
	[ "$(tr '\n' ' ' <$DIR/order)" = "first w1 w2 w3 w4 w5 w6 w7 w8 " ]
	open_gate 1
	wait
	nothing_left
}

@test "who comes later does not pass those who wait, unless it wants other CPUs" {
	config low 0-1 64M
	holds alice 1 first
	hold carol low waits --wait
	until_true grep -q 'position 1' $DIR/waits.out
	run as alice oss-crs-run exec $DIR/0 -- true
	[ "$status" -eq 75 ]
	[[ "$output" == *"CPUs 0 are taken: run low-exec-"* ]]
	[[ "$output" == *"of carol waits for CPUs 0 since"* ]]
	run as alice oss-crs-run exec $DIR/3 -- true
	[ "$status" -eq 0 ]
	run as carol oss-crs-run exec --wait $DIR/3 -- true
	[ "$status" -eq 0 ]
}

@test "an owner that is killed frees its CPUs, and a waiting one its place" {
	holds alice 2 first
	hold carol 2 second --wait
	until_true grep -q 'position 1' $DIR/second.out
	hold alice 2 third --wait
	until_true grep -q 'position 2' $DIR/third.out
	hold carol 2 fourth --wait
	until_true grep -q 'position 3' $DIR/fourth.out
	kill -KILL "$(owner second)"
	kill -KILL "$(owner third)"
	kill -KILL "$(owner first)"
	until_true grep -qx fourth $DIR/order
	[ "$(tr '\n' ' ' <$DIR/order)" = "first fourth " ]
	# What alice's runs left is still there, and her next run knows that they are dead.
	run as alice oss-crs-run exec $DIR/2 -- true
	[ "$status" -eq 75 ]
	[[ "$output" == *"of carol has CPUs 2"* ]]
	[ "$(grep -c 'removed what the dead run 2-exec-' <<<"$output")" -eq 2 ]
	kill -KILL "$(owner fourth)"
	run as alice oss-crs-run exec $DIR/2 -- true
	[ "$status" -eq 0 ]
}

@test "Ctrl-C, SIGTERM and the end of patience leave the queue, and nothing behind" {
	holds alice 2 first
	for signal in INT:130 TERM:143; do
		sh_as carol "oss-crs-run exec --wait $DIR/2 -- true" >$DIR/out 2>&1 &
		until_true grep -q 'position 1' $DIR/out
		pkill -"${signal%:*}" -u carol -x oss-crs-run
		status=0
		wait $! || status=$?
		[ "$status" -eq "${signal#*:}" ]
		[ "$(runs | wc -l)" -eq 1 ]
	done
	run as carol oss-crs-run exec --wait=2s $DIR/2 -- true
	[ "$status" -eq 75 ]
	[[ "$output" == *"waiting at position 1"* ]]
	[[ "$output" == *"gave up waiting: CPUs 2 are taken: run "*" of alice"* ]]
	[ "$(runs | wc -l)" -eq 1 ]
	run as carol oss-crs-run exec --wait=0 $DIR/2 -- true
	[ "$status" -eq 64 ]
	run as carol oss-crs-run exec --wait --share $DIR/2 -- true
	[ "$status" -eq 64 ]
}

@test "--share begins beside the other, warns, and marks the figures" {
	holds alice 2 first
	name=$(basename "$(runs)")
	run as carol oss-crs-run exec -v --share $DIR/2 -- true
	[ "$status" -eq 0 ]
	[[ "$output" == *"this run shares CPUs or memory; its figures are not comparable: CPUs 2 are taken: run $name of alice"* ]]
	[[ "$output" == *"shared: CPUs 2 with run $name of alice"* ]]
	run as carol oss-crs-run exec -v --share $DIR/3 -- true
	[ "$status" -eq 0 ]
	[[ "$output" != *shared* ]]
}

@test "build and run have leases too: taken is 75 before any container, --share is in the report" {
	as alice sudo -n "$(command -v oss-crs-setup)" --yes --restart=force docker
	cat >$DIR/2/docker-compose.yaml <<-'EOF2'
		services:
		  c:
		    image: busybox:latest
		    pull_policy: never
		    network_mode: none
		    command: ["true"]
	EOF2
	holds carol 2 first
	name=$(basename "$(runs)")
	for phase in "build $DIR/2 p" "run $DIR/2 p h"; do
		# shellcheck disable=SC2086 # split into words on purpose
		run as alice oss-crs-run $phase
		[ "$status" -eq 75 ]
		[[ "$output" == *"CPUs 2 are taken: run $name of carol"* ]]
		[ -z "$(docker ps -aq)" ]
		[ -z "$(ls /run/user/1000/oss-crs)" ]
	done
	run as alice oss-crs-run run --share --report $DIR/report.json $DIR/2 p h
	[ "$status" -eq 0 ]
	[[ "$output" == *"shared: CPUs 2 with run $name of carol"* ]]
	[ "$(jq -r '.shared[] | .run, .user, .cpus' $DIR/report.json | tr '\n' ' ')" = "$name carol 2 " ]
	sh_as alice "exec oss-crs-run run --wait $DIR/2 p h" >$DIR/run.out 2>&1 &
	until_true grep -q 'waiting at position 1' $DIR/run.out
	open_gate 1
	wait $!
	[ "$(runs | wc -l)" -eq 0 ]
}

@test "memory: what living runs may use at most together is not more than there is" {
	total=$(($(sed -n 's/MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
	config most 2 $((total - 100))M
	config some 3 200M
	holds alice most first
	run as carol oss-crs-run exec $DIR/some -- true
	[ "$status" -eq 75 ]
	[[ "$output" =~ "the run needs 200M of memory, but only "[0-9.]+"M is free: run most-exec-".*" of alice has "[0-9.]+"G of memory since" ]]
	run as carol oss-crs-run exec $DIR/3 -- true
	[ "$status" -eq 0 ]
	hold carol some second --wait
	until_true grep -q 'position 1' $DIR/second.out
	open_gate 1
	until_true grep -qx second $DIR/order
}

@test "a worker that has more memory than its CRSs keeps only theirs from others" {
	total=$(($(sed -n 's/MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
	printf 'workers: {local: {memory: %dM}}\n' $((total * 2)) >>$DIR/2/config-resource.yaml
	holds alice 2 first
	[ "$(cat "$(runs)/memory.max")" -gt $((total << 20)) ]
	as carol oss-crs-run plan --json $DIR/2 >$DIR/plan.json
	[ "$(jq '.now.in_the_way[0].memory_max' $DIR/plan.json)" -eq $((64 << 20)) ]
	run as carol oss-crs-run exec $DIR/3 -- true
	[ "$status" -eq 0 ]
}

@test "a user's umask does not hide the runs" {
	sh_as alice "umask 077; exec oss-crs-run exec $DIR/2 -- $DIR/hold first" >$DIR/first.out 2>&1 &
	until_true grep -qx first $DIR/order
	run as carol oss-crs-run exec $DIR/2 -- true
	[ "$status" -eq 75 ]
}

@test "a lock on somebody else's run neither revives a dead one nor disturbs a living one" {
	# What its command has started stays when the runner and its keeper are killed at once.
	sh_as alice "exec oss-crs-run exec --crs c $DIR/2 -- sh -c '$DIR/hold first & wait'" >$DIR/first.out 2>&1 &
	until_true grep -qx first $DIR/order
	sh_as carol "flock -x $(runs) sleep 600" &
	until_true pgrep -x -u carol sleep
	# shellcheck disable=SC2046 # two processes
	kill -KILL $(owner 'first & wait')
	run as carol oss-crs-run exec $DIR/2 -- true
	[ "$status" -eq 0 ]
	[[ "$output" == *"CPUs 2 are also used by processes that the dead run 2-exec-"*" of alice left"* ]]
	run as alice oss-crs-run clean
	[ "$status" -eq 0 ]
	[[ "$output" == *removed* ]]
	pkill -u carol -x sleep
}

# number N: the config of a job with one CRS on any N CPUs.
number() {
	mkdir -p $DIR/any"$1"
	printf 'crs:\n  c:\n    resources: {cpu: %d, memory: 64M}\n' "$1" >$DIR/any"$1"/config-resource.yaml
}

@test "CPUs by number are chosen of those that are free: runs that start together get different ones" {
	number 1
	for i in 1 2 3 4; do
		users=(carol alice)
		hold "${users[i % 2]}" any1 "n$i"
	done
	until_true bash -c '[ $(wc -l </srv/lease/order) -eq 4 ]'
	[ "$(for run in $(runs); do cat $run/cpuset.cpus; done | sort | tr '\n' ' ')" = "0 1 2 3 " ]
	[ "$(for run in $(runs); do cat $run/c/cpuset.cpus; done | sort | tr '\n' ' ')" = "0 1 2 3 " ]
	run as carol oss-crs-run exec $DIR/any1 -- true
	[ "$status" -eq 75 ]
	[[ "$output" == *"the run needs 1 CPUs, but only 0 are free: run any1-exec-"* ]]
	run as carol oss-crs-run plan $DIR/any1
	[[ "$output" == *"Now: the run needs 1 CPUs, but only 0 are free"* ]]
	open_gate 4
	wait
	nothing_left
}

@test "who waits for any CPUs gets those that are free first, and is not passed" {
	number 2
	config low 0-1 64M
	holds alice low first
	holds carol 2 second
	hold alice any2 waits --wait
	until_true grep -q 'waiting at position 1 in the queue: the run needs 2 CPUs, but only 1 are free' $DIR/waits.out
	run as carol oss-crs-run status
	[[ "$output" == *"waiting"*", for 2 CPUs and 64M of memory"* ]]
	# CPU 3 is free, but together with 2 it is enough for the one that waits.
	run as carol oss-crs-run exec $DIR/3 -- true
	[ "$status" -eq 75 ]
	[[ "$output" == *"runs ahead in the queue wait for the free CPUs"*" of alice waits for 2 CPUs since "* ]]
	kill -TERM "$(owner second)"
	until_true grep -qx waits $DIR/order
	[ "$(cat $CG/user.slice/user-1000.slice/user@1000.service/oss-crs/any2-exec-*/cpuset.cpus)" = 2-3 ]
	open_gate 2
	wait
	nothing_left
}

@test "the environment of a command with CPUs by number has the CPUs that it got" {
	number 2
	config low 0-1 64M
	holds carol low first
	run as alice oss-crs-run exec --crs c $DIR/any2 -- sh -c 'echo "$OSS_CRS_CPUSET"; cat /sys/fs/cgroup$OSS_CRS_CGROUP_PARENT/c/cpuset.cpus'
	[ "$status" -eq 0 ]
	[ "$output" = "$(printf '2-3\n2-3')" ]
	open_gate 1
	wait
}

@test "a run that cannot be looked at keeps the others from beginning, unless they share" {
	holds alice 2 first
	name=$(basename "$(runs)")
	sh_as alice "chmod 700 $(runs)"
	run as carol oss-crs-run exec $DIR/3 -- true
	[ "$status" -eq 69 ]
	[[ "$output" == *"not all runs are visible"*"run $name of alice: "*"Permission denied"* ]]
	run as carol oss-crs-run exec --wait $DIR/3 -- true
	[ "$status" -eq 69 ]
	run as carol oss-crs-run exec --share $DIR/3 -- true
	[ "$status" -eq 0 ]
	[[ "$output" == *"not all runs are visible"* ]]
	run as carol oss-crs-run plan $DIR/3
	[[ "$output" == *"Now: unknown"*"run $name of alice"* ]]
	run as carol oss-crs-run status
	[[ "$output" == *"1 run or user not visible from here: run $name of alice"* ]]
	sh_as alice "chmod 755 $(runs)"
	run as carol oss-crs-run exec $DIR/3 -- true
	[ "$status" -eq 0 ]
	open_gate 1
	wait
}

@test "thousands of cgroups of one user are not looked at by the others, and it is said" {
	ours=$CG/user.slice/user-1000.slice/user@1000.service/oss-crs
	sh_as alice "cd $ours && seq -f 'job-run-1764000000-%08.0f-local' 5000 | xargs mkdir"
	run as carol oss-crs-run exec $DIR/3 -- true
	sh_as alice "cd $ours && rmdir job-run-1764000000-*"
	[ "$status" -eq 69 ]
	[[ "$output" == *"the runs of alice: more than 4096 cgroups"* ]]
	run as carol oss-crs-run exec $DIR/3 -- true
	[ "$status" -eq 0 ]
}

@test "no other user can keep a run from its own lock by locking its file for reading" {
	cat >$DIR/watch.py <<-'EOF2'
		import fcntl, os, sys
		# Lock for reading the file of every run that appears, as soon as it can be opened.
		ours = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/oss-crs/"
		known, held = set(), []
		open(sys.argv[1], "w").close()
		while not os.path.exists(sys.argv[2]):
		    for run in os.listdir(ours):
		        if run in known or "-exec-" not in run:
		            continue
		        try:
		            file = open(ours + run + "/cgroup.max.depth")
		            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
		            held.append(file)
		            known.add(run)
		        except OSError:
		            pass
	EOF2
	for i in 1 2 3; do
		sh_as carol "python3 $DIR/watch.py $DIR/ready$i $DIR/stop" &
	done
	until_true ls $DIR/ready1 $DIR/ready2 $DIR/ready3
	failed=$(sh_as alice "failed=0; for i in {1..30}; do oss-crs-run exec -q $DIR/2 -- true || failed=\$((failed + 1)); done; echo \$failed")
	touch $DIR/stop
	wait
	[ "$failed" -eq 0 ]
}

@test "who holds the host's lock is named after a bounded wait, which Ctrl-C ends" {
	sh_as carol "exec flock -x /run/oss-crs/lease sleep 600" &
	until_true pgrep -x -u carol sleep
	begin=$SECONDS
	run as alice oss-crs-run exec $DIR/2 -- true
	[ "$status" -eq 75 ]
	[[ "$output" =~ "/run/oss-crs/lease has been locked for 30 s by process "[0-9]+" (flock) of carol" ]]
	((SECONDS - begin < 120))
	sh_as alice "oss-crs-run exec $DIR/2 -- true" >$DIR/out 2>&1 &
	until_true bash -c '[ $(pgrep -u alice -xc oss-crs-run) -eq 2 ]'
	pkill -INT -u alice -o -x oss-crs-run
	status=0
	wait $! || status=$?
	[ "$status" -eq 130 ]
	pkill -u carol -x sleep
	wait
	nothing_left
}

@test "a dead process that took the host's lock is not named as its holder" {
	# flock(1) takes the lock of the shell's open file, and ends.
	sh_as carol "exec 9</run/oss-crs/lease; flock -x 9; exec sleep 600" &
	until_true pgrep -x -u carol sleep
	run as alice oss-crs-run exec $DIR/2 -- true
	[ "$status" -eq 75 ]
	[[ "$output" =~ "has been locked for 30 s by a process that is not visible from here (process "[0-9]+", which took the lock, has ended)" ]]
	pkill -u carol -x sleep
	wait
}

@test "without the host's lock runs are kept apart all the same, and it is said" {
	rm /run/oss-crs/lease
	holds alice 2 first
	run as carol oss-crs-run exec $DIR/2 -- true
	systemd-tmpfiles --create oss-crs.conf
	[ "$status" -eq 75 ]
	[[ "$output" == *"/run/oss-crs/lease is missing"* ]]
	[ "$(stat -c '%U %a' /run/oss-crs/lease)" = "root 444" ]
}
