/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories of plain values, described by tables.
 *
 * A directory shows one object. Each of its files is a row (struct damon_file):
 * a name, a mode, a kind, and the member of the object that it stands for. Its
 * sub-directories are rows as well, and show the same object or a member of it.
 * A vector directory shows a struct damon_vec, or an object that begins with one.
 * It has numbered sub-directories, the elements, which its file nr_<something> makes
 * and removes, or, without such a file, damon_vec_set(). Only elements (and the
 * top) own an object; it lives as long as their directory.
 *
 * Locks: a tree has one, which protects its shape, that is which directories
 * exist. Whoever writes to a file must never wait for it: whoever holds it may
 * be removing that very file, and waits for the writer. So writers take it by
 * damon_tree_trylock() and give up with -EBUSY. Values are single words, read
 * and written with READ_ONCE() and WRITE_ONCE() and without a lock.
 */
#ifndef _MM_DAMON_SYSFS_DIR_H
#define _MM_DAMON_SYSFS_DIR_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/stddef.h>
#include <linux/sysfs.h>

struct damon_dir;
struct damon_dir_desc;
struct damon_file;

/**
 * struct damon_tree - directories that change their shape under one lock
 * @lock:	held while directories are made or removed (T)
 * @top:	uppermost directory; NULL before damon_tree_add()
 */
struct damon_tree {
	struct mutex lock;		/* T */
	struct damon_dir *top;
};

/**
 * struct damon_vec - numbered objects, each with a directory
 * @dir:	the vector directory, whose children are the elements
 * @nr:		number of elements; changed under T, read anywhere
 */
struct damon_vec {
	struct damon_dir *dir;
	int nr;
};

/**
 * struct damon_keywords - names of the values of an enum
 * @rows:	a table indexed by the enum; the first member of a row is a
 *		const char pointer, the keyword, or NULL for a value that the
 *		user cannot choose
 * @row_size:	size of a row
 * @size:	size of the table
 */
struct damon_keywords {
	const void *rows;
	size_t row_size;
	size_t size;
};

#define DAMON_KEYWORDS(table) {						\
	.rows = (table),						\
	.row_size = sizeof((table)[0]),					\
	.size = sizeof(table),						\
}

/**
 * struct damon_file_kind - how values of one type are read and written
 * @show:	write the value at @field to @buf, a page; returns the length
 * @store:	read a value from @text and store it at @field. On an error
 *		nothing has changed; NULL: no such file is writable
 * @free:	free what the value points to; NULL: nothing
 *
 * The directory cannot go away while @show or @store runs. @free runs when none
 * of them does any more, under T.
 */
struct damon_file_kind {
	int (*show)(const struct damon_file *file, void *field, char *buf);
	int (*store)(const struct damon_file *file, void *field,
		     const char *text);
	void (*free)(void *field);
};

/**
 * struct damon_file - a file, that is a row of a directory's table
 * @attr:	its name and mode
 * @kind:	how it is read and written
 * @offset:	where in the directory's object the value is
 * @obj_size:	size of that object, so that a test can find misplaced rows
 * @keywords:	for &damon_file_keyword
 * @no_erange:	a number too large for its type is -EINVAL, not -ERANGE
 *
 * Each row is a class of its own for lockdep. A table that ends up below itself
 * in the tree needs two copies.
 */
struct damon_file {
	struct attribute attr;
	const struct damon_file_kind *kind;
	size_t offset;
	size_t obj_size;
	const struct damon_keywords *keywords;
	bool no_erange;
};

/**
 * struct damon_subdir - a sub-directory with a fixed name
 * @name:	its name
 * @desc:	what is in it
 * @offset:	where in the object of its parent its own object is
 * @parent_size: size of the object of its parent
 * @obj_size:	size of its own object
 */
struct damon_subdir {
	const char *name;
	const struct damon_dir_desc *desc;
	size_t offset;
	size_t parent_size;
	size_t obj_size;
};

/**
 * struct damon_dir_desc - what is in a directory
 * @obj_size:	size of the object that it shows
 * @files:	rows; the last one has no name. NULL: no file
 * @subdirs:	the same for sub-directories
 * @init:	for one that owns its object: give a zeroed object its defaults
 * @exit:	for one that owns its object: the object is about to be freed
 * @elem:	for a vector: what is in each element
 * @max_elems:	for a vector: most elements that can be asked for; 0: any
 * @may_resize:	for a vector: returns 0, or why its elements cannot be replaced
 *		now. Called under T. NULL: they can
 */
struct damon_dir_desc {
	size_t obj_size;
	const struct damon_file *files;
	const struct damon_subdir *subdirs;

	void (*init)(void *obj);
	void (*exit)(void *obj);

	const struct damon_dir_desc *elem;
	int max_elems;
	int (*may_resize)(struct damon_vec *vec);
};

/**
 * struct damon_dir - a directory
 * @kobj:	its place in sysfs
 * @desc:	what is in it; constant
 * @tree:	where it belongs; constant
 * @obj:	object that it shows: @mem, or a part of an ancestor's; constant
 * @kids:	its sub-directories, elements in order (T)
 * @sibling:	its place among those of its parent (T)
 * @mem:	its own object, if it owns one
 */
struct damon_dir {
	struct kobject kobj;
	const struct damon_dir_desc *desc;
	struct damon_tree *tree;
	void *obj;
	struct list_head kids;
	struct list_head sibling;
	u8 mem[] __aligned(__alignof__(u64));
};

/*
 * Rows. The type of the member is compared at compile time: a row of the wrong
 * kind does not build.
 */
#define __DAMON_MEMBER(_ctype, ...)					\
	(offsetof(__VA_ARGS__) +					\
	 BUILD_BUG_ON_ZERO(!__same_type(_ctype, typeof_member(__VA_ARGS__))))

/* The common part of a row for a member. */
#define __DAMON_RW(_name, _kind, _ctype, _struct, _member)		\
	__DAMON_ROW(_name, 0600, _kind, _ctype, _struct, _member)

#define __DAMON_ROW(_name, _mode, _kind, _ctype, _struct, _member)	\
	.attr = { .name = _name, .mode = _mode },			\
	.kind = &(_kind),						\
	.offset = __DAMON_MEMBER(_ctype, _struct, _member),		\
	.obj_size = sizeof(_struct)

#define DAMON_RW_ULONG(_name, _struct, _member)	{			\
	__DAMON_RW(_name, damon_file_ulong, unsigned long, _struct, _member), \
}

#define DAMON_RW_ULONG_NO_ERANGE(_name, _struct, _member) {		\
	__DAMON_RW(_name, damon_file_ulong, unsigned long, _struct, _member), \
	.no_erange = true,						\
}

#define DAMON_RO_UINT(_name, _struct, _member)	{			\
	__DAMON_ROW(_name, 0400, damon_file_uint, unsigned int, _struct, \
		    _member),						\
}

#define DAMON_RW_ULONG_NOT_ZERO(_name, _struct, _member) {		\
	__DAMON_RW(_name, damon_file_ulong_not_zero, unsigned long, _struct, \
		   _member),						\
}

#define DAMON_RO_ULONG(_name, _struct, _member)	{			\
	__DAMON_ROW(_name, 0400, damon_file_ulong, unsigned long, _struct, \
		    _member),						\
}

#define DAMON_RW_UINT_NO_ERANGE(_name, _struct, _member) {		\
	__DAMON_RW(_name, damon_file_uint, unsigned int, _struct, _member), \
	.no_erange = true,						\
}

#define DAMON_RW_UINT(_name, _struct, _member) {			\
	__DAMON_RW(_name, damon_file_uint, unsigned int, _struct, _member), \
}

#define DAMON_RW_INT(_name, _struct, _member) {				\
	__DAMON_RW(_name, damon_file_int, int, _struct, _member),	\
}

#define DAMON_RW_INT_NO_ERANGE(_name, _struct, _member) {		\
	__DAMON_RW(_name, damon_file_int, int, _struct, _member),	\
	.no_erange = true,						\
}

#define DAMON_RW_BOOL(_name, _struct, _member) {			\
	__DAMON_RW(_name, damon_file_bool, bool, _struct, _member),	\
}

#define DAMON_RW_STRING(_name, _struct, _member) {			\
	__DAMON_RW(_name, damon_file_string, char __rcu *, _struct, _member), \
}

#define DAMON_RW_KEYWORD(_name, _enum, _struct, _member, _keywords) {	\
	__DAMON_RW(_name, damon_file_keyword, _enum, _struct, _member),	\
	.keywords = &(_keywords) +					\
		    BUILD_BUG_ON_ZERO(sizeof(_enum) != sizeof(int)),	\
}

/* The file nr_<something> of a vector directory. */
#define DAMON_RW_NR(_name) {						\
	.attr = { .name = _name, .mode = 0600 },			\
	.kind = &damon_file_nr,						\
	.obj_size = sizeof(struct damon_vec),				\
}

/* A file with functions of its own, which get the whole object. */
#define DAMON_FILE(_name, _mode, _kind, _struct) {			\
	.attr = { .name = _name, .mode = _mode },			\
	.kind = &(_kind),						\
	.obj_size = sizeof(_struct),					\
}

/* A sub-directory that shows the object of its parent. */
#define DAMON_SUBDIR(_name, _desc, _struct) {				\
	.name = _name, .desc = &(_desc),				\
	.parent_size = sizeof(_struct), .obj_size = sizeof(_struct),	\
}

/* A sub-directory that shows a member, a @_ctype, of that object. */
#define DAMON_SUBDIR_OF(_name, _desc, _ctype, _struct, _member) {	\
	.name = _name, .desc = &(_desc),				\
	.offset = __DAMON_MEMBER(_ctype, _struct, _member),		\
	.parent_size = sizeof(_struct), .obj_size = sizeof(_ctype),	\
}

/* A vector directory. */
#define DAMON_VECTOR(_name, _desc, _struct, _member)			\
	DAMON_SUBDIR_OF(_name, _desc, struct damon_vec, _struct, _member)

extern const struct damon_file_kind damon_file_ulong;
extern const struct damon_file_kind damon_file_ulong_not_zero;
extern const struct damon_file_kind damon_file_uint;
extern const struct damon_file_kind damon_file_int;
extern const struct damon_file_kind damon_file_bool;
extern const struct damon_file_kind damon_file_keyword;
extern const struct damon_file_kind damon_file_string;
extern const struct damon_file_kind damon_file_nr;

int __must_check damon_tree_add(struct damon_tree *tree,
				const struct damon_dir_desc *desc,
				struct kobject *parent, const char *name);
void damon_tree_remove(struct damon_tree *tree);
int damon_vec_set(struct damon_vec *vec, int nr, const void *objs);

/* The directories of all elements of a vector, in order. Under T. */
#define damon_vec_for_each(dir_, vec)					\
	list_for_each_entry(dir_, &(vec)->dir->kids, sibling)

/**
 * damon_vec_first() - The first element of a vector.
 * @vec:	vector; T is held
 *
 * Return: its object, or NULL if there is none.
 */
static inline void *damon_vec_first(const struct damon_vec *vec)
{
	lockdep_assert_held(&vec->dir->tree->lock);
	if (list_empty(&vec->dir->kids))
		return NULL;
	return list_first_entry(&vec->dir->kids, struct damon_dir,
				sibling)->obj;
}

/**
 * damon_elem_dir() - The directory of an element.
 * @elem:	its object
 *
 * Return: the directory. Any context.
 */
static inline struct damon_dir *damon_elem_dir(const void *elem)
{
	return container_of(elem, struct damon_dir, mem[0]);
}

/**
 * damon_tree_trylock() - Keep the directories of a tree as they are, or fail.
 * @tree:	tree
 *
 * Return: true if the lock is held now. See damon_tree_unlock().
 */
static inline bool __must_check damon_tree_trylock(struct damon_tree *tree)
{
	return mutex_trylock(&tree->lock);
}

/**
 * damon_tree_unlock() - Allow the directories of a tree to change again.
 * @tree:	tree
 */
static inline void damon_tree_unlock(struct damon_tree *tree)
{
	mutex_unlock(&tree->lock);
}

#endif	/* _MM_DAMON_SYSFS_DIR_H */
