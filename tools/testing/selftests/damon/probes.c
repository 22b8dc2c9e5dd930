// SPDX-License-Identifier: GPL-2.0
/*
 * Probes through the administrator's files: how much of a real process is charged
 * to a memory cgroup, and how much of it is in use. What they found is read from the
 * tracepoint of regions with probes, and held against what the process has done.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		"/damon_probes"
#define CONTEXT		"0/contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define PROBES		ATTRS "probes/"
#define REGIONS		CONTEXT "targets/0/regions/"
#define PAGE		4096UL
#define MIB		(1UL << 20)
/* The first part is the cgroup's; all but the last is in use. */
#define PART		(8 * MIB)
#define NR_PARTS	3
#define TOTAL		(NR_PARTS * PART)
#define TIMEOUT_MS	150000

static void touch(char *memory, unsigned long sz)
{
	unsigned long i;

	for (i = 0; i < sz; i += PAGE)
		memory[i]++;
	asm volatile("" : : : "memory");
}

static void victim(char *memory, volatile bool *ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	touch(memory + PART, TOTAL - PART);
	if (damon_write_file(CGROUPS CGROUP "/cgroup.procs", "0"))
		_exit(1);
	touch(memory, PART);
	*ready = true;
	for (;;) {
		touch(memory, TOTAL - PART);
		damon_sysfs_sleep_ms(2);
	}
}

FIXTURE(probes) {
	char *memory;
	volatile bool *ready;
	pid_t victim;
};

FIXTURE_SETUP(probes)
{
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;

	/* Where init has not. */
	mount("none", CGROUPS, "cgroup2", 0, NULL);
	ASSERT_EQ(0, damon_write_file(CGROUPS "/cgroup.subtree_control", "+memory"));
	mkdir(CGROUPS CGROUP, 0755);
	ASSERT_EQ(0, damon_sysfs_reset());
	self->memory = mmap(NULL, TOTAL, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	self->ready = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	ASSERT_NE(MAP_FAILED, self->ready);
	madvise(self->memory, TOTAL, MADV_NOHUGEPAGE);
	self->victim = fork();
	if (!self->victim)
		victim(self->memory, self->ready);
	ASSERT_LT(0, self->victim);
	while (!*self->ready && damon_sysfs_now_ms() < until)
		damon_sysfs_sleep_ms(20);
	ASSERT_TRUE(*self->ready)
		TH_LOG("no memory cgroup " CGROUPS CGROUP);
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "operations", "fvaddr"));
	ASSERT_EQ(0, damon_sysfs_write(REGIONS "nr_regions", "1"));
	ASSERT_EQ(0, damon_sysfs_write_long(REGIONS "0/start", (long)self->memory));
	ASSERT_EQ(0, damon_sysfs_write_long(REGIONS "0/end",
					    (long)self->memory + TOTAL));
}

FIXTURE_TEARDOWN(probes)
{
	damon_sysfs_kill(self->victim);
	EXPECT_EQ(0, damon_sysfs_reset());
	rmdir(CGROUPS CGROUP);
	munmap(self->memory, TOTAL);
	munmap((void *)self->ready, PAGE);
}

static int put(int probe, const char *file, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), PROBES "%d/%s", probe, file);
	return damon_sysfs_write(path, value);
}

/* What there is to be asked about a page; all of the memory is anonymous. */
enum { CHARGED, IN_USE, ANON, NR_PROBES };

static const char * const types[] = { "memcg", "pgidle_unset", "anon" };

/* All probes; the one that makes the regions, if any, has a weight. */
static int stage(int weighty)
{
	int i, err = damon_sysfs_write_long(PROBES "nr_probes", NR_PROBES);

	for (i = 0; i < NR_PROBES && !err; i++)
		err = put(i, "filters/nr_filters", "1") ?:
		      put(i, "filters/0/type", types[i]) ?:
		      put(i, "filters/0/matching", "Y") ?:
		      put(i, "filters/0/allow", "Y") ?:
		      put(i, "weight", i == weighty ? "1" : "0");
	return err ?: put(CHARGED, "filters/0/path", CGROUP) ?:
		      put(IN_USE, "preps/nr_preps", "1") ?:
		      put(IN_USE, "preps/0/prep_action", "set_pgidle");
}

/* What was found in the parts: bytes times looks that hit, by probe. */
struct found {
	unsigned long memory;
	unsigned long regions;
	double hits[NR_PROBES][NR_PARTS];
};

static double overlap(unsigned long a, unsigned long b, unsigned long start)
{
	if (a < start)
		a = start;
	if (b > start + PART)
		b = start + PART;
	return a < b ? b - a : 0;
}

static bool add_region(uint64_t ns, const char *text, void *data)
{
	unsigned int hits[NR_PROBES];
	struct found *f = data;
	unsigned long start, end;
	double bytes;
	int i, p;

	if (sscanf(text, "target_id=%*u nr_regions=%*u %lu-%lu: %*u %*u probe_hits=%x %x %x",
		   &start, &end, &hits[0], &hits[1], &hits[2]) != 5)
		return false;
	f->regions++;
	for (i = 0; i < NR_PARTS; i++) {
		bytes = overlap(start, end, f->memory + i * PART);
		for (p = 0; p < NR_PROBES; p++)
			f->hits[p][i] += bytes * hits[p];
	}
	return true;
}

/*
 * Of 100 looks at a part, how many have hit? How many there were is the host's to
 * say: as many as have found an anonymous page.
 */
static int share(const struct found *f, int probe, int part)
{
	return 100 * f->hits[probe][part] / (f->hits[ANON][part] ?: 1);
}

/* What the probes find from the third second on. */
static bool look(FIXTURE_DATA(probes) * self, struct found *f)
{
	struct damon_trace *trace = calloc(1, sizeof(*trace));
	struct found before = {};
	long long end;
	bool ok = false;

	if (!trace || damon_trace_open_event(trace, "damon_region_aggregated"))
		goto out;
	if (damon_sysfs_write("0/state", "on"))
		goto close;
	damon_sysfs_sleep_ms(2000);
	ok = damon_trace_lines(trace, add_region, &before) >= 0;
	*f = (struct found){ .memory = (unsigned long)self->memory };
	end = damon_sysfs_now_ms() + TIMEOUT_MS;
	/* Looks at everything. */
	while (ok && f->hits[ANON][NR_PARTS - 1] < 200.0 * PART &&
	       damon_sysfs_now_ms() < end) {
		damon_sysfs_sleep_ms(100);
		ok = damon_trace_lines(trace, add_region, f) >= 0;
	}
	damon_sysfs_write("0/state", "off");
close:
	damon_trace_close(trace);
out:
	free(trace);
	return ok;
}

static void tell(struct __test_metadata *_metadata, const struct found *f)
{
	TH_LOG("%lu regions; charged %d, %d, %d %%; in use %d, %d, %d %%",
	       f->regions, share(f, CHARGED, 0), share(f, CHARGED, 1),
	       share(f, CHARGED, 2), share(f, IN_USE, 0), share(f, IN_USE, 1),
	       share(f, IN_USE, 2));
}

/* Accesses make the regions; the probes tell what is in them. */
TEST_F(probes, attributes_of_regions)
{
	struct found f = {};

	ASSERT_EQ(0, stage(-1));
	ASSERT_TRUE(look(self, &f));
	tell(_metadata, &f);
	EXPECT_LT(0, f.hits[ANON][0]);
	/* Two parts are alike for the monitor, so one region may hold both. */
	EXPECT_LE(80, share(&f, CHARGED, 0) + share(&f, CHARGED, 1));
	EXPECT_GE(120, share(&f, CHARGED, 0) + share(&f, CHARGED, 1));
	EXPECT_GE(10, share(&f, CHARGED, 2));
}

/* The probe that has a weight makes the regions: they follow the cgroup... */
TEST_F(probes, regions_of_a_cgroup)
{
	struct found f = {};

	ASSERT_EQ(0, stage(CHARGED));
	ASSERT_TRUE(look(self, &f));
	tell(_metadata, &f);
	EXPECT_LE(95, share(&f, CHARGED, 0));
	EXPECT_GE(5, share(&f, CHARGED, 1));
	EXPECT_GE(5, share(&f, CHARGED, 2));
}

/* ...or what was used since it was marked as idle. */
TEST_F(probes, regions_in_use)
{
	struct found f = {};

	ASSERT_EQ(0, stage(IN_USE));
	ASSERT_TRUE(look(self, &f));
	tell(_metadata, &f);
	/* How much the victim gets done is the host's to say. */
	EXPECT_LE(50, share(&f, IN_USE, 0));
	EXPECT_LE(50, share(&f, IN_USE, 1));
	EXPECT_GE(10, share(&f, IN_USE, 2));
}

/* Which cgroup is not there, and that a commit takes another one. */
TEST_F(probes, cgroups_come_and_go)
{
	ASSERT_EQ(0, stage(CHARGED));
	ASSERT_EQ(0, put(CHARGED, "filters/0/path", "/no/such"));
	EXPECT_EQ(-ENOENT, damon_sysfs_write("0/state", "on"));
	EXPECT_NE(NULL, strstr(damon_sysfs_text("0/last_error"),
			       "no memory cgroup \"/no/such\""));
	ASSERT_EQ(0, put(CHARGED, "filters/0/path", CGROUP));
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	ASSERT_EQ(0, put(CHARGED, "filters/0/path", "/no/such"));
	EXPECT_EQ(-ENOENT, damon_sysfs_write("0/state", "commit"));
	ASSERT_EQ(0, put(CHARGED, "filters/0/path", "/"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "update_schemes_stats"));
}

TEST_HARNESS_MAIN
