// SPDX-License-Identifier: GPL-2.0
/*
 * Which code of the kernel was reached, as KCOV tells, and the sequences that were the
 * first to reach some of it. Without KCOV the corpus is what was read from a file.
 *
 * All of it is shared by the tasks. A sequence is added under corpus_lock and never
 * changes; nr_corpus is raised after it is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/kcov.h>

#include "fuzz.h"

#define WORDS		(256UL << 10)
#define REMOTE_WORDS	(32U << 10)	/* of a tick */

static unsigned long *cover;

bool fuzz_cover_begin(int task, bool kdamonds)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	struct kcov_remote_arg remote = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = REMOTE_WORDS,
		.common_handle = kcov_remote_handle(KCOV_SUBSYSTEM_COMMON, task + 1),
	};

	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, WORDS))
		return false;
	cover = mmap(NULL, WORDS * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cover == MAP_FAILED) {
		cover = NULL;
		return false;
	}
	/* Until this process ends; its children are not looked at. */
	return !(kdamonds ? ioctl(fd, KCOV_REMOTE_ENABLE, &remote) :
			    ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC));
}

void fuzz_cover_forget(void)
{
	if (cover)
		__atomic_store_n(cover, 0, __ATOMIC_RELAXED);
}

/* Addresses of kernel code differ in their lower halves. Returns whether it is new. */
static bool mark(unsigned long address)
{
	uint32_t want = address, *at, old = 0;
	unsigned int i = want * 2654435761U >> 16, tries;

	for (tries = 0; tries < 64; tries++, i++) {
		at = &fuzz->covered[i % (1 << 16)];
		old = 0;
		if (__atomic_compare_exchange_n(at, &old, want, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			__atomic_fetch_add(&fuzz->nr_covered, 1, __ATOMIC_RELAXED);
			return true;
		}
		if (old == want)
			return false;
	}
	return false;
}

static void add(const struct fuzz_seq *seq)
{
	/* Its holder may have been killed: better none than to wait for ever. */
	if (__atomic_exchange_n(&fuzz->corpus_lock, 1, __ATOMIC_ACQUIRE))
		return;
	if (fuzz->nr_corpus < FUZZ_CORPUS && seq->nr) {
		fuzz->corpus[fuzz->nr_corpus] = *seq;
		__atomic_store_n(&fuzz->nr_corpus, fuzz->nr_corpus + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&fuzz->corpus_lock, 0, __ATOMIC_RELEASE);
}

void fuzz_cover_take(const struct fuzz_seq *seq)
{
	unsigned long nr, i;
	bool new = false;

	if (!cover)
		return;
	nr = __atomic_load_n(cover, __ATOMIC_RELAXED);
	for (i = 1; i <= nr && i < WORDS; i++)
		if (mark(cover[i]))
			new = true;
	if (new && seq)
		add(seq);
}

bool fuzz_corpus_pick(struct fuzz_seq *seq)
{
	unsigned int nr = __atomic_load_n(&fuzz->nr_corpus, __ATOMIC_ACQUIRE);

	if (!nr)
		return false;
	*seq = fuzz->corpus[fuzz_below(nr)];
	return true;
}

int fuzz_corpus_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[FUZZ_OP_LEN];
	struct fuzz_seq seq = {};

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (line[0] && seq.nr < FUZZ_OPS) {
			strcpy(seq.ops[seq.nr++], line);
			continue;
		}
		add(&seq);
		seq.nr = 0;
	}
	add(&seq);
	fclose(f);
	fuzz->nr_given = fuzz->nr_corpus;
	return fuzz->nr_given;
}

void fuzz_corpus_print(void)
{
	unsigned int i, j, n = 0;

	for (i = fuzz->nr_given; i < fuzz->nr_corpus; i++) {
		printf("# corpus:\n");
		for (j = 0; j < fuzz->corpus[i].nr; j++)
			printf("# corpus: %s\n", fuzz->corpus[i].ops[j]);
	}
	for (i = 0; i < 1 << 16; i++)
		if (fuzz->covered[i])
			printf("%s%08x", n++ % 32 ? " " : n > 1 ? "\n# covered: " :
			       "# covered: ", fuzz->covered[i]);
	if (n)
		printf("\n");
}
