// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the engine behind the administrator's files (sysfs/dir.c), on a
 * tree of their own.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include <kunit/test.h>

#include "../sysfs/dir.h"

enum box_colour { BOX_RED, BOX_HIDDEN, BOX_BLUE, NR_BOX_COLOURS };

static const struct box_colour_row {
	const char *name;
	int more;
} box_colours[NR_BOX_COLOURS] = {
	[BOX_RED] = { "red", 1 },
	[BOX_BLUE] = { "blue", 3 },
};

struct box_lid {
	unsigned long width;
};

struct box {
	unsigned long ulong_value;
	unsigned int uint_value;
	int int_value;
	int pid_value;
	bool bool_value;
	enum box_colour colour;
	char __rcu *label;
	struct box_lid lid;
	struct damon_vec boxes;
	struct damon_vec few;
};

/* Objects that were made and freed. */
static atomic_t box_nr_made, box_nr_freed;
static bool box_stuck;

static void box_init(void *obj)
{
	struct box *box = obj;

	box->ulong_value = 42;
	box->colour = BOX_BLUE;
	atomic_inc(&box_nr_made);
}

static void box_exit(void *obj)
{
	atomic_inc(&box_nr_freed);
}

static int box_may_resize(struct damon_vec *vec)
{
	return box_stuck ? -EUCLEAN : 0;
}

static const struct damon_dir_desc box_lid_desc = {
	.obj_size = sizeof(struct box_lid),
	.files = (const struct damon_file[]) {
		DAMON_RW("width", struct box_lid, width),
		{ }
	},
};

static const struct damon_dir_desc inner_box_desc = {
	.obj_size = sizeof(struct box),
	.init = box_init,
	.exit = box_exit,
	.files = (const struct damon_file[]) {
		DAMON_RW("ulong", struct box, ulong_value),
		DAMON_RW("label", struct box, label),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("lid", box_lid_desc, struct box, lid),
		{ }
	},
};

static const struct damon_dir_desc box_desc = {
	.obj_size = sizeof(struct box),
	.init = box_init,
	.exit = box_exit,
	.files = (const struct damon_file[]) {
		DAMON_RW("ulong", struct box, ulong_value),
		DAMON_RW("label", struct box, label),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_VECTOR("inner", "nr_inner", inner_box_desc, struct box,
			     boxes),
		{ }
	},
};

static const struct damon_dir_desc top_box_desc = {
	.obj_size = sizeof(struct box),
	.init = box_init,
	.exit = box_exit,
	.files = (const struct damon_file[]) {
		DAMON_RW("ulong", struct box, ulong_value),
		DAMON_RW("uint", struct box, uint_value),
		DAMON_RW("int", struct box, int_value),
		DAMON_RW_NO_ERANGE("pid", struct box, pid_value),
		DAMON_RW("bool", struct box, bool_value),
		DAMON_RW_KEYWORD("colour", struct box, colour, box_colours),
		DAMON_RW("label", struct box, label),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_VECTOR("boxes", "nr_boxes", box_desc, struct box, boxes,
			     .may_resize = box_may_resize),
		DAMON_VECTOR("few", "nr_few", inner_box_desc, struct box, few,
			     .max_elems = 2),
		{ }
	},
};

static struct damon_tree box_tree;
static char box_page[PAGE_SIZE] __aligned(PAGE_SIZE);

static struct box *box_top(void)
{
	return box_tree.top->obj;
}

static struct attribute *box_attr(struct damon_dir *dir, const char *name)
{
	const struct damon_file *file = dir->desc->files;

	while (strcmp(file->attr.name, name))
		file++;
	return (struct attribute *)&file->attr;
}

/* What write() and read() would do. */
static int box_write(struct damon_dir *dir, const char *name, const char *text)
{
	ssize_t ret;

	ret = dir->kobj.ktype->sysfs_ops->store(&dir->kobj, box_attr(dir, name),
						text, strlen(text));
	return ret == strlen(text) ? 0 : ret;
}

static const char *box_read(struct damon_dir *dir, const char *name)
{
	box_page[0] = '\0';
	dir->kobj.ktype->sysfs_ops->show(&dir->kobj, box_attr(dir, name),
					 box_page);
	return box_page;
}

static struct damon_dir *box_kid(struct damon_dir *dir, int idx)
{
	struct damon_dir *kid;

	list_for_each_entry(kid, &dir->kids, sibling)
		if (!idx--)
			return kid;
	return NULL;
}

static bool box_visible(struct damon_dir *dir, const char *name)
{
	struct kernfs_node *kn = kernfs_find_and_get(dir->kobj.sd, name);

	kernfs_put(kn);
	return kn;
}

static int dir_test_init(struct kunit *test)
{
	box_stuck = false;
	return damon_tree_add(&box_tree, &top_box_desc, kernel_kobj,
			      "damon_dir_kunit");
}

static void dir_test_exit(struct kunit *test)
{
	damon_tree_remove(&box_tree);
}

struct value_case {
	const char *name, *text;
	int err;
	const char *then;
};

static const struct value_case value_cases[] = {
	{ "ulong", "7", 0, "7\n" },
	{ "ulong", "0x10\n", 0, "16\n" },
	{ "ulong", "010", 0, "8\n" },
	{ "ulong", "18446744073709551615", IS_ENABLED(CONFIG_64BIT) ? 0 : -ERANGE,
	  IS_ENABLED(CONFIG_64BIT) ? "18446744073709551615\n" : "8\n" },
	{ "ulong", "1", 0, "1\n" },
	{ "ulong", "18446744073709551616", -ERANGE, "1\n" },
	{ "ulong", "-1", -EINVAL, "1\n" },
	{ "ulong", "", -EINVAL, "1\n" },
	{ "ulong", "\n", -EINVAL, "1\n" },
	{ "ulong", "2 ", -EINVAL, "1\n" },
	{ "ulong", " 2", -EINVAL, "1\n" },
	{ "ulong", "2\n\n", -EINVAL, "1\n" },
	{ "ulong", "2x", -EINVAL, "1\n" },
	{ "ulong", "0x", -EINVAL, "1\n" },
	{ "uint", "4294967295", 0, "4294967295\n" },
	{ "uint", "4294967296", -ERANGE, "4294967295\n" },
	{ "uint", "-1", -EINVAL, "4294967295\n" },
	{ "int", "-2147483648", 0, "-2147483648\n" },
	{ "int", "2147483648", -ERANGE, "-2147483648\n" },
	{ "int", "two", -EINVAL, "-2147483648\n" },
	{ "pid", "12", 0, "12\n" },
	{ "pid", "2147483648", -EINVAL, "12\n" },
	{ "pid", "x", -EINVAL, "12\n" },
	{ "bool", "Y", 0, "Y\n" },
	{ "bool", "off\n", 0, "N\n" },
	{ "bool", "on", 0, "Y\n" },
	{ "bool", "2", -EINVAL, "Y\n" },
	{ "bool", "", -EINVAL, "Y\n" },
	{ "colour", "red", 0, "red\n" },
	{ "colour", "blue\n", 0, "blue\n" },
	{ "colour", "Red", -EINVAL, "blue\n" },
	{ "colour", "re", -EINVAL, "blue\n" },
	{ "colour", "redd", -EINVAL, "blue\n" },
	{ "colour", "red ", -EINVAL, "blue\n" },
	{ "colour", "", -EINVAL, "blue\n" },
	{ "label", "/a b\n", 0, "/a b\n" },
	{ "label", "", 0, "\n" },
	{ "label", "x", 0, "x\n" },
};

static void dir_test_values(struct kunit *test)
{
	const struct value_case *c;

	KUNIT_EXPECT_STREQ(test, box_read(box_tree.top, "ulong"), "42\n");
	KUNIT_EXPECT_STREQ(test, box_read(box_tree.top, "int"), "0\n");
	KUNIT_EXPECT_STREQ(test, box_read(box_tree.top, "bool"), "N\n");
	KUNIT_EXPECT_STREQ(test, box_read(box_tree.top, "colour"), "blue\n");
	KUNIT_EXPECT_STREQ(test, box_read(box_tree.top, "label"), "\n");
	for (c = value_cases; c < value_cases + ARRAY_SIZE(value_cases); c++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    box_write(box_tree.top, c->name, c->text),
				    c->err, "%s: '%s'", c->name, c->text);
		KUNIT_EXPECT_STREQ_MSG(test, box_read(box_tree.top, c->name),
				       c->then, "%s: '%s'", c->name, c->text);
	}
	KUNIT_EXPECT_EQ(test, box_top()->pid_value, 12);
	KUNIT_EXPECT_EQ(test, box_top()->colour, BOX_BLUE);
}

static void dir_test_vector(struct kunit *test)
{
	struct damon_dir *boxes = box_top()->boxes.dir;

	KUNIT_EXPECT_STREQ(test, box_read(boxes, "nr_boxes"), "0\n");
	KUNIT_EXPECT_NULL(test, box_kid(boxes, 0));
	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "3"), 0);
	KUNIT_EXPECT_STREQ(test, box_read(boxes, "nr_boxes"), "3\n");
	KUNIT_EXPECT_TRUE(test, box_visible(boxes, "0"));
	KUNIT_EXPECT_TRUE(test, box_visible(boxes, "2"));
	KUNIT_EXPECT_FALSE(test, box_visible(boxes, "3"));
	KUNIT_ASSERT_NOT_NULL(test, box_kid(boxes, 2));
	KUNIT_EXPECT_NULL(test, box_kid(boxes, 3));
	KUNIT_EXPECT_STREQ(test, kobject_name(&box_kid(boxes, 2)->kobj), "2");
	KUNIT_EXPECT_STREQ(test, box_read(box_kid(boxes, 2), "ulong"), "42\n");

	/* The same number again gives fresh ones. */
	KUNIT_EXPECT_EQ(test, box_write(box_kid(boxes, 1), "ulong", "5"), 0);
	KUNIT_EXPECT_EQ(test, box_write(box_kid(boxes, 1), "label", "me"), 0);
	KUNIT_EXPECT_STREQ(test, box_read(box_kid(boxes, 1), "ulong"), "5\n");
	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "3\n"), 0);
	KUNIT_EXPECT_STREQ(test, box_read(box_kid(boxes, 1), "ulong"), "42\n");
	KUNIT_EXPECT_STREQ(test, box_read(box_kid(boxes, 1), "label"), "\n");

	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "0"), 0);
	KUNIT_EXPECT_FALSE(test, box_visible(boxes, "0"));
}

static void dir_test_vector_refuses(struct kunit *test)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{ "-1", -EINVAL }, { "", -EINVAL }, { "x", -EINVAL },
		{ "2147483648", -ERANGE }, { "1.5", -EINVAL },
	};
	struct damon_dir *boxes = box_top()->boxes.dir;
	struct damon_dir *few = box_top()->few.dir, *kid;
	int i;

	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "2"), 0);
	kid = box_kid(boxes, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    box_write(boxes, "nr_boxes", cases[i].text),
				    cases[i].err, "'%s'", cases[i].text);
	box_stuck = true;
	KUNIT_EXPECT_EQ(test, box_write(boxes, "nr_boxes", "1"), -EUCLEAN);
	box_stuck = false;
	KUNIT_EXPECT_STREQ(test, box_read(boxes, "nr_boxes"), "2\n");
	KUNIT_EXPECT_PTR_EQ(test, box_kid(boxes, 0), kid);

	KUNIT_EXPECT_EQ(test, box_write(few, "nr_few", "2"), 0);
	KUNIT_EXPECT_EQ(test, box_write(few, "nr_few", "3"), -EINVAL);
	KUNIT_EXPECT_STREQ(test, box_read(few, "nr_few"), "2\n");
}

/* hazard C23: no warning, no killing; what was there is gone, as documented. */
static void dir_test_vector_huge(struct kunit *test)
{
	struct damon_dir *boxes = box_top()->boxes.dir;

	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "2"), 0);
	KUNIT_EXPECT_EQ(test, box_write(boxes, "nr_boxes", "2147483647"),
			-ENOMEM);
	KUNIT_EXPECT_STREQ(test, box_read(boxes, "nr_boxes"), "0\n");
	KUNIT_EXPECT_FALSE(test, box_visible(boxes, "0"));
	KUNIT_EXPECT_EQ(test, box_write(boxes, "nr_boxes", "1"), 0);
}

/* hazards C15, C17: what is below a directory goes with it, in order. */
static void dir_test_nested(struct kunit *test)
{
	struct damon_dir *boxes = box_top()->boxes.dir, *inner, *lid;
	struct box *box;

	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "2"), 0);
	box = box_kid(boxes, 1)->obj;
	inner = box->boxes.dir;
	KUNIT_ASSERT_EQ(test, box_write(inner, "nr_inner", "3"), 0);

	/* A sub-directory shows a part of what its parent owns. */
	lid = box_kid(box_kid(inner, 2), 0);
	KUNIT_EXPECT_EQ(test, box_write(lid, "width", "9"), 0);
	box = box_kid(inner, 2)->obj;
	KUNIT_EXPECT_EQ(test, box->lid.width, 9);
	KUNIT_EXPECT_EQ(test, box_write(box_kid(inner, 0), "label", "x"), 0);

	KUNIT_EXPECT_EQ(test, box_write(boxes, "nr_boxes", "1"), 0);
	box = box_kid(boxes, 0)->obj;
	KUNIT_EXPECT_EQ(test, box_write(box->boxes.dir, "nr_inner", "2"), 0);
}

/* hazards C11, C16: a name is free at once, whoever still holds the object. */
static void dir_test_name_reuse(struct kunit *test)
{
	struct damon_dir *boxes = box_top()->boxes.dir, *old;

	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "1"), 0);
	old = box_kid(boxes, 0);
	kobject_get(&old->kobj);
	KUNIT_EXPECT_EQ(test, box_write(boxes, "nr_boxes", "1"), 0);
	KUNIT_EXPECT_PTR_NE(test, box_kid(boxes, 0), old);
	KUNIT_EXPECT_TRUE(test, box_visible(boxes, "0"));
	kobject_put(&old->kobj);
}

/* A writer never waits for the lock of the tree, a reader does not need it. */
static void dir_test_busy(struct kunit *test)
{
	struct damon_dir *boxes = box_top()->boxes.dir;

	KUNIT_ASSERT_EQ(test, box_write(boxes, "nr_boxes", "2"), 0);
	KUNIT_ASSERT_TRUE(test, damon_tree_trylock(&box_tree));
	KUNIT_EXPECT_EQ(test, box_write(boxes, "nr_boxes", "1"), -EBUSY);
	KUNIT_EXPECT_STREQ(test, box_read(boxes, "nr_boxes"), "2\n");
	KUNIT_EXPECT_EQ(test, box_write(box_tree.top, "ulong", "1"), 0);
	KUNIT_EXPECT_EQ(test, box_write(box_tree.top, "label", "l"), 0);
	KUNIT_EXPECT_STREQ(test, box_read(box_tree.top, "label"), "l\n");
	KUNIT_EXPECT_PTR_EQ(test, damon_vec_first(&box_top()->boxes),
			    box_kid(boxes, 0)->obj);
	KUNIT_EXPECT_NULL(test, damon_vec_first(&box_top()->few));
	damon_tree_unlock(&box_tree);
	KUNIT_EXPECT_EQ(test, box_write(boxes, "nr_boxes", "1"), 0);
}

/* Trees share nothing. */
static void dir_test_second_tree(struct kunit *test)
{
	static struct damon_tree second;
	struct box *box;

	KUNIT_ASSERT_EQ(test, damon_tree_add(&second, &top_box_desc,
					     &box_tree.top->kobj, "second"), 0);
	KUNIT_EXPECT_TRUE(test, box_visible(box_tree.top, "second"));
	box = second.top->obj;
	KUNIT_ASSERT_TRUE(test, damon_tree_trylock(&box_tree));
	KUNIT_EXPECT_EQ(test, box_write(box->boxes.dir, "nr_boxes", "1"), 0);
	damon_tree_unlock(&box_tree);
	KUNIT_EXPECT_EQ(test, box_write(second.top, "ulong", "1"), 0);
	KUNIT_EXPECT_STREQ(test, box_read(box_tree.top, "ulong"), "42\n");
	damon_tree_remove(&second);
	KUNIT_EXPECT_FALSE(test, box_visible(box_tree.top, "second"));
	KUNIT_EXPECT_NULL(test, second.top);
}

/*
 * Of all that the cases before have made, the top of this one's tree is left.
 * Last references may go seconds late (CONFIG_DEBUG_KOBJECT_RELEASE).
 */
static void dir_test_all_freed(struct kunit *test)
{
	int i, alive = 0;

	for (i = 0; i < 100; i++) {
		alive = atomic_read(&box_nr_made) - atomic_read(&box_nr_freed);
		if (alive == 1)
			break;
		msleep(100);
	}
	KUNIT_EXPECT_EQ(test, alive, 1);
	KUNIT_EXPECT_GT(test, atomic_read(&box_nr_freed), 10);
}

static struct kunit_case dir_test_cases[] = {
	KUNIT_CASE(dir_test_values),
	KUNIT_CASE(dir_test_vector),
	KUNIT_CASE(dir_test_vector_refuses),
	KUNIT_CASE(dir_test_vector_huge),
	KUNIT_CASE(dir_test_nested),
	KUNIT_CASE(dir_test_name_reuse),
	KUNIT_CASE(dir_test_busy),
	KUNIT_CASE(dir_test_second_tree),
	KUNIT_CASE(dir_test_all_freed),
	{ }
};

static struct kunit_suite dir_test_suite = {
	.name = "damon-dir",
	.init = dir_test_init,
	.exit = dir_test_exit,
	.test_cases = dir_test_cases,
};

kunit_test_suite(dir_test_suite);
