// SPDX-License-Identifier: GPL-2.0
/* Commands that read the snapshot device, here a file. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../include/uapi/linux/damon.h"
#include "../session.h"
#include "harness.h"

#define NR_REGIONS	4

/* A take; what comes after header and regions is what newer kernels may add. */
struct take {
	struct damon_snapshot_header head;
	u64 newer;
	struct {
		struct damon_snapshot_region region;
		u64 newer;
	} at[NR_REGIONS];
};

static struct take make_take(void)
{
	struct take take = {
		.head = {
			.magic = DAMON_SNAPSHOT_MAGIC,
			.version = DAMON_SNAPSHOT_VERSION,
			.header_size = offsetof(struct take, at),
			.region_size = sizeof(take.at[0]),
			.count = NR_REGIONS,
			.generation = 9,
			.published_ns = 5000000000ULL,
			.nr_targets = 2,
		},
	};
	u32 i;

	for (i = 0; i < NR_REGIONS; i++)
		take.at[i].region = (struct damon_snapshot_region){
			.start = 0x100000ULL * (1 + i % 2),
			.end = 0x100000ULL * (2 + i % 2),
			.target = i / 2,
			.pid = getpid(),
			.nr_accesses = 5 * i,
			.nr_samples = 20,
			.age = 3,
		};
	return take;
}

/* A kdamond that is on, with @take to be read; true if that can be done. */
static void fake_device(const struct take *take, size_t len)
{
	char path[PATH_MAX], line[64];

	fake_kernel(0);
	snprintf(line, sizeof(line), "start -p %d", getpid());
	CHECK(damonctl(line)->status == EXIT_OK);
	scratch_text(fake_file(0, "contexts/0/device"), "damon0\n");
	scratch_write("dev/damon0", take, len);
	scratch_path(path, "dev");
	setenv("DAMONCTL_DEV", path, 1);
}

static void no_device(void)
{
	setenv("DAMONCTL_DEV", "/nonexistent", 1);
}

static void top(void)
{
	struct take take = make_take();
	const struct captured *c;
	char line[128];

	fake_device(&take, sizeof(take));
	c = damonctl("top --batch --lines 1");
	CHECK(c->status == EXIT_OK && !*c->err && strstr(c->out, "1 kdamond on"));
	CHECK(strstr(c->out, "2 targets, 4 regions, 4 MiB monitored, 3 MiB touched, 2 MiB hot"));
	/* The hottest first, the coldest last */
	snprintf(line, sizeof(line), "%7d %16x      1 MiB     75 %%    300 ms", getpid(), 0x200000);
	CHECK(strstr(c->out, line) && strstr(strstr(c->out, line), "..."));
	CHECK(strstr(strstr(c->out, "..."), " 0 % "));
	no_device();
	fake_kernel(0);
	c = damonctl("top --batch");
	CHECK(c->status == EXIT_OK && strstr(c->out, "Nothing is monitored"));
}

/* hazard G6: two address spaces of one target, and the same addresses in both. */
static void spaces(void)
{
	struct take take = make_take();
	char line[128];
	u32 i;

	take.head.nr_targets = 1;
	for (i = 0; i < NR_REGIONS; i++) {
		take.at[i].region.target = 0;
		take.at[i].region.pid = i / 2 ? getppid() : getpid();
	}
	fake_device(&take, sizeof(take));
	CHECK(strstr(damonctl("top --batch --lines 1")->out,
		     "2 targets, 4 regions, 4 MiB monitored"));
	snprintf(line, sizeof(line), "%7d %16x      1 MiB     75 %%    300 ms", getppid(),
		 0x200000);
	CHECK(strstr(damonctl("top --batch --lines 1")->out, line));
	no_device();
}

static void export(void)
{
	struct take take = make_take();
	char line[PATH_MAX + 64], path[PATH_MAX], text[8192];
	const struct captured *c;
	struct stat st;

	fake_device(&take, sizeof(take));
	scratch_text(fake_file(0, "cost"), "elapsed_ns 1000000000\nruntime_ns 2000000\n");
	damonctl("schemes --add stat");
	scratch_text(fake_file(0, "state"), "on\n");
	c = damonctl("export --openmetrics");
	CHECK(c->status == EXIT_OK && strstr(c->out, "\ndamon_kdamonds 1\n"));
	CHECK(strstr(c->out, "# TYPE damon_hot_bytes gauge\n"
		     "damon_hot_bytes{kdamond=\"0\"} 2097152\n"));
	CHECK(strstr(c->out, "damon_cpu_seconds_total{kdamond=\"0\"} 0.002\n"));
	CHECK(strstr(c->out, "damon_scheme_tried_regions_total{kdamond=\"0\",scheme=\"0\","
		     "action=\"stat\"} 21\n"));
	CHECK(!strcmp(c->out + strlen(c->out) - 6, "# EOF\n"));

	scratch_text(fake_file(0, "state"), "on\n");
	scratch_text("damon.prom", "old");
	scratch_path(path, "damon.prom");
	snprintf(line, sizeof(line), "export --out %s", path);
	c = damonctl(line);
	scratch_read("damon.prom", text, sizeof(text));
	CHECK(c->status == EXIT_OK && !*c->out && strstr(text, "damon_kdamonds 1"));
	CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0644);
	c = damonctl("export --out /nonexistent/dir/damon.prom");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "/nonexistent/dir/damon.prom"));
	no_device();
}

static void records(void)
{
	struct take take = make_take();
	char line[PATH_MAX + 64], path[PATH_MAX];
	const struct captured *c;

	/* Not before the record begins, however slow this machine is */
	take.head.published_ns = session_now_ns() + 10 * NSEC_PER_SEC;
	fake_device(&take, sizeof(take));
	fake_kernel(0);
	scratch_text(fake_file(0, "contexts/0/device"), "damon0\n");
	scratch_path(path, "device.data");
	snprintf(line, sizeof(line), "record -p %d -d 300ms -o %s", getpid(), path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && !strstr(c->err, "note"));
	/* The same generation is taken once. */
	CHECK(strstr(c->err, "2 snapshots"));
	snprintf(line, sizeof(line), "report regions --csv -i %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && strstr(c->out, ",0x200000,0x300000,1048576,15,3,"));
	no_device();
}

/* Kernels that say something else than we know */
static void wrong(void)
{
	static const char refused[] = "a layout that damonctl does not know";
	static const struct {
		size_t at;
		u32 value;
	} words[] = {
		{ offsetof(struct damon_snapshot_header, magic), 0 },
		{ offsetof(struct damon_snapshot_header, version), 2 },
		{ offsetof(struct damon_snapshot_header, header_size), 8 },
		{ offsetof(struct damon_snapshot_header, header_size), UINT32_MAX },
		{ offsetof(struct damon_snapshot_header, region_size), 4 },
		{ offsetof(struct damon_snapshot_header, region_size), 49 },
		{ offsetof(struct damon_snapshot_header, count), 5 },
		{ offsetof(struct damon_snapshot_header, count) + 4, UINT32_MAX },
	};
	const struct captured *c;
	struct take take;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		take = make_take();
		memcpy((char *)&take + words[i].at, &words[i].value, sizeof(words[i].value));
		fake_device(&take, sizeof(take));
		c = damonctl("export");
		CHECK(c->status == EXIT_FAILED && strstr(c->err, refused));
	}
	take = make_take();
	fake_device(&take, sizeof(take.head) - 1);
	c = damonctl("export");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, refused));
	fake_device(&take, sizeof(take));
	scratch_text(fake_file(0, "contexts/0/device"), "damon7\n");
	CHECK(strstr(damonctl("top --batch")->err, "dev/damon7"));
	no_device();
}

const struct test_case device_cases[] = {
	{ "top", top },
	{ "spaces", spaces },
	{ "export", export },
	{ "record", records },
	{ "wrong", wrong },
	{ }
};
