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
 * @takes:	can that value be written here? NULL: each can
 */
struct damon_keywords {
	const void *rows;
	size_t row_size;
	size_t size;
	bool (*takes)(unsigned int value);
};

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
 * @keywords:	for &damon_file_keyword
 * @offset:	where in the directory's object the value is
 * @obj_size:	size of that object, so that a test can find misplaced rows
 * @no_erange:	a number too large for its type is -EINVAL, not -ERANGE
 *
 * Each row is a class of its own for lockdep. A table that ends up below itself
 * in the tree needs two copies.
 */
struct damon_file {
	struct attribute attr;
	const struct damon_file_kind *kind;
	const struct damon_keywords *keywords;
	u16 offset;
	u16 obj_size;
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
	u16 offset;
	u16 parent_size;
	u16 obj_size;
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
 * Rows. How a plain value is read and written follows from its type; a row for a
 * member of another type does not build.
 */
#define __DAMON_KIND_IF(_type, _kind, _else, ...)			\
	__builtin_choose_expr(__same_type(_type, typeof_member(__VA_ARGS__)), \
			      &(_kind), _else)

#define __DAMON_KIND(...)						\
	__DAMON_KIND_IF(unsigned long, damon_file_ulong,		\
	__DAMON_KIND_IF(unsigned int, damon_file_uint,			\
	__DAMON_KIND_IF(int, damon_file_int,				\
	__DAMON_KIND_IF(bool, damon_file_bool,				\
	__DAMON_KIND_IF(char __rcu *, damon_file_string,		\
			(void)0, __VA_ARGS__),				\
			__VA_ARGS__), __VA_ARGS__), __VA_ARGS__), __VA_ARGS__)

/* The common part of a row for a member. */
#define __DAMON_ROW(_name, _mode, _kind, _struct, _member)		\
	.attr = { .name = _name, .mode = _mode },			\
	.kind = _kind,							\
	.offset = offsetof(_struct, _member),				\
	.obj_size = sizeof(_struct)

#define __DAMON_VALUE(_name, _mode, ...)				\
	__DAMON_ROW(_name, _mode, __DAMON_KIND(__VA_ARGS__), __VA_ARGS__)

#define DAMON_RW(_name, _struct, _member)				\
	{ __DAMON_VALUE(_name, 0600, _struct, _member) }

#define DAMON_RO(_name, _struct, _member)				\
	{ __DAMON_VALUE(_name, 0400, _struct, _member) }

/* One that is read and written in a way of its own. */
#define DAMON_RW_KIND(_name, _kind, _struct, _member)			\
	{ __DAMON_ROW(_name, 0600, &(_kind), _struct, _member) }

#define DAMON_RW_NO_ERANGE(_name, _struct, _member)			\
	{ __DAMON_VALUE(_name, 0600, _struct, _member), .no_erange = true }

/* An enum, by a table of keywords; see struct damon_keywords, also for more. */
#define DAMON_RW_KEYWORD(_name, _struct, _member, _table, ...) {	\
	__DAMON_ROW(_name, 0600, &damon_file_keyword, _struct, _member), \
	.keywords = &(const struct damon_keywords) {			\
		.rows = (_table),					\
		.row_size = sizeof((_table)[0]),			\
		.size = sizeof(_table),					\
		__VA_ARGS__						\
	},								\
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

/* A sub-directory that shows a member of that object. */
#define DAMON_SUBDIR_OF(_name, _desc, _struct, ...) {			\
	.name = _name, .desc = &(_desc),				\
	.offset = offsetof(_struct, __VA_ARGS__),			\
	.parent_size = sizeof(_struct),					\
	.obj_size = sizeof_field(_struct, __VA_ARGS__),			\
}

/*
 * A vector directory: its file nr_<something>, what is in each element, and for what
 * object; then other members of struct damon_dir_desc, if any.
 */
#define DAMON_VECTOR(_name, _nr_name, _elem, _struct, _member, ...) {	\
	.name = _name,							\
	.desc = &(const struct damon_dir_desc) {			\
		.obj_size = sizeof(struct damon_vec),			\
		.files = (const struct damon_file[]) {			\
			DAMON_RW_NR(_nr_name),				\
			{ }						\
		},							\
		.elem = &(_elem),					\
		__VA_ARGS__						\
	},								\
	.offset = offsetof(_struct, _member.dir),			\
	.parent_size = sizeof(_struct),					\
	.obj_size = sizeof(struct damon_vec),				\
}

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
void damon_values_copy(void *to, const void *from, size_t size);

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
