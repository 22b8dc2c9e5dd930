/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DAMON_SEQUENCE_H
#define _DAMON_SEQUENCE_H

#include "model.h"

/* Do @steps things, chosen by @src, to a new context, and free it. */
void sequence_run(struct model_source *src, unsigned int steps);

#endif	/* _DAMON_SEQUENCE_H */
