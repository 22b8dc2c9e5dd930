/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one door through which the pure files (region.c, adapt.c, bounds.c,
 * config.c) see the rest of the kernel. They use lists, slab and arithmetic only,
 * and so can be built in user space as well, with another file of this name in
 * front.
 */
#ifndef _MM_DAMON_PURE_H
#define _MM_DAMON_PURE_H

#include <linux/align.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "internal.h"

static inline bool damon_nid_has_memory(int nid)
{
	return nid >= 0 && nid < MAX_NUMNODES && node_state(nid, N_MEMORY);
}

#endif	/* _MM_DAMON_PURE_H */
