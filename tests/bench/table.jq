# SPDX-License-Identifier: MIT
#
# table: the results of tests/bench as a table in Markdown, and those of the isolation as one of their
# own: the speed of each victim, and how far its rounds are apart. What misses its target is bold.

# Four digits are more than there is to know.
def short: if . == null then "" elif fabs >= 1000 or . == floor then (round | tostring) else ((. * 100 | round) / 100 | tostring) end;

def flag: if .holds == false then "**\(.text)**" else .text end;
def speed: .text = "\(.value | short)×" | flag;
def percent: .text = "\(.value | short) %" | flag;
def is_matrix: .id | test("^isolation\\.(?!lost)");

"| what | figure | min–max | target | |",
"| ---- | ------ | ------- | ------ | - |",
(.results[] | select(is_matrix | not) | "| \(.what) | " + (
	if .why then "– | | | \(.why) |"
	else
		"\(.value | short)\(if .unit == "x" then "×" elif .unit == "" then "" else " " + .unit end) | "
		+ (if .min then "\(.min | short)–\(.max | short)" else "" end)
		+ " | " + (if .limit != null then "\(if .op == "<=" then "≤" else "≥" end) \(.limit)\(if .unit == "x" then "×" else "" end)" else "" end)
		+ " | \(if .holds == false then "**missed**" else "" end) |"
	end)),
(INDEX(.results[] | select(is_matrix); .id) as $cell | select($cell | length > 0)
	| "",
	"| victim | neighbour | ours | exclusive | docker | none | apart: ours | apart: taskset |",
	"| ------ | --------- | ---- | --------- | ------ | ---- | ----------- | -------------- |",
	($cell | keys_unsorted | map(split(".")[1:3]) | unique_by(.)[]
		| "isolation.\(.[0]).\(.[1])" as $id
		| "| \(.[0]) | \(.[1]) | "
		+ (["ours", "exclusive", "docker", "none"] | map($cell["\($id).\(.)"] | speed) | join(" | "))
		+ " | \($cell[$id + ".spread"] | percent) | \($cell[$id + ".spread.taskset"] | percent) |"))
