# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# steps: what ./check is made of: named steps with a time each, and a closing line that says what
# failed, what was skipped, and what was not run. The caller sets strict=yes if a skipped test or
# step is to end the whole with a failure.

passed=0
failed=0
skips=0   # tests and steps that were skipped
left_out=() # large parts that the caller chose not to run
times=()  # "SECONDS<Tab>NAME"
broken=() # the names of the steps that failed, and of the tests in the logs of the lab

# step NAME COMMAND...: run one step. Its output appears only if it fails; the tests in it that were
# skipped appear in any case, with their reason.
step() {
	local name=$1 log begin=$SECONDS verdict=ok
	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 || verdict=FAIL
	if [[ $verdict == ok ]]; then passed=$((passed + 1)); else failed=$((failed + 1)) broken+=("$name"); fi
	times+=("$((SECONDS - begin))"$'\t'"$name")
	printf '%-5s %-36s %4d s\n' "$verdict" "$name" $((SECONDS - begin))
	[[ $verdict == ok ]] || tail -n 200 "$log"
	count_skipped_tests "$log"
	rm -f "$log"
}

# skip_step NAME REASON: a step that cannot run here.
skip_step() {
	skips=$((skips + 1))
	printf 'skip  %-36s %s\n' "$1" "$2"
}

# The tests that bats and cmocka report as skipped in a log.
count_skipped_tests() { # LOG
	local line
	while read -r line; do
		skips=$((skips + 1))
		echo "skip  $line"
	done < <(sed -nE 's/^ok [0-9]+ (.*) # skip ?(.*)$/\1: \2/p; s/^\[  SKIPPED \] ([a-z_0-9]+).*/\1/p' "$1" | sort -u)
}

# Adds the tests of a log of `bats --timing` to the times. Takes the words to put before each name.
time_tests() { # LOG WORDS
	local line
	while read -r line; do
		times+=("${line%% *}"$'\t'"$2${line#* }")
	done < <(sed -nE 's/^(not )?ok [0-9]+ (.*) in ([0-9]+)ms.*/\3 \2/p' "$1" | awk '{ $1 = int($1 / 1000 + 0.5); print }')
}

# Adds the tests of a log that failed to what is broken. Takes the words to put before each name.
name_failed_tests() { # LOG WORDS
	local line
	while read -r line; do
		broken+=("$2$line")
	done < <(sed -nE 's/^not ok (- )?([0-9]+ )?//p' "$1")
}

# Shows of each test of a log that failed its first lines, which say where it failed, and its last
# ones, where a job says why it ended.
show_failed_tests() { # LOG WORDS
	awk '
		function show(i) {
			for (i = 1; i <= count; i++)
				if (i <= 6 || i > count - 24)
					print said[i]
				else if (i == 7)
					print "# [...]"
			count = 0
		}
		/^not ok/ { show(); failed = 1 }
		failed && !/^(#|not ok)/ { show(); failed = 0 }
		failed { said[++count] = $0 }
		END { show() }
	' "$1" | sed "s/^/$2/"
}

# closing_line: prints the slowest ten steps, what failed and, last, one line with the whole. Returns 0 if
# nothing failed and, with strict=yes, nothing was skipped or left out.
closing_line() {
	local line more=""
	((${#times[@]} == 0)) || echo "slowest:"
	while IFS=$'\t' read -r line more; do
		printf '%6d s  %s\n' "$line" "$more"
	done < <(printf '%s\n' "${times[@]}" | sort -s -t $'\t' -k 1,1nr | head -n 10)
	((${#broken[@]} == 0)) || printf '%s\n' "failed:" "${broken[@]/#/  }"
	line="$passed passed, $failed failed"
	((skips == 0)) || line+=", $skips skipped"
	((${#left_out[@]} == 0)) || line+="; not run: $(printf '%s, ' "${left_out[@]}" | sed 's/, $//')"
	if [[ ${strict:-} == yes ]] && ((skips + ${#left_out[@]} > 0)); then
		line+="; --strict takes what was skipped or not run for a failure"
		failed=$((failed + 1))
	fi
	echo "$line"
	((failed == 0))
}
