/* SPDX-License-Identifier: GPL-2.0 */
/* One node, which has memory. */
#ifndef _TEST_LINUX_NODEMASK_H
#define _TEST_LINUX_NODEMASK_H

#define MAX_NUMNODES	1
#define N_MEMORY	0
#define node_state(nid, state)	((nid) == 0)

#endif	/* _TEST_LINUX_NODEMASK_H */
