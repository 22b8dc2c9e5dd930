// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the tables behind the administrator's files (sysfs/tree.c): does
 * each row stand for what it says?
 */
#include <kunit/test.h>

#include "../sysfs/sysfs.h"

/* One row of a table. */
static void tree_test_file(struct kunit *test,
			   const struct damon_dir_desc *desc,
			   const struct damon_file *file)
{
	const char *name = file->attr.name;
	const struct damon_file *other;
	bool writable = file->attr.mode == 0600;

	KUNIT_EXPECT_TRUE_MSG(test, writable || file->attr.mode == 0400,
			      "%s: mode %o", name, file->attr.mode);
	KUNIT_EXPECT_NOT_NULL_MSG(test, file->kind->show, "%s", name);
	if (writable)
		KUNIT_EXPECT_NOT_NULL_MSG(test, file->kind->store, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, file->obj_size, desc->obj_size, "%s", name);
	KUNIT_EXPECT_LT_MSG(test, file->offset, desc->obj_size, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, file->kind == &damon_file_keyword,
			    !!file->keywords, "%s", name);
	if (file->keywords)
		KUNIT_EXPECT_GT_MSG(test, file->keywords->size, 0, "%s", name);
	if (file->kind == &damon_file_nr)
		KUNIT_EXPECT_NOT_NULL_MSG(test, desc->elem, "%s", name);
	for (other = desc->files; other < file; other++)
		KUNIT_EXPECT_STRNEQ(test, other->attr.name, name);
}

static int tree_test_desc(struct kunit *test, const struct damon_dir_desc *desc,
			  int depth)
{
	const struct damon_subdir *sub = desc->subdirs;
	const struct damon_file *file = desc->files;
	int nr = 0;

	/* A table must not be found below itself: lockdep could not tell. */
	KUNIT_ASSERT_LT(test, depth, 20);
	for (; file && file->attr.name; file++) {
		tree_test_file(test, desc, file);
		nr++;
	}
	for (; sub && sub->name; sub++) {
		KUNIT_EXPECT_EQ_MSG(test, sub->parent_size, desc->obj_size,
				    "%s", sub->name);
		KUNIT_EXPECT_EQ_MSG(test, sub->obj_size, sub->desc->obj_size,
				    "%s", sub->name);
		nr += tree_test_desc(test, sub->desc, depth + 1);
	}
	if (desc->elem)
		nr += tree_test_desc(test, desc->elem, depth + 1);
	return nr;
}

/* Each row of the administrator's files stands for what it says. */
static void tree_test_rows(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, tree_test_desc(test, &damon_top_desc, 0), 20);
}

/* Names of operations, as users write them. */
static void tree_test_ops_names(struct kunit *test)
{
	int i;

	for (i = 0; i < NR_DAMON_OPS; i++)
		KUNIT_EXPECT_NOT_NULL(test, damon_ops_names[i]);
	KUNIT_EXPECT_STREQ(test, damon_ops_names[DAMON_OPS_VADDR], "vaddr");
	KUNIT_EXPECT_STREQ(test, damon_ops_names[DAMON_OPS_FVADDR], "fvaddr");
	KUNIT_EXPECT_STREQ(test, damon_ops_names[DAMON_OPS_PADDR], "paddr");
}

static struct kunit_case tree_test_cases[] = {
	KUNIT_CASE(tree_test_rows),
	KUNIT_CASE(tree_test_ops_names),
	{ }
};

static struct kunit_suite tree_test_suite = {
	.name = "damon-tree",
	.test_cases = tree_test_cases,
};

kunit_test_suite(tree_test_suite);
