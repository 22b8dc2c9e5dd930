# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests in a guest share, to be sourced: a directory of their own to be in,
# results as KTAP, one program to be monitored.

set -u
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
admin=/sys/kernel/mm/damon/admin/kdamonds
dir=$(mktemp -d)
cd "$dir" || exit 1
nr=0 bad=0

# result NAME: the status of the command before is the result.
result()
{
	local rc=$?

	nr=$((nr + 1))
	if [ "$rc" -eq 0 ]; then
		echo "ok $nr $1"
	else
		echo "not ok $nr $1"
		bad=$((bad + 1))
		# The others shall find a clean kernel.
		damonctl stop all > /dev/null 2>&1 || true
	fi
}

# run_tool STATUS COMMAND...: as expected?  What it printed is in out and err, or is shown.
run_tool()
{
	local wanted=$1 rc=0

	shift
	timeout 60 "$@" > out 2> err < /dev/null || rc=$?
	[ "$rc" -ne "$wanted" ] || return 0
	echo "# '$*' ended with $rc, not $wanted"
	sed 's/^/# /' err out | head -n 20
	return 1
}

says()
{
	grep -qE -e "$1" out err && return
	echo "# nothing about '$1':"
	sed 's/^/# /' err out | head -n 20
	return 1
}

# fails STATUS PATTERN ARGUMENT...: one line that names the fault, and nothing else.
fails()
{
	local wanted=$1 pattern=$2 lines

	shift 2
	run_tool "$wanted" damonctl "$@" || return
	lines=$(wc -l < err)
	if [ "$lines" -ne 1 ] || [ -s out ] || ! grep -qE -e "$pattern" err; then
		echo "# 'damonctl $*' should have said one line about '$pattern':"
		sed 's/^/# /' err out | head -n 20
		return 1
	fi
}

# The kernel as it was: no kdamond, no thread, no trace instance of ours.
left_clean()
{
	local left=''

	[ "$(cat $admin/nr_kdamonds)" = 0 ] || left="nr_kdamonds $(cat $admin/nr_kdamonds)"
	# shellcheck disable=SC2009 # names of threads, not of programs
	! ps -e -o comm= | grep -q '^kdamond' || left+=' a thread'
	[ -z "$(ls -d /sys/kernel/tracing/instances/damonctl.* 2> /dev/null)" ] || left+=' an instance'
	[ -n "$left" ] || return 0
	echo "# left behind: $left"
	return 1
}

# A program with 4 MiB that are hot and 60 MiB that are not.
workload()
{
	exec -a "$1" /usr/bin/python3 -c '
import time
memory = bytearray(64 << 20)
for i in range(0, len(memory), 4096):
    memory[i] = 1
open("ready." + str(__import__("os").getpid()), "w").close()
end = time.time() + 900
while time.time() < end:
    for i in range(0, 4 << 20, 4096):
        memory[i] = 1
'
}

begin_workload()
{
	local i

	workload "$1" &
	pid=$!
	for i in $(seq 300); do
		[ ! -e "ready.$pid" ] || return 0
		sleep 0.1
	done
	echo "Bail out! no workload after 30 s ($i)"
	exit 1
}

# Prints the plan of a test script, and fails if somebody monitors already.
begin_tests()
{
	echo 'KTAP version 1'
	echo "1..$(grep -c '^result ' "$0")"
	[ -e $admin/nr_kdamonds ] && left_clean
}

# Ends the script.
end_tests()
{
	cd /
	rm -rf "$dir"
	exit $((bad != 0))
}
