# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script here shares: where things are, how to talk to people, how
# to wait for one another.  Sourced, never run.
#
# Nothing here may write outside build/ (and, for install-packages, apt).

set -euo pipefail
# A make that called us must not hand its options and jobs on.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

qemu_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$qemu_dir/../../.." && pwd -P)
# shellcheck disable=SC2034 # for those who source this
build_dir=$top/build
self=${0##*/}

# shellcheck disable=SC2034
tarball=${LINUX_TARBALL:-/usr/src/linux-source-6.12.tar.xz}

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "$self: $*"
	exit 1
}

# Wrong arguments: say how it is used, exit 2.
usage_error()
{
	say "$self: $*"
	say "Try '$self --help'."
	exit 2
}

# The comment at the head of a script is its help text.
help()
{
	awk 'NR < 3 || /^# shellcheck/ { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0" |
		sed '/./,$!d'
	exit 0
}

# our_files REGEX: the files of this repository whose path matches, one a line,
# relative to the top.  Tracked or not yet, but nothing that .gitignore calls a
# product of some build.
our_files()
{
	(
		cd "$top"
		if git -c safe.directory='*' rev-parse --git-dir > /dev/null 2>&1; then
			git -c safe.directory='*' -c core.quotepath=off ls-files \
				--cached --others --exclude-standard
		else
			# an exported tree
			find . -name build -prune -o -type f ! -name '*.[oad]' ! -name '*~' \
				! -path '*/__pycache__/*' -printf '%P\n'
		fi | LC_ALL=C sort -u | while IFS= read -r f; do
			[[ ! $f =~ $1 ]] || [ ! -f "$f" ] || printf '%s\n' "$f"
		done
	)
}

# lock NAME: one at a time may do what NAME stands for, until the script ends.
lock()
{
	mkdir -p "$build_dir"
	exec 9> "$build_dir/.lock.$1"
	if ! flock -n 9; then
		say "$self: waiting for another one that is at $1 ..."
		flock 9
	fi
}

# Count the lines that come in and show how far it is: one line that updates on
# a terminal, a line every ten seconds elsewhere.  $1 = what, $2 = about how many
# lines there will be (0: unknown), $3 = which lines to count (regex).
progress()
{
	local what=$1 total=$2 pattern=$3 n=0 last=$SECONDS begin=$SECONDS of='' line

	[ "$total" -eq 0 ] || of=" of about $total"
	while IFS= read -r line; do
		[[ $line =~ $pattern ]] || continue
		n=$((n + 1))
		if [ -t 2 ]; then
			printf '\r%s: %d%s ' "$what" "$n" "$of" >&2
		elif [ $((SECONDS - last)) -ge 10 ]; then
			last=$SECONDS
			say "$what: $n$of ($((SECONDS - begin)) s)"
		fi
	done
	if [ -t 2 ] && [ "$n" -gt 0 ]; then
		printf '\r\033[K' >&2
	fi
	[ $((SECONDS - begin)) -lt 10 ] || say "$what: $n ($((SECONDS - begin)) s)"
}
