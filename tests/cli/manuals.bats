#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The manuals agree with the programs: they have every command, option and key, and no others.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
SETUP=${SETUP:-$HERE/build/release/setup-helper/oss-crs-setup}
MAN=$HERE/packaging/man
export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config

commands() {
	"$RUN" --help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

# The long options in the --help text on standard input, one per line.
helped_options() {
	sed -nE 's/^ +(-., )?--([a-z-]+).*/\2/p'
}

# "OPTION COMMAND" for each option of each command, from --help.
helped() {
	local command
	for command in $(commands); do
		"$RUN" "$command" --help | helped_options | sed "s/$/ $command/"
	done | sort
}

# "OPTION [COMMAND]..." from the items of the manual; an option without commands belongs to all of
# them.
documented_options() { # FILE
	sed -nE '/^\.Sh OPTIONS/,/^\.Sh [^O]/s/^\.It (.*, )?Fl -([a-z-]+)( .*Pq ([a-z, ]+)| .*)?$/\2 \4/p' "$1" | tr -d ,
}

documented() {
	local option list command
	documented_options "$MAN/oss-crs-run.1" | while read -r option list; do
		for command in ${list:-$(commands)}; do
			echo "$option $command"
		done
	done | sort
}

same() { # WHAT HAVE WANT
	[ -n "$3" ]
	[ "$2" = "$3" ] || {
		echo "$1: the manual (<) and the program (>) differ"
		diff <(echo "$2") <(echo "$3") | grep '^[<>]'
		return 1
	}
}

@test "every manual is free of mandoc's and groff's warnings" {
	for page in "$MAN"/*; do
		run mandoc -T lint -W warning "$page"
		[ "$status" -eq 0 ] || { echo "$output" && return 1; }
		run bash -c 'LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null' _ "$page"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
}

@test "oss-crs-run(1) has every command, in the synopsis and among the commands" {
	same commands "$(sed -n '/^\.Sh COMMANDS/,/^\.Sh OPTIONS/s/^\.It Cm \([a-z]*\).*/\1/p' "$MAN/oss-crs-run.1" | sort)" \
		"$(commands | sort)"
	same synopsis "$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.Cm \([a-z]*\).*/\1/p' "$MAN/oss-crs-run.1" | sort)" \
		"$(commands | sort)"
}

@test "oss-crs-run(1) has every option, and says which commands have it" {
	same options "$(documented)" "$(helped)"
}

@test "oss-crs-setup(8) has every verb and option" {
	same options "$(documented_options "$MAN/oss-crs-setup.8" | tr -d ' ' | sort)" \
		"$("$SETUP" --help | helped_options | sort)"
	same verbs "$(sed -n '/^\.Sh DESCRIPTION/,/^\.Sh OPTIONS/s/^\.It Cm \([a-z]*\).*/\1/p' "$MAN/oss-crs-setup.8" | sort)" \
		"$("$SETUP" --help | sed -nE 's/^  ([a-z]+) .*/\1/p' | sort)"
}

# The program itself decides: it refuses an option that may stand in run.conf for its value, any
# other for its name.
@test "oss-crs-run.conf(5) has every option that can stand there" {
	local option settable=
	mkdir -p "$XDG_CONFIG_HOME/oss-crs"
	for option in $(helped | cut -d ' ' -f 1 | sort -u); do
		printf '[defaults]\n%s = \n' "$option" >"$XDG_CONFIG_HOME/oss-crs/run.conf"
		run "$RUN" plan /nowhere
		[ "$status" -eq 78 ]
		[[ "$output" == *"cannot be set in run.conf"* ]] || settable+="$option"$'\n'
	done
	same keys "$(sed -n 's/^\.It Ic \([a-z-]*\) .*/\1/p' "$MAN/oss-crs-run.conf.5" | sort)" "${settable%$'\n'}"
}

@test "oss-crs-setup.conf(5) and the file that is installed have the same keys, which are the program's" {
	local known
	known=$(sed -nE 's/^\t\{"(delegate|docker)", "([a-z_]+)", .*/\2/p' "$HERE/setup-helper/process/policy.c" | sort)
	same keys "$(sed -n 's/^\.It Ic \([a-z_]*\) .*/\1/p' "$MAN/oss-crs-setup.conf.5" | sort)" "$known"
	same "keys of setup.conf" "$(sed -n 's/^#\([a-z_]*\) = .*/\1/p' "$HERE/packaging/setup.conf" | sort)" "$known"
}

@test "the statuses of the manuals are those of docs/exit-status.md" {
	local page
	for page in oss-crs-run.1 oss-crs-setup.8; do
		sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EX/s/^\.It \([0-9].*\)/\1/p' "$MAN/$page"
	done | sort -u >"$BATS_TEST_TMPDIR/statuses"
	same statuses "$(grep -vx 0 "$BATS_TEST_TMPDIR/statuses")" \
		"$(sed -nE 's/^\| ([0-9N+]+) \|.*/\1/p' "$HERE/docs/exit-status.md" | sort -u)"
}
