# SPDX-License-Identifier: MIT
#
# table: the results of tests/bench as a table in Markdown.

# Four digits are more than there is to know.
def short: if . == null then "" elif fabs >= 1000 or . == floor then (round | tostring) else ((. * 100 | round) / 100 | tostring) end;

"| what | figure | min–max | target | |",
"| ---- | ------ | ------- | ------ | - |",
(.results[] | "| \(.what) | " + (
	if .why then "– | | | \(.why) |"
	else
		"\(.value | short)\(if .unit == "x" then "×" elif .unit == "" then "" else " " + .unit end) | "
		+ (if .min then "\(.min | short)–\(.max | short)" else "" end)
		+ " | " + (if .limit != null then "\(if .op == "<=" then "≤" else "≥" end) \(.limit)\(if .unit == "x" then "×" else "" end)" else "" end)
		+ " | \(if .holds == false then "**missed**" else "" end) |"
	end))
