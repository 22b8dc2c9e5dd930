/* SPDX-License-Identifier: GPL-2.0 */
/* The colours of heat maps, shared by terminal and picture. */
#ifndef DAMONCTL_COLOUR_H
#define DAMONCTL_COLOUR_H

#include "damonctl.h"

struct colour {
	u8 r, g, b;
};

/* From black over violet and orange to light yellow, for 0 to 1 */
struct colour colour_of(double level);
/* The nearest colour of a terminal with 256 */
int colour_to_256(struct colour colour);

/* How values are spread over the levels */
enum colour_scale {
	SCALE_SQRT,	/* makes weak accesses visible */
	SCALE_LINEAR,
};

double colour_level(enum colour_scale scale, double value);

#endif /* DAMONCTL_COLOUR_H */
