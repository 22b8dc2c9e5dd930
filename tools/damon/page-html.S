/* SPDX-License-Identifier: GPL-2.0 */
/* The page of report --html, with a zero at its end */
	.section .rodata
	.global page_html
page_html:
	.incbin PAGE_HTML
	.byte 0
	.section .note.GNU-stack, "", %progbits
