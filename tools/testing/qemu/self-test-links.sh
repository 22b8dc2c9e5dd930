# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The part of self-test about what `check` says of documents: one that is right, then
# one fault each.  Sourced by self-test.

: "${qemu_dir:?}" "${dir:?}"

# linked SAYS TEXT: a document with that text is found fault with, in these words.
linked()
{
	local rc=0

	printf '%b\n' "$2" > "$dir/document.rst"
	"$qemu_dir/checks/links" "$dir/document.rst" > "$dir/said" 2>&1 || rc=$?
	if [ -z "$1" ]; then
		[ "$rc" = 0 ] && [ ! -s "$dir/said" ] && rc=0 || rc=1
	else
		[ "$rc" = 1 ] && grep -q -F -e ": $1" "$dir/said" && rc=0 || rc=1
	fi
	[ "$rc" = 0 ] || sed 's/^/# /' "$dir/said"
	result "$rc" "links: ${1:-nothing is wrong}"
}

# compiled STATUS NAME TEXT
compiled()
{
	local rc=0

	printf '.. code-block:: c\n\n%b\n' "$3" > "$dir/document.rst"
	"$qemu_dir/checks/examples" "$dir/document.rst" > "$dir/said" 2>&1 || rc=$?
	[ "$rc" = "$1" ] && rc=0 || rc=1
	[ "$rc" = 0 ] || sed 's/^/# /' "$dir/said"
	result "$rc" "examples: $2"
}

# What is quoted is a document.
# shellcheck disable=SC2016
document_tests()
{
	linked '' 'See mm/damon/core.c, samples/damon/*.c and ``make check``; design.rst.\n
    $ make run CMD="damonctl run --png a.png -- ls -l --all-of-it"
    # cd /sys/kernel/mm/damon/admin/kdamonds
    # echo 1 > 0/contexts/0/schemes/nr_schemes
    # echo commit > 0/state
    # tools/testing/qemu/run --icount "true"
    # damonctl record -p 1 -o x | cat --no-such-option
CONFIG_DAMON_SYSFS, ``make -C tools/damon static``, ``damonctl report wss|hist``,
``contexts/<C>/targets/0/pid_target``, https://www.kernel.org/'
	linked 'no mm/damon/frob.c' 'See mm/damon/frob.c.'
	linked 'no tools/damon/frob' 'See tools/{damon/frob,bench}.'
	linked 'no file frob.rst' 'See frob.rst.'
	linked 'no option CONFIG_DAMON_FROB' 'Set CONFIG_DAMON_FROB.'
	linked 'not by https' 'See http://www.kernel.org/.'
	linked 'no target frob' '``make frob``'
	linked 'no target frob' '    # make -C tools/damon frob'
	linked './Makefile knows nothing of FROB' '``make deb FROB=1``'
	linked 'no test frob' "    make test TESTS='walk frob'"
	linked 'no command damonctl frob' '``damonctl frob -p 1``'
	linked 'no option --frob of damonctl start' '    # damonctl start --frob -p 1'
	linked 'no option -z of damonctl run' "    make run CMD='damonctl run -z -- ls'"
	linked 'no view damonctl report frob' '``damonctl report frob``'
	linked 'tools/testing/qemu/run knows no --frob' '    tools/testing/qemu/run --frob true'
	linked 'no /sys/kernel/mm/damon/admin/frob' '``cat /sys/kernel/mm/damon/admin/frob``'
	linked 'no contexts/0/frob in the ABI' 'The file ``contexts/0/frob`` is.'
	linked 'no file 0/frob in the ABI' '    # echo 1 > 0/frob'
	linked '"frob" is no command' '    # echo frob > 0/state'

	compiled 0 'what is right' \
		'\tstatic bool f(struct damon_ctx *c)\n\t{\n\t\treturn c->pause;\n\t}'
	compiled 1 'a member that is not there' \
		'\tstatic bool f(struct damon_ctx *c)\n\t{\n\t\treturn c->frob;\n\t}'
	compiled 1 'a warning' '\tstatic int f(void)\n\t{\n\t\treturn "";\n\t}'
}

document_tests
