// SPDX-License-Identifier: GPL-2.0
/*
 * The colours of heat maps: anchors of the "inferno" map (by Nathaniel Smith
 * and Stefan van der Walt, public domain). Its lightness rises evenly, so that
 * equal steps look equal, also to colour-blind people and in grey print.
 */
#include <math.h>
#include <stdlib.h>

#include "colour.h"

static const struct colour anchors[] = {
	{ 0x00, 0x00, 0x04 }, { 0x16, 0x0b, 0x39 }, { 0x42, 0x0a, 0x68 },
	{ 0x6a, 0x17, 0x6e }, { 0x93, 0x26, 0x67 }, { 0xbc, 0x37, 0x54 },
	{ 0xdd, 0x51, 0x3a }, { 0xf3, 0x78, 0x19 }, { 0xfc, 0xa5, 0x0a },
	{ 0xf6, 0xd7, 0x46 }, { 0xfc, 0xff, 0xa4 },
};

struct colour colour_of(double level)
{
	const size_t last = ARRAY_SIZE(anchors) - 1;
	double at, part;
	size_t i;

	if (level <= 0)
		return anchors[0];
	if (level >= 1)
		return anchors[last];
	at = level * (double)last;
	i = (size_t)at;
	part = at - (double)i;
	return (struct colour){
		(u8)lround(anchors[i].r + part * (anchors[i + 1].r - anchors[i].r)),
		(u8)lround(anchors[i].g + part * (anchors[i + 1].g - anchors[i].g)),
		(u8)lround(anchors[i].b + part * (anchors[i + 1].b - anchors[i].b)),
	};
}

int colour_to_256(struct colour colour)
{
	static const int steps[] = { 0, 95, 135, 175, 215, 255 };
	const u8 in[] = { colour.r, colour.g, colour.b };
	int i, k, at, best, code = 0;

	for (i = 0; i < 3; i++) {
		best = 0;
		at = in[i];
		for (k = 1; k < (int)ARRAY_SIZE(steps); k++)
			if (abs(steps[k] - at) < abs(steps[best] - at))
				best = k;
		code = code * 6 + best;
	}
	return 16 + code;
}

double colour_level(enum colour_scale scale, double value)
{
	return scale == SCALE_SQRT ? sqrt(value) : value;
}
