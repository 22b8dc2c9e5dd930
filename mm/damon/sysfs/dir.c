// SPDX-License-Identifier: GPL-2.0
/*
 * The engine behind the tables of dir.h: makes and removes directories, and
 * reads and writes the values that their files stand for.
 *
 * Owns every kobject of a tree and the objects of its elements. It must not know
 * what any of it means: nothing of DAMON is in here.
 *
 * Locks: see dir.h. Directories are made and removed under the lock of their
 * tree (T). Removing one waits for those who are reading or writing its files,
 * so none of them may wait for T: they try. A directory leaves sysfs when it is
 * removed, not when its last reference goes, so that its name is free at once.
 * Its object is freed with that last reference, but from the removal on nobody
 * looks at it any more.
 */
#include <linux/kernel.h>
#include <linux/kernfs.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dir.h"

/* The user decides how much of it there is: charge him, and fail early. */
#define DAMON_DIR_GFP \
	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

static struct damon_dir *damon_kobj_dir(struct kobject *kobj)
{
	return container_of(kobj, struct damon_dir, kobj);
}

static ssize_t damon_dir_show(struct kobject *kobj, struct attribute *attr,
			      char *buf)
{
	const struct damon_file *file;

	file = container_of_const(attr, struct damon_file, attr);
	return file->kind->show(file, damon_kobj_dir(kobj)->obj + file->offset,
				buf);
}

static ssize_t damon_dir_store(struct kobject *kobj, struct attribute *attr,
			       const char *buf, size_t count)
{
	const struct damon_file *file;
	int err;

	file = container_of_const(attr, struct damon_file, attr);
	if (!file->kind->store)
		return -EIO;
	err = file->kind->store(file, damon_kobj_dir(kobj)->obj + file->offset,
				buf);
	if (err == -ERANGE && file->no_erange)
		err = -EINVAL;
	return err ?: count;
}

static const struct sysfs_ops damon_dir_ops = {
	.show = damon_dir_show,
	.store = damon_dir_store,
};

static void damon_dir_release(struct kobject *kobj)
{
	struct damon_dir *dir = damon_kobj_dir(kobj);

	if (dir->obj == dir->mem && dir->desc->exit)
		dir->desc->exit(dir->obj);
	kfree(dir);
}

static const struct kobj_type damon_dir_ktype = {
	.sysfs_ops = &damon_dir_ops,
	.release = damon_dir_release,
};

/* A directory in no place yet; one without an @obj has its own. */
static struct damon_dir *damon_dir_new(struct damon_tree *tree,
				       const struct damon_dir_desc *desc,
				       void *obj)
{
	struct damon_dir *dir;

	dir = kzalloc(struct_size(dir, mem, obj ? 0 : desc->obj_size),
		      DAMON_DIR_GFP);
	if (!dir)
		return NULL;
	dir->desc = desc;
	dir->tree = tree;
	dir->obj = obj ?: dir->mem;
	INIT_LIST_HEAD(&dir->kids);
	INIT_LIST_HEAD(&dir->sibling);
	kobject_init(&dir->kobj, &damon_dir_ktype);
	if (!obj && desc->init)
		desc->init(dir->obj);
	if (desc->elem)
		((struct damon_vec *)dir->obj)->dir = dir;
	return dir;
}

static void damon_dir_free_values(struct damon_dir *dir)
{
	const struct damon_file *file = dir->desc->files;

	for (; file && file->attr.name; file++)
		if (file->kind->free)
			file->kind->free(dir->obj + file->offset);
}

/* Also for one that was made in part only. */
static void damon_dir_remove(struct damon_dir *dir)
{
	struct damon_dir *kid, *prev;

	lockdep_assert_held(&dir->tree->lock);
	list_for_each_entry_safe_reverse(kid, prev, &dir->kids, sibling) {
		damon_dir_remove(kid);
		cond_resched();
	}
	list_del_init(&dir->sibling);
	/* Waits for readers and writers of its files. */
	kobject_del(&dir->kobj);
	damon_dir_free_values(dir);
	kobject_put(&dir->kobj);
}

static int damon_dir_add(struct damon_dir *dir, struct kobject *parent,
			 const char *name);

static int damon_dir_add_subdir(struct damon_dir *dir,
				const struct damon_subdir *row)
{
	struct damon_dir *kid;

	kid = damon_dir_new(dir->tree, row->desc, dir->obj + row->offset);
	if (!kid)
		return -ENOMEM;
	list_add_tail(&kid->sibling, &dir->kids);
	return damon_dir_add(kid, &dir->kobj, row->name);
}

/* On an error it may be there in part: the caller removes it. */
static int damon_dir_add(struct damon_dir *dir, struct kobject *parent,
			 const char *name)
{
	const struct damon_file *file = dir->desc->files;
	const struct damon_subdir *sub = dir->desc->subdirs;
	int err;

	lockdep_assert_held(&dir->tree->lock);
	err = kobject_add(&dir->kobj, parent, "%s", name);
	for (; !err && file && file->attr.name; file++)
		err = sysfs_create_file(&dir->kobj, &file->attr);
	for (; !err && sub && sub->name; sub++)
		err = damon_dir_add_subdir(dir, sub);
	return err;
}

static void damon_vec_clear(struct damon_vec *vec)
{
	struct damon_dir *elem, *prev;

	lockdep_assert_held(&vec->dir->tree->lock);
	WRITE_ONCE(vec->nr, 0);
	list_for_each_entry_safe_reverse(elem, prev, &vec->dir->kids, sibling) {
		damon_dir_remove(elem);
		cond_resched();
	}
}

/* What a directory takes, in bytes, without its own object. */
static size_t damon_desc_cost(const struct damon_dir_desc *desc)
{
	size_t cost = sizeof(struct damon_dir) + sizeof(struct kernfs_node);
	const struct damon_subdir *sub = desc->subdirs;
	const struct damon_file *file = desc->files;

	for (; file && file->attr.name; file++)
		cost += sizeof(struct kernfs_node);
	for (; sub && sub->name; sub++)
		cost += damon_desc_cost(sub->desc);
	return cost;
}

/*
 * Directories are made of small pieces, which the kernel would rather kill
 * others for than refuse. So a number that would take more than half of what is
 * to be had is refused beforehand.
 */
static bool damon_vec_affordable(const struct damon_vec *vec, int nr)
{
	const struct damon_dir_desc *desc = vec->dir->desc->elem;
	u64 cost = damon_desc_cost(desc) + desc->obj_size;

	return (cost * nr) >> PAGE_SHIFT <= si_mem_available() / 2;
}

/* @obj: what its object is a copy of, if not of the defaults */
static int damon_vec_add(struct damon_vec *vec, int idx, const void *obj)
{
	struct damon_dir *dir = vec->dir, *elem;
	char name[sizeof("-2147483648")];

	if (fatal_signal_pending(current))
		return -EINTR;
	elem = damon_dir_new(dir->tree, dir->desc->elem, NULL);
	if (!elem)
		return -ENOMEM;
	if (obj)
		memcpy(elem->obj, obj, dir->desc->elem->obj_size);
	list_add_tail(&elem->sibling, &dir->kids);
	snprintf(name, sizeof(name), "%d", idx);
	return damon_dir_add(elem, &dir->kobj, name);
}

/**
 * damon_vec_set() - Replace all elements of a vector.
 * @vec:	vector; T is held
 * @nr:		how many there shall be
 * @objs:	an array of @nr objects that theirs are copies of; NULL: give them
 *		their defaults. Vectors in a copy are empty
 *
 * May sleep: waits for those who read or write files of the old ones.
 *
 * Return: 0; -ENOMEM, or -EINTR if the caller was killed: there is none left then.
 */
int damon_vec_set(struct damon_vec *vec, int nr, const void *objs)
{
	size_t obj_size = vec->dir->desc->elem->obj_size;
	int i, err = 0;

	damon_vec_clear(vec);
	if (!damon_vec_affordable(vec, nr))
		return -ENOMEM;
	for (i = 0; i < nr && !err; i++) {
		err = damon_vec_add(vec, i, objs ? objs + i * obj_size : NULL);
		cond_resched();
	}
	if (err)
		damon_vec_clear(vec);
	else
		WRITE_ONCE(vec->nr, nr);
	return err;
}

/**
 * damon_tree_add() - Make a tree of directories.
 * @tree:	what its directories share
 * @desc:	what is in the uppermost directory, which owns its object
 * @parent:	where to put it; NULL: at the top of sysfs
 * @name:	its name
 *
 * May sleep.
 *
 * Return: 0 or a negative errno: nothing is left then.
 */
int damon_tree_add(struct damon_tree *tree, const struct damon_dir_desc *desc,
		   struct kobject *parent, const char *name)
{
	int err = -ENOMEM;

	mutex_init(&tree->lock);
	guard(mutex)(&tree->lock);
	tree->top = damon_dir_new(tree, desc, NULL);
	if (tree->top)
		err = damon_dir_add(tree->top, parent, name);
	if (err && tree->top) {
		damon_dir_remove(tree->top);
		tree->top = NULL;
	}
	return err;
}

/**
 * damon_tree_remove() - Remove a tree with all directories.
 * @tree:	tree that was added
 *
 * May sleep: waits for those who read or write its files.
 */
void damon_tree_remove(struct damon_tree *tree)
{
	guard(mutex)(&tree->lock);
	damon_dir_remove(tree->top);
	tree->top = NULL;
}

/**
 * damon_values_copy() - Copy values that others read or write meanwhile.
 * @to:		where to
 * @from:	where from
 * @size:	of both, a multiple of a word's, to which they are aligned
 *
 * None is torn. Any context.
 */
void damon_values_copy(void *to, const void *from, size_t size)
{
	const unsigned long *src = from;
	unsigned long *dst = to;
	size_t i;

	for (i = 0; i < size / sizeof(*dst); i++)
		WRITE_ONCE(dst[i], READ_ONCE(src[i]));
}

/* Kinds. Values that do not fit into their type are refused with -ERANGE. */

/* For a type, which is the last argument. */
#define DAMON_NUMBER_KIND(_kind, _format, _parse, ...)			\
static int damon_##_kind##_show(const struct damon_file *file,		\
				void *field, char *buf)			\
{									\
	return sysfs_emit(buf, _format, READ_ONCE(*(__VA_ARGS__ *)field)); \
}									\
									\
static int damon_##_kind##_store(const struct damon_file *file,		\
				 void *field, const char *text)		\
{									\
	__VA_ARGS__ value;						\
	int err = _parse(text, 0, &value);				\
									\
	if (!err)							\
		WRITE_ONCE(*(__VA_ARGS__ *)field, value);		\
	return err;							\
}									\
									\
const struct damon_file_kind damon_file_##_kind = {			\
	.show = damon_##_kind##_show,					\
	.store = damon_##_kind##_store,					\
}

DAMON_NUMBER_KIND(ulong, "%lu\n", kstrtoul, unsigned long);
DAMON_NUMBER_KIND(uint, "%u\n", kstrtouint, unsigned int);
DAMON_NUMBER_KIND(int, "%d\n", kstrtoint, int);

static int damon_ulong_not_zero_store(const struct damon_file *file, void *field,
				      const char *text)
{
	unsigned long value;
	int err = kstrtoul(text, 0, &value);

	if (!err && !value)
		err = -EINVAL;
	if (!err)
		WRITE_ONCE(*(unsigned long *)field, value);
	return err;
}

const struct damon_file_kind damon_file_ulong_not_zero = {
	.show = damon_ulong_show,
	.store = damon_ulong_not_zero_store,
};

static int damon_bool_show(const struct damon_file *file, void *field,
			   char *buf)
{
	return sysfs_emit(buf, "%c\n", READ_ONCE(*(bool *)field) ? 'Y' : 'N');
}

static int damon_bool_store(const struct damon_file *file, void *field,
			    const char *text)
{
	bool value;
	int err = kstrtobool(text, &value);

	if (!err)
		WRITE_ONCE(*(bool *)field, value);
	return err;
}

const struct damon_file_kind damon_file_bool = {
	.show = damon_bool_show,
	.store = damon_bool_store,
};

static const char *damon_keyword(const struct damon_file *file,
				 unsigned int value)
{
	const struct damon_keywords *k = file->keywords;

	return *(const char * const *)(k->rows + value * k->row_size);
}

static int damon_keyword_show(const struct damon_file *file, void *field,
			      char *buf)
{
	unsigned int value = READ_ONCE(*(unsigned int *)field);

	return sysfs_emit(buf, "%s\n", damon_keyword(file, value));
}

static int damon_keyword_store(const struct damon_file *file, void *field,
			       const char *text)
{
	const struct damon_keywords *k = file->keywords;
	unsigned int i, nr = k->size / k->row_size;

	for (i = 0; i < nr; i++) {
		const char *keyword = damon_keyword(file, i);

		if (keyword && sysfs_streq(text, keyword))
			break;
	}
	if (i == nr || (k->takes && !k->takes(i)))
		return -EINVAL;
	WRITE_ONCE(*(unsigned int *)field, i);
	return 0;
}

const struct damon_file_kind damon_file_keyword = {
	.show = damon_keyword_show,
	.store = damon_keyword_store,
};

static int damon_string_show(const struct damon_file *file, void *field,
			     char *buf)
{
	const char *string;

	guard(rcu)();
	string = rcu_dereference(*(char __rcu **)field);
	return sysfs_emit(buf, "%s\n", string ?: "");
}

static int damon_string_store(const struct damon_file *file, void *field,
			      const char *text)
{
	char __rcu **string = field;
	size_t len = strlen(text);
	char *new, *old;

	if (len && text[len - 1] == '\n')
		len--;
	new = kstrndup(text, len, GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	old = unrcu_pointer(xchg(string, RCU_INITIALIZER(new)));
	kfree_rcu_mightsleep(old);
	return 0;
}

static void damon_string_free(void *field)
{
	char __rcu **string = field;

	kfree(unrcu_pointer(xchg(string, NULL)));
}

const struct damon_file_kind damon_file_string = {
	.show = damon_string_show,
	.store = damon_string_store,
	.free = damon_string_free,
};

static int damon_nr_show(const struct damon_file *file, void *field, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(((struct damon_vec *)field)->nr));
}

static int damon_nr_store(const struct damon_file *file, void *field,
			  const char *text)
{
	struct damon_vec *vec = field;
	const struct damon_dir_desc *desc = vec->dir->desc;
	int nr, err = kstrtoint(text, 0, &nr);

	if (err)
		return err;
	if (nr < 0 || (desc->max_elems && nr > desc->max_elems))
		return -EINVAL;
	if (!damon_tree_trylock(vec->dir->tree))
		return -EBUSY;
	if (desc->may_resize)
		err = desc->may_resize(vec);
	if (!err)
		err = damon_vec_set(vec, nr, NULL);
	damon_tree_unlock(vec->dir->tree);
	return err;
}

const struct damon_file_kind damon_file_nr = {
	.show = damon_nr_show,
	.store = damon_nr_store,
};
