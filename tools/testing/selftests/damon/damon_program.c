// SPDX-License-Identifier: GPL-2.0
/* See damon_program.h. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "damon_program.h"
#include "damon_sysfs.h"

#define PAGE	DAMON_SYSFS_PAGE

/* Behind its memory, and shared with it. */
struct told {
	volatile bool ready;
	volatile long faults;
};

static struct told *told_by(const struct damon_program *p)
{
	return (struct told *)(p->memory + p->sz);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt + usage.ru_minflt;
}

/* The next number of a sequence that is the same each time. */
static unsigned int draw(void)
{
	static unsigned int state = 1;

	state = state * 1664525 + 1013904223;
	return state >> 8;
}

static void use(const struct damon_program *p)
{
	size_t pages = p->hot / PAGE, i;

	if (p->scattered)
		for (i = 0; i < pages / 16; i++)
			*(volatile char *)(p->memory + draw() % pages * PAGE);
	else
		for (i = 0; i < pages; i++)
			*(volatile char *)(p->memory + i * PAGE);
}

static void __attribute__((noreturn)) run(const struct damon_program *p)
{
	struct told *told = told_by(p);
	unsigned long nodes = 1;
	long before;
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 64UL);
	for (i = 0; i < p->sz; i += PAGE)
		memset(p->memory + i, i / PAGE % 251 + 1, 64);
	before = faults();
	told->ready = true;
	for (;;) {
		if (p->period_ms)
			use(p);
		told->faults = faults() - before;
		damon_sysfs_sleep_ms(p->period_ms ?: 1000);
	}
}

int damon_program_start(struct damon_program *p)
{
	char *told;

	/* Looking for where pages belong causes faults, too. */
	damon_write_file("/proc/sys/kernel/numa_balancing", "0");
	p->memory = mmap(NULL, p->sz + PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->memory == MAP_FAILED)
		return -errno;
	told = mmap(p->memory + p->sz, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return -errno;
	madvise(p->memory, p->sz, MADV_NOHUGEPAGE);
	p->pid = fork();
	if (p->pid < 0)
		return -errno;
	if (!p->pid)
		run(p);
	while (!told_by(p)->ready)
		damon_sysfs_sleep_ms(50);
	return 0;
}

void damon_program_end(struct damon_program *p)
{
	if (p->pid > 0)
		damon_sysfs_kill(p->pid);
	munmap(p->memory, p->sz + PAGE);
}

long damon_program_faults(struct damon_program *p)
{
	return told_by(p)->faults;
}

bool damon_clock_counts(void)
{
	char cmdline[1024] = "";
	FILE *f = fopen("/proc/cmdline", "r");

	if (!f)
		return false;
	if (!fgets(cmdline, sizeof(cmdline), f))
		cmdline[0] = '\0';
	fclose(f);
	return strstr(cmdline, "icount");
}

long damon_number_of(const char *path, const char *key)
{
	size_t len = strlen(key);
	char line[256], *at;
	long value = -1;
	FILE *f = fopen(path, "r");

	while (f && value < 0 && fgets(line, sizeof(line), f)) {
		at = strstr(line, key);
		if (at && (at == line || at[-1] == ' ') &&
		    strchr(" :\t", at[len]))
			sscanf(at + len, "%*[: \t]%ld", &value);
	}
	if (f)
		fclose(f);
	return value;
}

unsigned long long damon_cpu_time(long tid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/schedstat", tid);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%llu", &ns) != 1)
			ns = 0;
		fclose(f);
	}
	return ns;
}
