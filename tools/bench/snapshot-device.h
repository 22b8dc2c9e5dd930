/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read the device of kdamond 0, which runs, from its beginning @rounds times, and
 * print a result: instructions a region in the reader, system calls a snapshot, how
 * long opening it waited, regions. Returns 0; 1: this kernel has no device; -1 with a message.
 */
int snapshot_device(unsigned int rounds);
