# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
#
# count: what the tables of faults share: cases are counted, said and told apart from those that could not be hurt. A table
# sets `seconds`, how long it may take, and `work`, a directory in which `said` is what the case has said.

cases=0 ran=0 held=0 missed=0 deadline=0
number=0 failures=0

# What a case that does not hold has left must not spoil the next.
after_failure() {
	:
}

begin() {
	cases=0 ran=0 held=0 missed=0 deadline=$((SECONDS + seconds))
}

# Or nothing has been hurt yet, within reason: the first cases may be of a call that does not come this time.
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

# One case: its name, and whether what follows was true.
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

# One case, but only if the program was hurt at all.
hurt_counts() { # STATUS WHETHER NAME
	if (($2)); then
		count "$1" "$3"
	else
		((++missed))
	fi
}

ERRORS="EIO ENOSPC EINTR ENOMEM EPERM"

# With the calls as "NAME NTH" on standard input: "NAME NTH ERROR" for each call and each error, in an order in which each call fails
# once before one fails for the second time.
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
