/* SPDX-License-Identifier: GPL-2.0 */
/* Drawing a heat map: on a terminal, or as a picture. */
#ifndef DAMONCTL_DRAW_H
#define DAMONCTL_DRAW_H

#include "colour.h"
#include "heat.h"

/**
 * struct drawing - all that a drawing needs to know
 * @heat: the map
 * @mapped: what was monitored, to tell holes from idle memory
 * @info: of the record
 * @target: of the record
 * @scale: from value to colour
 */
struct drawing {
	const struct heat *heat;
	const struct ranges *mapped;
	const struct record_info *info;
	const struct record_target *target;
	enum colour_scale scale;
};

/**
 * struct terminal - what the output can show
 * @out: where to print
 * @width: columns
 * @colour: number of colours: 0, 256 or 1 << 24
 * @unicode: half blocks can be printed, which doubles the rows
 */
struct terminal {
	FILE *out;
	int width;
	int colour;
	bool unicode;
};

/* @colour is auto, always or never; @width 0 asks the terminal. */
void terminal_probe(struct terminal *term, FILE *out, const char *colour, int width);
/* What a map of @lines lines on this terminal may have */
struct heat_size terminal_heat_size(const struct terminal *term, u32 lines);
void terminal_draw(const struct terminal *term, const struct drawing *drawing);

enum picture_type {
	PICTURE_PNG,
	PICTURE_SVG,
};

/* Whether this build has pictures */
extern const bool picture_available;
struct heat_size picture_heat_size(void);
/* 0 or a negative errno, which was said */
int picture_draw(const char *path, enum picture_type type, const struct drawing *drawing);

/* Text for the gap below band number @band (which is not the first) */
void draw_gap_text(const struct drawing *drawing, u32 band, char *text, size_t size);

#endif /* DAMONCTL_DRAW_H */
