/* SPDX-License-Identifier: GPL-2.0 */
/* Records in the form that the stock tool, damo, reads. */
#ifndef DAMONCTL_DAMO_H
#define DAMONCTL_DAMO_H

#include "record.h"

/* 0 or a negative errno, which was said; -ENODATA, without any snapshot, is not. */
int damo_write(struct record_reader *r, FILE *out);

#endif /* DAMONCTL_DAMO_H */
