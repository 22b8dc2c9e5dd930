/* SPDX-License-Identifier: GPL-2.0 */
/* The C library uses the real one too. */
#include_next <linux/errno.h>
