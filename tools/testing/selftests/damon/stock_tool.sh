#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A program written for stock kernels, as far as the kernel sees of it: it finds out
# what there is, then starts, tunes, reports and stops, by these writes and reads in
# this order.  Only what the shell itself can do, so that it runs anywhere.

root=/sys/kernel/mm/damon/admin/kdamonds
context=$root/0/contexts/0
scheme=$context/schemes/0
nr=0 bad=0

result()
{
	nr=$((nr + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $nr $2"
	else
		bad=$((bad + 1))
		echo "not ok $nr $2"
	fi
}

# The content of a file with one line.
get()
{
	line=
	read -r line < "$1" || [ -n "$line" ] || return 1
	echo "$line"
}

# put FILE TEXT...: what cannot be written is fatal to the program.
put()
{
	file=$1
	shift
	if [ ! -e "$file" ]; then
		echo "# $file is missing"
		return 1
	fi
	echo "$*" > "$file" || {
		echo "# $file: '$*' refused: $(get $root/0/last_error)"
		return 1
	}
}

# It writes a number of directories only if another one is there.
put_nr()
{
	[ "$(get "$1")" = "$2" ] || put "$1" "$2"
}

# Each step is a function; the first thing that fails ends it.
step()
{
	(set -e; "$1")
	result $? "$1"
}

# What it takes the features of a kernel from: files that exist, once one of each
# directory is staged.
find_features()
{
	[ -d "$root" ]
	[ "$(get $root/nr_kdamonds)" = 0 ]
	put_nr $root/nr_kdamonds 1
	[ "$(get $root/0/state)" = off ]
	put_nr $root/0/contexts/nr_contexts 1
	put_nr $context/targets/nr_targets 1
	put_nr $context/schemes/nr_schemes 1
	put_nr $scheme/filters/nr_filters 1
	put $scheme/filters/0/type young
	put_nr $scheme/quotas/goals/nr_goals 1
	put_nr $scheme/core_filters/nr_filters 1
	put_nr $scheme/ops_filters/nr_filters 1
	put_nr $scheme/dests/nr_dests 1
	for file in avail_operations addr_unit pause targets/0/obsolete_target \
		monitoring_attrs/intervals/intervals_goal/access_bp \
		schemes/0/apply_interval_us schemes/0/target_nid \
		schemes/0/tried_regions/total_bytes \
		schemes/0/quotas/effective_bytes schemes/0/quotas/goal_tuner \
		schemes/0/quotas/fail_charge_num \
		schemes/0/quotas/fail_charge_denom \
		schemes/0/quotas/goals/0/nid schemes/0/quotas/goals/0/path \
		schemes/0/filters/0/allow schemes/0/filters/0/min \
		schemes/0/core_filters/0/type schemes/0/ops_filters/0/type \
		schemes/0/dests/0/weight schemes/0/stats/sz_ops_filter_passed \
		schemes/0/stats/nr_snapshots schemes/0/stats/max_nr_snapshots; do
		[ -e "$context/$file" ] || {
			echo "# $file is missing"
			return 1
		}
	done
	[ -e $root/0/refresh_ms ]
	# One that has the fractions is taken to have this action and metric, too.
	put $scheme/action collapse
	put $scheme/quotas/goals/0/target_metric node_eligible_mem_bp
	found=
	while read -r name; do
		found="$found $name"
	done < $context/avail_operations
	case "$found " in
	*' vaddr '*fvaddr*) ;;
	*) return 1 ;;
	esac
	# As it was before.
	put $root/nr_kdamonds 0
}

stage_attrs()
{
	put $context/operations vaddr
	[ ! -e $context/addr_unit ] || put $context/addr_unit 1
	attrs=$context/monitoring_attrs
	put $attrs/intervals/sample_us 5000
	put $attrs/intervals/aggr_us 100000
	put $attrs/intervals/update_us 1000000
	put $attrs/intervals/intervals_goal/access_bp 0
	put $attrs/intervals/intervals_goal/aggrs 0
	put $attrs/intervals/intervals_goal/min_sample_us 0
	put $attrs/intervals/intervals_goal/max_sample_us 0
	put $attrs/nr_regions/min 10
	put $attrs/nr_regions/max 1000
	put $context/pause N
	put_nr $context/targets/nr_targets 1
	put $context/targets/0/pid_target "$victim"
	put $context/targets/0/obsolete_target N
	put_nr $context/targets/0/regions/nr_regions 0
}

# stage_scheme ACTION APPLY_INTERVAL
stage_scheme()
{
	put_nr $context/schemes/nr_schemes 1
	for bounds in sz nr_accesses age; do
		put $scheme/access_pattern/$bounds/min 0
		put $scheme/access_pattern/$bounds/max 18446744073709551615
	done
	put $scheme/action "$1"
	put $scheme/target_nid -1
	put $scheme/apply_interval_us "$2"
	put_nr $scheme/dests/nr_dests 0
	put $scheme/quotas/ms 0
	put $scheme/quotas/bytes 0
	put $scheme/quotas/reset_interval_ms 0
	put $scheme/quotas/goal_tuner consist
	put $scheme/quotas/fail_charge_num 0
	put $scheme/quotas/fail_charge_denom 0
	put_nr $scheme/quotas/goals/nr_goals 0
	put $scheme/quotas/weights/sz_permil 0
	put $scheme/quotas/weights/nr_accesses_permil 0
	put $scheme/quotas/weights/age_permil 0
	put $scheme/watermarks/metric none
	put $scheme/watermarks/interval_us 0
	put $scheme/watermarks/high 0
	put $scheme/watermarks/mid 0
	put $scheme/watermarks/low 0
	put_nr $scheme/filters/nr_filters 0
	put_nr $scheme/core_filters/nr_filters 0
	put_nr $scheme/ops_filters/nr_filters 0
	put $scheme/stats/max_nr_snapshots 0
}

start()
{
	put_nr $root/nr_kdamonds 1
	put $root/0/refresh_ms 0
	put_nr $root/0/contexts/nr_contexts 1
	stage_attrs
	stage_scheme willneed 1000000
	put $root/0/state on
	[ "$(get $root/0/state)" = on ]
	[ "$(get $root/0/pid)" -gt 0 ]
}

tune()
{
	put $context/monitoring_attrs/intervals/aggr_us 50000
	put_nr $scheme/quotas/goals/nr_goals 1
	put $scheme/quotas/goals/0/target_metric user_input
	put $scheme/quotas/goals/0/target_value 10000
	put $scheme/quotas/goals/0/current_value 9000
	put $root/0/state commit
	put $scheme/quotas/goals/0/current_value 9500
	put $root/0/state commit_schemes_quota_goals
	put $root/0/state update_schemes_effective_quotas
	get $scheme/quotas/effective_bytes > /dev/null
	[ "$(get $root/0/state)" = on ]
}

# None of the schemes only counts: so one that does is run for a moment.
report()
{
	put $root/0/state update_schemes_stats
	echo update_tuned_intervals > $root/0/state || true
	[ "$(get $context/monitoring_attrs/intervals/sample_us)" = 5000 ]
	[ "$(get $context/monitoring_attrs/intervals/aggr_us)" = 50000 ]
	stage_scheme stat 5000
	put $root/0/state commit
	put $root/0/state update_schemes_tried_bytes
	put $root/0/state update_schemes_tried_regions
	total=$(get $scheme/tried_regions/total_bytes)
	sum=0 i=0 last=0
	while [ -e $scheme/tried_regions/$i ]; do
		region=$scheme/tried_regions/$i
		begin=$(get $region/start) end=$(get $region/end)
		[ "$last" -le "$begin" ]
		[ "$begin" -lt "$end" ]
		[ "$(get $region/nr_accesses)" -le 10 ]
		[ "$(get $region/age)" -ge 0 ]
		[ "$(get $region/sz_filter_passed)" -ge 0 ]
		sum=$((sum + end - begin)) i=$((i + 1)) last=$end
	done
	[ $i -gt 0 ]
	[ "$sum" = "$total" ]
	put $root/0/state update_schemes_stats
	for stat in nr_tried sz_tried nr_applied sz_applied qt_exceeds \
		sz_ops_filter_passed nr_snapshots; do
		get $scheme/stats/$stat > /dev/null
	done
	put $root/0/state clear_schemes_tried_regions
	[ ! -e $scheme/tried_regions/0 ]
	stage_scheme willneed 1000000
	put $root/0/state commit
}

stop()
{
	put $root/0/state off
	[ "$(get $root/0/state)" = off ]
	[ "$(get $root/0/pid)" = -1 ]
	put $root/nr_kdamonds 0
}

echo TAP version 13
echo 1..5
(while :; do :; done) &
victim=$!
step find_features
step start
step tune
step report
step stop
kill $victim
wait $victim 2> /dev/null
[ $bad -eq 0 ]
