# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What `prepare` (links into our own tree) and `install-tree` (copies into a
# user's tree) share: which paths leave, which come, and which lines of foreign
# files change.  Sourced after common.sh.

: "${top:?}" "${qemu_dir:?}"

# The stock paths, one a line.
stock_paths()
{
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$qemu_dir/stock-paths"
}

# Our files that belong in a kernel tree, one a line.  What only serves this
# repository stays out.
overlay_files()
{
	our_files '^(include|mm|Documentation|tools|samples)/' |
		grep -v -E '^tools/(testing/qemu|bench)/' || true
}

# add_after FILE ANCHOR NEW: insert the line NEW after the line ANCHOR.  Nothing
# happens if it is there already.  An anchor that is absent or not unique means
# that the file is not the one we know: stop.  FILE may be a link into a tree
# that must not change, so it is replaced, never written to.
add_after()
{
	local file=$1 anchor=$2 new=$3 n

	[ -f "$file" ] || die "$file: no such file; is this a Linux 6.12 tree?"
	! grep -qxF -e "$new" "$file" || return 0
	n=$(grep -cxF -e "$anchor" "$file" || true)
	[ "$n" = 1 ] ||
		die "$file: the line '$anchor' is there $n times, not once; add '$new' by hand"
	awk -v anchor="$anchor" -v new="$new" \
		'{ print } $0 == anchor { print new }' "$file" > "$file.new"
	mv -f "$file.new" "$file"
}

# Take the line OLD out of FILE, which may be a link, see above.
drop_line()
{
	local file=$1 old=$2

	grep -qxF -e "$old" "$file" 2> /dev/null || return 0
	grep -vxF -e "$old" "$file" > "$file.new" || true
	mv -f "$file.new" "$file"
}

# The files that are not ours and change all the same.
foreign_files()
{
	sed -n 's/^\([^#]*\) :: .*/\1/p' "$qemu_dir/dangling-lines"
	[ ! -f "$top/samples/damon/Kconfig" ] || printf '%s\n' samples/Kconfig samples/Makefile
}

# The lines that foreign files need, and those that they do not need any more.
# mm/Kconfig and mm/Makefile have theirs in 6.12 already; only samples/damon is
# new there.
add_hooks()
{
	local tree=$1 row

	grep -qxF 'source "mm/damon/Kconfig"' "$tree/mm/Kconfig" ||
		die "$tree/mm/Kconfig does not source mm/damon/Kconfig; not a 6.12 tree?"
	grep -q '^obj-.*damon/$' "$tree/mm/Makefile" ||
		die "$tree/mm/Makefile does not build mm/damon; not a 6.12 tree?"
	while IFS= read -r row; do
		[[ $row == \#* ]] || drop_line "$tree/${row%% :: *}" "${row#* :: }"
	done < "$qemu_dir/dangling-lines"
	[ -f "$top/samples/damon/Kconfig" ] || return 0
	add_after "$tree/samples/Kconfig" 'source "samples/rust/Kconfig"' \
		'source "samples/damon/Kconfig"'
	add_after "$tree/samples/Makefile" '# Makefile for Linux samples code' \
		'obj-y += damon/'
}
