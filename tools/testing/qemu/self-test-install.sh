# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The part of self-test about install-tree: into the files of a fresh tree that it
# touches, straight from the archive, and out again.  Sourced by self-test.

: "${top:?}" "${qemu_dir:?}" "${tarball:?}" "${dir:?}"

# shellcheck source=overlay.sh
. "$qemu_dir/overlay.sh"

# expect STATUS NAME COMMAND...: and what it says goes to $dir/said.
expect()
{
	local want=$1 name=$2 rc=0

	shift 2
	"$@" > "$dir/said" 2>&1 || rc=$?
	[ "$rc" = "$want" ] && rc=0 || rc=1
	[ "$rc" = 0 ] || sed 's/^/# /' "$dir/said"
	result "$rc" "install-tree: $name"
}

says()
{
	local rc=0

	grep -q -F -e "$1" "$dir/said" || rc=1
	result "$rc" "install-tree says: $1"
}

# Every path of a directory, with what is in it.
picture_of()
{
	(
		cd "$1" || return
		find . -type f -print0 | xargs -0 -r sha256sum
		find . -printf '%p %y\n'
	) | LC_ALL=C sort
}

install_tests()
{
	local tree=$dir/tree install=$qemu_dir/install-tree

	mkdir "$tree"
	{
		printf '%s\n' Makefile mm/Kconfig mm/Makefile
		foreign_files
		# Plain 6.12 has no samples of it.
		stock_paths | grep -vxF samples/damon
	} | sort -u | sed 's,^,linux-source-6.12/,' > "$dir/members"
	tar -xf "$tarball" -C "$tree" --strip-components=1 -T "$dir/members"
	picture_of "$tree" > "$dir/before"

	expect 1 'no tree' "$install" "$dir/none"
	expect 1 'not a kernel' "$install" "$dir"
	says 'is no Linux tree'
	expect 1 'nothing to undo' "$install" --undo "$tree"
	sed -i 's/^PATCHLEVEL = 12$/PATCHLEVEL = 13/' "$tree/Makefile"
	expect 1 'another version' "$install" "$tree"
	says 'is Linux 6.13, not 6.12'
	sed -i 's/^PATCHLEVEL = 13$/PATCHLEVEL = 12/' "$tree/Makefile"
	mv "$tree/samples/Kconfig" "$dir/Kconfig"
	sed 's,^source "samples/rust,# &,' "$dir/Kconfig" > "$tree/samples/Kconfig"
	expect 1 'a file that is not as we know it' "$install" "$tree"
	says 'samples/Kconfig'
	mv "$dir/Kconfig" "$tree/samples/Kconfig"
	touch "$tree/include/linux/damos.h"
	expect 1 'a file in the way' "$install" "$tree"
	says 'include/linux/damos.h is there already'
	rm "$tree/include/linux/damos.h"
	picture_of "$tree" > "$dir/after"
	expect 0 'refusals changed nothing' cmp "$dir/before" "$dir/after"

	expect 0 'fresh tree' "$install" "$tree"
	picture_of "$tree" > "$dir/once"
	expect 0 'our file is there' cmp "$top/mm/damon/core.c" "$tree/mm/damon/core.c"
	expect 0 'again' "$install" "$tree"
	picture_of "$tree" > "$dir/twice"
	expect 0 'again changed nothing' cmp "$dir/once" "$dir/twice"
	echo '/* mine */' >> "$tree/mm/damon/core.c"
	expect 1 'a file that was edited' "$install" "$tree"
	says 'core.c was changed since'
	expect 1 'undo, and a file that was edited' "$install" --undo "$tree"
	cp "$top/mm/damon/core.c" "$tree/mm/damon/core.c"
	echo '# mine' >> "$tree/samples/Makefile"
	expect 0 'undo' "$install" --undo "$tree"
	sed -i '$ d' "$tree/samples/Makefile"
	picture_of "$tree" > "$dir/after"
	expect 0 'undo leaves all as it was' cmp "$dir/before" "$dir/after"
}

install_tests
