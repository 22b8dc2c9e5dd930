/* SPDX-License-Identifier: GPL-2.0 */
/* The file page.html as a string; see page-html.S. */
#ifndef DAMONCTL_PAGE_H
#define DAMONCTL_PAGE_H

extern const char page_html[];

#endif /* DAMONCTL_PAGE_H */
