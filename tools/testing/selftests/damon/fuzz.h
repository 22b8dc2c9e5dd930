/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fuzzer of the administrator's files. An operation is a line of text, in the words
 * that fuzz_do.c knows; a sequence is some of them, one after the other.
 */
#ifndef _DAMON_FUZZ_H
#define _DAMON_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FUZZ_OP_LEN	192
#define FUZZ_OPS	48	/* of a sequence */
#define FUZZ_TASKS	4
#define FUZZ_KDAMONDS	3
#define FUZZ_TARGETS	6
#define FUZZ_CGROUPS	3
#define FUZZ_LAST	12	/* operations that a report shows of each task */
#define FUZZ_CORPUS	1024
#define FUZZ_MODULES	3
#define FUZZ_CGROUP_DIR	"/sys/fs/cgroup"
#define FUZZ_CGROUP	"damon_fuzz"

/* Where targets have memory, and how much. */
#define FUZZ_MEMORY	0x10000000UL
#define FUZZ_MEMORY_SZ	(16UL << 20)

struct fuzz_seq {
	unsigned int nr;
	char ops[FUZZ_OPS][FUZZ_OP_LEN];
};

/**
 * struct fuzz_task - one of those that fuzz
 * @random:	state of its numbers, which a new process goes on with
 * @ops:	operations until now
 * @refused:	those of them that the kernel refused
 * @given:	how many of the sequences that were read it has seen
 * @last:	the last ones, a ring
 */
struct fuzz_task {
	uint64_t random;
	unsigned long ops;
	unsigned long refused;
	unsigned int given;
	char last[FUZZ_LAST][FUZZ_OP_LEN];
};

/* All that the tasks share. */
struct fuzz_shared {
	bool over;
	bool steered;			/* by the coverage of the kernel */
	char wrong[512];		/* the first answer that makes no sense */
	struct fuzz_task tasks[FUZZ_TASKS];
	pid_t targets[FUZZ_TARGETS];	/* 0: none */
	unsigned long kills;		/* of tasks that waited */
	unsigned long sequences;
	/* Code that was reached, by a hash of its address; and such addresses. */
	unsigned int nr_covered;
	uint32_t covered[1 << 16];
	unsigned int corpus_lock, nr_corpus, nr_given;
	struct fuzz_seq corpus[FUZZ_CORPUS];
};

extern struct fuzz_shared *fuzz;
extern struct fuzz_task *fuzz_me;

/* fuzz_make.c: sequences. */

uint32_t fuzz_random(void);
/* A number below @nr. */
unsigned int fuzz_below(unsigned int nr);
/* One time in @nr. */
bool fuzz_once_in(unsigned int nr);
/* A new one, mostly about the kdamond @kdamond. */
void fuzz_make(struct fuzz_seq *seq, int kdamond);
/* The same one, changed here and there. */
void fuzz_mutate(struct fuzz_seq *seq, int kdamond);
/* Find out which parameters modules have, and their values. Returns how many. */
int fuzz_params_find(void);
/* Modules off, parameters as they were. Returns whether that could be done. */
bool fuzz_params_restore(void);

/* fuzz_do.c: operations. */

/* Do it. Returns whether the answer of the kernel makes sense. */
bool fuzz_do(const char *op);
/* Close all that is open. */
void fuzz_let_go(void);
/* End all targets, remove all cgroups, as if no sequence had been. */
void fuzz_clean_up(void);

/* fuzz_target.c: what is monitored. Never returns. */
void fuzz_be_target(int slot) __attribute__((noreturn));

/* fuzz_corpus.c: coverage, and sequences that reached something new. */

/* Look at this task, or at the kdamonds that it starts. Returns whether that can be. */
bool fuzz_cover_begin(int task, bool kdamonds);
/* Forget what was covered until now. */
void fuzz_cover_forget(void);
/* Note what was covered, and keep @seq, unless it is NULL, if some of it is new. */
void fuzz_cover_take(const struct fuzz_seq *seq);
/* Copy one of the corpus. Returns false if there is none. */
bool fuzz_corpus_pick(struct fuzz_seq *seq);
/* Read sequences, separated by empty lines. Returns their number or -errno. */
int fuzz_corpus_read(const char *path);
/* Print what has been added to it, and which addresses were reached. */
void fuzz_corpus_print(void);

#endif	/* _DAMON_FUZZ_H */
