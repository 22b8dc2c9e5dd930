# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Fragments of kernel configurations: what `build` and `deb` share.  Sourced after
# common.sh.

# merge_config FILE...: the fragments as one, the last word on each option winning.
merge_config()
{
	awk '/^CONFIG_[A-Z0-9_a-z]+=/ { split($0, a, "="); key = a[1] }
	     /^# CONFIG_[A-Z0-9_a-z]+ is not set$/ { key = $2 }
	     key { if (!(key in line)) order[++n] = key; line[key] = $0; key = "" }
	     END { for (i = 1; i <= n; i++) print line[order[i]] }' "$@"
}

# dropped_options WANTED CONFIG: the lines of WANTED that CONFIG does not have, and
# what is on there and was to be off.
dropped_options()
{
	awk 'NR == FNR { if ($0 ~ /is not set$/) off[$2] = 1; else on[$0] = 1; next }
	     $0 in on { delete on[$0] }
	     /^CONFIG_/ { split($0, a, "="); if (a[1] in off) bad[$0] = 1 }
	     END { for (l in on) print "wanted " l; for (l in bad) print "got " l }' \
		"$1" "$2" | sort
}
