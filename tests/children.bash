# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# children: bash leaves its children running when a signal ends it. A script that only waits for its
# commands calls end_orphans in its trap on EXIT. One that shows progress runs its commands by
# follow and progress, as process groups of their own, and calls end_children_on_signals once; what
# else it has to undo, it does in a trap on EXIT.

children=() # process groups that may still run

as_root() {
	if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# End the processes that this one has started and still has, and wait for them, after some seconds
# by force: who starts others needs more time than they. Some of them may be root's.
end_orphans() { # SECONDS
	local orphans=some signal deadline=$((SECONDS + $1))
	for signal in TERM KILL; do
		[[ ! -r /proc/$$/task/$$/children ]] || read -r orphans <"/proc/$$/task/$$/children" || :
		[[ -n $orphans ]] || return 0
		pkill "-$signal" -P $$ || ((EUID == 0)) || sudo -n pkill "-$signal" -P $$ || :
		while pgrep -P $$ >/dev/null && ((SECONDS < deadline)); do
			moment 0.2
		done
	done
}

end_children_on_signals() {
	trap 'end_children; exit 129' HUP
	trap 'end_children; exit 130' INT
	trap 'end_children; exit 143' TERM
}

# A moment, without a process of its own.
moment() {
	read -rt "$1" <> <(:) || :
}

# Send a signal to the groups. Parts of them may be root's.
signal_children() { # SIGNAL
	local group
	for group in "${children[@]}"; do
		kill "-$1" -- "-$group" 2>/dev/null || :
		((EUID == 0)) || sudo -n kill "-$1" -- "-$group" 2>/dev/null || :
	done
}

children_run() {
	local group
	for group in "${children[@]}"; do
		! pgrep -g "$group" >/dev/null || return 0
	done
	return 1
}

# End all children and wait until they are gone; after half a minute by force.
end_children() {
	trap '' HUP INT TERM
	local deadline=$((SECONDS + 30))
	signal_children TERM
	while children_run && ((SECONDS < deadline)); do
		moment 0.2
	done
	signal_children KILL
	children=()
}

# Start a command in a group of its own, with its output where the caller's goes. Sets $! to its
# process. sudo asks for a password now: in the background it could not.
start_child() { # COMMAND...
	((EUID == 0)) || sudo -v
	set -m
	"$@" </dev/null &
	set +m
	children+=($!)
}

# Wait for the newest child. Its exit status is the function's.
wait_for_child() {
	local group=${children[-1]} status=0
	wait "$group" 2>/dev/null || status=$?
	unset 'children[-1]'
	return $status
}

# follow COMMAND...: run a command whose output is for the user.
follow() {
	start_child "$@"
	wait_for_child
}

# progress NAME COMMAND...: run a command whose output matters only if it fails. A terminal has one
# line with the seconds and the newest line of the output; elsewhere a line appears at the start, every
# half a minute, and at the end.
progress() {
	local name=$1 log begin=$SECONDS last=$SECONDS status=0
	shift
	log=$(mktemp)
	[[ -t 1 ]] || echo "$name ..."
	start_child "$@" >"$log" 2>&1
	while kill -0 "${children[-1]}" 2>/dev/null; do
		if [[ -t 1 ]]; then
			show_progress "$name" $((SECONDS - begin)) "$log"
		elif ((SECONDS - last >= 30)); then
			last=$SECONDS
			printf '%s ... %d s: %s\n' "$name" $((SECONDS - begin)) "$(newest_line "$log")"
		fi
		moment 1
	done
	wait_for_child || status=$?
	[[ ! -t 1 ]] || printf '\r\033[K'
	if ((status == 0)); then
		printf '%s: %d s\n' "$name" $((SECONDS - begin))
	else
		printf '%s: failed after %d s\n' "$name" $((SECONDS - begin))
		cat "$log" >&2
	fi
	rm -f "$log"
	return $status
}

# The last line of a log that has words, without control characters.
newest_line() { # LOG
	tail -c 4096 "$1" | tr '\r' '\n' | tr -cd '[:print:]\n' | grep -v '^ *$' | tail -n 1 | cut -c 1-100 || :
}

show_progress() { # NAME SECONDS LOG
	local columns=80 text
	columns=$(stty size </dev/tty 2>/dev/null | cut -d ' ' -f 2) || :
	text="$1 ... $2 s  $(newest_line "$3")"
	printf '\r\033[K%s' "${text:0:$((${columns:-80} - 1))}"
}
