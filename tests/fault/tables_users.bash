# shellcheck shell=bash disable=SC2034,SC2086,SC2154,SC2317
# SPDX-License-Identifier: MIT
#
# tables_users: what other processes and users do while oss-crs-setup works, and its own worker in the
# hands of an attacker.
# `tables` sources it.

table_at_once() {
	local i pids=() bad=0
	begin
	cases=1
	start_over
	for ((i = 0; i < 50; i++)); do
		"$SETUP" --yes --restart=never --linger=no >"$work/at-once-$i" 2>&1 &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}"
		# A call that waited longer than the limit reports that; the host is slow.
		case $? in 0 | 75) ;; *) bad=1 && cp "$work/at-once-$i" "$work/said" ;; esac
	done
	((bad == 0)) && docker_after && delegate_after && tidy && [[ $(ls $DROPINS) == 50-oss-crs.conf ]] &&
		[[ $(find $STATE -name '*.json' | wc -l) -eq $(cat $STATE/*.json | jq -r '.step + .target' | sort -u | wc -l) ]]
	count $? "50 at once"
	finish "fifty at once: one drop-in, one entry in exec-opts, one record each"
	"$SETUP" undo --purge --yes >/dev/null 2>&1
}

# The program runs in a cgroup that alice owns. She freezes it while the program holds the lock, and
# later kills it.
table_frozen() {
	local begun status scope pid hurt
	begin
	cases=1
	start_over
	hold_at fsync 1 "${docker_args[@]}"
	scope=$CG/system.slice/test-frozen.scope
	mkdir "$scope"
	chown -R alice "$scope"
	echo "$pid" >"$scope/cgroup.procs"
	su alice -s /bin/sh -c "echo 1 >$scope/cgroup.freeze"
	begun=$SECONDS
	"$SETUP" "${docker_args[@]}" >"$work/said" 2>&1
	status=$?
	((status == 75 && SECONDS - begun <= 45)) && su alice -s /bin/sh -c "echo 1 >$scope/cgroup.kill"
	status=$?
	let_go
	rmdir "$scope"
	((status == 0)) && converges docker 75
	count $? "frozen by the user: others wait $((SECONDS - begun)) s"
	finish "frozen and killed by the user"
}

# Nobody has to wait while the program waits for an answer, and an answer to a question that is out
# of date changes nothing.
table_prompt() {
	local status asker
	begin
	cases=1
	start_over
	rm -f "$work/answer"
	mkfifo "$work/answer"
	script -qec "$SETUP docker --restart=never" /dev/null <"$work/answer" >"$work/asked" 2>&1 &
	asker=$!
	exec 7>"$work/answer"
	timeout 120 tail -n +1 -F "$work/asked" 2>/dev/null | grep -q '^Docker: '
	echo '{"debug": true}' >$JSON
	"$SETUP" "${docker_args[@]}" >"$work/said" 2>&1
	status=$?
	echo y >&7
	exec 7>&-
	wait $asker
	((status == 0 && $? == 75)) && grep -q 'has changed since the plan was shown' "$work/asked" &&
		grep -q '"debug": true' $JSON
	count $? "asked while another changes Docker: $status"
	"$SETUP" undo --purge --yes >/dev/null 2>&1
	start_over
	finish "a question holds no lock"
}

# A worker that an attacker has taken over (hostile_worker.c), as each command starts it.
table_hostile_worker() {
	local mode verb begun status
	local hostile=${SETUP%/*}/oss-crs-setup-hostile
	local -A yes=([delegate]=--yes [docker]=--yes [undo]=--yes [sweep]=--yes)
	begin
	start_over
	install -d /etc/oss-crs
	printf '#!/bin/true\n' >/usr/local/bin/victim
	for mode in trial cut flood early silent random; do
		echo $mode >/etc/oss-crs/hostile
		for verb in delegate docker undo sweep check; do
			# These take their time, and are the same for each command.
			[[ $mode == trial || $mode == random || $verb == docker ]] || continue
			((++cases))
			in_time || continue
			start_over
			begun=$SECONDS
			if [[ $mode == silent ]]; then
				"$hostile" $verb --yes >"$work/said" 2>&1 &
				until "$SETUP" "${docker_args[@]}" >>"$work/said" 2>&1; do
					((SECONDS - begun < 120)) || break
				done
				docker_after
				status=$?
				kill -KILL $!
				wait $! 2>/dev/null
			else
				"$hostile" $verb ${yes[$verb]-} </dev/null >"$work/said" 2>&1
				status=$?
				case $mode in
				trial) ((status == 0)) && ! grep -q '^not refused' "$work/said" ;;
				random) ((status == 0)) && grep -q '^20000 requests' "$work/said" ;;
				cut | flood | early) ((status == 70)) ;;
				esac
				status=$?
			fi
			((status == 0)) && ((SECONDS - begun < 300)) && [[ $(stat -c %a /usr/local/bin/victim) == 644 ]] &&
				{ docker_before || docker_after; } && { delegate_before || delegate_after; } && tidy &&
				[[ -z $(find /etc /usr/local /var/lib -newer /etc/oss-crs/hostile -perm /7000 -type f) ]] &&
				! systemctl cat hostile.service >/dev/null 2>&1
			count $? "$mode as $verb, $((SECONDS - begun)) s"
			"$SETUP" undo --purge --yes >/dev/null 2>&1
		done
	done
	rm -f /etc/oss-crs/hostile /usr/local/bin/victim
	start_over
	finish "a worker that an attacker has taken over"
}

# What other users have: the slices of bob and carol, if they exist.
others() {
	cat $CG/user.slice/user-100[12].slice/cgroup.subtree_control 2>/dev/null
	find /etc/systemd/system $CG/user.slice/user-100[12].slice -maxdepth 2 \( -name "user@*" -o -name oss-crs \) 2>/dev/null | grep -v user@1000 | sort
}

# alice owns oss-crs: she makes and removes it and changes its mode while the program makes it.
table_races() {
	local racer other
	begin
	cases=1000
	start_over
	su alice -s /bin/sh -c "cd $ALICE && while :; do mkdir oss-crs; chmod 700 oss-crs; rmdir oss-crs; done" 2>/dev/null &
	racer=$!
	other=$(others)
	while in_time && ((ran < cases)); do
		"$SETUP" "${delegate_args[@]}" >"$work/said" 2>&1
		documented $? && [[ -z $(find $ALICE/oss-crs -user root 2>/dev/null) ]] &&
			[[ $(stat -c %U $CG/user.slice $CG/user.slice/user-1000.slice $CG/user.slice/cgroup.subtree_control | sort -u) == root ]] &&
			[[ $(others) == "$other" ]]
		count $? "a run while alice races"
	done
	kill $racer
	wait $racer 2>/dev/null
	pkill -u alice -f 'while :; do mkdir oss-crs' # started by su
	"$SETUP" undo --purge --yes >/dev/null 2>&1
	finish "races in the user's own cgroup"
}
