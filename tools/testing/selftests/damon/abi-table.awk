# SPDX-License-Identifier: GPL-2.0
#
# Make a C table of Documentation/ABI/testing/sysfs-kernel-mm-damon: one row a
# file, of what its entry says in parentheses, and of its quoted words if it takes
# keywords or commands.  An entry that says nothing there is an error.

BEGIN { top = "/sys/kernel/mm/damon/admin/kdamonds/" }

function fail(why)
{
	print FILENAME ": " path ": " why > "/dev/stderr"
	failed = 1
	exit 1
}

# What follows a word of the rule, or "".
function after(word,	 i)
{
	for (i = 2; i <= nr; i++)
		if (index(rule[i], word " ") == 1)
			return substr(rule[i], length(word) + 2)
	return ""
}

function has(words,	 i)
{
	for (i = 2; i <= nr; i++)
		if (rule[i] == words)
			return 1
	return 0
}

function finish(	 text, initial, rest, row)
{
	if (path == "" || path ~ /\/$/)
		return
	if (index(path, top) != 1)
		fail("not below " top)
	text = description
	gsub(/[ \t\n]+/, " ", text)
	if (!match(text, /\((bool|int|unsigned int|unsigned long|string|text|keyword|command)[,:)][^)]*/))
		fail("says no type in parentheses")
	row = substr(text, RSTART + 1, RLENGTH - 1)
	sub(/[:)].*/, "", row)
	nr = split(row, rule, / ?, ?/)
	initial = after("initially")
	printf "\t{ \"%s\", \"%s\",\n\t  ", substr(path, length(top) + 1), rule[1]
	if (initial == "")
		printf "NULL"
	else
		printf "\"%s\"", initial == "empty" ? "" : initial
	printf ", %d, %d, %d, %d,\n\t  { ", has("read only"), has("not 0"),
	       after("at most"), text ~ /too large are refused with EINVAL/
	if (rule[1] ~ /^(keyword|command)$/)
		for (rest = text; match(rest, /"[^"]*"/);
		     rest = substr(rest, RSTART + RLENGTH))
			printf "%s, ", substr(rest, RSTART, RLENGTH)
	print "NULL } },"
}

/^What:/ {
	finish()
	path = $2
	description = ""
	next
}

/^(Date|Contact|KernelVersion|Users):/ { next }

{
	sub(/^Description:/, "")
	description = description "\n" $0
}

END {
	if (!failed)
		finish()
	exit failed
}
