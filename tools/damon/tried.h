/* SPDX-License-Identifier: GPL-2.0 */
/* Regions from the files below a scheme, for kernels that have nothing better. */
#ifndef DAMONCTL_TRIED_H
#define DAMONCTL_TRIED_H

#include "admin.h"
#include "snapshot.h"

struct tried {
	const struct admin *admin;
	int index;
};

/* Gives a context that is not on yet a scheme that only counts. 0 or -errno, said. */
int tried_configure(const struct admin *admin, int index);
/* Without @own, nothing is known of the schemes, and nothing is ever given out. */
int tried_begin(struct tried *tried, const struct admin *admin, int index, bool own);
/* The regions of now; waits for the end of a window. */
int tried_drain(struct tried *tried, struct assembler *as);

#endif /* DAMONCTL_TRIED_H */
