# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
#
# count: what the fault tables share. Counts and reports the cases, and keeps those that the fault
# did not reach apart. A table sets `seconds`, its time limit, and `work`, a directory in which the
# file `said` has the output of the case.

cases=0 ran=0 held=0 missed=0 deadline=0
number=0 failures=0

# Remove what a failed case left, so that it does not disturb the next.
after_failure() {
	:
}

begin() {
	cases=0 ran=0 held=0 missed=0 deadline=$((SECONDS + seconds))
}

# True too while no fault has hit anything yet, for five cases at most: the first calls may not
# occur this time.
in_time() {
	((SECONDS < deadline || (ran == 0 && missed < 5)))
}

finish() { # NAME
	local word=ok
	((++number))
	((ran > 0 && held == ran)) || { word="not ok" failures=$((failures + 1)); }
	echo "$word $number - $1: $cases cases, $ran ran, $held held"
	((missed == 0)) || echo "# and $missed that were not hurt, since such a call did not come: not counted as run"
}

# Count one case, by its name and its outcome.
count() { # STATUS NAME
	((++ran))
	if (($1 == 0)); then
		((++held))
	else
		echo "# does not hold: $2"
		sed 's/^/#   /' "$work/said" 2>/dev/null | tail -n 12
		after_failure
	fi
}

# Count one case, but only if the fault hit the program.
hurt_counts() { # STATUS WHETHER NAME
	if (($2)); then
		count "$1" "$3"
	else
		((++missed))
	fi
}

ERRORS="EIO ENOSPC EINTR ENOMEM EPERM"

# Reads the calls as "NAME NTH" and writes "NAME NTH ERROR" for each call and each error, in an
# order in which every call fails once before any call fails a second time.
each_error() {
	scatter | awk -v errors="$ERRORS" '
		{ call[NR] = $0 }
		END {
			n = split(errors, error, " ")
			for (pass = 0; pass < n; pass++)
				for (i = 1; i <= NR; i++)
					print call[i], error[(i + pass) % n + 1]
		}'
}

scatter() {
	awk '{ print (NR * 7919) % 104729 "\t" $0 }' | sort -n | cut -f 2-
}
