/* SPDX-License-Identifier: GPL-2.0 */
#include <user-kernel.h>
